"""What cannot be saved: hmac and one decoding by msgspec for HS256, nothing but the signature for the others.

It asks no claim anything: neither whose the token is, nor for whom, nor until when.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from benchmarks.signed import Verifier

TITLE = "the floor"


def verifier(algorithm: str, public: bytes) -> Verifier:
    """Verify with one algorithm and its key."""
    if algorithm == "HS256":
        return Verifier(lambda text: text, _by_secret(public))
    key = cast("Any", load_pem_public_key(public))
    if algorithm == "ES256":
        return Verifier(_with_der, lambda parts: key.verify(*parts, ECDSA(SHA256())), claims=False)
    return Verifier(_parts, lambda parts: key.verify(*parts), claims=False)


def _by_secret(secret: bytes) -> Any:  # noqa: ANN401 - a function of the token
    keyed, decode = hmac.new(secret, digestmod="sha256"), msgspec.json.Decoder().decode

    def verify(text: bytes) -> Any:  # noqa: ANN401 - JSON
        message, _, signature = text.rpartition(b".")
        mac = keyed.copy()
        mac.update(message)
        if not hmac.compare_digest(urlsafe_b64encode(mac.digest()).rstrip(b"="), signature):
            raise ValueError("not the signature")
        payload = message.partition(b".")[2]
        return decode(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))["sub"]

    return verify


def _parts(text: bytes) -> tuple[bytes, bytes]:
    message, _, signature = text.rpartition(b".")
    return urlsafe_b64decode(signature + b"=="), message


def _with_der(text: bytes) -> tuple[bytes, bytes]:
    signature, message = _parts(text)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    return encode_dss_signature(r, s), message
