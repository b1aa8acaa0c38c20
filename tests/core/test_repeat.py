"""The line that asks again has all that decided, nothing that is secret, and nothing that a shell would run."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.facts import Facts
from guardhouse.core.repeat import repeat

SECRET = "sEcReT0123456789"


def line(
    *headers: tuple[str, str], method: str = "GET", path: str = "/api/me", query: str = "", **more: Any
) -> str:
    found = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return repeat(
        Facts(method, path, found, "https", query=query.encode(), **more), "shop:app", ["X-Api-Key"]
    )


HOST = ("host", "api.example.com")


@pytest.mark.parametrize(
    ("headers", "rest"),
    [
        pytest.param((), "", id="nothing"),
        pytest.param(
            (("origin", "https://spa.test"),), " -H 'Origin: https://spa.test'", id="the page's origin"
        ),
        pytest.param(
            (("referer", f"https://spa.test/{SECRET}?{SECRET}"),),
            " -H 'Referer: https://spa.test/'",
            id="of the page no path",
        ),
        pytest.param(
            (("sec-fetch-site", "cross-site"),), " -H 'Sec-Fetch-Site: cross-site'", id="fetch metadata"
        ),
        pytest.param(
            (("user-agent", f"node {SECRET}"),), " -H 'User-Agent: node'", id="a program by its name"
        ),
        pytest.param((("user-agent", f"Mozilla/5.0 {SECRET}"),), "", id="a browser by none"),
        pytest.param((("accept", "text/html,*/*"),), " -H 'Accept: text/html'", id="a person at a window"),
        pytest.param((("x-api-key", SECRET),), " -H 'X-Api-Key: <value>'", id="what a guard reads"),
        pytest.param((("x-xsrf-token", SECRET),), " -H 'X-Xsrf-Token: <value>'", id="the CSRF token"),
        pytest.param((("x-strange", SECRET),), "", id="what nobody reads"),
        pytest.param(
            (("cookie", f"__Host-gh={SECRET}; a={SECRET}"),),
            " -b '__Host-gh=<value>' -b 'a=<value>'",
            id="cookies",
        ),
        pytest.param((("cookie", SECRET),), "", id="a cookie without a name"),
    ],
)
def test_what_is_asked_again(headers, rest):
    assert line(HOST, *headers) == f"guardhouse explain shop:app GET https://api.example.com/api/me{rest}"


def test_of_authorization_the_scheme_is_kept():
    facts = Facts("GET", "/", [(b"authorization", f"Bearer {SECRET}".encode())])
    assert repeat(facts, credentials=["Authorization"]).endswith("-H 'Authorization: Bearer <credential>'")
    facts = Facts("GET", "/", [(b"authorization", SECRET.encode())])
    assert repeat(facts, credentials=["Authorization"]).endswith("-H 'Authorization: <value>'")


def test_of_a_query_the_names_are_kept():
    told = line(HOST, query=f"signature={SECRET}&page=2&{SECRET}=%20")
    assert told.endswith(f"'https://api.example.com/api/me?signature=<value>&page=<value>&{SECRET}=<value>'")
    assert "?" not in line(HOST, query="%3C=1")


def test_a_websocket_and_an_address_without_a_host():
    assert line(websocket=True) == "guardhouse explain shop:app WS /api/me"
    assert line(("host", "evil test;rm")) == "guardhouse explain shop:app GET /api/me"


@pytest.mark.parametrize("letter", "&|^!'\"<>")
def test_a_stranger_writes_nothing_that_another_shell_would_run(letter):
    """Windows' cmd knows no single quotes; whoever follows a link is shown the line, and may paste it there."""
    plain = line(HOST, path="/api/me", query="a=1")
    assert letter not in line(HOST, path=f"/{letter}calc{letter}", query=f"a{letter}=1")
    for name in ("origin", "sec-fetch-site", "x-requested-with", "cookie"):
        assert line(HOST, (name, f"https://a{letter}calc{letter}=1"), query="a=1") == plain
    assert line(HOST, method=f"{letter}GET").startswith("guardhouse explain shop:app METHOD ")


@given(
    st.text(max_size=40),
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.sampled_from(["host", "origin", "cookie", "x-api-key"]),
)
def test_no_request_breaks_out_of_the_line(path, value, name):
    words = shlex.split(line((name, value), path=f"/{path}"))
    assert words[:4] == ["guardhouse", "explain", "shop:app", "GET"]
    assert line((name, value), path=f"/{path}").isprintable()
    assert len(words) in (5, *range(7, 30, 2))
