"""What of guardhouse does the work of the libraries here: the token read and verified, and every claim weighed."""

from __future__ import annotations

import time

from benchmarks.signed import AUDIENCE, ISSUER, Verifier
from guardhouse import Key, Keys
from guardhouse.core.claims import ClaimsPolicy, judge_claims
from guardhouse.vault import jws

TITLE = "guardhouse, verification"


def verifier(algorithm: str, public: bytes) -> Verifier:
    """Verify with one algorithm and its key."""
    keys, policy = Keys([Key.of(public, algorithm, "k1")]), ClaimsPolicy(ISSUER, (AUDIENCE,))

    def verify(text: bytes) -> str:
        token = jws.read(text)
        key = keys.find(token.protected.kid, token.protected.alg)
        if key is None:
            raise ValueError("no such key")
        key.verify(token)
        claims = token.claims()
        objection = judge_claims(token.protected.typ, claims, policy, time.time())
        if objection is not None:
            raise ValueError(objection[0])
        return str(claims["sub"])

    return Verifier(lambda text: text, verify)
