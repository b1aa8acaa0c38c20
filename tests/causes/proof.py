"""Ties a test to a row of causes: what it claims is compared with what it saw, so that nothing can be claimed unseen."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["start", "finding", "hop", "refusal", "behaviour"]
Proof: TypeAlias = Callable[..., Any]


class Verdict(StrEnum):
    """What becomes of a cause here."""

    PREVENTED = "prevented"
    FOUND = "found"
    NAMED = "named"
    CANNOT_ARISE = "cannot arise"


PREVENTED, FOUND, NAMED, CANNOT_ARISE = Verdict

_SEEN_BY: Mapping[Verdict, frozenset[Kind]] = {
    PREVENTED: frozenset({"start"}),
    FOUND: frozenset({"finding", "hop"}),
    NAMED: frozenset({"refusal"}),
    CANNOT_ARISE: frozenset({"behaviour"}),
}


@dataclass(frozen=True)
class Seen:
    """What a proof saw: codes, each with what was said along with it. Made in `seeing` and nowhere else."""

    kind: Kind
    codes: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Claim:
    """What the table says about one row, and the test that holds it."""

    row: int
    verdict: Verdict
    code: str
    why: str
    evidence: Mapping[str, object] = field(repr=False)
    module: str
    test: str

    def held_by(self, seen: Seen) -> None:
        """Fail unless this is what was seen."""
        assert seen.kind in _SEEN_BY[self.verdict], (
            f"{self.verdict} is claimed, and what was seen is a {seen.kind}"
        )
        if self.verdict is CANNOT_ARISE:
            return
        assert self.code in seen.codes, f"{self.code} is claimed, and seen was {dict(seen.codes)}"
        said = seen.codes[self.code]
        for name, value in self.evidence.items():
            met = str(value) in str(said.get(name)) if name == "says" else said.get(name) == value
            assert met, f"{name} of {self.code} is claimed to be {value!r}, and seen was {dict(said)}"


CLAIMS: list[Claim] = []
"""Every claim of the modules that were imported."""


def proves(
    row: int, verdict: Verdict, code: str = "", *, why: str = "", **evidence: object
) -> Callable[[Proof], Proof]:
    """Say which row a test proves, and with which code and evidence it was met; `says` may be a part of what was said.

    The test returns what it saw. Whoever claims that a cause cannot arise says why, and shows what happens instead.
    """
    if bool(why) != (verdict is CANNOT_ARISE) or bool(code) == bool(why) or bool(evidence) != bool(code):
        raise ValueError("a code and its evidence, or why it cannot arise")

    def tie(test: Proof) -> Proof:
        claims: list[Claim] = getattr(test, "claims", [])
        claims.append(Claim(row, verdict, code, why, evidence, test.__module__, test.__name__))
        CLAIMS.append(claims[-1])
        return test if hasattr(test, "claims") else _held(test, claims)

    return tie


def _held(test: Proof, claims: list[Claim]) -> Proof:
    @functools.wraps(test)
    def held(*args: Any, **fixtures: Any) -> None:
        seen = test(*args, **fixtures)
        assert isinstance(seen, Seen), "a proof returns what it saw"
        for claim in claims:
            claim.held_by(seen)

    vars(held)["claims"] = claims
    return held
