"""The desk of a token guard: issue a token, list what there is, take one or all back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from secrets import token_bytes
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from guardhouse.core.events import TokenIssued, TokenRevoked
from guardhouse.core.verdict import Caller, Identity
from guardhouse.errors import ConfigError, GuardhouseError
from guardhouse.gate.parts import Parts
from guardhouse.guards.token import TokenGuard
from guardhouse.state.store import TokenStore
from guardhouse.state.token import (
    EVERYTHING,
    ID_BYTES,
    SECRET_BYTES,
    TokenRecord,
    allowed,
    is_ability,
    mint,
)

U = TypeVar("U")

MOST_ABILITIES = 50
FARTHEST = 253_402_300_799.0
"""The last second of the year 9999; what is later can be shown to nobody."""


class TokenWishError(GuardhouseError, ValueError):
    """A token was wished for that cannot be issued; `field` names what is wrong with the wish."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class TooBroadError(TokenWishError):
    """Somebody who was let in by a token asked for another one that may do more, or lives longer."""


class Issued(Struct, frozen=True):
    """A new token. `plain` is shown this once: only its hash is kept, and it is in no repr."""

    plain: str
    record: TokenRecord

    def __repr__(self) -> str:
        return f"Issued({self.record!r})"


class Tokens(Generic[U]):
    """What an application does with the tokens of one guard. A user is the application's own."""

    def __init__(self, parts: Parts, guard: TokenGuard) -> None:
        self.guard = guard
        self._parts = parts
        self._provider = parts.providers[guard.provider or ""]

    @property
    def _store(self) -> TokenStore:
        if self._parts.tokens is None:
            fix = "It keeps no tokens; memory: and sqlite: do."
            raise ConfigError("store", type(self._parts.beside).__name__, fix)
        return self._parts.tokens

    async def issue(
        self,
        user: U,
        name: str,
        *,
        abilities: Sequence[str] = (EVERYTHING,),
        expires: timedelta | float | None = None,
        by: Caller | None = None,
    ) -> Issued:
        """Issue a token, called by that name in the list of its user.

        `expires` is a length of time from now, or a moment in epoch seconds. `by` is who asks for it: with a token
        nobody gets another one that may do more or ends later, or a leaked one could be made into a better one.
        Who acts in another's place gets none: it would outlast that. Raises `TokenWishError`.
        """
        if isinstance(by, Identity) and by.behind is not None:
            raise TooBroadError("user", "who acts in somebody's place makes no token in his name")
        now = self._parts.clock()
        ends = now + expires.total_seconds() if isinstance(expires, timedelta) else expires
        self._refuse_name(name)
        self._refuse_abilities(abilities)
        if ends is not None and not ends > now:
            raise TokenWishError("expires", "this moment has passed")
        if ends is not None and ends > FARTHEST:
            raise TokenWishError(
                "expires", "this moment is after the year 9999: leave it out for a token without end"
            )
        if by is not None and by.token is not None:
            ends = await self._within(by, abilities, ends)
        plain, token_id, digest = mint(self.guard.policy, token_bytes(ID_BYTES + SECRET_BYTES))
        record = TokenRecord(
            token_id, self._owner(user), name, tuple(dict.fromkeys(abilities)), now, digest, ends
        )
        record = self._ending(record)
        await self._store.add_token(record)
        await self._parts.emit(TokenIssued(self.guard.name, user, token_id, name))
        return Issued(plain, record)

    async def list(self, user: U) -> Sequence[TokenRecord]:
        """List the tokens of a user, the oldest first; also those that have expired and are not swept out yet."""
        return [self._ending(record) for record in await self._store.tokens_of(self._owner(user))]

    async def revoke(self, user: U, token_id: str) -> bool:
        """Take one token of this user back, at once; False when he has no such token."""
        there = await self._store.revoke_token(self._owner(user), token_id)
        if there:
            await self._parts.emit(TokenRevoked(self.guard.name, user, token_id))
        return there

    async def revoke_all(self, user: U) -> int:
        """Take all tokens of this user back, at once; return how many there were."""
        count = await self._store.revoke_tokens(self._owner(user))
        if count:
            await self._parts.emit(TokenRevoked(self.guard.name, user, None))
        return count

    async def prune(self, *, older: timedelta = timedelta(hours=24)) -> int:
        """Delete tokens that have been expired for so long; deadlines hold without it, and the house does it by itself."""
        count, before = 0, self._parts.clock() - older.total_seconds()
        while pruned := await self._store.prune_tokens(before):
            count += pruned
        return count

    async def _within(self, by: Caller, abilities: Sequence[str], ends: float | None) -> float | None:
        """Keep a token that was asked for by token within what that one is good for."""
        for ability in abilities:
            if not allowed(by.abilities, ability):
                raise TooBroadError("abilities", f"the token that asks has no {ability!r} to give")
        asking = await self._store.token(by.token or "")
        last = self.guard.policy.ends(asking) if asking is not None else self._parts.clock()
        if last is None or (ends is not None and ends <= last):
            return ends
        if ends is None:
            return last
        raise TooBroadError("expires", "the token that asks ends before that")

    def _ending(self, record: TokenRecord) -> TokenRecord:
        """Say when it really ends: by itself, or with the lifetime of all tokens."""
        return replace(record, expires=self.guard.policy.ends(record))

    def _refuse_name(self, name: object) -> None:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise TokenWishError("name", "call it something that can be printed, such as 'laptop'")
        if len(name) > self.guard.policy.longest_name:
            raise TokenWishError("name", f"it may have {self.guard.policy.longest_name} characters")

    def _refuse_abilities(self, abilities: object) -> None:
        if not isinstance(abilities, list | tuple) or not abilities:
            raise TokenWishError(
                "abilities", "name at least one in a list, such as ['read'], or ['*'] for all"
            )
        words = cast("Sequence[object]", abilities)
        if len(words) > MOST_ABILITIES or not all(map(is_ability, words)):
            raise TokenWishError(
                "abilities", f"at most {MOST_ABILITIES} words, each without spaces and quotes"
            )

    def _owner(self, user: U) -> str:
        return f"{self.guard.provider}:{self._provider.id_of(user)}"


def desks_of(house: Any, provider: str | None) -> Sequence[Tokens[Any]]:  # noqa: ANN401 - a house of any users
    """Find the desk at which the tokens of these users are taken back: all tokens of a user lie in one place."""
    named = [name for name, guard in house.guards.items() if isinstance(guard, TokenGuard)]
    return [house.tokens(name) for name in named if house.guards[name].provider == provider][:1]


def token_document(record: TokenRecord) -> dict[str, object]:
    """Show a token to its user, without what could make it work again."""
    return {
        "id": record.id,
        "name": record.name,
        "abilities": list(record.abilities),
        "created": record.created,
        "expires": record.expires,
        "used": record.used,
    }
