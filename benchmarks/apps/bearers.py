"""What the applications for token clients have in common: the one user, the issuer of JWTs, the guard that reads them."""

from __future__ import annotations

from guardhouse import JWTGuard, MemoryUsers, User
from guardhouse.issuers.keys import Keys
from guardhouse.issuers.own import OwnIssuer

SECRET = "a secret of the benchmark, thirty-two bytes or more"  # noqa: S105
ISSUER, AUDIENCE = "https://bench.example", "https://bench.example/api"

ADA = User(id="42", email="ada@example.com")
USERS = MemoryUsers([ADA])

keys = Keys.of(SECRET, "HS256", "k1")
issuer = OwnIssuer(keys, issuer=ISSUER, audience=AUDIENCE)


def jwt_guard(remember: int) -> JWTGuard:
    """Believe what the issuer signed; `remember` is of how many tokens the signature is not verified twice."""
    return JWTGuard(keys, issuer=ISSUER, audience=AUDIENCE, remember=remember)
