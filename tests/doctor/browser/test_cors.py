"""What a page may ask and read of another origin, by Fetch 2.2.2, 4.8, 4.9 and 4.10."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guardhouse.doctor.browser import cors
from guardhouse.doctor.browser.cors import Allowance, Credentials, Headers, Preflight
from guardhouse.doctor.browser.whys import Ruling, Why
from tests.doctor.browser.places import NOW, SPA

ORIGIN = ("access-control-allow-origin", SPA)
STAR = ("access-control-allow-origin", "*")
YES = ("access-control-allow-credentials", "true")


@pytest.mark.parametrize(
    ("name", "value", "simple"),
    [
        pytest.param("accept", "application/json, */*", True, id="Fetch 2.2.2 accept"),
        pytest.param("accept", "a" * 129, False, id="Fetch 2.2.2 128 bytes"),
        pytest.param("accept", "text/html;q=(1)", False, id="Fetch 2.2.2 unsafe byte"),
        pytest.param("accept-language", "de, en;q=0.5", True, id="Fetch 2.2.2 accept-language"),
        pytest.param("content-language", "d:e", False, id="Fetch 2.2.2 content-language"),
        pytest.param("content-type", "text/plain;charset=utf-8", True, id="Fetch 2.2.2 text/plain"),
        pytest.param("content-type", "application/x-www-form-urlencoded", True, id="Fetch 2.2.2 a form"),
        pytest.param("content-type", "application/json", False, id="Fetch 2.2.2 JSON"),
        pytest.param("range", "bytes=0-99", True, id="Fetch 2.2.2 a simple range"),
        pytest.param("range", "bytes=-99", False, id="Fetch 2.2.2 another range"),
        pytest.param("x-xsrf-token", "1", False, id="Fetch 2.2.2 a header of one's own"),
        pytest.param("authorization", "Bearer x", False, id="Fetch 2.2.2 authorization"),
    ],
)
def test_simple_headers(name: str, value: str, simple: bool):
    assert cors.simple_header(name, value) is simple


@pytest.mark.parametrize(
    ("method", "headers", "needed"),
    [
        pytest.param("GET", (), False, id="Fetch 4.1 a read"),
        pytest.param("POST", (), False, id="Fetch 4.1 what a form could send"),
        pytest.param("DELETE", (), True, id="Fetch 2.2.1 another method"),
        pytest.param("GET", (("x-a", "1"),), True, id="Fetch 2.2.2 another header"),
        pytest.param(
            "GET",
            tuple(("accept", "a" * 120) for _ in range(9)),
            True,
            id="Fetch 2.2.2 more than 1024 bytes together",
        ),
    ],
)
def test_preflights(method: str, headers: Headers, needed: bool):
    assert cors.needs_preflight(method, cors.unsafe_names(headers)) is needed


def test_a_preflight_names_the_headers_in_the_order_of_the_alphabet():
    names = cors.unsafe_names(
        (("x-b", "1"), ("accept", "*/*"), ("content-type", "application/json"), ("x-a", "1"))
    )
    asked = Preflight("https://api.example.com/", SPA, "PUT", names, "include")
    assert dict(asked.sent) == {
        "accept": "*/*",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type,x-a,x-b",
    }


@pytest.mark.parametrize(
    ("headers", "credentials", "why"),
    [
        pytest.param((ORIGIN,), "same-origin", None, id="Fetch 4.10 step 4"),
        pytest.param((STAR,), "omit", None, id="Fetch 4.10 step 3: a star without credentials"),
        pytest.param((ORIGIN, YES), "include", None, id="Fetch 4.10 step 7"),
        pytest.param((), "same-origin", Why.CORS_NO_ORIGIN, id="Fetch 4.10 step 2"),
        pytest.param((STAR, YES), "include", Why.CORS_WILDCARD, id="Fetch 4.10 step 3: not with credentials"),
        pytest.param(
            (("access-control-allow-origin", SPA + "/"),),
            "omit",
            Why.CORS_OTHER_ORIGIN,
            id="Fetch 4.10 step 4",
        ),
        pytest.param((ORIGIN, ORIGIN), "omit", Why.CORS_SEVERAL_ORIGINS, id="Fetch 4.10 step 1: two lines"),
        pytest.param(
            (("access-control-allow-origin", f"{SPA}, *"),),
            "omit",
            Why.CORS_SEVERAL_ORIGINS,
            id="Fetch 4.10 step 1: a list",
        ),
        pytest.param((ORIGIN,), "include", Why.CORS_NO_CREDENTIALS, id="Fetch 4.10 step 7: missing"),
        pytest.param(
            (ORIGIN, ("access-control-allow-credentials", "True")),
            "include",
            Why.CORS_NO_CREDENTIALS,
            id="Fetch 4.10 step 7: in lower case",
        ),
    ],
)
def test_the_check(headers: Headers, credentials: Credentials, why: Why | None):
    found = cors.check(headers, SPA, credentials, "response unreadable")
    assert (found.why if found else None) is why
    if found:
        assert found.says
        assert found.fix


def asked(method: str = "POST", *headers: str, credentials: Credentials = "include") -> Preflight:
    return Preflight("https://api.example.com/", SPA, method, headers, credentials)


def methods(value: str) -> tuple[str, str]:
    return "access-control-allow-methods", value


def names(value: str) -> tuple[str, str]:
    return "access-control-allow-headers", value


@pytest.mark.parametrize(
    ("preflight", "status", "headers", "why"),
    [
        pytest.param(
            asked("POST", "x-a"), 204, (ORIGIN, YES, names("X-A")), None, id="Fetch 4.8 allowed, in any case"
        ),
        pytest.param(
            asked("PUT"), 200, (ORIGIN, YES, methods("GET, PUT")), None, id="Fetch 4.8 step 7: the method"
        ),
        pytest.param(asked("POST"), 200, (ORIGIN, YES), None, id="Fetch 4.8 a simple method needs no word"),
        pytest.param(
            asked("POST", "x-a"),
            200,
            (ORIGIN,),
            Why.CORS_NO_CREDENTIALS,
            id="Fetch 4.8 the check comes first",
        ),
        pytest.param(
            asked("POST", "x-a"),
            400,
            (ORIGIN, YES),
            Why.PREFLIGHT_STATUS,
            id="Fetch 4.8 step 7: an ok status",
        ),
        pytest.param(
            asked("PUT"), 200, (ORIGIN, YES, methods("put")), Why.PREFLIGHT_METHOD, id="Fetch 4.8 case counts"
        ),
        pytest.param(
            asked("PUT"),
            200,
            (ORIGIN, YES, methods("*")),
            Why.PREFLIGHT_METHOD,
            id="Fetch 4.8 no star with cookies",
        ),
        pytest.param(
            asked("PUT", credentials="omit"), 200, (STAR, methods("*")), None, id="Fetch 4.8 a star without"
        ),
        pytest.param(
            asked("POST", "x-a"),
            200,
            (ORIGIN, YES, names("x-b")),
            Why.PREFLIGHT_HEADER,
            id="Fetch 4.8 the header",
        ),
        pytest.param(
            asked("POST", "x-a"),
            200,
            (ORIGIN, YES, names("*")),
            Why.PREFLIGHT_HEADER,
            id="Fetch 4.8 no star for headers",
        ),
        pytest.param(
            asked("POST", "x-a", credentials="omit"),
            200,
            (STAR, names("*")),
            None,
            id="Fetch 4.8 a star for headers",
        ),
        pytest.param(
            asked("POST", "authorization", credentials="omit"),
            200,
            (STAR, names("*")),
            Why.PREFLIGHT_HEADER,
            id="Fetch 4.8 authorization must be named",
        ),
    ],
)
def test_the_answer_to_a_preflight(preflight: Preflight, status: int, headers: Headers, why: Why | None):
    found = cors.weigh_preflight(preflight, cors.Answer(status, headers), NOW, 7200)
    assert (found.why if isinstance(found, Ruling) else None) is why
    if isinstance(found, Ruling):
        assert found.says
        assert found.fix


@pytest.mark.parametrize(
    ("age", "longest", "seconds"),
    [
        pytest.param((), 7200, 5, id="Fetch 4.8 step 10: five seconds"),
        pytest.param((("access-control-max-age", "600"),), 7200, 600, id="Fetch 4.8 step 9"),
        pytest.param(
            (("access-control-max-age", "86400"),), 7200, 7200, id="Fetch 4.8 step 11: the browser's limit"
        ),
        pytest.param((("access-control-max-age", "soon"),), 7200, 5, id="Fetch 4.8 no number"),
    ],
)
def test_how_long_it_is_believed(age: Headers, longest: int, seconds: int):
    answer = cors.Answer(200, (ORIGIN, YES, names("x-a"), *age))
    found = cors.weigh_preflight(asked("POST", "x-a"), answer, NOW, longest)
    assert isinstance(found, Allowance)
    assert found.expires == NOW + seconds


ALLOWED = Allowance("https://api.example.com/", SPA, True, frozenset({"PUT"}), frozenset({"x-a"}), NOW + 5)


@pytest.mark.parametrize(
    ("change", "now", "covered"),
    [
        pytest.param({}, NOW, True, id="Fetch 4.9 the same again"),
        pytest.param({}, NOW + 5, False, id="Fetch 4.9 too late"),
        pytest.param({"url": "https://api.example.com/x"}, NOW, False, id="Fetch 4.9 another address"),
        pytest.param({"origin": "https://a.test"}, NOW, False, id="Fetch 4.9 another origin"),
        pytest.param({"method": "DELETE"}, NOW, False, id="Fetch 4.9 another method"),
        pytest.param({"method": "POST"}, NOW, True, id="Fetch 4.9 a simple method"),
        pytest.param({"headers": ("x-a", "x-b")}, NOW, False, id="Fetch 4.9 one header more"),
        pytest.param({"credentials": "omit"}, NOW, True, id="Fetch 4.9 without cookies"),
    ],
)
def test_what_an_earlier_preflight_covers(change: dict[str, Any], now: float, covered: bool):
    told = {
        "url": "https://api.example.com/",
        "origin": SPA,
        "method": "PUT",
        "headers": ("x-a",),
        "credentials": "include",
    }
    assert ALLOWED.covers(Preflight(**(told | change)), now) is covered


def test_what_was_allowed_without_cookies_is_asked_again_with_them():
    open_to_all = replace(ALLOWED, include=False)
    asked_again = Preflight("https://api.example.com/", SPA, "PUT", ("x-a",), "include")
    assert not open_to_all.covers(asked_again, NOW)
    assert open_to_all.covers(replace(asked_again, credentials="same-origin"), NOW)


@pytest.mark.parametrize(
    ("expose", "credentials", "expected"),
    [
        pytest.param("", "include", {"content-type"}, id="Fetch 2.2.6 the simple ones"),
        pytest.param("X-A", "include", {"content-type", "x-a"}, id="Fetch 2.2.6 what is named"),
        pytest.param("*", "include", {"content-type"}, id="Fetch 2.2.6 no star with cookies"),
        pytest.param(
            "*", "omit", {"content-type", "x-a", "access-control-expose-headers"}, id="Fetch 2.2.6 a star"
        ),
    ],
)
def test_what_can_be_read(expose: str, credentials: Credentials, expected: set[str]):
    headers = (
        ("content-type", "x"),
        ("x-a", "1"),
        ("set-cookie", "a=b"),
        ("access-control-expose-headers", expose),
    )
    assert cors.exposed(headers, credentials) == expected
