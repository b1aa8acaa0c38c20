"""Refusals of foreign logins, made by what makes them, of answers and identities that are all secrets."""

from __future__ import annotations

from collections.abc import Iterator

from guardhouse.core.reason import Reason
from guardhouse.flows.foreign import (
    Account,
    Caller,
    ForeignPolicy,
    Situation,
    WaysIn,
    decide,
    unlink,
)
from guardhouse.flows.plan import Refuse
from guardhouse.issuers import exchange, foreign
from guardhouse.issuers.answer import Answer, judge_answer, read_answer
from guardhouse.issuers.discovery import Endpoints
from guardhouse.issuers.id_token import Expected, judge_id_token
from guardhouse.state.foreign import ForeignIdentity, ForeignRefusal, enrolment_of
from guardhouse.state.started import Started
from guardhouse.vault.jws import Protected

ISSUER = "https://login.example.com"


def refusals(mark: str) -> dict[Reason, ForeignRefusal | Refuse]:
    """Provoke each with the mark wherever a stranger or a login server writes."""
    made: list[ForeignRefusal | Refuse] = [*_answers(mark), *_decisions(mark)]
    return {refusal.reason: refusal for refusal in made}


def _answers(mark: str) -> Iterator[ForeignRefusal]:
    started = Started(
        "partner", ISSUER, mark, mark, mark, "https://app.example.com/back", f"/{mark}", 0.0, 600.0
    )
    endpoints = Endpoints(ISSUER, ISSUER, ISSUER)
    malformed = read_answer([("state", mark), ("state", mark), ("code", mark)])
    assert isinstance(malformed, ForeignRefusal)
    yield malformed
    for answer in (
        Answer(mark, mark, None, f"https://{mark}.example.com"),
        Answer(mark, None, "access_denied"),
        Answer(mark, None, mark),
        Answer(mark, None, "server_error"),
    ):
        refused = judge_answer(answer, started, endpoints)
        assert refused is not None
        yield refused
    yield exchange._refusal("invalid_grant")
    claims = {"iss": ISSUER, "aud": "app", "sub": mark, "iat": 0, "exp": 60, "nonce": mark}
    problem = judge_id_token(Protected("RS256", mark, None), claims, Expected(ISSUER, "app", "n", mark), 1.0)
    yield foreign._disbelieved(problem or "nothing")


def _decisions(mark: str) -> Iterator[Refuse]:
    verified = ForeignIdentity("partner", ISSUER, mark, f"{mark}@example.com", True, mark, {"sub": mark})
    unverified = ForeignIdentity("partner", ISSUER, mark, f"{mark}@example.com", False, mark)
    others, me = enrolment_of(verified, "users:2", 0.0), Caller("users:1", True)
    account = Account("users:2", f"{mark}@example.com", True)
    for identity, situation, policy in (
        (verified, Situation(wanted_by="users:1"), ForeignPolicy()),
        (verified, Situation(wanted_by="users:1", known=others, caller=me), ForeignPolicy()),
        (verified, Situation(account=account), ForeignPolicy()),
        (verified, Situation(), ForeignPolicy(register=False)),
        (unverified, Situation(), ForeignPolicy()),
    ):
        refused = decide(identity, situation, policy, 1.0)
        assert isinstance(refused, Refuse)
        yield refused
    mine = enrolment_of(verified, "users:1", 0.0)
    last = unlink(mine.name, me, WaysIn(False, [mine]))
    assert isinstance(last, Refuse)
    yield last
