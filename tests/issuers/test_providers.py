"""A login server is described rightly or not at all: every mistake says what stood where, and never the secret."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest

from guardhouse import ConfigError
from guardhouse.issuers.foreign import ForeignLogin
from guardhouse.issuers.providers import OAuth2Provider, OpenIdProvider, github
from guardhouse.vault.secret import Secret

HUSH = "clients-secret-0123456789"
OPENID: dict[str, Any] = {
    "name": "partner", "issuer": "https://login.example.com", "client_id": "app", "client_secret": Secret(HUSH),
}  # fmt: skip
OAUTH: dict[str, Any] = OPENID | {
    "authorize": "https://login.example.com/a",
    "token": "https://login.example.com/t",
    "userinfo": "https://login.example.com/u",
}


def openid(**changes: Any) -> OpenIdProvider:
    return OpenIdProvider(**{**OPENID, **changes})


def oauth(**changes: Any) -> OAuth2Provider:
    return OAuth2Provider(**{**OAUTH, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"name": ""}, "small letters"), ({"name": "Partner"}, "small letters"), ({"name": "a/b"}, "small letters"),
     ({"issuer": "http://login.example.com"}, "with https"), ({"issuer": "login.example.com"}, "with https"),
     ({"issuer": "https://login.example.com?x=1"}, "without a query"), ({"client_id": ""}, "Write the id"),
     ({"client_secret": HUSH}, r"found 'str'. Hide it: Secret\(...\)"), ({"client_secret": Secret("")}, "Write the secret"),
     ({"client_secret": Secret("é" + HUSH)}, "Write the secret"), ({"scopes": "openid"}, "in a tuple"),
     ({"scopes": ("email",)}, "needs the scope openid"), ({"params": {"response_mode": "form_post"}}, "not for the application to say"),
     ({"params": {"state": "x"}}, "not for the application to say"), ({"params": {"redirect_uri": "x"}}, "not for the application"),
     ({"algorithms": ("HS256",)}, "signed with a key pair"), ({"algorithms": ("none",)}, "signed with a key pair"),
     ({"algorithms": ()}, "signed with a key pair"), ({"max_age": timedelta(-1)}, "future"),
     ({"client_auth": "tls"}, "It is one of"), ({"client_auth": "none"}, "sends it"),
     ({"client_auth": "client_secret_post", "client_secret": None}, "client_auth='none'"),
     ({"trusted_domains": "example.com"}, "in a set"), ({"trusted_domains": frozenset({"Example.com"})}, "behind the @"),
     ({"trusted_domains": frozenset({"@example.com"})}, "behind the @"), ({"trusted_domains": frozenset({"com"})}, "behind the @")],
)  # fmt: skip
def test_a_login_server_that_cannot_be_right_is_not_built(changes, says):
    with pytest.raises(ConfigError, match=says) as raised:
        openid(**changes)
    assert HUSH not in str(raised.value)


@pytest.mark.parametrize("what", ["authorize", "token", "userinfo", "emails"])
def test_every_address_is_https(what):
    with pytest.raises(ConfigError, match=f"partner {what}"):
        oauth(**{what: "http://login.example.com/x"})


def test_a_client_without_a_secret_is_one():
    assert openid(client_secret=None, client_auth="none").client_secret is None
    assert oauth(client_secret=None).client_secret is None


def test_no_repr_says_the_secret():
    assert HUSH not in repr([openid(), oauth(), github("app", Secret(HUSH))])


def test_github_is_described():
    hub = github("app", Secret(HUSH), trusted_domains=["example.com"])
    assert (hub.issuer, hub.subject) == ("https://github.com/login/oauth", "id")
    assert hub.trusted_domains == {"example.com"}


@pytest.mark.parametrize("missing", ["authlib", "httpx2", "joserfc"])
def test_what_is_not_installed_is_said_at_start(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigError, match=r"pip install 'guardhouse\[social\]'"):
        ForeignLogin(openid())
