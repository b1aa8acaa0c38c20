"""Sessions to fill stores with: 105 bytes each as they are stored, two sessions to a user."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from msgspec import Raw

from guardhouse.state.record import Login, Record, encode

PER_USER = 2
DATA = {"ip": "203.0.113."}
ROOM = {name: Raw(encode(value)) for name, value in DATA.items()}
AT_ONCE = 64


def key_of(number: int) -> bytes:
    """Return the key of a session."""
    return sha256(b"session %d" % number).digest()


def owner_of(number: int) -> str:
    """Return whose session it is."""
    return f"users:{number // PER_USER:08d}"


def record_of(number: int) -> Record:
    """Make a session."""
    now = time.time()
    owner = owner_of(number).partition(":")[2]
    login = Login(owner, "users", "web", now)
    return Record(
        f"public{number % 100_000:05d}", now, now, 7200.0, now + 86400.0, {"users": login}, dict(ROOM)
    )


async def fill(create: Callable[[bytes, Record], Any], begins: int, ends: int) -> None:
    """Create sessions, many at once; those who make them wait for each other only."""
    numbers: Iterator[int] = iter(range(begins, ends))

    async def work() -> None:
        for number in numbers:
            await create(key_of(number), record_of(number))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
