"""Which cookies are kept, by RFC 6265bis 5.7 and CHIPS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guardhouse.doctor.browser.cookie import Retrieval
from guardhouse.doctor.browser.storing import Dropped, Kept, store, store_all
from guardhouse.doctor.browser.whys import Why
from tests.doctor.browser.places import API, CHROME, FAR, FIREFOX, NOW, SAFARI, SPA, asking

HTTP, LOCAL, LOOPBACK = "http://api.example.com", "http://localhost:8000", "http://127.0.0.1:8000"
BLOCKING = replace(CHROME, third_party="blocked")


@pytest.mark.parametrize(
    ("line", "at", "why"),
    [
        pytest.param("a=b; Domain=other.com", asking(), Why.DOMAIN_FOREIGN, id="5.7 step 10: another domain"),
        pytest.param(
            "a=b; Domain=spa.example.com", asking(), Why.DOMAIN_FOREIGN, id="5.7 step 10: a neighbour"
        ),
        pytest.param("a=b; Domain=ample.com", asking(), Why.DOMAIN_FOREIGN, id="5.1.3 a dot must divide"),
        pytest.param("a=b; Domain=com", asking(), Why.DOMAIN_PUBLIC, id="5.7 step 9: public suffix"),
        pytest.param(
            "a=b; Domain=co.uk",
            asking("https://a.shop.co.uk", None),
            Why.DOMAIN_PUBLIC,
            id="5.7 step 9: co.uk",
        ),
        pytest.param(
            "a=b; Domain=0.0.1",
            asking(LOOPBACK, None),
            Why.DOMAIN_FOREIGN,
            id="5.1.3 no domain of an address",
        ),
        pytest.param("a=b; Secure", asking(HTTP, HTTP), Why.SECURE_ONLY, id="5.7 step 14: Secure over http"),
        pytest.param(
            "a=b; Secure",
            asking(LOCAL, LOCAL, browser=SAFARI),
            Why.SECURE_LOOPBACK,
            id="5.7 step 14: Safari on loopback",
        ),
        pytest.param(
            "a=b; SameSite=None", asking(), Why.NONE_INSECURE, id="5.7 step 19: None without Secure"
        ),
        pytest.param("a=b; Partitioned", asking(), Why.PARTITIONED_INSECURE, id="CHIPS 2.1 without Secure"),
        pytest.param(
            "__Host-a=b; Path=/", asking(), Why.PREFIX_HOST, id="5.7 step 21: __Host- without Secure"
        ),
        pytest.param(
            "__Host-a=b; Secure",
            asking(f"{API}/x/y"),
            Why.PREFIX_HOST,
            id="5.7 step 21: __Host- without Path",
        ),
        pytest.param(
            "__Host-a=b; Secure; Path=/x", asking(), Why.PREFIX_HOST, id="5.7 step 21: another Path"
        ),
        pytest.param(
            "__Host-a=b; Secure; Path=/; Domain=api.example.com",
            asking(),
            Why.PREFIX_HOST,
            id="5.7 step 21: with Domain",
        ),
        pytest.param("__hOST-a=b; Path=/", asking(), Why.PREFIX_HOST, id="5.7 step 21: in any letter case"),
        pytest.param("__Secure-a=b", asking(), Why.PREFIX_SECURE, id="5.7 step 20: __Secure- without Secure"),
        pytest.param(
            "=__Secure-a", asking(), Why.PREFIX_SECURE, id="5.7 step 22: a value that looks like one"
        ),
        pytest.param("__Http-a=b; Secure", asking(), Why.PREFIX_HTTP, id="5.7 __Http- without HttpOnly"),
        pytest.param(
            "__Host-Http-a=b; Secure; Path=/",
            asking(),
            Why.PREFIX_HTTP,
            id="5.7 __Host-Http- without HttpOnly",
        ),
        pytest.param(
            "a=b; SameSite=Lax", asking(API, FAR), Why.SAME_SITE_FOREIGN, id="5.7 step 17: Lax from afar"
        ),
        pytest.param(
            "a=b; SameSite=Strict",
            asking(API, FAR),
            Why.SAME_SITE_FOREIGN,
            id="5.7 step 17: Strict from afar",
        ),
        pytest.param("a=b", asking(API, FAR), Why.SAME_SITE_FOREIGN, id="5.6.7 no SameSite is Lax in Chrome"),
        pytest.param(
            "a=b; SameSite=Lax; Secure",
            asking(API, "http://spa.example.com"),
            Why.SAME_SITE_FOREIGN,
            id="5.2 schemeful",
        ),
        pytest.param(
            "a=b; SameSite=None; Secure",
            asking(API, FAR, browser=BLOCKING),
            Why.THIRD_PARTY,
            id="third party, blocked",
        ),
        pytest.param(
            "a=b; SameSite=None; Secure; Partitioned",
            asking(API, FAR, browser=SAFARI),
            Why.THIRD_PARTY,
            id="CHIPS means nothing to Safari here",
        ),
    ],
)
def test_a_cookie_is_dropped(line: str, at: Retrieval, why: Why):
    jar, fate = store((), line, at)
    assert jar == ()
    assert isinstance(fate, Dropped)
    assert fate.ruling.why is why
    assert fate.ruling.says
    assert fate.ruling.fix


@pytest.mark.parametrize(
    ("line", "at", "domain", "host_only"),
    [
        pytest.param("a=b", asking(), "api.example.com", True, id="5.7 step 11: host-only"),
        pytest.param(
            "a=b; Domain=example.com", asking(), "example.com", False, id="5.7 step 10: parent domain"
        ),
        pytest.param(
            "a=b; Domain=api.example.com", asking(), "api.example.com", False, id="5.7 step 10: its own name"
        ),
        pytest.param(
            "a=b; Domain=localhost",
            asking(LOCAL, LOCAL),
            "localhost",
            True,
            id="5.7 step 9: the suffix itself",
        ),
        pytest.param(
            "a=b; Domain=127.0.0.1", asking(LOOPBACK, None), "127.0.0.1", True, id="5.1.3 the address itself"
        ),
        pytest.param(
            "a=b; Secure", asking(LOCAL, LOCAL), "localhost", True, id="5.7 step 14: Chrome on loopback"
        ),
        pytest.param(
            "a=b; Secure", asking(LOCAL, LOCAL, browser=FIREFOX), "localhost", True, id="5.7 step 14: Firefox"
        ),
        pytest.param(
            "__Host-a=b; Secure; Path=/",
            asking(LOOPBACK, None),
            "127.0.0.1",
            True,
            id="5.7 step 21: loopback",
        ),
        pytest.param(
            "__Host-a=b; Secure; Path=/; HttpOnly", asking(), "api.example.com", True, id="5.7 step 21"
        ),
        pytest.param(
            "__Host-Http-a=b; Secure; Path=/; HttpOnly",
            asking(),
            "api.example.com",
            True,
            id="5.7 __Host-Http-",
        ),
        pytest.param("__Http-a=b; Secure; HttpOnly", asking(), "api.example.com", True, id="5.7 __Http-"),
        pytest.param(
            "a=b; SameSite=Strict",
            asking(API, SPA),
            "api.example.com",
            True,
            id="5.2 a sub-domain is no stranger",
        ),
        pytest.param(
            "a=b; SameSite=Strict",
            asking(API, FAR, method="POST", navigation=True),
            "api.example.com",
            True,
            id="5.7 step 17: a navigation may",
        ),
        pytest.param(
            "a=b",
            asking(API, FAR, browser=FIREFOX),
            "api.example.com",
            True,
            id="5.6.7 no default in Firefox",
        ),
    ],
)
def test_a_cookie_is_kept(line: str, at: Retrieval, domain: str, host_only: bool):
    jar, fate = store((), line, at)
    assert isinstance(fate, Kept)
    assert [(cookie.domain, cookie.host_only) for cookie in jar] == [(domain, host_only)]


PARTITIONED = "a=b; Secure; SameSite=None; Partitioned"


@pytest.mark.parametrize(
    ("line", "at", "partition"),
    [
        pytest.param(
            PARTITIONED, asking(API, FAR), "https://other-site.test", id="CHIPS: the site in the address bar"
        ),
        pytest.param(PARTITIONED, asking(), "https://example.com", id="CHIPS: also one's own"),
        pytest.param(
            PARTITIONED,
            asking(API, FAR, browser=BLOCKING),
            "https://other-site.test",
            id="CHIPS: though blocked",
        ),
        pytest.param(
            PARTITIONED,
            asking(API, FAR, navigation=True),
            "https://example.com",
            id="CHIPS: a navigation is first party",
        ),
        pytest.param(PARTITIONED, asking(browser=SAFARI), None, id="Safari: the attribute is ignored"),
        pytest.param(
            "a=b; Secure; SameSite=None",
            asking(API, FAR, browser=FIREFOX),
            "https://other-site.test",
            id="Firefox: all",
        ),
        pytest.param(
            "a=b; Secure; SameSite=None", asking(API, FAR), None, id="Chrome: none without the attribute"
        ),
    ],
)
def test_partitions(line: str, at: Retrieval, partition: str | None):
    jar, _ = store((), line, at)
    assert [cookie.partition for cookie in jar] == [partition]


def test_a_cookie_replaces_its_like_and_keeps_its_place():
    first, _ = store((), "a=1", asking(now=NOW - 60))
    jar, _ = store(first, "a=2; Secure", asking())
    assert [(cookie.value, cookie.created) for cookie in jar] == [("2", NOW - 60)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("a=2; Path=/x", id="5.7 step 23: another path"),
        pytest.param("a=2; Domain=example.com", id="5.7 step 23: another domain"),
        pytest.param("b=2", id="5.7 step 23: another name"),
        pytest.param("a=2; Secure; Partitioned; SameSite=None", id="CHIPS: another partition"),
    ],
)
def test_cookies_that_differ_lie_side_by_side(line: str):
    first, _ = store((), "a=1; Path=/", asking())
    assert len(store(first, line, asking())[0]) == 2


def test_an_expired_cookie_takes_its_like_out():
    jar, fates = store_all((), ["a=1; Path=/", "a=; Path=/; Max-Age=0"], asking())
    assert jar == ()
    assert [fate.erased for fate in fates if isinstance(fate, Kept)] == [False, True]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        pytest.param("a=2; Path=/x", False, id="5.7 step 15: the same, below its path"),
        pytest.param("a=2; Path=/; Domain=example.com", False, id="5.7 step 15: for all sub-domains"),
        pytest.param("b=2; Path=/", True, id="5.7 step 15: another name"),
    ],
)
def test_http_leaves_secure_cookies_alone(line: str, kept: bool):
    secure, _ = store((), "a=1; Path=/; Secure", asking())
    _, fate = store(secure, line, asking(HTTP, HTTP))
    assert isinstance(fate, Kept) is kept
    if isinstance(fate, Dropped):
        assert fate.ruling.why is Why.SHADOWS_SECURE


def test_https_may_set_what_it_likes_beside_a_secure_cookie():
    secure, _ = store((), "a=1; Path=/; Secure", asking())
    assert isinstance(store(secure, "a=2; Path=/x", asking())[1], Kept)


def test_what_was_dropped_has_a_name_that_can_be_printed():
    _, fate = store((), "a\x1b=b", asking())
    assert fate == Dropped("a\\x1b", fate.ruling) if isinstance(fate, Dropped) else False
    assert isinstance(store((), "=", asking())[1], Dropped)
