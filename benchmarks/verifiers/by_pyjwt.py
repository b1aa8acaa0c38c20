"""PyJWT, with the claims checked that it can check."""

from __future__ import annotations

from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from benchmarks.signed import AUDIENCE, ISSUER, Verifier

TITLE = "PyJWT"


def verifier(algorithm: str, public: bytes) -> Verifier:
    """Verify with one algorithm and its key."""
    key = cast("Any", public if algorithm == "HS256" else load_pem_public_key(public))

    def verify(text: bytes) -> str:
        claims = jwt.decode(text, key, algorithms=[algorithm], audience=AUDIENCE, issuer=ISSUER)
        return str(claims["sub"])

    return Verifier(lambda text: text, verify)
