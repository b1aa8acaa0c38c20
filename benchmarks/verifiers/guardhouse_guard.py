"""guardhouse's JWT guard as a request meets it, from the headers to the identity, with a token that it has not seen."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.signed import AUDIENCE, ISSUER, Verifier
from guardhouse import Allow, Facts, Identity, JWTGuard, Key, Keys

TITLE = "guardhouse, the whole guard"
REMEMBER = 1
"""One token, which is never the next one: so what it costs to remember is in the figure, and nothing is found again."""


class Supply:
    """The clock, which is all that the guard asks for here."""

    now = staticmethod(time.time)


def verifier(algorithm: str, public: bytes, remember: int = REMEMBER) -> Verifier:
    """Verify with one algorithm and its key."""
    keys = Keys([Key.of(public, algorithm, "k1")])
    guard = JWTGuard(keys, issuer=ISSUER, audience=AUDIENCE, remember=remember).named("jwt", "users")
    supply: Any = Supply()

    def verify(facts: Facts) -> str:
        claim: Any = guard.claim(facts)
        found: Any = guard.fetch(claim, supply)
        verdict = guard.judge(claim, found)
        if not isinstance(verdict, Allow) or not isinstance(verdict.identity, Identity):
            raise ValueError(verdict.reason)  # noqa: TRY004 - a token that is no good is a wrong value
        return verdict.identity.user_id

    return Verifier(_facts, verify)


def _facts(text: bytes) -> Facts:
    return Facts("GET", "/me", [(b"host", b"bench.example"), (b"authorization", b"Bearer " + text)])
