"""What browsers say by themselves: W3C Fetch Metadata 2, Fetch 3.1, W3C Referrer Policy 8.3, W3C Mixed Content."""

from __future__ import annotations

import pytest

from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.metadata import Mode, fetch_metadata, origin_header, referer
from guardhouse.doctor.browser.mixed import stopped
from guardhouse.doctor.browser.sites import origin_in
from guardhouse.doctor.browser.whys import Why
from tests.doctor.browser.places import API, CHROME, FAR, FIREFOX, SAFARI, SPA

HTTP, LOCAL = "http://api.example.com", "http://localhost:8000"


@pytest.mark.parametrize(
    ("mode", "page", "chain", "site"),
    [
        pytest.param("cors", API, [API], "same-origin", id="Fetch Metadata 2.4 step 1"),
        pytest.param("cors", SPA, [API], "same-site", id="Fetch Metadata 2.4 same-site"),
        pytest.param("cors", FAR, [API], "cross-site", id="Fetch Metadata 2.4 cross-site"),
        pytest.param("navigate", None, [API], "none", id="Fetch Metadata 2.4 the person"),
        pytest.param("cors", API, [FAR, API], "cross-site", id="Fetch Metadata 2.4 step 5: the whole way"),
        pytest.param("cors", API, [SPA, API], "same-site", id="Fetch Metadata 2.4 step 5: by a sub-domain"),
        pytest.param("cors", LOCAL, [LOCAL], "same-origin", id="Fetch Metadata 2 loopback is trustworthy"),
        pytest.param("cors", HTTP, [HTTP], None, id="Fetch Metadata 2 not over http"),
    ],
)
def test_sec_fetch_site(mode: Mode, page: str | None, chain: list[str], site: str | None):
    headers = dict(fetch_metadata(mode, origin_in(page) if page else None, chain))
    assert headers.get("sec-fetch-site") == site


def test_a_window_and_a_script_say_what_they_are():
    page = origin_in(API)
    assert dict(fetch_metadata("navigate", page, [API]))["sec-fetch-dest"] == "document"
    assert dict(fetch_metadata("cors", page, [API]))["sec-fetch-mode"] == "cors"


@pytest.mark.parametrize(
    ("mode", "method", "page", "target", "tainted", "expected"),
    [
        pytest.param("cors", "GET", API, API, False, None, id="Fetch 3.1 a read of one's own"),
        pytest.param("cors", "POST", API, API, False, API, id="Fetch 3.1 step 4: a change"),
        pytest.param("cors", "GET", SPA, API, False, SPA, id="Fetch 3.1 step 3: CORS"),
        pytest.param("cors", "GET", SPA, API, True, "null", id="Fetch 3.1 tainted by redirects"),
        pytest.param("cors", "GET", API, API, True, "null", id="Fetch 3.1 tainted, and home again"),
        pytest.param("cors", "POST", API, HTTP, False, API, id="Fetch 3.1 step 3: CORS, whatever the policy"),
        pytest.param("navigate", "GET", FAR, API, False, None, id="Fetch 3.1 a link"),
        pytest.param("navigate", "POST", FAR, API, False, FAR, id="Fetch 3.1 step 4: a form"),
        pytest.param(
            "navigate", "POST", API, HTTP, False, "null", id="Fetch 3.1 step 4.1: a form, https to http"
        ),
        pytest.param("navigate", "POST", HTTP, API, False, HTTP, id="Fetch 3.1 a form, http to https"),
        pytest.param("bare", "POST", None, API, False, None, id="no browser"),
    ],
)
def test_origin(mode: Mode, method: str, page: str | None, target: str, tainted: bool, expected: str | None):
    found = origin_header(mode, method, origin_in(page) if page else None, origin_in(target), tainted=tainted)
    assert dict(found).get("origin") == expected


@pytest.mark.parametrize(
    ("page", "target", "expected"),
    [
        pytest.param(API, API, f"{API}/x", id="Referrer Policy 8.3 one's own: whole"),
        pytest.param(SPA, API, f"{SPA}/", id="Referrer Policy 8.3 others: the origin"),
        pytest.param(API, HTTP, None, id="Referrer Policy 8.3 no way down"),
        pytest.param(API, LOCAL, f"{API}/", id="Referrer Policy 8.3 loopback is no way down"),
        pytest.param(HTTP, API, f"{HTTP}/", id="Referrer Policy 8.3 a way up"),
        pytest.param(None, API, None, id="nobody"),
    ],
)
def test_referer(page: str | None, target: str, expected: str | None):
    found = referer(origin_in(page) if page else None, origin_in(target), "/x")
    assert dict(found).get("referer") == expected


@pytest.mark.parametrize(
    ("browser", "mode", "method", "page", "target", "why"),
    [
        pytest.param(CHROME, "cors", "GET", API, HTTP, Why.MIXED_CONTENT, id="Mixed Content 4.4 a script"),
        pytest.param(CHROME, "cors", "GET", API, LOCAL, None, id="Mixed Content 4.4 loopback"),
        pytest.param(
            SAFARI, "cors", "GET", API, LOCAL, Why.MIXED_CONTENT, id="Safari: loopback is no exception"
        ),
        pytest.param(CHROME, "navigate", "GET", API, HTTP, None, id="Mixed Content 4.4 a link"),
        pytest.param(CHROME, "navigate", "POST", API, HTTP, Why.INSECURE_FORM, id="Chrome: mixed form"),
        pytest.param(FIREFOX, "navigate", "POST", API, LOCAL, None, id="mixed form to loopback"),
        pytest.param(SAFARI, "navigate", "POST", API, HTTP, None, id="Safari: no warning"),
        pytest.param(CHROME, "cors", "GET", HTTP, HTTP, None, id="a page of http"),
        pytest.param(CHROME, "bare", "GET", None, HTTP, None, id="no browser"),
    ],
)
def test_what_is_stopped(
    browser: Browser, mode: Mode, method: str, page: str | None, target: str, why: Why | None
):
    found = stopped(browser, mode, method, origin_in(page) if page else None, origin_in(target))
    assert (found.why if found else None) is why
