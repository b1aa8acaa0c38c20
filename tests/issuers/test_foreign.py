"""Logins at somebody else's login server, the whole way over a socket: begun in one browser, and believed in no other."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import pytest

from guardhouse import ConfigError
from guardhouse.core.reason import Reason
from guardhouse.issuers.answer import read_answer
from guardhouse.issuers.exchange import Tokens
from guardhouse.issuers.foreign import Begun
from guardhouse.issuers.id_token import Expected
from guardhouse.state.foreign import ForeignIdentity, ForeignRefusal, name_of
from guardhouse.state.session import Session
from guardhouse.state.started import LIFETIME
from guardhouse.vault.secret import Secret
from tests.issuers.foreigners import (
    BACK,
    Browser,
    begin,
    come_back,
    identity,
    login_at,
    oauth,
    openid,
    through,
)
from tests.services.issuer import CLIENT, CLIENT_SECRET, PUBLIC_CLIENT, id_token
from tests.tokens import public_jwk

pytestmark = pytest.mark.anyio


async def test_somebody_logs_in_elsewhere_and_comes_back(partner):
    found = await identity(login_at(openid(partner)), partner)
    assert (found.provider, found.issuer, found.subject) == ("partner", partner.url, "1001")
    assert (found.email, found.email_verified, found.name) == ("ada@example.com", True, "Ada Lovelace")
    assert found.claims["preferred_username"] == "ada"


async def test_the_address_of_a_login_says_all_that_must_come_back(partner):
    login = login_at(openid(partner, params={"login_hint": "ada"}, acr=("phr",)))
    begun = await begin(login, {}, intended="/books?page=2")
    said = dict(parse_qsl(urlsplit(begun.url).query))
    assert said["response_type"] == "code"
    assert (said["state"], said["nonce"]) == (begun.started.state, begun.started.nonce)
    assert (said["redirect_uri"], said["client_id"], said["login_hint"]) == (BACK, CLIENT, "ada")
    assert (said["code_challenge_method"], said["scope"], said["acr_values"]) == (
        "S256",
        "openid email profile",
        "phr",
    )
    assert begun.started.verifier not in begun.url
    assert CLIENT_SECRET not in begun.url
    assert len({begun.started.state, begun.started.nonce, begun.started.verifier}) == 3
    assert begun.started.intended == "/books?page=2"


async def test_where_it_goes_afterwards_is_a_path_of_this_application(partner):
    begun = await begin(login_at(openid(partner)), {}, intended="https://evil.example.com/")
    assert begun.started.intended == "/"


async def test_nothing_secret_is_in_a_repr(partner):
    login = login_at(openid(partner))
    begun = await begin(login, {})
    answer = read_answer(partner.visit(begun.url))
    found = await login.finish(answer, begun.started) if not isinstance(answer, ForeignRefusal) else None
    tokens, expected = Tokens("access", "id.token.here"), Expected(partner.url, CLIENT, "n0nce", "access")
    said = repr((begun, begun.started, answer, found, login.provider, tokens, expected))
    secrets = [
        "access",
        "id.token",
        "n0nce",
        begun.started.state,
        begun.started.nonce,
        begun.started.verifier,
        CLIENT_SECRET,
        "ada@example.com",
        "1001",
    ]
    assert [one for one in secrets if one in said] == []


# -- bound to one browser, good once ------------------------------------------------------------------------------------


async def test_an_answer_counts_only_in_the_browser_that_began(partner):
    """Advisories of fastapi-users, fastapi-sso (CVE-2025-68481, CVE-2025-14546) and of Authlib (CVE-2025-68158)."""
    login, mallory, ada = login_at(openid(partner)), dict[str, Any](), dict[str, Any]()
    begun = await begin(login, mallory)
    await begin(login, ada)
    answer = partner.visit(begun.url)
    before = dict(ada)
    assert await come_back(login, ada, answer) == ForeignRefusal(Reason.FOREIGN_STATE)
    assert ada == before, "and spoils nothing there"
    assert "/token" not in partner.asked, "its code went nowhere"
    assert isinstance(await come_back(login, mallory, answer), ForeignIdentity)


async def test_an_answer_is_good_once(partner):
    login, browser = login_at(openid(partner)), dict[str, Any]()
    begun = await begin(login, browser)
    answer = partner.visit(begun.url)
    assert isinstance(await come_back(login, browser, answer), ForeignIdentity)
    assert await come_back(login, browser, answer) == ForeignRefusal(Reason.FOREIGN_STATE)


async def test_a_code_is_good_once_even_where_the_session_was_read_twice(partner):
    login, browser = login_at(openid(partner)), dict[str, Any]()
    begun = await begin(login, browser)
    answer, copy = partner.visit(begun.url), dict(browser)
    assert isinstance(await come_back(login, browser, answer), ForeignIdentity)
    assert await come_back(login, copy, answer) == ForeignRefusal(Reason.FOREIGN_CODE)


async def test_two_tabs_log_in_at_once_and_both_come_back(partner):
    login, browser = login_at(openid(partner)), dict[str, Any]()
    first, second = await begin(login, browser), await begin(login, browser)
    for begun in (second, first):
        assert isinstance(await come_back(login, browser, partner.visit(begun.url)), ForeignIdentity)
    assert browser == {}


async def test_it_fits_a_session(partner):
    login, session = login_at(openid(partner)), Session(None)
    begun = await begin(login, session)
    assert isinstance(await come_back(login, session, partner.visit(begun.url)), ForeignIdentity)


async def test_ten_minutes_are_enough(partner):
    moments = iter([time.time() - LIFETIME - 1, time.time()])
    login = login_at(openid(partner), clock=lambda: next(moments))
    begun = await login.begin(BACK)
    assert isinstance(begun, Begun)
    answer: Any = read_answer(partner.visit(begun.url))
    assert await login.finish(answer, begun.started) == ForeignRefusal(Reason.FOREIGN_STATE)


async def test_what_was_begun_with_one_login_server_is_finished_with_no_other(partner):
    one, other = login_at(openid(partner)), login_at(oauth(partner))
    browser: Browser = {}
    begun = await begin(one, browser)
    assert await come_back(other, browser, partner.visit(begun.url)) == ForeignRefusal(Reason.FOREIGN_STATE)


async def test_a_code_of_another_login_does_not_fit_the_verifier(partner):
    login, browser = login_at(openid(partner)), dict[str, Any]()
    begun, stolen = await begin(login, browser), await begin(login, {})
    injected = {**dict(partner.visit(begun.url)), "code": dict(partner.visit(stolen.url))["code"]}
    assert await come_back(login, browser, injected.items()) == ForeignRefusal(Reason.FOREIGN_CODE)


# -- who it is ----------------------------------------------------------------------------------------------------------


async def test_a_changed_username_is_the_same_person_and_a_taken_over_one_is_another(partner):
    """CVE-2025-65431 of allauth."""
    login = login_at(openid(partner, params={"login_hint": "ada"}))
    before = await identity(login, partner)
    partner.people["ada"] |= {"preferred_username": "countess", "email": "countess@example.com"}
    after = await identity(login, partner)
    partner.people["grace"] |= {"preferred_username": "ada", "email": "ada@example.com"}
    other = await identity(login_at(openid(partner, params={"login_hint": "grace"})), partner)
    names = [name_of(one.issuer, one.subject) for one in (before, after, other)]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("said", "verified"),
    [(True, True), ("true", True), (False, False), (None, False), ("false", False), (1, False), ([True], False), ("True", False)],
)  # fmt: skip
async def test_an_address_is_verified_only_where_that_is_said(partner, said, verified):
    partner.claims["email_verified"] = said
    found = await identity(login_at(openid(partner)), partner)
    assert (found.email, found.email_verified) == ("ada@example.com", verified)


@pytest.mark.parametrize(
    "address",
    ["ada@example.com,grace@example.com", "ada@example.com\r\nBcc: x@example.com", "Ada <ada@example.com>", "ada", "@example.com",
     "ada@example.com ", "ada@localhost", ["ada@example.com"], 7, "", "a" * 250 + "@example.com", "adа@example.com"],
)  # fmt: skip
async def test_what_is_not_plainly_an_address_is_none(partner, address):
    partner.claims["email"] = address
    found = await identity(login_at(openid(partner)), partner)
    assert (found.email, found.email_verified) == (None, False)


async def test_an_address_that_is_not_in_the_token_is_asked_for(partner):
    partner.claims |= {"email": None, "email_verified": None, "name": None}
    found = await identity(login_at(openid(partner)), partner)
    assert (found.email, found.email_verified, found.name) == ("ada@example.com", True, "Ada Lovelace")
    assert partner.asked[-1] == "/userinfo"


async def test_an_address_of_the_token_is_not_verified_by_a_word_from_elsewhere(partner):
    partner.claims["email_verified"] = None
    found = await identity(login_at(openid(partner)), partner)
    assert found.email_verified is False
    assert "/userinfo" not in partner.asked


async def test_nobody_is_asked_for_an_address_that_nobody_wants(partner):
    partner.claims |= {"email": None, "email_verified": None}
    found = await identity(login_at(openid(partner, scopes=("openid",))), partner)
    assert (found.email, "/userinfo" in partner.asked) == (None, False)


async def test_a_login_server_without_openid_is_asked_whose_token_it_is(partner):
    found = await identity(login_at(oauth(partner)), partner)
    assert (found.provider, found.issuer, found.subject) == ("hub", partner.url, "1001")
    assert (found.email, found.email_verified) == ("ada@example.com", True)
    assert partner.asked[-3:] == ["/token", "/user", "/user/emails"]


async def test_its_address_counts_only_if_the_first_one_is_verified(partner):
    found = await identity(login_at(oauth(partner, params={"login_hint": "grace"})), partner)
    assert (found.subject, found.email, found.email_verified) == ("1002", None, False)


async def test_without_a_list_of_addresses_none_is_taken(partner):
    found = await identity(login_at(oauth(partner, emails=None)), partner)
    assert (found.email, found.email_verified) == (None, False)


# -- keys and addresses -------------------------------------------------------------------------------------------------


async def test_a_new_key_is_noticed_at_once(partner):
    login = login_at(openid(partner))
    await identity(login, partner)
    partner.keys = [public_jwk("ES256", "e2")]
    partner.sign = lambda claims: id_token(claims, "ES256", kid="e2")
    partner.claims["at_hash"] = None
    await identity(login, partner)
    assert partner.asked.count("/keys") == 2


async def test_addresses_are_asked_for_once_and_by_one(partner):
    login = login_at(openid(partner))
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(begin, login, {})
    assert partner.asked == ["/.well-known/openid-configuration"]


async def test_the_client_proves_itself_as_the_login_server_takes_it(partner):
    for auths in (["client_secret_basic"], ["client_secret_post"], None):
        partner.metadata["token_endpoint_auth_methods_supported"] = auths
        await identity(login_at(openid(partner)), partner)
    for auth in ("client_secret_post", "client_secret_basic"):
        await identity(login_at(openid(partner, client_auth=auth)), partner)


async def test_a_client_without_a_secret_proves_itself_by_its_verifier(partner):
    login = login_at(openid(partner, client_id=PUBLIC_CLIENT, client_secret=None))
    assert (await identity(login, partner)).subject == "1001"


async def test_a_client_with_a_wrong_secret_is_told_to_its_operator(partner):
    refused = await through(login_at(openid(partner, client_secret=Secret("wrong"))), partner)
    assert isinstance(refused, ForeignRefusal)
    assert refused.reason is Reason.FOREIGN_CLIENT


async def test_a_strength_and_an_age_are_asked_for_and_checked(partner):
    login = login_at(openid(partner, max_age=timedelta(minutes=5), acr=("phr", "phrh")))
    partner.claims["acr"] = "phrh"
    await identity(login, partner)
    for wrong in (
        {"acr": "pwd"},
        {"acr": None},
        {"acr": "phr", "auth_time": int(time.time()) - 400},
        {"acr": "phr", "auth_time": "now"},
    ):
        partner.claims |= wrong
        refused = await through(login, partner)
        assert isinstance(refused, ForeignRefusal)
        assert refused.evidence["problem"] == ("auth_time" if "auth_time" in wrong else "acr")


@pytest.mark.parametrize(
    "address", ["http://app.example.com/back", "/back", "https://app.example.com/back#x", "", "javascript:1"]
)
async def test_a_redirect_address_is_one_of_ours(partner, address):
    with pytest.raises(ConfigError, match="made of its public_url"):
        await login_at(openid(partner)).begin(address)


@pytest.mark.parametrize(
    ("iss", "reason"),
    [(None, None), ("its own", None), ("https://evil.example.com", Reason.FOREIGN_ISSUER)],
    ids=["it says none", "it says its own", "it says another"],
)
async def test_a_login_server_without_metadata_may_say_who_it_is_and_nobody_else(partner, iss, reason):
    named = partner.url if iss == "its own" else iss
    partner.returns = lambda said: [*said[:2], *([("iss", named)] if named else [])]
    found = await through(login_at(oauth(partner)), partner)
    assert getattr(found, "reason", None) is reason
