"""An authenticator in software: makes passkeys and proves them as a browser sends it, and lies where a test wants it to."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, SHARED, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


@dataclass
class Authenticator:
    """One passkey on one device, in one browser. `key` is what a copy of it would have."""

    rp_id: str = "example.com"
    origin: str = "https://example.com"
    id: bytes = b"one passkey"
    handle: bytes = b"h" * 32
    count: int = 0
    flags: int = PRESENT | VERIFIED
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    def make(self, challenge: bytes, **lies: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create`, as `toJSON()` writes it."""
        client = self._client("webauthn.create", challenge, lies)
        data = self._data(lies, ATTESTED) + lies.get("attested", self._attested(lies))
        statement = lies.get("statement", {})
        if lies.get("fmt") == "packed" and "statement" not in lies:
            signature = self.key.sign(data + sha256(client).digest(), ECDSA(SHA256()))
            statement = {"alg": -7, "sig": signature} | lies.get("beside", {})
        made = {"fmt": lies.get("fmt", "none"), "attStmt": statement, "authData": data}
        response = {
            "clientDataJSON": b64(client),
            "attestationObject": b64(lies.get("object", cbor2.dumps(made))),
            "transports": lies.get("transports", ["internal", "hybrid", "pigeon"]),
        }
        return self._credential(response, lies)

    def prove(self, challenge: bytes, **lies: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get`, as `toJSON()` writes it."""
        self.count += 1 if self.count else 0
        client = self._client("webauthn.get", challenge, lies)
        data = self._data(lies)
        signature = self.key.sign(data + sha256(client).digest(), ECDSA(SHA256()))
        handle = lies.get("handle", self.handle)
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(lies.get("data", data)),
            "signature": b64(lies.get("signature", signature)),
            "userHandle": None if handle is None else b64(handle),
        }
        return self._credential(response, lies)

    def _client(self, kind: str, challenge: bytes, lies: Mapping[str, Any]) -> bytes:
        told = {
            "type": kind,
            "challenge": b64(challenge),
            "origin": self.origin,
            "crossOrigin": False,
            "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
        }
        changed = told | lies.get("client", {})
        return bytes(lies.get("client_bytes", json.dumps(changed).encode()))

    def _data(self, lies: Mapping[str, Any], more: int = 0) -> bytes:
        party = sha256(lies.get("rp_id", self.rp_id).encode()).digest()
        flags = lies.get("flags", self.flags) | more
        return party + bytes([flags]) + int(lies.get("count", self.count)).to_bytes(4)

    def _attested(self, lies: Mapping[str, Any]) -> bytes:
        identity = bytes(lies.get("attested_id", lies.get("id", self.id)))
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        return bytes(16) + len(identity).to_bytes(2) + identity + cbor2.dumps(cose | lies.get("cose", {}))

    def _credential(self, response: Mapping[str, Any], lies: Mapping[str, Any]) -> dict[str, Any]:
        identity = b64(lies.get("id", self.id))
        told: dict[str, Any] = {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
        return {**told, **lies.get("credential", {})}
