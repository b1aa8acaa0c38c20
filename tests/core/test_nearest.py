"""An origin that is not on the list is told from the one that was meant, in the words of what differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.nearest import is_loopback, nearest, without_port

LIST = ["https://app.example.com", "http://localhost:3000", "https://www.example.org"]


@pytest.mark.parametrize(
    ("origin", "meant", "differs"),
    [
        pytest.param("http://localhost:5173", LIST[1], "the port is 5173, the list has 3000", id="port"),
        pytest.param("http://localhost", LIST[1], "the port is 80, the list has 3000", id="no port"),
        pytest.param(
            "http://app.example.com", LIST[0], "the scheme is http, the list has https", id="scheme"
        ),
        pytest.param(
            "https://app.example.com:8443", LIST[0], "the port is 8443, the list has 443", id="own port"
        ),
        pytest.param(
            "http://127.0.0.1:3000",
            LIST[1],
            "127.0.0.1 and localhost are two hosts for a browser",
            id="loopback",
        ),
        pytest.param("https://app.example.com.", LIST[0], "one of them ends in a dot", id="trailing dot"),
        pytest.param("https://example.org", LIST[2], "www. is too much in the list", id="www too much"),
        pytest.param("https://www.app.example.com", LIST[0], "www. is missing in the list", id="www missing"),
        pytest.param("https://App.example.com", LIST[0], "they differ in upper and lower case", id="case"),
        pytest.param(
            "https://x.app.example.com",
            LIST[0],
            "x.app.example.com is a sub-domain of app.example.com, and each must be listed",
            id="below",
        ),
        pytest.param(
            "https://example.com", LIST[0], "only the sub-domain app.example.com is listed", id="above"
        ),
        pytest.param(
            "https://app.exmaple.com",
            LIST[0],
            "the host is app.exmaple.com, the list has app.example.com",
            id="a slip of the pen",
        ),
        pytest.param(
            "http://app.exmaple.com:81",
            LIST[0],
            "the scheme is http, the list has https; the port is 81, the list has 443; "
            "the host is app.exmaple.com, the list has app.example.com",
            id="everything a little",
        ),
    ],
)
def test_the_origin_that_was_meant(origin, meant, differs):
    assert nearest(origin, LIST) == {"nearest": meant, "differs": differs}


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "", "https://", "https://[::1]:8443"])
def test_a_stranger_is_near_to_nobody(origin):
    assert nearest(origin, LIST) == {}


def test_what_cannot_be_told_apart_is_said_so():
    assert nearest("https://app.example.com:443", LIST)["differs"] == "it is not what the list says"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.8.9.1", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("::1", True),
        ("0:0:0:0:0:0:0:1", True),
        ("127.example.com", False),
        ("127.0.0.1.example.com", False),
        ("[127.0.0.1", False),
        ("::2", False),
        ("notlocalhost", False),
        ("localhost.test", False),
        ("128.0.0.1", False),
        ("", False),
        ("app.test", False),
    ],
)
def test_which_names_are_this_machines_own(host, own):
    assert is_loopback(host) is own


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a.test:80", "a.test"),
        ("[::1]:8443", "[::1]"),
        ("[::1]", "[::1]"),
        ("a.test", "a.test"),
        ("::1", "::1"),
        (":80", ""),
        ("", ""),
    ],
)
def test_a_host_without_its_port(host, name):
    assert without_port(host) == name


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=3))
def test_no_text_raises(origin, known):
    assert set(nearest(origin, known)) <= {"nearest", "differs"}
