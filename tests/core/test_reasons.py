"""Every reason stands in the table once, is proven by a test, and its hint names only evidence that is really given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from guardhouse.core.answer import Refusal
from guardhouse.core.area import Area, Step
from guardhouse.core.facts import Facts
from guardhouse.core.origin import AskToken, Origins, TokenState, weigh, weigh_token, whence
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.reasons_of_requests import REVEALED
from guardhouse.core.stack import derive
from guardhouse.core.verdict import NO_EVIDENCE, Allow, Decision, Deny, Pass, conclude
from guardhouse.errors import IssuerUnavailableError, StoreError
from guardhouse.flows.passkey import rejected
from guardhouse.flows.plan import Cookie
from guardhouse.flows.remember import over
from guardhouse.flows.reset import bad_ticket
from guardhouse.gate.lookup import unfit
from guardhouse.gate.outage import unavailable
from guardhouse.gate.refused import refused
from guardhouse.gate.visit import Visit
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.house import Guardhouse
from guardhouse.state.csrf import mint
from guardhouse.state.enrolment import Kind
from guardhouse.state.passkey import Fault
from guardhouse.state.pending import Pending, hold
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.record import EXPIRED, Changes, Deadline, Login, Record, merged
from guardhouse.state.session import Session
from guardhouse.steps.abilities import Abilities
from guardhouse.steps.factors import Factors
from guardhouse.users.memory import MemoryUsers
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.secret import generate_secret
from tests.foreign_refusals import refusals

from .clue_rows import ROWS

HERE = Path(__file__)
TESTS = HERE.parent.parent

ALLOWING = (
    Reason.SESSION_LOGIN,
    Reason.CREDENTIAL_ACCEPTED,
    Reason.PUBLIC,
    Reason.SAFE_METHOD,
    Reason.SAME_ORIGIN,
    Reason.OWN_ORIGIN,
    Reason.TRUSTED_ORIGIN,
    Reason.CSRF_TOKEN_VALID,
    Reason.COOKIE_NOT_READ,
    Reason.STEP_PASSED,
)


def test_every_reason_has_one_line_and_no_line_is_over():
    assert set(REASONS) == set(Reason)
    assert len({reason.value for reason in Reason}) == len(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_line_is_whole(reason):
    entry = REASONS[reason]
    assert reason.value == reason.name.lower()
    assert entry.title.endswith(".")
    assert "{" not in entry.title, "a title is the same for every request"
    assert (entry.status == 200) is (reason in ALLOWING)
    assert bool(entry.hint) is (reason not in ALLOWING), "who is refused is told what to do"


def test_no_two_reasons_say_the_same():
    assert len({entry.title for entry in REASONS.values()}) == len(REASONS)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_proven_by_some_test(reason):
    proofs = [file.read_text() for file in TESTS.rglob("*.py") if file != HERE]
    words = (f"Reason.{reason.name}", reason.value)
    assert any(word in proof for proof in proofs for word in words)


# -- what hints name is what evidence says --------------------------------------------------------------------------

OWN = Origins(frozenset({b"https://app.test"}))
RECORD = Record("p", 0.0, 0.0, 1.0, 1.0, {"staff": Login("1", "users", "staff", 0.0)}, {})
WEB = SessionGuard().named("web", "users")
KEY = FunctionGuard(header="X-Api-Key", find=str).named("key", "users")
HOUSE = Guardhouse(
    secret=generate_secret(), users=MemoryUsers([]), sessions=SessionPolicy(idle=timedelta(hours=1))
)


def half_way() -> Changes:
    """Return what a password leaves in a session whose second factor is missing."""
    session = Session()
    hold(session, Pending("1", "users", "web", "users", 0.0, 1.0, (Kind.TOTP,), "T1"))
    changes = session.changes()
    assert changes is not None
    return changes


def from_where(*headers: tuple[bytes, bytes], token: TokenState = TokenState.ABSENT) -> Mapping[str, object]:
    """Return what the house says about a request that its headers condemn."""
    verdict = weigh(whence(Facts("POST", "/", headers)), OWN)
    verdict = weigh_token(verdict, token) if isinstance(verdict, AskToken) else verdict
    return HOUSE.refusal(conclude("web", [verdict])).evidence


async def by_a_step() -> Mapping[str, object]:
    area = Area(
        ("web",), steps=(Step("audit", lambda _: Deny("", Reason.STEP_REFUSED), phase="before guards"),)
    )
    visit = Visit(HOUSE.parts, Facts("GET", "/", []))
    return evidence_of((await visit.decide(derive("area", area, HOUSE.guards))).verdict)


def evidence_of(verdict: object) -> Mapping[str, object]:
    return (
        NO_EVIDENCE
        if isinstance(verdict, Allow | Pass | Decision)
        else getattr(verdict, "evidence", NO_EVIDENCE)
    )


BEARER = [(b"authorization", b"Bearer 17|x")]
TOKEN = TokenGuard().named("token", "users")


async def by_a_strange_token() -> Mapping[str, object]:
    visit = Visit(HOUSE.parts, Facts("GET", "/", BEARER))
    return evidence_of((await visit.decide(derive("area", Area(("token",)), {"token": TOKEN}))).verdict)


async def by_a_token_of_another_key() -> Mapping[str, object]:
    token = mint(Keyring(generate_secret()).purpose("csrf"), b"x", b"0123456789abcdef").encode()
    visit = Visit(HOUSE.parts, Facts("POST", "/", [(b"host", b"a.test"), (b"x-xsrf-token", token)]))
    told = await refused(visit, Refusal(Reason.CSRF_KEY_UNKNOWN, "origin"))
    return told.refusal.evidence


AWAITED = {
    Reason.STEP_REFUSED: by_a_step,
    Reason.CREDENTIAL_UNKNOWN: by_a_strange_token,
    Reason.CSRF_KEY_UNKNOWN: by_a_token_of_another_key,
}

GIVEN = {
    Reason.PASSKEY_REJECTED: lambda: evidence_of(rejected(Fault.WRONG_ORIGIN)),
    Reason.LINK_INVALID: lambda: evidence_of(bad_ticket("forged")),
    Reason.REMEMBER_EXPIRED: lambda: evidence_of(over(Cookie("c", "", 0), "past its end").then),
    Reason.ABILITY_MISSING: lambda: evidence_of(Abilities("read")(Visit(HOUSE.parts, Facts("GET", "/", [])))),
    Reason.FACTORS_MISSING: lambda: evidence_of(Factors(2)(Visit(HOUSE.parts, Facts("GET", "/", [])))),
    Reason.CREDENTIAL_FOREIGN: lambda: evidence_of(TOKEN.claim(Facts("GET", "/", BEARER))),
    Reason.SESSION_EXPIRED: lambda: evidence_of(WEB.judge(b"", EXPIRED[Deadline.IDLE])),
    Reason.NO_LOGIN_FOR_GUARD: lambda: evidence_of(WEB.judge(b"", RECORD)),
    Reason.SECOND_FACTOR_MISSING: lambda: evidence_of(WEB.judge(b"", merged(RECORD, half_way()))),
    Reason.CREDENTIAL_MALFORMED: lambda: evidence_of(KEY.claim(Facts("GET", "/", [(b"x-api-key", b"")]))),
    Reason.CSRF_DUPLICATE_HEADER: lambda: from_where((b"origin", b"a"), (b"origin", b"b")),
    Reason.CSRF_ORIGIN_UNTRUSTED: lambda: from_where((b"origin", b"https://evil.test")),
    Reason.CSRF_TOKEN_MISSING: from_where,
    Reason.CSRF_TOKEN_INVALID: lambda: from_where(token=TokenState.INVALID),
    Reason.LOGIN_KEY_UNKNOWN: lambda: unfit(HOUSE.parts, "unknown key", "v1.k.m")[1],
    Reason.LOGIN_FORMAT_UNKNOWN: lambda: unfit(HOUSE.parts, "unknown format", "v2.k.m")[1],
    Reason.STORE_UNAVAILABLE: lambda: unavailable(StoreError("disk full")).evidence,
    Reason.ISSUER_UNAVAILABLE: lambda: unavailable(IssuerUnavailableError("https://login", "away")).evidence,
    Reason.COOKIE_COSTLY: lambda: {"backslashes": 2000, "most": 1000},
    Reason.LOGIN_MALFORMED: lambda: {"fields": "email and password"},
}
FOREIGN = refusals("marked")


def named_in(hint: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(hint) if name}


@pytest.mark.parametrize("reason", [reason for reason in Reason if named_in(REASONS[reason].hint)])
async def test_a_hint_names_evidence_that_is_given(reason):
    if reason in REVEALED:  # tests.core.test_clues holds that these rows are what is really found
        given: Mapping[str, object] = next(row.found[reason] for row in ROWS if reason in row.found)
    elif reason in FOREIGN:
        given = FOREIGN[reason].evidence
    else:
        given = await AWAITED[reason]() if reason in AWAITED else GIVEN[reason]()
    assert named_in(REASONS[reason].hint) <= given.keys()
