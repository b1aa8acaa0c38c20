"""Keys and signed tokens for tests, written by two libraries that know nothing of ours."""

from __future__ import annotations

import hmac
import json
import warnings
from base64 import urlsafe_b64encode
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt as joserfc_jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

SECRET = b"kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX"
NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://login.example.com/", "https://api.example.com"
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "1", "iat": NOW, "exp": NOW + 600, "jti": "t1", "scope": "read write",
}  # fmt: skip
TYPED = {"typ": "at+jwt"}

_PRIVATE: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
_PRIVATE["PS256"] = _PRIVATE["RS256"]
_KINDS: dict[str, Any] = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey, "HS256": OctKey}
PAIRS = ("RS256", "PS256", "ES256", "EdDSA")


def private(algorithm: str) -> Any:
    """The private key as PEM, or the secret."""
    if algorithm == "HS256":
        return SECRET
    return _PRIVATE[algorithm].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public(algorithm: str) -> Any:
    """The public key as PEM, or the secret."""
    if algorithm == "HS256":
        return SECRET
    return _PRIVATE[algorithm].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_jwk(algorithm: str, kid: str | None = None) -> dict[str, Any]:
    """The public key as a JWK."""
    jwk: dict[str, Any] = dict(_KINDS[algorithm].import_key(public(algorithm)).as_dict(private=False))
    return jwk if kid is None else jwk | {"kid": kid, "alg": algorithm, "use": "sig"}


def by_pyjwt(algorithm: str, claims: Any = CLAIMS, **said: Any) -> str:
    return pyjwt.encode(
        claims, private(algorithm), algorithm, headers={k: v for k, v in (TYPED | said).items() if v}
    )


def by_joserfc(algorithm: str, claims: Any = CLAIMS, **more: Any) -> str:
    key: Any = _KINDS[algorithm].import_key(private(algorithm))
    said = {name: value for name, value in {"alg": algorithm, **TYPED, **more}.items() if value}
    with warnings.catch_warnings(
        action="ignore", category=SecurityWarning
    ):  # EdDSA has a newer name (RFC 9864)
        return joserfc_jwt.encode(said, dict(claims), key, algorithms=[algorithm])


def b64(value: bytes | str | object) -> str:
    """Write a part: bytes and text as they are, everything else as JSON."""
    raw = (
        value
        if isinstance(value, bytes)
        else value.encode()
        if isinstance(value, str)
        else json.dumps(value).encode()
    )
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def written(protected: Any, claims: Any = CLAIMS, *, key: bytes = SECRET) -> str:
    """Write any two parts and sign them well, as only somebody with the key could."""
    message = f"{b64(protected)}.{b64(claims)}"
    return f"{message}.{b64(hmac.digest(key, message.encode(), 'sha256'))}"
