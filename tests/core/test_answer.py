"""A refusal says as much as its reader may see: everything, the code, or the status alone."""

from __future__ import annotations

import pytest

from guardhouse.core.answer import STATUS_TITLES, Refusal, headers_of, problem, refusal_of, title_of
from guardhouse.core.causes import hint_of
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity, Pass, conclude

ADA = Identity("1", "users", "web", "session")
FOREIGN = Deny("origin", Reason.CSRF_ORIGIN_UNTRUSTED, {"origin": "https://evil.test"})
SILENT = Abstain("web", Reason.NO_CREDENTIAL, {"cookies": "none at all"})
REFUSED = refusal_of(conclude("api", [SILENT, Pass("step", Reason.STEP_PASSED), FOREIGN]))


def test_a_decision_becomes_a_refusal_with_all_that_led_to_it():
    assert (REFUSED.reason, REFUSED.by, REFUSED.stack) == (FOREIGN.reason, "origin", "api")
    assert (REFUSED.evidence, REFUSED.status) == (FOREIGN.evidence, 403)
    assert refusal_of(conclude("api", [Allow("web", Reason.SESSION_LOGIN, ADA)])).evidence == {}


TITLE = REASONS[FOREIGN.reason].title

CODE = {
    "type": "urn:guardhouse:reason:csrf_origin_untrusted",
    "title": TITLE,
    "status": 403,
    "detail": TITLE,
    "code": "csrf_origin_untrusted",
}

FULL = CODE | {
    "detail": f"origin: {TITLE}",
    "hint": "If https://evil.test is your front end, add it: "
    "Guardhouse(trusted_origins=['https://evil.test']). Scheme, host and port are compared exactly.",
    "evidence": {"origin": "https://evil.test"},
    "stack": "api",
    "trace": [
        {
            "by": "web",
            "verdict": "abstain",
            "code": "no_credential",
            "says": REASONS[Reason.NO_CREDENTIAL].title,
            "evidence": {"cookies": "none at all"},
        },
        {
            "by": "step",
            "verdict": "pass",
            "code": "step_passed",
            "says": REASONS[Reason.STEP_PASSED].title,
            "evidence": {},
        },
        {
            "by": "origin",
            "verdict": "deny",
            "code": "csrf_origin_untrusted",
            "says": TITLE,
            "evidence": {"origin": "https://evil.test"},
        },
    ],
}

OFF = {"type": "about:blank", "title": "Forbidden", "status": 403}


@pytest.mark.parametrize(("explain", "document"), [("full", FULL), ("code", CODE), ("off", OFF)])
def test_a_problem_document_in_each_measure(explain, document):
    assert problem(REFUSED, explain) == document


@pytest.mark.parametrize("reason", Reason)
def test_no_reader_of_code_or_off_sees_evidence(reason):
    refusal = Refusal(
        reason, "web", {"origin": "SEEN", "endpoint": "SEEN", "trouble": "SEEN"}, "area", (SILENT,)
    )
    assert "SEEN" not in str(problem(refusal, "code"))
    if refusal.status in STATUS_TITLES:
        assert problem(refusal, "off").keys() == {"type", "title", "status"}


def test_every_status_of_a_refusal_has_a_title():
    assert {entry.status for entry in REASONS.values()} - {200} == set(STATUS_TITLES)


@pytest.mark.parametrize(
    ("evidence", "hint"),
    [
        pytest.param(
            {"origin": "https://a.test"}, "add it: Guardhouse(trusted_origins=['https://a.test'])", id="known"
        ),
        pytest.param(
            {}, "If origin is your front end, add it: Guardhouse(trusted_origins=[origin])", id="unknown"
        ),
        pytest.param(
            {"origin": "{by.__class__}"}, "If {by.__class__} is your front end", id="braces of an attacker"
        ),
    ],
)
def test_a_hint_fills_in_what_is_known_and_reads_nothing_else(evidence, hint):
    assert hint in hint_of(Refusal(Reason.CSRF_ORIGIN_UNTRUSTED, "origin", evidence))


@pytest.mark.parametrize(
    ("explain", "title", "headers"),
    [
        ("full", TITLE, {"Guardhouse-Reason": "csrf_origin_untrusted", "Cache-Control": "no-store"}),
        ("code", TITLE, {"Guardhouse-Reason": "csrf_origin_untrusted", "Cache-Control": "no-store"}),
        ("off", "Forbidden", {"Cache-Control": "no-store"}),
    ],
)
def test_title_and_headers_say_no_more_than_the_document(explain, title, headers):
    assert (title_of(REFUSED, explain), headers_of(REFUSED, explain)) == (title, headers)


def test_ways_in_and_patience_are_headers_whatever_is_explained():
    refusal = Refusal(Reason.NO_LOGIN, "web", challenges=("Bearer", "Cookie"), retry_after=5)
    headers = headers_of(refusal, "off")
    assert (headers["WWW-Authenticate"], headers["Retry-After"]) == ("Bearer, Cookie", "5")
