"""The demo as an issuer of short-lived tokens, signed by a key of this start, and the list of those that were revoked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from guardhouse.guards.jwt import JWTGuard
from guardhouse.issuers.jwks import JWKS
from guardhouse.issuers.keys import Keys
from guardhouse.issuers.own import OwnIssuer
from guardhouse.vault.jws import Key

ISSUER, AUDIENCE, KID = "guardhouse demo", "guardhouse", "demo"
PARTNER = "guardhouse partner"


class Issuing:
    """One key pair, what it signs, and what of that has been taken back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        pair = ec.generate_private_key(ec.SECP256R1())
        pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key = Key.of(pem, "ES256", KID)
        self.keys = Keys([self.key])
        self.tokens = OwnIssuer(self.keys, issuer=ISSUER, audience=AUDIENCE, clock=clock)
        self.revoked: set[tuple[str, str]] = set()
        """Claims by name and value, such as a `jti` or a `sid`."""
        self.changed: dict[str, float] = {}
        """When a user's password was changed; what was issued before is no good any more."""

    def guard(self) -> JWTGuard:
        """Make the guard that believes these tokens."""
        return JWTGuard(self.keys, ISSUER, AUDIENCE, revoked=self.is_revoked)

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token was taken back, or its user's password was changed after it was issued."""
        named = any((name, claims.get(name)) in self.revoked for name in ("jti", "sid"))
        return named or claims["iat"] < self.changed.get(str(claims.get("sub")), 0.0)

    def forget(self) -> None:
        """Take nothing back any more."""
        self.revoked.clear()
        self.changed.clear()


def partner(url: str) -> JWTGuard:
    """Make a guard for the tokens of another login server, whose keys are published at that address."""
    return JWTGuard(JWKS(url, algorithms=("RS256",)), PARTNER, AUDIENCE, user=lambda claims: claims["sub"])
