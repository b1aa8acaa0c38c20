"""Enrolments in Redis: one key for each, found by kind and name, and an index of what each user has.

In a cluster these lie on different nodes, and an order keeps them true. An entry is written before its enrolment can be
found, and taken out only when that is dead. Names are used again, so every enrolling has a stamp of its own, in the value
and in its entries: whoever tidies up after one takes nothing away from the next. Nothing here has an expiry that Redis
could evict; what has ended is pruned.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from secrets import token_bytes

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind, is_same, require_next
from guardhouse.stores.redis_link import OfEachLoop, RedisLink
from guardhouse.stores.redis_scripts import PUT, SWAP, TOMBSTONE, TOMBSTONE_MILLISECONDS, WITHDRAW
from guardhouse.stores.server_enrolment import called, encode, enrolment_of, kind_name
from guardhouse.stores.server_schema import named

PRUNE_SLICE = 1000
MOST_TURNS = 100
STAMP = 8
"""Bytes."""


class RedisEnrolments:
    """An enrolment store beside the sessions. With `tombs` what is withdrawn leaves something that replicas must have."""

    def __init__(self, links: OfEachLoop[RedisLink], prefix: bytes, *, tombs: bool) -> None:
        self._links = links
        self._kept = prefix + b"e:"
        self._owners = prefix + b"eo:"
        self._ending = prefix + b"ex"
        self._stands = TOMBSTONE_MILLISECONDS if tombs else 0

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one, entered in the index of its user before it can be found."""
        link, place = self._links.here(), _place(enrolment.kind, enrolment.name)
        if _read(await link.ask("GET", self._kept + place)) is not None:
            return False
        stamp = token_bytes(STAMP)
        index, entry = self._owned_by(enrolment.owner), stamp + place
        await link.change(index, "SADD", index, entry, durable=True)
        if enrolment.ends is not None:
            await self._note_end(link, entry, enrolment.ends)
        if await self._put(link, place, stamp + encode(enrolment)):
            return True
        await self._forget(link, enrolment.owner, entry)
        return False

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name."""
        found = _read(await self._links.here().get(self._kept + _place(kind, name)))
        return None if found is None else called(name, [found])

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has, the oldest first."""
        read = [_read(body) for _, body in await self._owned(self._links.here(), owner, kinds)]
        theirs = [one for one in read if one is not None and one.owner == owner]
        return sorted(theirs, key=lambda one: (one.created, one.kind.value, one.name))

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`."""
        require_next(before, after)
        link, place = self._links.here(), _place(before.kind, before.name)
        body = await link.ask("GET", self._kept + place)
        there = _read(body)
        if there is None or there.version != before.version or not is_same(there, before):
            return False
        if after.ends is not None and after.ends != before.ends:
            await self._note_end(link, body[:STAMP] + place, after.ends)
        becomes = body[:STAMP] + encode(after)
        return bool(await link.run(SWAP, self._kept + place, body, becomes, 0, durable=True) == 1)

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user."""
        link, place = self._links.here(), _place(kind, name)
        return await self._withdraw(link, owner, place, await link.ask("GET", self._kept + place))

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user."""
        link = self._links.here()
        owned = await self._owned(link, owner, kinds)
        return sum([await self._withdraw(link, owner, place, body) for place, body in owned])

    async def prune_enrolments(self, before: float) -> int:
        """Delete one slice of what ended before that moment, going by what the enrolments themselves say."""
        link, pruned = self._links.here(), 0
        due = await link.ask("ZRANGEBYSCORE", self._ending, "-inf", f"({before!r}", b"LIMIT", 0, PRUNE_SLICE)
        bodies = await link.many([("GET", self._kept + entry[STAMP:]) for entry in due], again=True)
        for entry, body in zip(due, bodies, strict=True):
            one = _read(body) if body is not None and body[:STAMP] == entry[:STAMP] else None
            if one is None or one.ends is None:
                await link.change(self._ending, "ZREM", self._ending, entry)
            elif one.ends >= before:
                await self._note_end(link, entry, one.ends)
            else:
                pruned += await self._withdraw(link, one.owner, entry[STAMP:], body)
        return pruned

    # -- steps ----------------------------------------------------------------------------------------------------

    async def _put(self, link: RedisLink, place: bytes, body: bytes) -> bool:
        """Put it where nothing is."""
        try:
            return bool(await link.run(PUT, self._kept + place, body, TOMBSTONE, durable=True))
        except StoreError:
            if self._stands:  # it may be there, and yet was not acknowledged
                with suppress(StoreError):
                    await link.run(WITHDRAW, self._kept + place, body, TOMBSTONE, self._stands)
            raise

    async def _withdraw(self, link: RedisLink, owner: str, place: bytes, body: bytes | None) -> bool:
        """Delete exactly what was read, which one caller does; what was changed meanwhile is read again.

        Where replicas must know of it, what is dead already is killed again: who asks again is not told that it is done
        before it is.
        """
        for _ in range(MOST_TURNS):
            one = _read(body)
            if one is not None and one.owner != owner:
                return False
            if body is None or one is None:
                body = b""
                if not self._stands:
                    return False
            said: bytes | int = await link.run(
                WITHDRAW, self._kept + place, body, TOMBSTONE, self._stands, durable=True
            )
            if isinstance(said, bytes):
                body = said
                continue
            if said:
                await self._forget(link, owner, body[:STAMP] + place)
            return bool(said)
        raise StoreError("an enrolment is changed too often at once to withdraw it")

    async def _owned(
        self, link: RedisLink, owner: str, kinds: Sequence[Kind]
    ) -> list[tuple[bytes, bytes | None]]:
        """Read what the index of a user names, also what is not there or somebody else's by now."""
        wanted = tuple(kind_name(kind) + b":" for kind in kinds or Kind)
        entries = await link.ask("SMEMBERS", self._owned_by(owner))
        places = sorted({entry[STAMP:] for entry in entries if entry[STAMP:].startswith(wanted)})
        bodies = await link.many([("GET", self._kept + place) for place in places], again=True)
        return list(zip(places, bodies, strict=True))

    async def _note_end(self, link: RedisLink, entry: bytes, ends: float) -> None:
        await link.change(self._ending, "ZADD", self._ending, repr(float(ends)), entry, durable=True)

    async def _forget(self, link: RedisLink, owner: str, entry: bytes) -> None:
        """Take out entries of what is dead. Where that fails they name what is not there, which whoever reads them sees."""
        with suppress(StoreError):
            await link.many([("SREM", self._owned_by(owner), entry), ("ZREM", self._ending, entry)])

    def _owned_by(self, owner: str) -> bytes:
        return self._owners + named(owner)


def _place(kind: Kind, name: str) -> bytes:
    return kind_name(kind) + b":" + named(name)


def _read(body: bytes | None) -> Enrolment | None:
    return None if body is None or body == TOMBSTONE else enrolment_of(body[STAMP:])
