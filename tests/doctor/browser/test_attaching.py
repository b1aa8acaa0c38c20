"""Which cookies go along, by RFC 6265bis 5.8.3, and which a page can read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guardhouse.doctor.browser.attaching import attach, readable, withheld
from guardhouse.doctor.browser.cookie import Cookie, Retrieval, path_match
from guardhouse.doctor.browser.sites import origin_in
from guardhouse.doctor.browser.whys import Ruling, Why
from tests.doctor.browser.places import API, CHROME, FAR, FIREFOX, NOW, SAFARI, SPA, asking

COOKIE = Cookie(
    name="a",
    value="sesame",
    domain="api.example.com",
    host_only=True,
    path="/",
    secure=True,
    http_only=False,
    same_site="Lax",
    partition=None,
    created=NOW - 3600,
    expires=None,
)
HTTP, LOCAL = "http://api.example.com", "http://localhost:8000"


@pytest.mark.parametrize(
    ("changes", "at", "why"),
    [
        pytest.param({}, asking(), None, id="5.8.3 its own page"),
        pytest.param({}, asking(API, SPA), None, id="5.2 Lax, from a sub-domain"),
        pytest.param({"same_site": "Strict"}, asking(API, SPA), None, id="5.2 Strict, from a sub-domain"),
        pytest.param({}, asking(SPA, SPA), Why.OTHER_HOST, id="5.8.3 host-only"),
        pytest.param(
            {"domain": "example.com", "host_only": False}, asking(SPA, SPA), None, id="5.8.3 domain-match"
        ),
        pytest.param({"path": "/x"}, asking(), Why.OTHER_PATH, id="5.8.3 path-match"),
        pytest.param({"path": "/x"}, asking(f"{API}/x/y"), None, id="5.1.4 below"),
        pytest.param({}, asking(HTTP, HTTP), Why.SECURE_ONLY, id="5.8.3 Secure over http"),
        pytest.param({"secure": False}, asking(HTTP, HTTP), None, id="5.8.3 http without Secure"),
        pytest.param({"domain": "localhost"}, asking(LOCAL, LOCAL), None, id="Secure on loopback, Chrome"),
        pytest.param(
            {"domain": "localhost"},
            asking(LOCAL, LOCAL, browser=SAFARI),
            Why.SECURE_LOOPBACK,
            id="Secure on loopback, Safari",
        ),
        pytest.param(
            {"same_site": "Strict"}, asking(API, FAR), Why.STRICT, id="5.8.3 Strict, a script from afar"
        ),
        pytest.param(
            {"same_site": "Strict"}, asking(API, FAR, navigation=True), Why.STRICT, id="5.8.3 Strict, a link"
        ),
        pytest.param({}, asking(API, FAR), Why.LAX_SUBRESOURCE, id="5.8.3 Lax, a script from afar"),
        pytest.param({}, asking(API, FAR, navigation=True), None, id="5.8.3 Lax, a link"),
        pytest.param(
            {}, asking(API, FAR, navigation=True, method="POST"), Why.LAX_POST, id="5.8.3 Lax, a form"
        ),
        pytest.param(
            {}, asking(API, None, method="POST", navigation=True), None, id="5.2 nobody asks: same-site"
        ),
        pytest.param(
            {"same_site": ""},
            asking(API, FAR, navigation=True, method="POST"),
            Why.LAX_POST,
            id="5.6.7.2 an old one",
        ),
        pytest.param(
            {"same_site": "", "created": NOW - 119},
            asking(API, FAR, navigation=True, method="POST"),
            None,
            id="5.6.7.2 Lax-allowing-unsafe, for two minutes",
        ),
        pytest.param(
            {"same_site": "", "created": NOW - 119},
            asking(API, FAR),
            Why.LAX_SUBRESOURCE,
            id="5.6.7.2 for windows only",
        ),
        pytest.param(
            {"same_site": ""},
            asking(API, FAR, browser=FIREFOX),
            Why.OTHER_PARTITION,
            id="Firefox: only partitioned",
        ),
        pytest.param(
            {"same_site": ""}, asking(API, FAR, browser=SAFARI), Why.THIRD_PARTY, id="Safari: blocked"
        ),
        pytest.param({"same_site": "None"}, asking(API, FAR), None, id="5.8.3 None, Chrome"),
        pytest.param(
            {"same_site": "None"},
            asking(API, FAR, browser=replace(CHROME, third_party="blocked")),
            Why.THIRD_PARTY,
            id="None, third party blocked",
        ),
        pytest.param(
            {"same_site": "None"},
            asking(API, SPA, browser=SAFARI),
            None,
            id="Safari: same site is first party",
        ),
        pytest.param(
            {"same_site": "None", "partition": "https://other-site.test"},
            asking(API, FAR),
            None,
            id="CHIPS: its partition",
        ),
        pytest.param(
            {"same_site": "None", "partition": "https://other-site.test"},
            asking(),
            Why.OTHER_PARTITION,
            id="CHIPS: another",
        ),
        pytest.param(
            {}, asking(API, "http://spa.example.com"), Why.LAX_SUBRESOURCE, id="5.2 schemeful, Chrome"
        ),
        pytest.param(
            {}, asking(API, "http://spa.example.com", browser=FIREFOX), None, id="5.2 not schemeful, Firefox"
        ),
    ],
)
def test_a_cookie_goes_along_or_stays(changes: dict[str, Any], at: Retrieval, why: Why | None):
    found = withheld(replace(COOKIE, **changes), at)
    assert (found.why if found else None) is why
    if found:
        assert found.says
        assert found.fix


def test_longer_paths_and_older_cookies_go_first():
    jar = (
        replace(COOKIE, name="young", created=NOW),
        COOKIE,
        replace(COOKIE, name="deep", path="/x", created=NOW),
        replace(COOKIE, name="dead", expires=NOW),
    )
    sent, hidden = attach(jar, asking(f"{API}/x"))
    assert [cookie.name for cookie in sent] == ["deep", "a", "young"]
    assert hidden == ()


@pytest.mark.parametrize(
    ("path", "cookie_path", "matches"),
    [
        pytest.param("/x", "/x", True, id="5.1.4 identical"),
        pytest.param("/x/y", "/x/", True, id="5.1.4 the cookie's ends with a slash"),
        pytest.param("/x/y", "/x", True, id="5.1.4 a slash follows"),
        pytest.param("/xy", "/x", False, id="5.1.4 a longer name"),
        pytest.param("/", "/x", False, id="5.1.4 above"),
    ],
)
def test_paths(path: str, cookie_path: str, matches: bool):
    assert path_match(path, cookie_path) is matches


@pytest.mark.parametrize(
    ("changes", "page", "expected"),
    [
        pytest.param({}, API, "sesame", id="the page's own host"),
        pytest.param({}, "https://api.example.com:8443", "sesame", id="8.5 cookies know no ports"),
        pytest.param({}, SPA, Why.OTHER_HOST, id="a sub-domain's host-only cookie"),
        pytest.param({"domain": "example.com", "host_only": False}, SPA, "sesame", id="a shared cookie"),
        pytest.param({"http_only": True}, API, Why.HTTP_ONLY, id="HttpOnly"),
        pytest.param({}, HTTP, Why.SECURE_ONLY, id="Secure, and the page is http"),
        pytest.param({"name": "b"}, API, None, id="no such cookie"),
        pytest.param(
            {"partition": "https://other-site.test"}, API, Why.OTHER_PARTITION, id="CHIPS: another partition"
        ),
    ],
)
def test_what_a_page_can_read(changes: dict[str, Any], page: str, expected: object):
    found = readable((replace(COOKIE, **changes),), origin_in(page), "a", CHROME, NOW)
    assert (found.why if isinstance(found, Ruling) else found and found.value) == expected


def test_the_value_is_in_no_repr():
    assert "sesame" not in repr(COOKIE)
    assert COOKIE.attributes == ("Secure", "SameSite=Lax")
