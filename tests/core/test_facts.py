"""A request is read as it came: repeats kept, methods compared exactly, and a navigation known by what a browser says."""

from __future__ import annotations

import pytest

from guardhouse.core.facts import NOTHING_PRESENTED, CookieState, Facts, Presented


def facts(*headers: tuple[bytes, bytes], method: str = "GET", websocket: bool = False) -> Facts:
    return Facts(method, "/", headers, websocket=websocket)


def test_the_first_line_and_all_lines_of_a_header():
    request = facts((b"x", b"1"), (b"y", b"2"), (b"x", b"3"))
    assert request.header(b"x") == b"1"
    assert request.header(b"z") is None
    assert request.lines(b"x") == (b"1", b"3")
    assert request.lines(b"z") == ()
    assert request.presented is NOTHING_PRESENTED
    assert request.presented.state is CookieState.ABSENT


@pytest.mark.parametrize(
    ("method", "websocket", "safe"),
    [
        ("GET", False, True),
        ("HEAD", False, True),
        ("OPTIONS", False, True),
        ("get", False, False),
        ("Get", False, False),
        ("GET ", False, False),
        ("TRACE", False, False),
        ("QUERY", False, False),
        ("POST", False, False),
        ("", False, False),
        ("GET", True, False),
    ],
)
def test_only_three_methods_are_safe_and_a_websocket_never_is(method, websocket, safe):
    assert facts(method=method, websocket=websocket).safe is safe


CHROME = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("headers", "navigation"),
    [
        pytest.param([(b"sec-fetch-mode", b"navigate")], True, id="the browser says so"),
        pytest.param(
            [(b"sec-fetch-mode", b"navigate"), (b"accept", b"*/*")], True, id="it says so, whatever else"
        ),
        pytest.param([(b"sec-fetch-mode", b"cors"), (b"accept", CHROME)], False, id="the browser says fetch"),
        pytest.param(
            [(b"sec-fetch-mode", b"NAVIGATE")], False, id="in other letters it is no browser's word"
        ),
        pytest.param([(b"accept", CHROME)], True, id="an old browser"),
        pytest.param([(b"accept", b"text/html")], True, id="html alone"),
        pytest.param([(b"accept", b" Text/HTML;q=0.9")], True, id="html in other letters"),
        pytest.param([(b"accept", b"application/xhtml+xml, */*")], True, id="xhtml"),
        pytest.param([(b"accept", b"*/*")], False, id="curl, and fetch without more"),
        pytest.param([(b"accept", b"application/json, text/plain, */*")], False, id="axios"),
        pytest.param([(b"accept", b"application/json, text/html")], False, id="html, but not first"),
        pytest.param([], False, id="nothing at all"),
        pytest.param(
            [(b"x-requested-with", b"XMLHttpRequest"), (b"accept", CHROME)],
            False,
            id="a script of the old kind",
        ),
    ],
)
def test_only_a_person_at_a_window_navigates(headers, navigation):
    assert facts(*headers).navigation is navigation
    assert facts(*headers, websocket=True).navigation is False


def test_a_repr_shows_neither_headers_nor_keys():
    facts = Facts(
        "GET", "/me", [(b"cookie", b"__Host-gh=hush")], presented=Presented(CookieState.PRESENT, b"hush")
    )
    assert repr(facts) == "Facts(GET /me)"
    assert repr(facts.presented) == "Presented(PRESENT)"
