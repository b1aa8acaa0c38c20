"""Cookies are written with every attribute spelled out, and what browsers would drop or share is refused at start."""

from __future__ import annotations

import pytest

from guardhouse.errors import ConfigError
from guardhouse.state.cookie import LONGEST_AGE, LONGEST_COOKIE, CookiePolicy

DEFAULT = CookiePolicy()
SHARED = CookiePolicy(domain="example.com", shared_with_subdomains=True)
EMBEDDED = CookiePolicy(same_site="None", partitioned=True)
PLAIN = CookiePolicy(insecure_plain_http=True)


@pytest.mark.parametrize(
    ("policy", "session", "visitor"),
    [
        pytest.param(DEFAULT, "__Host-gh", "__Host-gh-visitor", id="default"),
        pytest.param(CookiePolicy(name="shop"), "__Host-shop", "__Host-shop-visitor", id="another name"),
        pytest.param(SHARED, "__Secure-gh", "__Secure-gh-visitor", id="shared"),
        pytest.param(PLAIN, "gh", "gh-visitor", id="plain"),
        pytest.param(
            CookiePolicy(domain="a.localhost", shared_with_subdomains=True, insecure_plain_http=True),
            "gh",
            "gh-visitor",
            id="shared and plain",
        ),
    ],
)
def test_the_prefix_promises_what_the_attributes_keep(policy, session, visitor):
    assert (policy.session, policy.visitor) == (session, visitor)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        pytest.param(
            DEFAULT.write(DEFAULT.session, "id"),
            b"__Host-gh=id; Path=/; Secure; SameSite=Lax; HttpOnly",
            id="default",
        ),
        pytest.param(
            DEFAULT.write(DEFAULT.session, "id", max_age=60),
            b"__Host-gh=id; Max-Age=60; Path=/; Secure; SameSite=Lax; HttpOnly",
            id="remembered",
        ),
        pytest.param(
            DEFAULT.write(DEFAULT.csrf, "t", script=True),
            b"XSRF-TOKEN=t; Path=/; Secure; SameSite=Lax",
            id="for scripts",
        ),
        pytest.param(
            SHARED.write(SHARED.session, "id"),
            b"__Secure-gh=id; Path=/; Domain=example.com; Secure; SameSite=Lax; HttpOnly",
            id="shared",
        ),
        pytest.param(
            EMBEDDED.write(EMBEDDED.session, "id"),
            b"__Host-gh=id; Path=/; Secure; SameSite=None; Partitioned; HttpOnly",
            id="embedded",
        ),
        pytest.param(PLAIN.write(PLAIN.session, "id"), b"gh=id; Path=/; SameSite=Lax; HttpOnly", id="plain"),
        pytest.param(
            CookiePolicy(same_site="Strict").write("a", "b"),
            b"a=b; Path=/; Secure; SameSite=Strict; HttpOnly",
            id="strict",
        ),
        pytest.param(
            DEFAULT.erase(DEFAULT.session),
            b"__Host-gh=; Max-Age=0; Path=/; Secure; SameSite=Lax; HttpOnly",
            id="erased",
        ),
        pytest.param(
            SHARED.erase(SHARED.csrf, script=True),
            b"XSRF-TOKEN=; Max-Age=0; Path=/; Domain=example.com; Secure; SameSite=Lax",
            id="erased where it was shared",
        ),
        pytest.param(
            DEFAULT.write("a", "b", max_age=10**9),
            b"a=b; Max-Age=%d; Path=/; Secure; SameSite=Lax; HttpOnly" % LONGEST_AGE,
            id="no longer than browsers keep it",
        ),
    ],
)
def test_a_cookie_as_it_is_written(written, line):
    assert written == line


def test_a_cookie_that_browsers_would_drop_is_an_error():
    DEFAULT.write("a", "b" * (LONGEST_COOKIE - 1))
    with pytest.raises(ConfigError, match="4096"):
        DEFAULT.write("a", "b" * LONGEST_COOKIE)


@pytest.mark.parametrize(
    ("settings", "key", "fix"),
    [
        ({"name": ""}, "cookie.name", "letters"),
        ({"name": "a b"}, "cookie.name", "letters"),
        ({"name": "a=b"}, "cookie.name", "letters"),
        ({"name": "a;b"}, "cookie.name", "letters"),
        ({"name": "caf\u00e9"}, "cookie.name", "letters"),
        ({"name": "a\n"}, "cookie.name", "letters"),
        ({"name": "__Host-gh"}, "cookie.name", "by itself"),
        ({"name": "__host-gh"}, "cookie.name", "by itself"),
        ({"csrf": "a b"}, "cookie.csrf", "letters"),
        ({"csrf": "__Host-gh"}, "cookie.csrf", "by itself"),
        ({"csrf": "gh", "insecure_plain_http": True}, "cookie.csrf", "another name"),
        ({"csrf": "gh-visitor", "insecure_plain_http": True}, "cookie.csrf", "another name"),
        ({"same_site": "lax"}, "cookie.same_site", "Lax, Strict or None"),
        ({"same_site": "None"}, "cookie.same_site", "partitioned=True"),
        (
            {"same_site": "None", "partitioned": True, "insecure_plain_http": True},
            "cookie.same_site",
            "https",
        ),
        ({"partitioned": True, "insecure_plain_http": True}, "cookie.partitioned", "https"),
        ({"domain": "example.com"}, "cookie.domain", "shared_with_subdomains=True"),
        ({"domain": ""}, "cookie.domain", "shared_with_subdomains=True"),
        *(
            ({"domain": domain, "shared_with_subdomains": True}, "cookie.domain", "plain host name")
            for domain in (
                "",
                "com",
                ".example.com",
                "example..com",
                "example.com.",
                "example.com:443",
                "https://example.com",
                "127.0.0.1",
                "[::1]",
                "ex\u00e4mple.com",
                "example.com; Secure",
                "-a.example.com",
                "example.com\n",
            )
        ),
    ],
)
def test_a_policy_that_cannot_hold_is_refused_with_its_key_and_the_fix(settings, key, fix):
    with pytest.raises(ConfigError) as raised:
        CookiePolicy(**settings)
    assert raised.value.key == key
    assert fix in raised.value.fix


@pytest.mark.parametrize(
    "domain", ["example.com", "App.Example.com", "a-b.example.co", "xn--bcher-kva.example"]
)
def test_a_domain_that_is_meant_is_taken(domain):
    assert CookiePolicy(domain=domain, shared_with_subdomains=True).domain == domain


def test_csrf_may_have_the_plain_name_where_the_session_has_a_prefix():
    assert CookiePolicy(csrf="gh").session == "__Host-gh"
