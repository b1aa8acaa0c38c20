"""The runner finds what it is for: a correct application is green, and every seeded bug turns it red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.attack import cases as corpus
from tests.attack.application import Application
from tests.attack.cases import Case, Result
from tests.attack.run import run

HERE = Path(__file__).parent
TARGET = HERE / "reference_target.json"
EVERYTHING = corpus.read(HERE / "open_cases.json")
FLOOR = 198
"""So many of the open cases can be asked of the reference application, and pass."""

# The sentence of a bug, as reference.py and reference_rules.py know it, and cases that must see it.
BUGS = {
    "cookie names are stripped of Unicode space": ("cookie-051", "cookie-054"),
    "a nameless cookie is read as its value": ("cookie-059",),
    "cookie names ignore case": ("cookie-061",),
    "the unprefixed twin is believed": ("cookie-063",),
    "the last duplicate wins": ("cookie-041",),
    "the first duplicate wins": ("cookie-040",),
    "cookies are parsed slowly": ("cookie-039",),
    "the store is read twice": ("cookie-006", "cookie-017"),
    "the session cookie is not Secure": ("cookie-attr-001", "cookie-attr-021"),
    "the session id names the user": ("cookie-attr-007",),
    "the session id is in the body": ("cookie-attr-010",),
    "answers do not vary": ("cookie-attr-016", "cookie-attr-017"),
    "answers are cacheable": ("cookie-attr-016", "path-008"),
    "login adopts the id that was sent": ("fixation-002", "fixation-003"),
    "login leaves the former session alive": ("fixation-003",),
    "a session id in the query is believed": ("fixation-006",),
    "a session id is believed as a bearer": ("fixation-009",),
    "logout only clears the cookie": ("logout-002", "logout-003", "logout-009"),
    "the idle deadline is ignored": ("logout-020",),
    "the absolute deadline is ignored": ("logout-021",),
    "an expired session is kept": ("logout-022",),
    "a reset is mailed to every address that is named": ("login-026", "login-029"),
    "the address that was asked for last is confirmed": ("flow-008",),
    "an unknown user is told apart": ("login-001", "login-002"),
    "an empty password is right": ("login-012",),
    "a password need not be text": ("login-015",),
    "a password is cut after 72 bytes": ("login-022",),
    "a password is cut at a NUL": ("login-023",),
    "nobody is throttled": ("login-032",),
    "a throttled login does not say for how long": ("login-032",),
    "a stack trace is in the body": ("login-013", "login-018"),
    "next leads anywhere": ("redirect-002", "redirect-003", "redirect-006", "redirect-008", "redirect-012"),
    "next is only looked at for two slashes": ("redirect-003",),
    "a token beats Sec-Fetch-Site": ("csrf-014", "csrf-018", "csrf-024"),
    "same-site is allowed": ("csrf-024", "csrf-025", "csrf-027"),
    "Sec-Fetch-Site ignores case and spelling": ("csrf-072", "csrf-074"),
    "an empty Sec-Fetch-Site is believed": ("csrf-071",),
    "no header at all is allowed": ("csrf-035", "csrf-106", "csrf-107"),
    "origins match by prefix": ("csrf-056", "csrf-059", "csrf-066"),
    "origins are folded before they are compared": ("csrf-062", "csrf-065"),
    "the scheme of an origin is not compared": ("csrf-041",),
    "an Origin of null is none at all": ("csrf-046",),
    "a token rescues a foreign origin": ("csrf-046", "csrf-049", "csrf-061"),
    "the CSRF token is not bound to the session": ("csrf-103",),
    "the CSRF token never changes": ("csrf-110",),
    "the token may stand in the query": ("csrf-107",),
    "the first of two headers counts": ("csrf-092",),
    "other content types are not guarded": ("csrf-115", "csrf-118"),
    "X-Requested-With is a proof": ("csrf-100",),
    "a method override is believed": ("csrf-095",),
    "only POST is guarded": ("csrf-085", "csrf-090"),
    "lower-case methods are safe": ("csrf-089",),
    "HEAD is not guarded": ("csrf-099",),
    "any origin may read": ("csrf-124", "csrf-125"),
    "a refusal is not logged": ("csrf-035", "csrf-048"),
    "a refusal clears the cookie": ("csrf-014", "csrf-035"),
    "a refusal ends the session": ("csrf-014", "csrf-126"),
    "a refusal extends the session": ("csrf-126",),
    "a forged bearer falls through to the cookie": ("csrf-119",),
    "a 401 has no challenge": ("authz-header-015",),
    "a header says who calls": ("authz-header-015", "path-036"),
    "an unsigned token is believed": ("jwt-005", "jwt-007"),
    "the signing key can be guessed": ("jwt-015", "jwt-018", "jwt-019", "jwt-020", "jwt-023"),
    "a token is believed whatever its key": ("jwt-009", "jwt-024", "jwt-028", "jwt-043", "jwt-044"),
    "a broken record breaks the application": ("fault-008",),
    "a user who is gone stays in": ("fault-012",),
}


# What no answer shows, and the time it takes does.
TELLING_TIMES = {
    "a disabled user is turned away at once": "login-008",
    "an older hash takes its own time": "login-009",
}
TIMED = 60
"""So often is each asked here: of what takes half the time, as many see it as the two hundred of the corpus."""

# Cookies that are parsed slowly are asked for again and again, for as long as a machine could be busy.
SEEN_SLOWLY = frozenset({"cookies are parsed slowly"})


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    with Application(TARGET, {}) as running:
        yield running


def ask(application: Application, ids: tuple[str, ...] = (), bug: str = "") -> dict[str, Result]:
    results: list[Result] = []
    for case in corpus.select(EVERYTHING, (), ids):
        application.hook("bug", bug=bug)  # for each: a case may start the application again
        results += run(application, EVERYTHING, [case])
    return {one.case.id: one for one in results}


def test_a_correct_application_passes_every_case_that_it_can_be_asked(application):
    results = ask(application)
    assert [(name, one.failures) for name, one in results.items() if one.status == "failed"] == []
    assert sum(one.status == "passed" for one in results.values()) >= FLOOR
    assert all(one.reason for one in results.values() if one.status == "skipped")
    blind = {name for ids in BUGS.values() for name in ids if results[name].status != "passed"}
    assert blind == set(), "a case that is red anyway shows nothing"


@pytest.mark.parametrize(
    "bug",
    [pytest.param(bug, marks=pytest.mark.slow) if bug in SEEN_SLOWLY else bug for bug in BUGS],
)
def test_a_bug_turns_the_runner_red(application, bug):
    results = ask(application, BUGS[bug], bug)
    assert {name: one.status for name, one in results.items()} == dict.fromkeys(BUGS[bug], "failed")
    broken = {one.field for result in results.values() for one in result.failures} & {
        "precondition",
        "connection",
    }
    assert broken == set(), "the case itself must see it, not the way to it"


def timed(application: Application, bug: str) -> dict[str, Result]:
    application.hook("bug", bug=bug)
    known = [_asked_less_often(case) for case in corpus.select(EVERYTHING, (), [*TELLING_TIMES.values()])]
    return {one.case.id: one for one in run(application, known, known, timing=True)}


def _asked_less_often(case: Case) -> Case:
    first, *more = case.steps
    return replace(case, steps=(replace(first, request={**first.request, "repeat": TIMED}), *more))


@pytest.mark.slow
def test_times_that_tell_nothing_pass(application):
    results = timed(application, "")
    assert {name: one.status for name, one in results.items()} == dict.fromkeys(results, "passed")


@pytest.mark.slow
@pytest.mark.parametrize("bug", TELLING_TIMES)
def test_a_time_that_tells_turns_the_runner_red(application, bug):
    found = timed(application, bug)[TELLING_TIMES[bug]]
    assert {one.field for one in found.failures} == {"timing"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["login-026", "flow-008"])
def test_that_no_letter_went_astray_is_no_pass_where_none_is_sent(application, name):
    result = ask(application, (name,), "no letter is sent")[name]
    assert (result.status, "cannot be seen" in result.reason) == ("skipped", True)
