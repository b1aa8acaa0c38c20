"""A curl command becomes the request that curl would send, whichever shell it was copied for; anything else is one clear line."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.doctor.curl import read_curl
from guardhouse.doctor.pasted import PastedError
from guardhouse.doctor.shells import words_of

CHROME_BASH = r"""curl 'https://shop.example.com/api/do_thing?x=1#top' \
  -X 'POST' \
  -H 'accept: */*' \
  -H 'accept-language: de-DE,de;q=0.9' \
  -b '__Host-guardhouse=abc; XSRF-TOKEN=v1.a-b' \
  -H 'content-type: application/json' \
  -H 'origin: https://shop.example.com' \
  -H 'sec-ch-ua: "Chromium";v="156", "Not-A.Brand";v="8"' \
  --data-raw $'{"name":"it\'s \u00e4\\n"}' \
  --compressed"""

CHROME_CMD = r"""curl ^"https://shop.example.com/api/do_thing?x=1^&y=2^" ^
  -X ^"POST^" ^
  -H ^"accept: */*^" ^
  -b ^"__Host-guardhouse=abc; XSRF-TOKEN=v1.a-b^" ^
  -H ^"sec-ch-ua: ^\^"Chromium^\^";v=^\^"156^\^"^" ^
  --data-raw ^"^{^\^"path^\^":^\^"C:^\^\^\^\temp^\^\^\^\^\^",^\^"percent^\^":^\^"%^PATH%^\^"^}^" ^
  --insecure"""

FIREFOX = (
    "curl 'https://shop.example.com/api/me' --compressed -H 'User-Agent: Mozilla/5.0' -H 'Accept: */*' "
    "-H 'Cookie: __Host-guardhouse=abc' -H 'Sec-Fetch-Site: same-origin'"
)


def test_chrome_for_bash():
    asked = read_curl(CHROME_BASH)
    assert (asked.method, asked.url) == ("POST", "https://shop.example.com/api/do_thing?x=1")
    headers = dict(asked.headers)
    assert headers[b"cookie"] == b"__Host-guardhouse=abc; XSRF-TOKEN=v1.a-b"
    assert headers[b"sec-ch-ua"] == b'"Chromium";v="156", "Not-A.Brand";v="8"'
    assert asked.body.decode() == '{"name":"it\'s ä\\n"}'


def test_chrome_for_cmd():
    asked = read_curl(CHROME_CMD)
    assert (asked.method, asked.url) == ("POST", "https://shop.example.com/api/do_thing?x=1&y=2")
    headers = dict(asked.headers)
    assert headers[b"cookie"] == b"__Host-guardhouse=abc; XSRF-TOKEN=v1.a-b"
    assert headers[b"sec-ch-ua"] == b'"Chromium";v="156"'
    # Chrome doubles every backslash; the C runtime takes those as they are that stand before no quote.
    assert asked.body.decode() == r'{"path":"C:\\\\temp\\","percent":"%PATH%"}'


def test_firefox():
    asked = read_curl(FIREFOX)
    assert (asked.method, asked.url) == ("GET", "https://shop.example.com/api/me")
    assert [name for name, _ in asked.headers] == [b"user-agent", b"accept", b"cookie", b"sec-fetch-site"]


@pytest.mark.parametrize(
    ("options", "method", "headers", "body"),
    [
        pytest.param("-d a=1 -d b=2", "POST", {b"content-type": b"application/x-www-form-urlencoded"}, b"a=1&b=2", id="data is joined"),
        pytest.param("-G -d a=1", "GET", {}, b"", id="data in the query"),
        pytest.param("--data-urlencode 'name=a b&c'", "POST", {b"content-type": b"application/x-www-form-urlencoded"}, b"name=a+b%26c", id="data to encode"),
        pytest.param("--json '{}'", "POST", {b"accept": b"application/json", b"content-type": b"application/json"}, b"{}", id="json"),
        pytest.param("-XDELETE", "DELETE", {}, b"", id="a value that is attached"),
        pytest.param("--request=PUT", "PUT", {}, b"", id="a value behind an equals sign"),
        pytest.param("-I", "HEAD", {}, b"", id="the head only"),
        pytest.param("-u ada:pw", "GET", {b"authorization": b"Basic YWRhOnB3"}, b"", id="a user"),
        pytest.param("-A me -e https://a.example/", "GET", {b"user-agent": b"me", b"referer": b"https://a.example/"}, b"", id="agent and referer"),
        pytest.param("--oauth2-bearer tok", "GET", {b"authorization": b"Bearer tok"}, b"", id="a bearer"),
        pytest.param("-sSL -o out.json --max-time 5", "GET", {}, b"", id="what changes nothing"),
        pytest.param("-H 'Accept:' -H 'X-Empty;' -H ':authority: x'", "GET", {b"x-empty": b""}, b"", id="headers taken away, empty, of HTTP/2"),
        pytest.param("-H 'Content-Length: 3' -H 'Connection: close'", "GET", {}, b"", id="headers about the wire"),
    ],
)  # fmt: skip
def test_options(options, method, headers, body):
    asked = read_curl(f"curl https://a.example/x {options}")
    assert (asked.method, dict(asked.headers), asked.body) == (method, headers, body)


@pytest.mark.parametrize(
    ("text", "method", "url"),
    [
        pytest.param("curl a.example/x", "GET", "http://a.example/x", id="without a scheme it is http"),
        pytest.param("$ curl https://a.example/", "GET", "https://a.example/", id="with the prompt"),
        pytest.param("curl.exe https://a.example/", "GET", "https://a.example/", id="of Windows"),
        pytest.param("curl --url https://a.example/", "GET", "https://a.example/", id="as an option"),
        pytest.param("curl wss://a.example/ws", "WS", "https://a.example/ws", id="a WebSocket by its address"),
        pytest.param("curl https://a.example/ws -H 'Upgrade: websocket'", "WS", "https://a.example/ws", id="a WebSocket by its header"),
        pytest.param('curl "https://a.example/\\\nx"', "GET", "https://a.example/x", id="a line that goes on within quotes"),
        pytest.param("curl https://a.example/ \\\n  -XPOST", "POST", "https://a.example/", id="a line that goes on"),
    ],
)  # fmt: skip
def test_addresses(text, method, url):
    asked = read_curl(text)
    assert (asked.method, asked.url) == (method, url)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "does not begin with curl", id="nothing"),
        pytest.param("fetch('https://a.example')", "does not begin with curl", id="a fetch"),
        pytest.param("Invoke-WebRequest -Uri 'https://a.example'", "does not begin with curl", id="PowerShell"),
        pytest.param("curl 'https://a.example", "never closed", id="half of it"),
        pytest.param('curl ^"https://a.example', "never closed", id="half of it, for cmd"),
        pytest.param("curl", "no address", id="no address"),
        pytest.param("curl https://a.example https://b.example", "two addresses", id="two addresses"),
        pytest.param("curl ftp://a.example", "neither http:// nor https://", id="another scheme"),
        pytest.param("curl https://a.example:x/", "cannot be read", id="no port"),
        pytest.param("curl 'https://[::1/'", "cannot be read", id="half of an address"),
        pytest.param("curl https://a.example -X", "stands last", id="no value"),
        pytest.param("curl https://a.example -X 'GE T'", "method", id="no method"),
        pytest.param("curl https://a.example --heade 'A: b'", "Did you mean --header?", id="a misspelt option"),
        pytest.param("curl https://a.example -d @body.json", "files are not read", id="a body in a file"),
        pytest.param("curl https://a.example --data-urlencode x@f", "files are not read", id="a field in a file"),
        pytest.param("curl https://a.example -b jar.txt", "files are not read", id="cookies in a file"),
        pytest.param("curl https://a.example -F a=b", "multipart", id="a multipart body"),
        pytest.param("curl https://a.example -b $'a=\\ud800'", "half of a character", id="half of a pair in a cookie"),
        pytest.param("curl https://a.example -u 'a:\udcff'", "half of a character", id="what is no UTF-8"),
        pytest.param("curl https://a.example --data-urlencode $'a=\\ud800'", "half of a character", id="half of a pair in a field"),
        pytest.param("curl https://a.example -H 'no colon'", "header", id="no header"),
        pytest.param("curl https://a.example -H 'Näme: x'", "header", id="a name that no header has"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_line(text, said):
    with pytest.raises(PastedError, match=said.replace("?", "\\?")) as error:
        read_curl(text)
    assert "\n" not in str(error.value)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), max_size=6))
def test_what_a_shell_quotes_is_read_back(words):
    assert words_of("curl " + shlex.join(words)) == ["curl", *words]


@given(st.text(st.characters(min_codepoint=0x20)))  # halves of surrogate pairs among them
def test_nothing_that_is_pasted_makes_an_error_of_another_kind(text):
    for pasted in (text, f"curl {text}", f'curl ^"{text}', f"curl $'{text}'"):
        try:
            asked = read_curl(pasted)
        except PastedError:
            continue
        assert asked.url.startswith(("http://", "https://"))
