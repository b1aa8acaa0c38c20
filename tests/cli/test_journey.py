"""`guardhouse doctor APP --at ...` plays a visitor and draws every hop; what it cannot play is one line."""

from __future__ import annotations

import json
import sys

import pytest

from guardhouse.demo.books import PASSWORD
from tests.cli.conftest import Call
from tests.documents import ROOT

DEMO = "guardhouse.demo.asgi:application()"
AT = ["--at", "http://127.0.0.1:8000"]
SPA = ["--from", "http://localhost:3000"]
ADA = ["--credentials", "email=ada@example.com", "--credentials", f"password={PASSWORD}"]

DOCUMENT = ROOT / "docs" / "journeys.md"

PASSED = """\
journey      http://127.0.0.1:8000
             same-origin; fetch in chrome, third-party cookies allowed
             login handed out without credentials: user 1, guard web

1  csrf cookie  GET /csrf-cookie                                      204     ok
   told         Sec-Fetch-Site same-origin
   stored       __Host-gh-visitor  Secure HttpOnly SameSite=Lax
                XSRF-TOKEN  Secure SameSite=Lax

2  login        POST /login                                           200     ok
   told         Sec-Fetch-Site same-origin, Origin http://127.0.0.1:8000
   sent         __Host-gh-visitor, XSRF-TOKEN
   stored       __Host-gh  Secure HttpOnly SameSite=Lax
   erased       __Host-gh-visitor
   stored       XSRF-TOKEN  Secure SameSite=Lax

3  read         GET /api/me                                           200     ok
   told         Sec-Fetch-Site same-origin
   sent         __Host-gh, XSRF-TOKEN

4  write        POST /api/do_thing                                    200     ok
   told         Sec-Fetch-Site same-origin, Origin http://127.0.0.1:8000
   sent         __Host-gh, XSRF-TOKEN

5  reload       GET /api/me                                           200     ok
   told         Sec-Fetch-Site same-origin
   sent         __Host-gh, XSRF-TOKEN

6  logout       POST /logout                                          200     ok
   told         Sec-Fetch-Site same-origin, Origin http://127.0.0.1:8000
   sent         __Host-gh, XSRF-TOKEN
   erased       __Host-gh
   stored       __Host-gh-visitor  Secure HttpOnly SameSite=Lax
                XSRF-TOKEN  Secure SameSite=Lax

passed       Every hop passes.
"""


def test_the_demo_needs_no_options_but_an_address(call: Call):
    result = call("doctor", DEMO, *AT, "--client", "fetch")
    assert result.stdout == PASSED
    assert result.exit_code == 0


def test_what_breaks_comes_last_with_its_causes_and_fixes(call: Call):
    result = call("doctor", DEMO, *AT, *SPA)
    assert result.exit_code == 1
    end = result.stdout.partition("broken ")[2]
    assert "The first hop that fails is: csrf cookie." in end
    assert end.index("cors_no_allow_origin") < end.index("no_credentials")
    assert "allow_origins=['http://localhost:3000'], allow_credentials=True" in " ".join(end.split())
    assert "Set axios.defaults.withCredentials = true." in end
    assert "These fail too: login, read, write, reload, logout." in end


def test_the_document_shows_what_is_printed(call: Call):
    places = ["--at", "https://api.example.com", "--from", "https://spa.example.com"]
    result = call("doctor", "spa:app", *places)
    shown = DOCUMENT.read_text(encoding="utf-8").partition("--from https://spa.example.com\n")[2]
    parts = shown.partition("```")[0].split("...\n")
    assert [part in result.stdout for part in parts] == [True, True]


@pytest.mark.parametrize(
    ("columns", "client"), [("80", "axios"), ("120", "form"), ("80", "curl"), ("120", "angular")]
)
def test_no_line_is_longer_than_the_terminal(
    call: Call, monkeypatch: pytest.MonkeyPatch, columns: str, client: str
):
    monkeypatch.setenv("COLUMNS", columns)
    lines = call("doctor", DEMO, *AT, "--client", client).stdout.splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) <= int(columns)
    assert not [line for line in lines if line != line.rstrip()]


def test_json_has_the_same(call: Call):
    result = call("doctor", DEMO, *AT, "--browser", "safari", "--json")
    journey = json.loads(result.stdout)["journey"]
    assert result.exit_code == 1
    assert (journey["broken"], journey["browser"]) == ("login", "safari")
    assert journey["hops"][1]["causes"][0]["code"] == "secure_on_loopback"


@pytest.mark.parametrize("variable", [False, True])
def test_given_credentials_are_handed_in_as_people_do(
    call: Call, monkeypatch: pytest.MonkeyPatch, variable: bool
):
    monkeypatch.setenv(
        "GUARDHOUSE_CREDENTIALS", "email=ada%40example.com&password=" + PASSWORD.replace(" ", "+")
    )
    result = call("doctor", DEMO, *AT, *([] if variable else ADA))
    assert "login with given credentials (email, password)" in result.stdout
    assert PASSWORD not in result.stdout
    assert result.exit_code == 0


def test_routes_can_be_named(call: Call):
    told = [
        "--login",
        "POST /login",
        "--read",
        "GET /api/done",
        "--write",
        "POST /api/access-token",
        "--logout",
        "POST /logout",
    ]
    result = call("doctor", DEMO, *AT, *told)
    assert "GET /api/done" in result.stdout
    assert "POST /api/access-token" in result.stdout
    assert result.exit_code == 0


def test_third_party_cookies_can_be_blocked_in_any_browser(call: Call):
    result = call("doctor", DEMO, *AT, "--block-third-party")
    assert "third-party cookies blocked" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([*SPA], "--at is missing", id="a page, and nothing to ask"),
        pytest.param(["--client", "axios"], "--at is missing", id="a client, though it is the usual one"),
        pytest.param(
            ["--set", "withCredentials=true"], "--at is missing", id="a setting, and nothing to ask"
        ),
        pytest.param(["--block-third-party"], "--at is missing", id="cookies to block, and nothing to ask"),
        pytest.param(["--user", "1"], "--at is missing", id="a user, and nothing to ask"),
        pytest.param(["--write", "POST /do"], "--at is missing", id="a route, and nothing to ask"),
        pytest.param(["--at", ""], "--at is ''", id="an empty address"),
        pytest.param(["--at", "ftp://example.com"], "begins with https:// or http://", id="ftp"),
        pytest.param(["--at", "https://api.example.com/v1"], "write https://api.example.com", id="a path"),
        pytest.param(["--at", "https://a\x1b[31m"], "\\x1b[31m", id="what would colour the terminal"),
        pytest.param(
            [*AT, "--from", "spa.example.com"], "--from is 'spa.example.com'", id="a page without a scheme"
        ),
        pytest.param([*AT, "--client", "axos"], "Did you mean axios?", id="unknown client"),
        pytest.param([*AT, "--browser", "netscape"], "chrome, firefox, safari", id="unknown browser"),
        pytest.param(
            [*AT, "--set", "withCredential=true"], "did you mean 'withCredentials'", id="unknown setting"
        ),
        pytest.param([*AT, "--login", "/login"], "such as 'POST /login'", id="a route without a method"),
        pytest.param(
            [*AT, "--read", "GET api"], "--read: 'GET api' is no route", id="a route without a slash"
        ),
        pytest.param([*AT, "--credentials", "ada"], "write name=value", id="credentials without a name"),
        pytest.param([*AT, "--user", "404"], "there is no user '404'", id="unknown user"),
    ],
)
def test_what_cannot_be_played_is_one_line(call: Call, arguments: list[str], says: str):
    result = call("doctor", DEMO, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("target", "says"),
    [
        pytest.param("shop:houseless", "no house is installed", id="no house"),
        pytest.param("shop:nothing", "there is no 'nothing'", id="no application"),
        pytest.param("faulty:app", "faulty", id="an application that does not start"),
    ],
)
def test_an_application_that_cannot_be_played_is_one_line(call: Call, target: str, says: str):
    result = call("doctor", target, *AT)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.splitlines()[-1].startswith("guardhouse: ")


def test_the_extra_is_named_where_it_is_missing(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    result = call("doctor", DEMO, *AT)
    assert result.exit_code == 2
    assert "pip install 'guardhouse[doctor]'" in result.stderr


def test_a_login_that_is_not_there_is_a_finding(call: Call):
    result = call("doctor", "shop:app", *AT, "--login", "POST /nowhere")
    assert result.exit_code == 1
    assert "no_route" in result.stdout


def test_the_whole_error_is_shown_when_asked_for(call: Call):
    result = call("doctor", "faulty:app", *AT, "--traceback")
    assert "Traceback" in result.stderr
    assert result.exit_code == 2
