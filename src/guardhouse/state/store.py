"""What a session store must do: five verbs, none of which can bring a dead session back.

A key that is not there is None or False. A store that is broken raises `StoreError`: broken is never absent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from guardhouse.state.attempts import AttemptLimit, Attempts, Wait
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.record import Changes, Record
from guardhouse.state.token import TokenRecord


class SessionStore(Protocol):
    """Where sessions lie, each under the hash of its id. Every verb is one atomic step."""

    async def load(self, key: bytes) -> Record | None:
        """Read a record. Raise `UnreadableRecordError` for one that cannot be understood."""
        ...

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record. Keys are fresh random values, so one that exists is an error of the caller."""
        ...

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there; False, and nothing written, if it is not."""
        ...

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in; the old key is dead in the same step."""
        ...

    async def delete(self, key: bytes) -> bool:
        """Drop the record. Later saves of slow requests find nothing to save to."""
        ...


class TokenStore(Protocol):
    """Where handed-out tokens lie, each under its public id. Every verb is one atomic step."""

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a new token. Ids are fresh random values, so one that exists is an error of the caller."""
        ...

    async def token(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        ...

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; False, and nothing written, when it is not there any more."""
        ...

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first (`owner` is `provider:id`)."""
        ...

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user; False when he has no such token."""
        ...

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user; return how many there were."""
        ...

    async def prune_tokens(self, before: float) -> int:
        """Delete tokens that expired before that moment, in bounded slices; return how many were deleted."""
        ...


@runtime_checkable
class InlineTokens(Protocol):
    """An optional power of a token store: find a token without waiting."""

    def token_now(self, token_id: str) -> TokenRecord | None:
        """Find a token, as `token` does, in microseconds."""
        ...


@runtime_checkable
class InlineLoading(Protocol):
    """An optional power: read without waiting, for stores to whom a coroutine would cost more than the reading."""

    def load_now(self, key: bytes) -> Record | None:
        """Read a record, as `load` does, in microseconds."""
        ...


@runtime_checkable
class OwnedSessions(Protocol):
    """An optional power: find and end the sessions of one user (`owner` is `provider:id`)."""

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        ...

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`; return how many were ended."""
        ...


@runtime_checkable
class EndsOne(Protocol):
    """An optional power: end one session of a user by the name that it has in his list of devices."""

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it; False when there is none.

        It is found also where it was put under a new key a moment ago: what was in the list when he looked is ended.
        """
        ...


@runtime_checkable
class KeepsTokens(Protocol):
    """An optional power: keep handed-out tokens beside the sessions."""

    @property
    def tokens(self) -> TokenStore:
        """Return where they lie."""
        ...


@runtime_checkable
class SingleUse(Protocol):
    """An optional power: remember what was used, so that it cannot be used again."""

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new. It is kept until that moment at least; one atomic step, for all processes."""
        ...


@runtime_checkable
class Prunable(Protocol):
    """An optional power: sweep out what has expired. Deadlines hold without it."""

    async def prune(self, now: float) -> int:
        """Delete what is past its deadline, in bounded slices; return how many were deleted."""
        ...


@runtime_checkable
class Openable(Protocol):
    """An optional power: be made ready while the application starts, instead of when the first visitor comes."""

    async def open(self) -> None:
        """Open what is needed. Raise `ConfigError` or `StoreError` for what cannot work, which stops the start."""
        ...


@runtime_checkable
class Closable(Protocol):
    """An optional power: let go of connections when the application stops."""

    async def close(self) -> None:
        """Close what is open; the store opens again when it is used again."""
        ...


class Migrated(NamedTuple):
    """Which version the tables of a store had before they were looked at, 0 where there were none, and have now."""

    before: int
    now: int


@runtime_checkable
class Migratable(Protocol):
    """An optional power: keep tables that are made, and later upgraded, by the command `guardhouse migrate`."""

    async def migrate(self) -> Migrated:
        """Make or upgrade the tables. Raise `ConfigError` where a newer guardhouse made them."""
        ...

    def schema(self, since: int = 0) -> Sequence[str]:
        """Write the statements that do so from that version on; nobody is asked for it."""
        ...


class EnrolmentStore(Protocol):
    """Where lies what users prove themselves with. Every verb is one atomic step, and at most one caller wins it."""

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one; False, and nothing written, where its kind has that name already, whoever it belongs to."""
        ...

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name, also one whose time is past."""
        ...

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has of these kinds, or of all, the oldest first (`owner` is `provider:id`)."""
        ...

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`; False, and nothing written, where it is of another version or gone."""
        ...

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user; True for the one caller who did, so that what counts once is used by this."""
        ...

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user; return how many there were."""
        ...

    async def prune_enrolments(self, before: float) -> int:
        """Delete what ended before that moment, in bounded slices; return how many were deleted."""
        ...


@runtime_checkable
class KeepsEnrolments(Protocol):
    """An optional power: keep what users prove themselves with beside the sessions."""

    @property
    def enrolments(self) -> EnrolmentStore:
        """Return where they lie."""
        ...


class EpochStore(Protocol):
    """Where is counted how often all that was handed out under a name was called back. Every verb is one atomic step."""

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names in their order, 0 where nothing was called back, with one question."""
        ...

    async def advance(self, name: str, until: float | None = None) -> int:
        """Count one up and return the new count, for all processes. It is kept until that moment at least; None is for good."""
        ...


@runtime_checkable
class KeepsEpochs(Protocol):
    """An optional power: call back what lies with its bearers, such as sealed sessions."""

    @property
    def epochs(self) -> EpochStore:
        """Return where that is counted."""
        ...


@runtime_checkable
class InlineEpochs(Protocol):
    """An optional power of an epoch store: read without waiting."""

    def epochs_now(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names, as `epochs` does, in microseconds."""
        ...


class AttemptStore(Protocol):
    """Where tries are counted, each account under the hash of its name. Every verb is one atomic step."""

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in, or say how long to wait for it, as `state.attempts.decide` does.

        The clock is read within the step: a moment from before it would be past for who had to wait for his turn.
        """
        ...

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries of this account; None is every account."""
        ...


@runtime_checkable
class KeepsAttempts(Protocol):
    """An optional power: count the tries of accounts beside the sessions, for all processes."""

    @property
    def attempts(self) -> AttemptStore:
        """Return where they are counted."""
        ...


@runtime_checkable
class KeepsLimits(Protocol):
    """An optional power: count requests beside the sessions, for all processes."""

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - the library `limits` is an extra
        """Return a `limits.aio.storage.Storage` that reads this clock, where it reads one of ours.

        What it raises when it is away is a `StoreError`, or with `wrap_exceptions=True` the library's own.
        """
        ...


def inline(store: object, power: str, verb: str) -> Any:  # noqa: ANN401 - the store's own method, or None
    """Find how a store reads inline; what was inherited beneath a verb of its own does not speak for it."""
    for kind in type(store).__mro__:
        if power in vars(kind):
            break
        if verb in vars(kind):
            return None
    return getattr(store, power, None)
