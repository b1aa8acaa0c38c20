"""Stores on Redis: one server, Sentinels and a cluster; tests keep apart by prefixes, and look past the store by a client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.sentinel import Sentinel

from guardhouse.state.record import UnreadableRecordError, opened
from guardhouse.stores.opening import open_store
from guardhouse.stores.redis import RedisStore
from guardhouse.stores.redis_scripts import TOMBSTONE
from tests.services import Missing
from tests.services.redis import HOST, SERVICE, cluster, single_url, watched

PATIENT = "timeout=10"
"""Machines that test are busy: who is given up on after half a second may have won, and is told 503."""
IN_CI = os.environ.get("CI") == "true"


def make_redis(folder: Path, layout: str = "single", **options: object) -> RedisStore:
    """Make a store whose keys are those of this folder; it is patient, because machines that test are busy."""
    prefix = sha256(os.fspath(folder).encode()).hexdigest()[:16]
    said = "&".join(f"{name}={value}" for name, value in {"prefix": prefix, "timeout": 10, **options}.items())
    made = open_store(f"{url_of(layout)}?{said}")
    assert isinstance(made, RedisStore)
    return made


def url_of(layout: str) -> str:
    """Return where servers of a layout are, started when first asked for; skip by name where there are no programs."""
    try:
        match layout:
            case "sentinel":
                return watched().url
            case "cluster":
                return cluster().url
            case _:
                return single_url()
    except Missing as missing:
        pytest.skip(str(missing))


@contextmanager
def in_redis(store: RedisStore) -> Iterator[Any]:
    """Look at the server, past the store."""
    address = store.address
    [(host, port), *_] = address.hosts
    client: Any
    match address.layout:
        case "sentinel":
            client = Sentinel(address.hosts).master_for(SERVICE, db=address.db)
        case "cluster":
            client = redis.RedisCluster(host=HOST, port=port)
        case _:
            client = redis.Redis(host=host, port=port, db=address.db)
    try:
        yield client
    finally:
        client.close()


def keys_in(store: RedisStore, kind: str) -> list[bytes]:
    """List the keys of one kind: `s` are sessions, `o` indexes of owners."""
    with in_redis(store) as client:
        return list(client.scan_iter(match=f"{store.address.prefix}:{kind}:*"))


def entries_in(store: RedisStore) -> list[tuple[str, bytes]]:
    """List what the indexes name, also what is not there."""
    start = len(f"{store.address.prefix}:o:")
    with in_redis(store) as client:
        return [
            (index[start:].decode(), key)
            for index in keys_in(store, "o")
            for key in client.zrange(index, 0, -1)
        ]


def spoil_redis(store: RedisStore, key: bytes, body: bytes) -> None:
    """Write a body as somebody else might."""
    with in_redis(store) as client:
        client.set(store._sessions + key, body, keepttl=True)


def count_redis(store: RedisStore) -> int:
    """Count sessions, and entries that name one: an entry that names nothing is looked past, and gone in its time."""
    with in_redis(store) as client:
        bodies = {key: client.get(key) for key in keys_in(store, "s")}
        sessions = {key: body for key, body in bodies.items() if body not in (None, TOMBSTONE)}
        named = [
            owner for owner, key in entries_in(store) if _owned(sessions.get(store._sessions + key), owner)
        ]
    return len(sessions) + len(named)


def _owned(body: bytes | None, owner: str) -> bool:
    try:
        return body is not None and owner in opened(body).owners
    except UnreadableRecordError:
        return True
