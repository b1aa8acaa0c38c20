"""What clients add by habit: axios lib/helpers/resolveConfig, Fetch's credentials mode, Angular's XSRF interceptor."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.doctor.browser.browsers import BROWSERS, SOURCES
from guardhouse.doctor.browser.clients import client_with
from guardhouse.doctor.browser.page_token import token_in
from guardhouse.doctor.browser.sites import origin_in
from guardhouse.doctor.browser.whys import WHYS, Why
from tests.doctor.browser.places import API, SPA


@pytest.mark.parametrize(
    ("name", "settings", "method", "page", "copied"),
    [
        pytest.param("axios", (), "POST", API, True, id="axios: its own origin"),
        pytest.param("axios", (), "GET", API, True, id="axios: reads too"),
        pytest.param("axios", (), "POST", SPA, False, id="axios 1.6: not to others"),
        pytest.param(
            "axios",
            ("withCredentials=true",),
            "POST",
            SPA,
            False,
            id="axios 1.6: withCredentials is not enough",
        ),
        pytest.param("axios", ("withXSRFToken=true",), "POST", SPA, True, id="axios: withXSRFToken"),
        pytest.param("axios", ("withXSRFToken=false",), "POST", API, False, id="axios: switched off"),
        pytest.param("angular", (), "POST", API, True, id="Angular: its own origin"),
        pytest.param("angular", (), "GET", API, False, id="Angular: no reads"),
        pytest.param("angular", (), "POST", SPA, False, id="Angular: not to others"),
        pytest.param("fetch", (), "POST", API, False, id="fetch: never"),
    ],
)
def test_who_copies_the_token(name: str, settings: tuple[str, ...], method: str, page: str, copied: bool):
    assert client_with(name, settings).copies_to(method, origin_in(page), origin_in(API)) is copied


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        pytest.param(
            "axios",
            (),
            {"credentials": "same-origin", "accept": "application/json, text/plain, */*"},
            id="axios",
        ),
        pytest.param("axios", ("withCredentials=true",), {"credentials": "include"}, id="withCredentials"),
        pytest.param(
            "axios", ("withCredentials=false",), {"credentials": "same-origin"}, id="withCredentials, off"
        ),
        pytest.param(
            "axios",
            ("xsrfCookieName=a", "xsrfHeaderName=B"),
            {"cookie": "a", "header": "B"},
            id="axios: names",
        ),
        pytest.param(
            "angular", ("cookieName=a", "headerName=B"), {"cookie": "a", "header": "B"}, id="Angular: names"
        ),
        pytest.param("fetch", ("credentials=omit",), {"credentials": "omit"}, id="fetch: omit"),
        pytest.param(
            "axios",
            ("headers.common=X-Requested-With: XMLHttpRequest; X-A: 1",),
            {"accept": "*/*", "common": (("x-requested-with", "XMLHttpRequest"), ("x-a", "1"))},
            id="the thread: assigning headers.common loses Accept",
        ),
        pytest.param(
            "fetch",
            ("headers=Accept-Language: de",),
            {"common": (("accept-language", "de"),)},
            id="fetch: headers",
        ),
    ],
)
def test_settings(name: str, settings: tuple[str, ...], expected: dict[str, Any]):
    client = client_with(name, settings)
    assert {key: getattr(client, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "setting", "says"),
    [
        ("axios", "withCredentials", "write NAME=VALUE"),
        ("axios", "withCredential=true", "did you mean 'withCredentials'"),
        ("axios", "withCredentials=yes", "true or false"),
        ("fetch", "credentials=always", "omit, same-origin, include"),
        ("fetch", "headers=nonsense", "Name: value"),
        ("fetch", "headers=A B: c", "Name: value"),
        ("form", "withCredentials=true", "no settings"),
    ],
)
def test_what_is_no_setting_is_said_in_words(name: str, setting: str, says: str):
    with pytest.raises(ValueError, match=says):
        client_with(name, [setting])


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b'<form><input type="hidden" name="_token" value="a&amp;b"></form>', "a&b"),
        (b'<input name="other" value="a">', None),
        (b'<input name="_token" value="1"><input name="_token" value="2">', "1"),
        (b"\xff<input name=_token value=x", None),
        (b"", None),
    ],
)
def test_the_token_of_a_page(body: bytes, token: str | None):
    assert token_in(body) == token


def test_every_difference_between_browsers_has_a_source():
    for browser in BROWSERS.values():
        told = set(browser.__dataclass_fields__) - {"name"}
        assert told == set(SOURCES)
    for sources in SOURCES.values():
        assert set(sources) == set(BROWSERS)


def test_every_rule_is_in_the_table():
    assert set(WHYS) == set(Why)
