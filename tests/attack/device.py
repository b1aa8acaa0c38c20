"""The authenticator of a case: makes a passkey, proves it, and tells the lie that the case names."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any

from tests.attack.cases import SkippedError
from tests.attack.target import EVIL_ORIGIN
from tests.authenticator import PRESENT, Authenticator


class Device:
    """One passkey of one user, and what it was asked last."""

    def __init__(self, rp_id: str, origin: str, name: bytes) -> None:
        self._inside = Authenticator(rp_id, origin, b"passkey of " + name)
        self.question = b""
        """The challenge of the session in which the case answers."""
        self.elsewhere = b""
        """The challenge of another session."""
        self.other: Device | None = None
        """The device of another user."""

    def made(self, options: bytes) -> Mapping[str, Any]:
        """Answer `navigator.credentials.create`, as a body."""
        told = json.loads(options)["options"]
        self._inside.handle = _bytes(told["user"]["id"])
        return {"credential": self._inside.make(_bytes(told["challenge"]))}

    def proved(self, challenge: bytes, **lies: Any) -> Mapping[str, Any]:
        """Answer `navigator.credentials.get`, as a body."""
        return {"credential": self._inside.prove(challenge, **lies)}

    def asserted(self, mutation: str) -> str:
        """Answer with the lie of that name, and with nothing else wrong."""
        if mutation not in MUTATIONS:
            raise SkippedError(f"no way to tell the lie {mutation!r}")
        return json.dumps(MUTATIONS[mutation](self))

    def as_another(self) -> Mapping[str, Any]:
        """Name the credential of another user, and sign with one's own key."""
        if self.other is None:
            raise SkippedError("there is no device of another user")
        return self.proved(self.question, id=self.other._inside.id)


MUTATIONS: Mapping[str, Callable[[Device], Mapping[str, Any]]] = {
    "wrong origin": lambda device: device.proved(device.question, client={"origin": EVIL_ORIGIN}),
    "UV flag missing when required": lambda device: device.proved(device.question, flags=PRESENT),
    "challenge of another session": lambda device: device.proved(device.elsewhere),
    "credential of another user": Device.as_another,
    "crossOrigin true": lambda device: device.proved(device.question, client={"crossOrigin": True}),
    "unknown credential id": lambda device: device.proved(device.question, id=b"nobody has this one"),
}


def read_question(options: bytes) -> bytes:
    """Find the challenge in what the application answered."""
    return _bytes(json.loads(options)["options"]["challenge"])


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
