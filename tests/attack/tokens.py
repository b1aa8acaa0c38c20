"""JSON Web Tokens as an attacker writes them: any header, any claims, any signature or none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.attack.cases import SkippedError

_MOMENT = re.compile(r"now(?:([+-])(\d+))?")
_CHANGED = re.compile(r"user\.cred_changed([+-]\d+)")
_RAW = re.compile(r'\{"raw":"[^"]*"\}')
_MOMENTS = frozenset({"exp", "iat", "nbf", "auth_time"})
_HMAC = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def forge(token: Mapping[str, Any], lookup: Callable[[str], str]) -> str:
    """Build the token that `request.token` describes; its placeholders are expanded.

    `lookup` knows what only the application can say: a signature of its own, and when credentials were changed.
    """
    if "header" not in token:
        raise SkippedError(f"no way to build a token from {', '.join(sorted(token))}")
    header = {name: _header(value) for name, value in token["header"].items()}
    claims = {name: _claim(name, value, lookup) for name, value in token.get("claims", {}).items()}
    signed = f"{b64url(_json(header))}.{b64url(_json(claims))}"
    sign = token.get("sign", "none")
    if isinstance(sign, dict) and sign.get("key") == "trusted":
        return f"{signed}.{lookup(f'TRUSTED_SIGNATURE {signed}')}"
    return f"{signed}.{b64url(_signature(signed.encode(), sign))}"


def b64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: object) -> bytes:
    """Write JSON; a value `{"raw": text}` stands for that text, which JSON might not know."""
    written = json.dumps(value, separators=(",", ":"))
    return _RAW.sub(lambda found: str(json.loads(found[0])["raw"]), written).encode()


def _header(value: Any) -> Any:
    return _public_jwk() if value == "attacker_public_jwk" else value


def _claim(name: str, value: Any, lookup: Callable[[str], str]) -> Any:
    if name not in _MOMENTS or not isinstance(value, str):
        return value
    changed = _CHANGED.fullmatch(value)
    if changed is not None:
        return int(float(lookup("CREDENTIALS_CHANGED"))) + int(changed[1])
    if value.isdigit():
        return value
    moment = _MOMENT.fullmatch(value)
    if moment is None:
        raise SkippedError(f"no moment {value!r} for the claim {name}")
    return int(time.time()) + int(f"{moment[1] or '+'}{moment[2] or 0}")


def _signature(signed: bytes, sign: Any) -> bytes:
    if sign == "none":
        return b""
    if "raw_hex" in sign:
        return bytes.fromhex(sign["raw_hex"])
    key, algorithm = sign.get("key"), sign.get("alg", "")
    if algorithm in _HMAC:
        return hmac.new(key.encode(), signed, _HMAC[algorithm]).digest()
    if key != "attacker":
        raise SkippedError(f"no key {key!r} for {algorithm}")
    return _with_own_key(signed, algorithm)


def _with_own_key(signed: bytes, algorithm: str) -> bytes:
    match algorithm:
        case "ES256":
            numbers = decode_dss_signature(_curve_key().sign(signed, ec.ECDSA(hashes.SHA256())))
            return b"".join(number.to_bytes(32, "big") for number in numbers)
        case "RS256":
            return _rsa_key().sign(signed, padding.PKCS1v15(), hashes.SHA256())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate().sign(signed)
        case _:
            raise SkippedError(f"no key for {algorithm}")


@cache
def published() -> bytes:
    """Publish a key set of another issuer, with a key that signs nothing here."""
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    n, e = (
        b64url(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e)
    )
    return _json({"keys": [{"kty": "RSA", "kid": "partner", "use": "sig", "alg": "RS256", "n": n, "e": e}]})


@cache
def _curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _public_jwk() -> dict[str, str]:
    numbers = _curve_key().public_key().public_numbers()
    x, y = (b64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
