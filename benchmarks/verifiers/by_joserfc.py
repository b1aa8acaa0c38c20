"""joserfc, with the claims checked that it can check."""

from __future__ import annotations

import warnings

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey

from benchmarks.signed import AUDIENCE, ISSUER, Verifier

TITLE = "joserfc"
_KINDS = {"HS256": OctKey, "ES256": ECKey, "EdDSA": OKPKey}


def verifier(algorithm: str, public: bytes) -> Verifier:
    """Verify with one algorithm and its key."""
    key = _KINDS[algorithm].import_key(public)
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )

    warnings.filterwarnings(
        "ignore", category=SecurityWarning
    )  # it prefers another name for EdDSA (RFC 9864)

    def verify(text: bytes) -> str:
        token = jwt.decode(text, key, algorithms=[algorithm])
        registry.validate(token.claims)
        return str(token.claims["sub"])

    return Verifier(lambda text: text, verify)
