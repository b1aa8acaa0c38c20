"""A HAR file becomes the request that was refused in it; a file that is none is one clear line."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.doctor.har import read_har
from guardhouse.doctor.pasted import PastedError


def entry(path: str = "/", status: int = 200, **request: object) -> dict[str, object]:
    made = {"method": "GET", "url": f"https://a.example{path}", "headers": []} | request
    return {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "request": made,
        "response": {"status": status, "headers": []},
    }


def har(*entries: dict[str, object]) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": entries}})


REFUSED = entry(
    "/api/do_thing?x=1#top",
    401,
    method="POST",
    headers=[
        {"name": ":authority", "value": "a.example"},
        {"name": "Accept", "value": "*/*"},
        {"name": "Content-Length", "value": "2"},
    ],
    cookies=[{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
    postData={"mimeType": "application/json", "text": "{}"},
)


def test_the_first_that_was_refused_is_taken():
    asked = read_har(har(entry("/"), REFUSED, entry("/other", 403)))
    assert (asked.method, asked.url, asked.body) == ("POST", "https://a.example/api/do_thing?x=1", b"{}")
    assert dict(asked.headers) == {
        b"accept": b"*/*",
        b"cookie": b"a=1; b=2",
        b"content-type": b"application/json",
    }


@pytest.mark.parametrize(
    ("text", "number", "path"),
    [
        pytest.param(har(entry("/only")), None, "/only", id="the only one needs no number"),
        pytest.param(har(entry("/1"), entry("/2")), 2, "/2", id="a number counts from one"),
        pytest.param(json.dumps(entry("/alone", 401)), None, "/alone", id="an entry alone, as tools copy it"),
        pytest.param("\ufeff" + har(entry("/bom")), None, "/bom", id="a byte order mark"),
        pytest.param(har(entry("/down", 503)), None, "/down", id="an outage was refused too"),
    ],
)  # fmt: skip
def test_which_entry_is_meant(text, number, path):
    assert read_har(text, number).url == f"https://a.example{path}"


def test_a_socket_is_one():
    asked = read_har(har(entry(url="wss://a.example/ws")))
    assert (asked.method, asked.url) == ("WS", "https://a.example/ws")


def test_a_cookie_header_goes_before_the_list_of_cookies():
    listed = [{"name": "a", "value": "1"}]
    asked = read_har(har(entry(headers=[{"name": "cookie", "value": "b=2"}], cookies=listed)))
    assert asked.headers == ((b"cookie", b"b=2"),)


@pytest.mark.parametrize(
    ("text", "number", "said"),
    [
        pytest.param("", None, "no HAR file", id="nothing"),
        pytest.param("<html>", None, "no HAR file", id="no JSON"),
        pytest.param("[]", None, "no HAR file", id="another JSON"),
        pytest.param('{"log": {}}', None, "no HAR file", id="half of one"),
        pytest.param("[" * 5000, None, "no HAR file", id="a deep one"),
        pytest.param(har(), None, "no entry", id="an empty one"),
        pytest.param(har(entry(), entry()), None, "none of its 2 entries was refused", id="nothing refused"),
        pytest.param(har(entry()), 2, "no entry 2", id="too large a number"),
        pytest.param(har(entry()), 0, "no entry 0", id="too small a number"),
        pytest.param(har(entry(url="chrome-extension://x/y")), None, "neither http:// nor https://", id="another scheme"),
        pytest.param(har(entry(url="https://[::1/")), None, "cannot be read", id="no address"),
        pytest.param(har(entry(method="")), None, "method", id="no method"),
        pytest.param(har(entry(headers=[{"name": "ä", "value": "x"}])), None, "header", id="no header"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_line(text, number, said):
    with pytest.raises(PastedError, match=said) as error:
        read_har(text, number)
    assert "\n" not in str(error.value)


@given(
    st.binary()
    | st.text().map(
        lambda text: har(entry(url=text, method=text, headers=[{"name": text, "value": text}])).encode()
    )
)
def test_nothing_makes_an_error_of_another_kind(body):
    with suppress(PastedError):
        assert read_har(body).url.startswith(("http://", "https://"))
