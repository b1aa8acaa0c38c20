"""Sessions that lie in the cookie itself, sealed: whoever carries one can neither read nor change it, nor lend it another name.

Nothing is compressed before it is sealed: how long the cookie is would then tell what it holds (CRIME).
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from secrets import token_hex
from typing import TypeAlias

import msgspec
from msgspec import Struct

from guardhouse.errors import ConfigError, SessionTooLargeError
from guardhouse.state import csrf
from guardhouse.state.cookie import LONGEST_COOKIE
from guardhouse.state.crumbs import SealedReader
from guardhouse.state.examined import Examinable, Remark
from guardhouse.state.keeper import Handed
from guardhouse.state.record import (
    NO_RECORD,
    PUBLIC_ID_BYTES,
    Changes,
    Login,
    Record,
    UnreadableRecordError,
    encode,
    merged,
    renamed,
)
from guardhouse.state.store import Closable, EpochStore, KeepsEpochs, Openable, Prunable, inline
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.seal import HEAD, VERSION, Sealer

PURPOSE = "session"
LARGEST_SHOWN = 3

EpochsNow: TypeAlias = Callable[[Sequence[str]], Sequence[int]]

UNREVOKED = Remark(
    "store-sealed",
    "Sessions lie in cookies, and nothing can call one back: a copy of a cookie opens after a logout, until the deadline in it.",
    "Count epochs in a store: SealedSessions(epochs=SQLiteStore('epochs.db')), or store='sealed:sqlite:///epochs.db'.",
)

logger = logging.getLogger("guardhouse.sealed")


class Content(Struct, frozen=True, array_like=True):
    """What is sealed: the record, and what the epochs of its users were when they logged in."""

    record: Record
    epochs: dict[str, int] = {}


_decode = msgspec.msgpack.Decoder(Content).decode


class SealedSessions:
    """Sessions without a store, for `Guardhouse(store=...)`.

    `epochs` is a store in which users are counted whose sessions were all ended, and single sessions that were: so both
    hold at once, at the price of a question for each request. `beside` keeps what is no session, such as handed-out
    tokens; it is the same store where none is named.
    """

    def __init__(self, *, epochs: KeepsEpochs | None = None, beside: object | None = None) -> None:
        if epochs is not None:
            _refuse_uncounting(epochs)
        self._epochs = epochs
        self._beside = beside if beside is not None else epochs

    @property
    def beside(self) -> object | None:
        """Return the store for what is no session."""
        return self._beside

    @property
    def epochs(self) -> EpochStore | None:
        """Return where epochs are counted, if they are."""
        return None if self._epochs is None else self._epochs.epochs

    def keeper(self, keys: Keyring, cookie: str, epochs: EpochStore | None = None) -> SealedKeeper:
        """Return who seals and opens with these keys."""
        return SealedKeeper(
            Sealer(keys, PURPOSE), keys.key_ids, cookie, self.epochs if epochs is None else epochs
        )

    async def open(self) -> None:
        """Make the stores ready, and say what does not hold without one."""
        for store in self._stores:
            if isinstance(store, Openable):
                await store.open()
        if self._epochs is None:
            logger.warning("%s", UNREVOKED)

    async def close(self) -> None:
        """Let go of what the stores hold open."""
        for store in self._stores:
            if isinstance(store, Closable):
                await store.close()

    async def prune(self, now: float) -> int:
        """Sweep the stores; a sealed session is swept by its browser."""
        return sum([await store.prune(now) for store in self._stores if isinstance(store, Prunable)])

    async def examine(self) -> Sequence[Remark]:
        """Say what does not hold without epochs, and what the stores say."""
        own = () if self._epochs is not None else (UNREVOKED,)
        said = [await store.examine() for store in self._stores if isinstance(store, Examinable)]
        return [*own, *(remark for remarks in said for remark in remarks)]

    @property
    def _stores(self) -> Sequence[object]:
        stores = (self._epochs, self._beside if self._beside is not self._epochs else None)
        return [store for store in stores if store is not None]


class SealedKeeper:
    """Keeps the sessions of one house in its cookie: a key is the value as it came."""

    __slots__ = ("_cookie", "_epochs", "_epochs_now", "_key_ids", "_sealer", "load_now")

    def __init__(
        self, sealer: Sealer, key_ids: Sequence[str], cookie: str, epochs: EpochStore | None
    ) -> None:
        self._sealer = sealer
        self._key_ids = key_ids
        self._cookie = cookie
        self._epochs = epochs
        self._epochs_now: EpochsNow | None = inline(epochs, "epochs_now", "epochs")
        at_once = epochs is None or self._epochs_now is not None
        self.load_now: Callable[[bytes], Record | None] | None = self._load_now if at_once else None

    def reader(self, name: str) -> SealedReader:
        """Read sealed values."""
        return SealedReader(name)

    def binding(self, key: bytes) -> bytes | None:
        """Bind to the public id: the value changes with every write, and tokens must outlive that."""
        try:
            return csrf.session_binding(self._record(key).public_id.encode())
        except UnreadableRecordError:
            return None

    def seen(self, key: bytes) -> Mapping[str, object]:
        """Say whether the key that sealed a value is in the ring; its id is public."""
        sealed = _bytes(key)
        key_id = _text(sealed[len(VERSION) : HEAD])
        strange = sealed.startswith(VERSION) and key_id not in self._key_ids
        held = {"sealed": "with a key that is not in the ring", "key": key_id, "seals": self._key_ids[0]}
        return held if strange else {"sealed": "by nobody here for this cookie, or changed on the way"}

    async def load(self, key: bytes) -> Record | None:
        """Open a value; None for one that was called back."""
        content = self._content(key)
        return content.record if await self._stands(content) else None

    async def create(self, record: Record) -> Handed:
        """Seal a new record."""
        return await self._seal(record, {}, record.owners)

    async def save(self, key: bytes, changes: Changes) -> Handed | bool:
        """Seal what a session has become; nothing is stored, so of two at the same time the later cookie stays."""
        content = self._content(key)
        if not await self._stands(content):
            return False
        new = _new_owners(content.record, changes)
        return await self._seal(merged(content.record, changes), content.epochs, new)

    async def move(self, key: bytes, record: Record, changes: Changes) -> Handed | None:  # noqa: ARG002 - it is in the key
        """Seal under a new public id, and end the old one where that can be told: last, for what does not fit ends nothing."""
        content = self._content(key)
        becomes = renamed(merged(content.record, changes), token_hex(PUBLIC_ID_BYTES))
        handed = await self._seal(becomes, content.epochs, _new_owners(content.record, changes))
        return handed if await self._end(content.record) else None

    async def end(self, key: bytes) -> None:
        """End a session where that can be told; elsewhere it only leaves the browser."""
        with suppress(UnreadableRecordError):
            await self._end(self._content(key).record)

    async def bury(self, key: bytes) -> None:
        """Do nothing: an old copy may have expired of a session that goes on, under the same id, in a newer cookie."""

    async def end_all(self, owner: str) -> int:
        """End every session of a user; return his epoch. Raise `ConfigError` where epochs are not counted."""
        return await _counted(self._epochs).advance(owner)

    async def end_others(self, key: bytes, owner: str) -> Handed | None:
        """End every session of a user but this one, which goes on; None where it was ended meanwhile."""
        content, epoch = self._content(key), await self.end_all(owner)
        if content.epochs.get(owner, 0) != epoch - 1:
            return None
        return await self._seal(content.record, {**content.epochs, owner: epoch}, ())

    def _record(self, key: bytes) -> Record:
        return self._content(key).record

    def _content(self, key: bytes) -> Content:
        plain = self._sealer.open(_bytes(key), self._cookie)
        if plain is None:
            raise UnreadableRecordError
        try:
            return _decode(plain)
        except NO_RECORD as error:
            raise UnreadableRecordError from error

    async def _stands(self, content: Content) -> bool:
        """Whether neither the session nor one of its users was called back since."""
        if self._epochs is None:
            return True
        then = _counts(content)
        return list(await self._epochs.epochs(list(then))) == list(then.values())

    def _load_now(self, key: bytes) -> Record | None:
        """Open a value, as `load` does."""
        content = self._content(key)
        if self._epochs_now is None:
            return content.record
        then = _counts(content)
        return content.record if list(self._epochs_now(list(then))) == list(then.values()) else None

    async def _end(self, record: Record) -> bool:
        """Call a session back; of several who do so at once one wins, where that can be told."""
        return self._epochs is None or await self._epochs.advance(_own_name(record), record.ends) == 1

    async def _seal(self, record: Record, epochs: Mapping[str, int], new: Collection[str]) -> Handed:
        """Seal with the epochs of now for who has just logged in, and those of his login for everybody else.

        Were they read anew each time, a session that is written to while all of its user are ended would survive.
        """
        known = {owner: epochs[owner] for owner in record.owners if owner in epochs and owner not in new}
        if self._epochs is not None and new:
            known |= zip(new, await self._epochs.epochs(list(new)), strict=True)
        sealed = self._sealer.seal(encode(Content(record, known)), self._cookie)
        value = _text(sealed)
        self._refuse_oversize(value, record)
        return Handed(value, value.encode("ascii"), record)

    def _refuse_oversize(self, value: str, record: Record) -> None:
        size = len(self._cookie) + len(value)
        if size > LONGEST_COOKIE:
            sizes = {key: len(key.encode()) + len(body) for key, body in record.data.items()}
            largest = sorted(sizes, key=lambda key: -sizes[key])[:LARGEST_SHOWN]
            raise SessionTooLargeError(size, LONGEST_COOKIE, largest or ["its logins"])


def _counts(content: Content) -> dict[str, int]:
    """Say what must still be counted where epochs are: nothing against the session, and no more against its users."""
    known = content.epochs
    return {_own_name(content.record): 0} | {owner: known.get(owner, 0) for owner in content.record.owners}


def _own_name(record: Record) -> str:
    """Name a session where epochs are counted; no `provider:id` begins with a colon."""
    return f":{record.public_id}"


def _new_owners(record: Record, changes: Changes) -> frozenset[str]:
    """Say who has just logged in. One more proof, or the binding to a new password, makes no login one of now."""
    logins = ((record.logins.get(realm), login) for realm, login in changes.logins.items())
    return frozenset(
        login.owner for before, login in logins if login is not None and not _goes_on(before, login)
    )


def _goes_on(before: Login | None, login: Login) -> bool:
    """Whether it is the login of before, or the one of who acted in another's place until now."""
    return any(
        one is not None and (one.owner, one.at) == (login.owner, login.at)
        for one in (before, before and before.behind)
    )


def _refuse_uncounting(store: object) -> None:
    if not isinstance(store, KeepsEpochs):
        fix = "It counts no epochs: use a store that does, such as SQLiteStore('epochs.db')."
        raise ConfigError("SealedSessions(epochs=...)", type(store).__name__, fix)


def _counted(epochs: EpochStore | None) -> EpochStore:
    if epochs is None:
        raise ConfigError("store", "SealedSessions", f"It cannot end sessions elsewhere. {UNREVOKED.fix}")
    return epochs


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def _bytes(value: bytes) -> bytes:
    return urlsafe_b64decode(value + b"=" * (-len(value) % 4))
