"""Signed tokens to be verified: many different ones, because nobody verifies the same one over and over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER, AUDIENCE, SUBJECT = "https://login.example", "https://bench.example/api", "42"
ALGORITHMS = ("HS256", "ES256", "EdDSA")
TOKENS = 64


@dataclass(frozen=True, slots=True)
class Verifier:
    """One way of verifying: what is made of a token before the clock runs, and what is then timed."""

    prepare: Callable[[bytes], Any]
    verify: Callable[[Any], Any]
    """Return the subject, or raise."""
    claims: bool = True
    """Whether it reads the claims; who does not returns nothing."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The tokens of one algorithm, good ones and others."""

    algorithm: str
    public: bytes
    good: tuple[bytes, ...]
    forged: bytes
    expired: bytes
    foreign: bytes


def signed(algorithm: str) -> Signed:
    """Sign tokens with a fresh key."""
    private, public = _pair(algorithm)

    def sign(**changes: Any) -> bytes:  # noqa: ANN401 - claims
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": SUBJECT,
            "iat": now,
            "exp": now + 3600,
            "scope": "read write",
        }
        headers = {"typ": "at+jwt", "kid": "k1"}
        return jwt.encode(
            {**claims, "jti": token_urlsafe(16), **changes}, private, algorithm, headers
        ).encode()

    good = tuple(sign() for _ in range(TOKENS))
    head, _, signature = good[0].rpartition(b".")
    forged = head + b"." + good[1].rpartition(b".")[2]
    assert forged != head + b"." + signature
    past = int(time.time()) - 3600
    return Signed(
        algorithm, public, good, forged, sign(iat=past - 60, exp=past), sign(aud="https://other.example")
    )


def _pair(algorithm: str) -> tuple[Any, bytes]:
    if algorithm == "HS256":
        secret = token_urlsafe(32).encode()
        return secret, secret
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else ed25519.Ed25519PrivateKey.generate()
    )
    return key, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
