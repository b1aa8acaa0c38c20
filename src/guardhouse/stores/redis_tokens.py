"""Tokens in Redis: found by their id in one read, gone for every machine at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from guardhouse.errors import StoreError
from guardhouse.state.token import TokenRecord
from guardhouse.stores.redis_link import OfEachLoop, RedisLink
from guardhouse.stores.redis_scripts import SWAP
from guardhouse.stores.twice import TOKEN_TWICE

PRUNE_SLICE = 1000
MOST_TURNS = 100

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TokenRecord).decode


class RedisTokens:
    """A token store beside the sessions. An index entry is written before its token, and taken out after it."""

    def __init__(self, links: OfEachLoop[RedisLink], prefix: bytes) -> None:
        self._links = links
        self._tokens = prefix + b"t:"
        self._owners = prefix + b"to:"
        self._expiring = prefix + b"tx"

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a new token."""
        link, owner, token_id = self._links.here(), self._owned_by(record.owner), record.id.encode()
        await link.change(owner, "SADD", owner, token_id, durable=True)
        if record.expires is not None:
            expires = repr(float(record.expires))
            await link.change(self._expiring, "ZADD", self._expiring, b"NX", expires, token_id, durable=True)
        key = self._tokens + token_id
        if not await link.change(key, "SET", key, _encode(record), b"NX", durable=True):
            raise StoreError(TOKEN_TWICE)

    async def token(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        body = await self._links.here().read(self._tokens + token_id.encode())
        return None if body is None else _record(token_id, body)

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; a note from the past changes nothing."""
        link, key = self._links.here(), self._tokens + token_id.encode()
        body = await link.ask("GET", key)
        for _ in range(MOST_TURNS):
            if body is None:
                return False
            record = _record(token_id, body)
            noted = _encode(replace(record, used=max(used, record.used or used)))
            body = await link.run(SWAP, key, body, noted, 0)
            if body == 1:
                return True
        raise StoreError(f"the token {token_id} is used too often at once to note it")

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first."""
        found = await self._owned(self._links.here(), owner)
        return sorted(found, key=lambda record: (record.created, record.id))

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user; whose a token is never changes."""
        link, key = self._links.here(), self._tokens + token_id.encode()
        body = await link.ask("GET", key)
        if body is None or _record(token_id, body).owner != owner:
            return False
        return await self._delete(link, owner, token_id)

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user."""
        link = self._links.here()
        found = await self._owned(link, owner)
        return sum([await self._delete(link, owner, record.id) for record in found])

    async def prune_tokens(self, before: float) -> int:
        """Delete one slice of what expired before that moment."""
        link, pruned = self._links.here(), 0
        past = await link.ask(
            "ZRANGEBYSCORE", self._expiring, "-inf", f"({before!r}", b"LIMIT", 0, PRUNE_SLICE
        )
        bodies = await link.many([("GET", self._tokens + token_id) for token_id in past], again=True)
        for token_id, body in zip(past, bodies, strict=True):
            if body is None:
                await link.change(self._expiring, "ZREM", self._expiring, token_id)
            else:
                pruned += await self._delete(link, _record(token_id.decode(), body).owner, token_id.decode())
        return pruned

    async def _delete(self, link: RedisLink, owner: str, token_id: str) -> bool:
        key, raw = self._tokens + token_id.encode(), token_id.encode()
        deleted = await link.change(key, "DEL", key, durable=True)
        index = self._owned_by(owner)
        await link.many([("SREM", index, raw), ("ZREM", self._expiring, raw)])
        return bool(deleted)

    async def _owned(self, link: RedisLink, owner: str) -> list[TokenRecord]:
        ids = list(await link.ask("SMEMBERS", self._owned_by(owner)))
        bodies = await link.many([("GET", self._tokens + token_id) for token_id in ids], again=True)
        pairs = zip(ids, bodies, strict=True)
        found = [_record(token_id.decode(), body) for token_id, body in pairs if body is not None]
        return [record for record in found if record.owner == owner]

    def _owned_by(self, owner: str) -> bytes:
        return self._owners + owner.encode()


def _record(token_id: str, body: bytes) -> TokenRecord:
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"the token {token_id} cannot be read: {error}") from error
