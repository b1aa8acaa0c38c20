"""`guardhouse explain` says what each check made of a request, whatever the application tells its visitors."""

from __future__ import annotations

import json

import pytest

from guardhouse.doctor import sending
from tests.cli.conftest import Call

OWN_KEY = ["-H", "X-Api-Key: sesame"]


ALLOWED = """\
GET        https://localhost/api/me

allowed    user 1 of users, believed by guard key

decision   stack api,key
           ├── guard key  allow    credential_accepted  <- this is the answer
           │   The credential was accepted.
           ├── origin     not reached
           ├── session    pass     cookie_not_read
           │   A session cookie came too; the explicit credential went first.
           └── guard api  not reached

response   status         200
           content-type   application/json
           cache-control  no-store
           vary           X-Api-Key
"""


def test_an_allowed_request_is_shown_whole(call: Call):
    result = call("explain", "shop:app", "get", "/api/me", *OWN_KEY, "-b", f"__Host-gh={'a' * 43}")
    assert result.stdout == ALLOWED
    assert result.exit_code == 0


def test_a_refusal_shows_code_trace_evidence_hint_and_response(call: Call):
    result = call("explain", "shop:app", "POST", "/api/do_thing", "-d", "{}")
    shown = result.stdout
    assert shown.startswith(
        "POST       https://localhost/api/do_thing\n\n"
        "refused    401 no_credential by key, api\n"
        "           The request carries nothing that this guard could read.\n\n"
        "decision   stack api,key\n"
        "           ├── guard key  abstain  no_credential  <- this is the answer\n"
    )
    for part in (
        "need     header X-Api-Key\n",
        "cookies  none at all\n",
        "mend       1.  csrf_token_missing\n",
        "2.  no_credential\n",
        "Log in first.",
        "guardhouse-reason  no_credential\n",
    ):
        assert part in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "outcome", "code", "status", "exit_code"),
    [
        pytest.param(["GET", "/api/me", *OWN_KEY], "allowed", "credential_accepted", 200, 0, id="allowed"),
        pytest.param(["GET", "/api/me"], "refused", "no_credential", 401, 1, id="nothing sent"),
        pytest.param(
            ["GET", "/api/me", "-H", "X-Api-Key: x"], "refused", "credential_rejected", 401, 1, id="bad key"
        ),
        pytest.param(
            ["GET", "/api/me", "-H", "X-Api-Key: lost"], "refused", "user_missing", 401, 1, id="no user"
        ),
        pytest.param(
            ["GET", "/home", "-b", f"__Host-gh={'a' * 43}"],
            "refused",
            "session_unknown",
            401,
            1,
            id="unknown session",
        ),
        pytest.param(
            ["POST", "/api/do_thing", "-b", f"__Host-gh={'a' * 43}", "-H", "Origin: https://evil.example"],
            "refused",
            "csrf_origin_untrusted",
            403,
            1,
            id="foreign origin",
        ),
        pytest.param(
            ["GET", "/office", *OWN_KEY, "-H", "X-Audit: 1"],
            "refused",
            "step_refused",
            403,
            1,
            id="a step refuses",
        ),
        pytest.param(["GET", "/greet"], "guest", "no_credential", 200, 0, id="optional guard"),
        pytest.param(["GET", "/public"], "public", None, 200, 0, id="public"),
        pytest.param(["GET", "/open/hello"], "public", None, 200, 0, id="below a public mount"),
        pytest.param(["GET", "/forgotten"], "undecided", None, 200, 0, id="undecided"),
        pytest.param(
            ["POST", "/login", "-d", "a=b"], "undecided", None, 422, 0, id="the application's own no"
        ),
        pytest.param(
            ["POST", "/login", "-d", '{"a":"b"}'], "undecided", None, 200, 0, id="JSON is sent as JSON"
        ),
        pytest.param(["POST", "/login", "-d", "[" * 100_000], "undecided", None, 422, 0, id="a deep body"),
        pytest.param(["GET", "/nowhere"], "no route", None, 404, 1, id="no route"),
        pytest.param(["PUT", "/public"], "no route", None, 405, 1, id="no such method"),
        pytest.param(["WS", "/ws", *OWN_KEY], "allowed", "credential_accepted", 101, 0, id="websocket"),
        pytest.param(["websocket", "/ws"], "refused", "websocket_origin", 403, 1, id="websocket refused"),
        pytest.param(
            ["GET", "/fail", *OWN_KEY], "allowed", "credential_accepted", 500, 0, id="fails behind the gate"
        ),
        pytest.param(["GET", "/crash"], "failed", None, 500, 1, id="fails without a guard"),
    ],
)
def test_outcomes(call: Call, arguments, outcome, code, status, exit_code):
    result = call("explain", "shop:app", *arguments, "--json")
    document = json.loads(result.stdout)
    assert (document["outcome"], document["code"], document["status"]) == (outcome, code, status)
    assert result.exit_code == exit_code


def test_what_is_refused_behind_the_stack_ends_the_trace(call: Call):
    document = json.loads(
        call("explain", "shop:app", "GET", "/api/me", "-H", "X-Api-Key: lost", "--json").stdout
    )
    assert [line["code"] for line in document["trace"]] == ["credential_accepted", "user_missing"]
    assert document["identity"] is None


def test_json_names_whom_the_gate_believed(call: Call):
    document = json.loads(call("explain", "shop:wrapped", "GET", "/api/me", *OWN_KEY, "--json").stdout)
    assert document["identity"] == {"user_id": "1", "provider": "users", "guard": "key", "how": "function"}


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_no_secret_is_ever_shown(call: Call, more):
    """The house hands out a cookie; the request carries a key, a cookie, a query and a name in the address."""
    hidden = ("sesame", "b" * 43, "ticket", "ada:pass")
    result = call(
        *("explain", "shop:app", "GET", "https://ada:pass@app.example.com/fail?token=ticket"),
        *(*OWN_KEY, "-b", f"__Host-gh={'b' * 43}", *more),
    )
    assert not [word for word in hidden if word in result.output]
    result = call("explain", "shop:app", "GET", "/csrf-cookie", *more)
    assert "XSRF-TOKEN=(hidden); Path=/" in " ".join(result.stdout.split())
    assert "v1." not in result.output


def test_a_redirect_to_the_login_shows_where_it_leads(call: Call):
    navigation = ["-H", "Accept: text/html", "-H", "Sec-Fetch-Mode: navigate"]
    shown = call("explain", "shop:app", "GET", "/home?token=ticket", *navigation).stdout
    assert "location           /login?next=/home\n" in shown


def test_an_address_may_be_given_whole(call: Call):
    shown = call("explain", "shop:app", "GET", "http://app.example.com:8080/public").stdout
    assert shown.startswith("GET        http://app.example.com:8080/public\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["GET", "api/me"], "begins with neither '/' nor https://", id="path"),
        pytest.param(["GET", "ftp://x/"], "begins with neither '/' nor https://", id="scheme"),
        pytest.param(["GET", "http://["], "its host or its port cannot be read", id="half an address"),
        pytest.param(["GET", "http://a:99999/"], "its host or its port cannot be read", id="no port"),
        pytest.param(
            ["POST", "/", "-d", "\udcff"], "write text, in the encoding", id="a body that is no text"
        ),
        pytest.param(["G3T", "/"], "write GET, POST, ... or WS.", id="method"),
        pytest.param(["GET", "/", "-H", "X-Key sesame"], "write 'Name: value'.", id="header"),
        pytest.param(["GET", "/", "-H", "X-Kéy: a"], "write 'Name: value'.", id="header name"),
        pytest.param(["GET", "/", "-H", "X-Key: \u2603"], "write 'Name: value'.", id="header value"),
        pytest.param(["GET", "/", "-b", "sesame"], "write name=value.", id="cookie"),
        pytest.param(["GET"], "Write METHOD and PATH, or paste a request", id="no path"),
        pytest.param([], "Write METHOD and PATH, or paste a request", id="nothing"),
        pytest.param(
            ["GET", "/", "--curl", "curl x"], "Paste one request and type nothing besides", id="both"
        ),
        pytest.param(["--curl", "curl x", "-b", "a=sesame"], "Paste one request", id="pasted and typed"),
        pytest.param(["GET", "/", "--entry", "1"], "give it with --har", id="an entry of nothing"),
    ],
)
def test_wrong_usage_exits_with_two_and_keeps_the_value_to_itself(call: Call, arguments, said):
    result = call("explain", "shop:app", *arguments)
    assert said in result.stderr
    assert "sesame" not in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_an_application_that_does_not_start_cannot_be_asked(call: Call):
    result = call("explain", "faulty:app", "GET", "/me")
    assert "guardhouse: starting the application failed: route /me" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.exit_code == 2


def test_an_application_that_does_not_stop_says_so(call: Call):
    result = call("explain", "endless:unstoppable", "GET", "/nowhere")
    assert "stopping the application failed: OSError: it does not stop (endless.py:" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("target", "method", "path", "outcome", "status"),
    [
        pytest.param(
            "endless:bare", "GET", "/nowhere", "no route", 404, id="an application without a lifespan"
        ),
        pytest.param("endless:app", "WS", "/closed", "undecided", 403, id="a socket that is closed at once"),
    ],
)
def test_answers_of_another_kind(call: Call, target, method, path, outcome, status):
    document = json.loads(call("explain", target, method, path, "--json").stdout)
    assert (document["outcome"], document["status"]) == (outcome, status)


def test_the_whole_error_is_shown_when_asked_for(call: Call):
    assert "Traceback" not in call("explain", "shop:app", "GET", "/crash").output
    assert (
        "RuntimeError: without a guard" in call("explain", "shop:app", "GET", "/crash", "--traceback").stderr
    )


def test_an_answer_that_never_ends_is_taken_as_it_is(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "PATIENCE", 0.05)
    document = json.loads(call("explain", "endless:app", "GET", "/stream", "--json").stdout)
    assert (document["outcome"], document["status"], document["failure"]) == ("public", 200, None)
    document = json.loads(call("explain", "endless:app", "GET", "/wait", "--json").stdout)
    assert (document["outcome"], document["status"], document["failure"]) == ("failed", None, "TimeoutError")
