"""`guardhouse compare` measures a running demo, leaves nothing behind there, and says in one line what stands in its way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from guardhouse.cli.comparing import EMAIL, PASSWORD, compare_at
from guardhouse.cli.line import Line
from guardhouse.cli.loading import UnusableError
from guardhouse.demo import books
from tests.cli.conftest import Call
from tests.demo.test_command import fetch, running
from tests.documents import ROOT


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    with running("--store", "memory:") as (_, address, _):
        assert fetch(f"{address}/public") == 200
        yield address


def tokens_at(address: str) -> list[str]:
    """Log in once more, and name the tokens that Ada has."""
    with Line(address) as line:
        login = line.ask(
            "POST", "/login", {"Sec-Fetch-Site": "same-origin"}, {"email": EMAIL, "password": PASSWORD}
        )
        cookie = str(login.headers["set-cookie"]).partition(";")[0]
        listed = line.ask("GET", "/api/tokens", {"Cookie": cookie}).document()["tokens"]
        line.ask("POST", "/logout", {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    return [token["name"] for token in listed]


def test_ada_is_the_one_of_the_demo():
    assert (books.PEOPLE[0][1], books.PASSWORD) == (EMAIL, PASSWORD)


@pytest.mark.slow
def test_it_says_what_each_way_costs_gives_and_how_it_ends(call: Call, demo: str):
    result = call("compare", demo, "--requests", "40", "--json")
    assert result.exit_code == 0, result.stderr
    session, token, signed = (found := json.loads(result.stdout)["ways"]).values()
    assert list(found) == ["session", "personal token", "JWT"]
    assert session["after"] == {
        "token revoked": "200",
        "logout": "401 session_unknown",
        "JWT revoked": "401 session_unknown",
    }
    assert set(token["after"].values()) == {"401 token_unknown"}
    assert list(signed["after"].values()) == ["200", "200", "401 jwt_revoked"]
    assert all(0 < way["refused_after_milliseconds"] < 1000 for way in found.values())
    assert session["from_another_site"].startswith("403 csrf_")
    assert (token["from_another_site"], signed["from_another_site"]) == ("may not add it", "may not add it")
    assert [way["seen_by_scripts"] for way in found.values()] == [False, True, True]
    assert [way["makes_a_lasting_one"] for way in found.values()] == ["201", "403", "403"]
    assert [way["gives"] for way in found.values()] == ["all that Ada may", "read", "read write"]
    assert all(way["beside_open"] > 0 and way["milliseconds"] > 0 for way in found.values())


@pytest.mark.slow
def test_the_document_says_what_is_measured(call: Call, demo: str):
    """All but the times, which are those of the machine that it names."""
    text = (ROOT / "docs" / "sessions-or-tokens.md").read_text(encoding="utf-8").replace("*", "")
    ways = json.loads(call("compare", demo, "--requests", "20", "--json").stdout)["ways"].values()
    assert row("bytes of the credential in each request", *(way["credential_bytes"] for way in ways)) in text
    longer = len(demo) - len("http://127.0.0.1:8000")  # the port stands in Host
    both = (f"{way['sent_bytes'] - longer}, {way['received_bytes']}" for way in ways)
    assert row("bytes of the request, of the answer", *both) in text
    assert row("stolen and used elsewhere", *(way["used_elsewhere"] for way in ways)) in text
    for told, ending in (("the personal token was revoked", "token revoked"), ("logout", "logout")):
        statuses = [way["after"][ending].partition(" ")[0] for way in ways]
        (line,) = [line for line in text.splitlines() if line.startswith(f"| after {told} |")]
        assert [cell.split()[0] for cell in line.split(" | ")[1:]] == statuses
    lasting = [way["makes_a_lasting_one"] for way in ways]
    assert lasting == ["201", "403", "403"]
    assert "| makes a lasting token out of itself | yes, 201 | no, 403 | no, 403 |" in text


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


@pytest.mark.slow
def test_it_leaves_nothing_behind(call: Call, demo: str):
    before = tokens_at(demo)
    assert call("compare", demo, "--requests", "20").exit_code == 0
    assert tokens_at(demo) == before


class Failing(Line):
    """A line on which one path does not answer any more after some requests."""

    def __init__(self, url: str, path: str, after: int) -> None:
        super().__init__(url)
        self._path, self._left = path, after

    def ask(self, method: str, path: str, *rest: Any) -> Any:
        if path == self._path:
            self._left -= 1
            if self._left < 0:
                raise UnusableError("it does not answer")
        return super().ask(method, path, *rest)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "after"),
    [
        pytest.param("/api/access-token", 0, id="before there is a JWT"),
        pytest.param("/public", 3, id="in the middle of the race"),
        pytest.param("/api/do_thing", 0, id="while it looks"),
    ],
)
def test_nor_when_it_fails_midway(demo: str, path: str, after: int):
    before = tokens_at(demo)
    with Failing(demo, path, after) as line, pytest.raises(UnusableError):
        compare_at(line, 20)
    assert tokens_at(demo) == before


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["80", "120"])
def test_for_people_it_is_a_table_that_fits(call: Call, demo: str, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    result = call("compare", demo, "--requests", "20")
    lines = result.stdout.splitlines()
    assert lines[0].split(maxsplit=1)[0] == "session"
    assert max(map(len, lines)) <= int(columns)
    assert any(line.startswith("after logout ") for line in lines)
    assert "GET /api/me, 20 times each" in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://[::1",
        "http://ada@127.0.0.1",
        "http://127.0.0.1/path",
        "http://127.0.0.1?x",
        "http://127.0.0.1\n",
        "",
    ],
)
def test_what_is_no_address_is_one_clear_line(call: Call, url):
    result = call("compare", url)
    (line,) = result.stderr.splitlines()
    assert (result.exit_code, "is no address of a demo; write http://127.0.0.1:8000." in line) == (2, True)


def test_where_nobody_listens_the_line_says_what_to_start(call: Call):
    result = call("compare", "http://127.0.0.1:1")
    (line,) = result.stderr.splitlines()
    assert (result.exit_code, "start `guardhouse demo` first" in line) == (2, True)


def test_a_number_that_is_too_small_is_named(call: Call):
    assert call("compare", "--requests", "1").exit_code == 2


@contextmanager
def another(status: int, body: bytes, *headers: tuple[str, str]) -> Iterator[str]:
    """Serve something that is no demo."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"] or 0))
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers", "said"),
    [
        pytest.param(
            404, b"no", (), "Ada cannot log in there: 404. Is that a guardhouse demo?", id="elsewhere"
        ),
        pytest.param(200, b"{}", (), "Ada cannot log in there: 200", id="no cookie"),
        pytest.param(
            429,
            b"{}",
            (("Guardhouse-Reason", "login_throttled"),),
            "there: 429 login_throttled.",
            id="throttled",
        ),
        pytest.param(200, b"<html>", (("Set-Cookie", "a=b"),), "the demo answers 200. Is it", id="no JSON"),
        pytest.param(200, b"[1]", (("Set-Cookie", "a=b"),), "the demo answers 200. Is it", id="no object"),
        pytest.param(200, b"{}", (("Set-Cookie", "a=b"),), "gave out no JWT", id="no JWT"),
    ],
)
def test_what_is_no_demo_is_one_clear_line(call: Call, status, body, headers, said):
    with another(status, body, *headers) as address:
        result = call("compare", address)
    # What it seemed to make there is taken back as far as it can be, and a word is said where it cannot.
    *_, line = result.stderr.splitlines()
    assert (result.exit_code, said in line, "Traceback" in result.output) == (2, True, False)
