"""The parts of the runner do what the corpus means: bytes stay bytes, browsers stay browsers, doubt is no pass."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attack import cases as corpus
from tests.attack.cases import Case, Failure, Remark, Result, SkippedError, Step, Unchecked
from tests.attack.checks import matches
from tests.attack.groups import mann_whitney
from tests.attack.jar import Jar
from tests.attack.locations import leads_to
from tests.attack.message import write
from tests.attack.placeholders import encode, expand
from tests.attack.report import summary
from tests.attack.target import Role
from tests.attack.tokens import forge
from tests.attack.wire import complete, parse

HERE = Path(__file__).parent
NAMES = {"SID": "abcd", "SID_COOKIE": "__Host-x", "P": "/api/me", "HOST": "app.example:443", "USER": "ada"}


def lookup(name: str) -> str:
    if name not in NAMES:
        raise SkippedError(name)
    return NAMES[name]


@pytest.mark.parametrize(
    ("template", "expanded"),
    [
        pytest.param("${SID}A", b"abcdA", id="a name"),
        pytest.param("${SID:upper}", b"ABCD", id="a modifier"),
        pytest.param("${SID:flip_last}", b"abcA", id="the last character changed"),
        pytest.param("${SID_COOKIE:noprefix}", b"x", id="the prefix of a cookie name"),
        pytest.param("${SID_COOKIE:swapcase}", b"__hOST-X", id="the case swapped"),
        pytest.param("${P:encode_first}", b"/%61pi/me", id="the first letter escaped"),
        pytest.param("${P:backslash}", b"/api\\me", id="a backslash"),
        pytest.param("${HOST:dot_to_x}", b"appxexample:443", id="dots"),
        pytest.param("${HEX:e28080}x", b"\xe2\x80\x80x", id="bytes that are UTF-8"),
        pytest.param("${HEX:85}x", b"\x85x", id="bytes that are not"),
        pytest.param("${REPEAT:[:5}", b"[[[[[", id="repeated"),
        pytest.param("${REPEAT:{:3}", b"{{{", id="a brace repeated"),
        pytest.param("${REPEAT:\\\\:2}", b"\\\\\\\\", id="two backslashes repeated"),
        pytest.param(
            '${B64:{"user_id":1}}--x', base64.b64encode(b'{"user_id":1}') + b"--x", id="braces inside"
        ),
        pytest.param(
            '${B64URL:{"e":${REPEAT:9:3}}}', base64.b64encode(b'{"e":999}').rstrip(b"="), id="nested"
        ),
        pytest.param("$Version=1; {x}", b"$Version=1; {x}", id="no placeholder at all"),
    ],
)
def test_placeholders_become_bytes(template, expanded):
    assert encode(expand(template, lookup)) == expanded


@pytest.mark.parametrize("template", ["${NOBODY}", "${SID:unheard_of}", "${SID"])
def test_what_nothing_stands_for_is_skipped(template):
    with pytest.raises(SkippedError):
        expand(template, lookup)


def written(request: dict[str, object], jar: Jar | None = None) -> bytes:
    role = Role(path="/api/me", fields={"username": "email"})
    return write(
        {"method": "GET", "path_role": "x", **request}, role, "app.example", jar or Jar(), lookup
    ).data


def test_headers_and_cookies_stay_as_ordered():
    data = written(
        {
            "headers": [["Sec-Fetch-Site", "same-origin "], ["Sec-Fetch-Site", "cross-site"]],
            "cookies": [["a", "1"], ["a", "2"]],
        }
    )
    assert data.split(b"\r\n") == [
        b"GET /api/me HTTP/1.1",
        b"Host: app.example",
        b"Sec-Fetch-Site: same-origin ",
        b"Sec-Fetch-Site: cross-site",
        b"Cookie: a=1; a=2",
        b"Connection: close",
        b"",
        b"",
    ]


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        pytest.param(
            {"raw_cookie_headers": ["${HEX:85}x=1", "y"]},
            b"Cookie: \x85x=1\r\nCookie: y\r\n",
            id="raw cookies",
        ),
        pytest.param(
            {"cookies": "jar+${MANY:2}"}, b"Cookie: filler0=x0; filler1=x1; k=v\r\n", id="fillers come first"
        ),
        pytest.param(
            {"headers": [["Host", "a"], ["Host", "b"]]},
            b"HTTP/1.1\r\nHost: a\r\nHost: b\r\nCookie",
            id="own hosts",
        ),
        pytest.param(
            {"query": [["next", "/\\e x"]]}, b"GET /api/me?next=/%5Ce%20x HTTP/1.1", id="a query is escaped"
        ),
        pytest.param({"query": [["next", "/a%0d%0ab"]]}, b"?next=/a%0d%0ab HTTP", id="but not twice"),
        pytest.param(
            {"method": "POST", "body": {"kind": "json", "value": {"username": "${USER}", "password": None}}},
            b'\r\n\r\n{"email": "ada", "password": null}',
            id="fields are named as the application names them",
        ),
        pytest.param({"method": "POST"}, b"Content-Length: 0\r\n", id="a POST without a body"),
        pytest.param(
            {"method": "POST", "headers": [["Content-Length", "9"]], "body": {"kind": "raw", "value": "x"}},
            b"HTTP/1.1\r\nHost: app.example\r\nContent-Length: 9\r\nCookie: k=v\r\nConnection: close\r\n\r\nx",
            id="a length that is a lie",
        ),
    ],
)
def test_a_request_is_what_the_case_orders(request_, part):
    assert part in written({"cookies": "jar", **request_}, Jar({"k": "v"}))


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("__Host-a=1; Secure; Path=/", {"__Host-a": "1"}),
        ("__Host-a=1; Path=/", {}),
        ("__Host-a=1; Secure; Path=/x", {}),
        ("__Host-a=1; Secure; Path=/; Domain=example.com", {}),
        ("__Secure-a=1", {}),
        ("a=1=2; HttpOnly", {"a": "1=2"}),
        ("old=; Max-Age=0", {}),
        ("old=x; Max-Age=0", {}),
        ("old=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", {}),
        ("old=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", {"old": "x"}),
    ],
)
def test_the_jar_keeps_what_a_browser_keeps(line, kept):
    jar = Jar({"old": "was here"})
    jar.take([("Set-Cookie", line)])
    assert {name: value for name, value in jar.cookies.items() if value != "was here"} == kept


@pytest.mark.parametrize(
    ("location", "origin"),
    [
        ("/", "https://app.example"),
        ("account?next=//evil.example", "https://app.example"),
        ("//evil.example", "https://evil.example"),
        ("///evil.example", "https://evil.example"),
        ("/\\evil.example", "https://evil.example"),
        ("\\\\evil.example", "https://evil.example"),
        (" https://evil.example", "https://evil.example"),
        ("/\t/evil.example", "https://evil.example"),
        ("https:evil.example", "https://evil.example"),
        ("https://app.example@evil.example/", "https://evil.example"),
        ("https://app.example.evil.example/", "https://app.example.evil.example"),
        ("http://app.example/", "http://app.example"),
        ("javascript:alert(1)", "javascript:"),
        ("data:text/html,x", "data:"),
    ],
)
def test_a_location_leads_where_a_browser_goes(location, origin):
    assert leads_to(location, "https://app.example") == origin


@pytest.mark.parametrize(
    ("received", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n", 200, b"ok!"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", 101, b""),
    ],
)
def test_a_response_is_read_to_its_end_and_no_further(received, status, body):
    assert complete(received, head=False)
    assert not complete(received[:-1], head=False)
    assert (parse(received).status, parse(received).body) == (status, body)


def test_no_response_has_no_status():
    assert [parse(received).status for received in (b"", b"HTTP/1.1", b"garbage\r\n\r\n")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("status", "pattern", "holds"),
    [
        (204, "2xx", True),
        (401, "401", True),
        (401, "2xx", False),
        (0, "none", True),
        (0, "4xx", False),
        (500, "none", False),
    ],
)
def test_a_status_is_matched_by_number_class_or_absence(status, pattern, holds):
    assert matches(status, pattern) is holds


@pytest.mark.parametrize(
    "sign", ["none", {"alg": "HS256", "key": ""}, {"alg": "ES256", "key": "attacker"}, {"raw_hex": "00"}]
)
def test_tokens_are_forged_as_described(sign):
    header, claims, signature = forge(
        {"header": {"alg": "x"}, "claims": {"exp": "now+300"}, "sign": sign}, str
    ).split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "x"}
    assert isinstance(json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"], int)
    assert bool(signature) is (sign != "none")


@pytest.mark.parametrize(
    "token", [{"dpop_mutation": "x"}, {"header": {}, "sign": {"alg": "RS256", "key": "another"}}]
)
def test_a_token_that_cannot_be_forged_is_skipped(token):
    with pytest.raises(SkippedError):
        forge(token, str)


def test_what_only_the_application_can_say_is_asked_for():
    said = {"CREDENTIALS_CHANGED": "1000.5"}
    token = {
        "header": {"alg": "x"},
        "claims": {"iat": "user.cred_changed-60", "exp": {"raw": "1e999"}},
        "sign": {"key": "trusted"},
    }
    signed, _, signature = forge(token, lambda name: said.get(name, name[-3:])).rpartition(".")
    claims = base64.urlsafe_b64decode(signed.partition(".")[2] + "==")
    assert (claims, signature) == (b'{"iat":940,"exp":1e999}', signed[-3:])


CASE = Case("x-1", "x", "title", "http", (), "anonymous", (Step({}, {}),))


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        pytest.param((), "passed", id="nothing found"),
        pytest.param((Remark("note", "x"),), "passed", id="a remark decides nothing"),
        pytest.param((Unchecked("timing", "x"),), "skipped", id="what was not looked at is no pass"),
        pytest.param(
            (Unchecked("timing", "x"), Failure("status", 1, 2)), "failed", id="a failure is one all the same"
        ),
    ],
)
def test_what_becomes_of_a_case(findings, status):
    assert Result(CASE, findings).status == status
    assert summary([Result(CASE, findings)]).count(f"1 {status}") == 1


def test_times_that_differ_are_told_from_times_that_do_not():
    alike = [1.0, 1.1, 0.9, 1.05, 0.95] * 10
    assert mann_whitney(alike, alike[::-1]) > 0.5
    assert mann_whitney(alike, [one + 1 for one in alike]) < 0.001


def test_every_open_case_is_there():
    document = json.loads((HERE / "open_cases.json").read_text("utf-8"))
    assert len(corpus.read(HERE / "open_cases.json")) == document["meta"]["count"]


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(HERE / "run.py"),
        "--target",
        str(HERE / "reference_target.json"),
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_line_reports_and_counts(tmp_path):
    out = tmp_path / "out.json"
    done = called(
        "--cases", str(HERE / "open_cases.json"), "--id", "cookie-001", "--id", "mfa-020", "--json", str(out)
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 passed, 0 failed, 1 skipped")
    assert "skipped 1: not offered: recovery_code" in done.stdout
    assert [(one["id"], one["status"]) for one in json.loads(out.read_text())["cases"]] == [
        ("cookie-001", "passed"),
        ("mfa-020", "skipped"),
    ]


def test_one_failure_is_a_line_and_an_exit_status(tmp_path):
    row = json.loads((HERE / "open_cases.json").read_text("utf-8"))["cases"][0]
    row["expected"]["status"] = ["418"]
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"cases": [row]}))
    done = called("--cases", str(wrong))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "0 passed, 1 failed, 0 skipped")
    assert f"FAILED {row['id']} status: expected 418, got 401" in done.stdout
    assert called("--cases", str(wrong), "--area", "nowhere").returncode == 2
