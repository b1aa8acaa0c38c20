"""A phone with an authenticator app, written from RFC 4226 and RFC 6238 and not from the code under test, and its owner."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from tests.houses import ADA, PASSWORD
from tests.ways.houses import World

RIGHT = {"email": ADA.email, "password": PASSWORD}


class Phone:
    """Scans what a QR code says, and shows six digits."""

    def __init__(self, uri: str) -> None:
        secret = parse_qs(urlsplit(uri).query)["secret"][0]
        self.secret = secret
        self.seed = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, now: float) -> str:
        """HOTP of the count of half minutes (RFC 4226, 5.3; RFC 6238, 4.2)."""
        digest = hmac.new(self.seed, struct.pack(">Q", int(now) // 30), hashlib.sha1).digest()
        place = digest[19] & 15
        (number,) = struct.unpack(">I", digest[place : place + 4])
        return str((number & 0x7FFFFFFF) % 1_000_000).zfill(6)


class Owner(NamedTuple):
    """Who has switched the second step on: with which phone, and what he wrote down."""

    phone: Phone
    codes: list[str]


def log_in(world: World, user: Any = ADA, client: TestClient | None = None, **more: object) -> TestClient:
    """Give name and password; what comes next is not looked at."""
    client = client or world.visitor()
    answer = client.post("/login", json={"email": user.email, "password": PASSWORD} | more)
    assert answer.status_code == 200, answer.text
    return client


def set_up(world: World, client: TestClient) -> Phone:
    """Scan what is shown."""
    answer = client.post("/two-factor-setup")
    assert answer.json()["next"] == "two-factor-confirm", answer.text
    return Phone(answer.json()["uri"])


def switch_on(world: World, user: Any = ADA, client: TestClient | None = None) -> Owner:
    """Switch the second step on, and let the first code grow old."""
    client = client or log_in(world, user)
    phone = set_up(world, client)
    answer = client.post("/two-factor-confirm", json={"code": phone.code(world.clock.now)})
    assert answer.json()["done"] == "two-factor-on", answer.text
    world.clock.now += 60
    return Owner(phone, answer.json()["recovery_codes"])


def stored(world: World) -> str:
    """Everything that lies in the world's memory store, as text: sessions, enrolments, whatever else."""
    seen: list[str] = []
    _walk(world.house.parts.store, seen, set())
    return "\n".join(seen)


def _walk(value: object, seen: list[str], been: set[int]) -> None:
    if id(value) in been:
        return
    been.add(id(value))
    if isinstance(value, bytes):
        seen.append(value.decode("latin-1"))
    elif isinstance(value, str):
        seen.append(value)
    elif isinstance(value, dict):
        for pair in value.items():
            _walk(pair, seen, been)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            _walk(one, seen, been)
    else:
        names = [*getattr(type(value), "__slots__", ()), *getattr(type(value), "__struct_fields__", ())]
        kept = {name: getattr(value, name, None) for name in names} | getattr(value, "__dict__", {})
        if type(value).__name__ == "Raw":
            seen.append(bytes(value).decode("latin-1"))  # type: ignore[call-overload] # msgspec.Raw is a buffer
        _walk(list(kept.values()), seen, been)
