"""How often something may be done: limits over the store of a house, and what holds while that store is away.

Windows are fixed: one begins with the first request and ends at a moment that can be told. A sliding counter would
smooth the seam between two windows, across which twice the limit can pass; but it only estimates, it cannot say when
to come back, and it takes two counters that no store changes in one step. Where twice would hurt, two limits of
different lengths say so; for passwords there is `LoginThrottle`, which has no seam.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from guardhouse.core.events import Event, Throttled
from guardhouse.core.facts import Facts
from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.attempts import AttemptLimit, Wait
from guardhouse.state.limit import Limit, Spent, bucket_of, network_of, spent_of
from guardhouse.state.store import AttemptStore, KeepsAttempts, KeepsLimits
from guardhouse.stores.memory_attempts import MemoryAttempts
from guardhouse.users.credentials import fold_login

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import FixedWindowRateLimiter

__all__ = ["LOGIN_NETWORK", "Limiter", "Limits", "LoginThrottle"]

T = TypeVar("T")

Said: TypeAlias = Limit | Sequence[Limit] | None
Limiter: TypeAlias = Callable[[Any], Said | Awaitable[Said]]
"""What `define` takes: called with the visit, it says which limits hold; None is none."""

OUTAGE_SECONDS = 5
"""How long nobody asks a store that was away: each who did would wait until it gives up."""

LOGIN_NETWORK = Limit(100, timedelta(minutes=15), "login")
"""How many logins may fail from one network: an office behind one address mistypes less, and a list of leaked passwords
is longer."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,49}").fullmatch

logger = logging.getLogger("guardhouse.limits")


class Limits:
    """The limits of one house."""

    def __init__(self, store: object, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._store = store
        self._limiters: dict[str, Limiter] = {}
        self._away_until = 0.0

    def define(self, name: str, limiter: Limiter) -> None:
        """Give limits a name, for `throttle:uploads` and `Throttle.named("uploads")`.

        `limiter` is a plain or async function of the visit that returns a `Limit`, several, or None for no limit. It is
        called before the guards too, where `visit.caller` is None: what it says then holds for those who are refused.
        """
        if not _NAME(name):
            fix = "A name is up to fifty letters, digits, dots, dashes or underscores, and begins with a letter."
            raise ConfigError("limits.define", name, fix)
        self._limiters[name] = limiter

    def take_over(self, others: Limits) -> None:
        """Know the limiters of another house's, whatever was counted there."""
        self._limiters |= others._limiters

    def limiter(self, name: str) -> Limiter:
        """Return the limits of that name. Raise `ConfigError` where nobody defined it."""
        if name not in self._limiters:
            nearest = get_close_matches(name, self._limiters, n=1)
            known = ", ".join(sorted(self._limiters)) or "none"
            fix = f"Defined are: {known}. Say house.limits.define({name!r}, lambda visit: Limit(60)) before the start."
            raise ConfigError("throttle", name, fix, nearest=nearest[0] if nearest else None)
        return self._limiters[name]

    async def hit(self, limit: Limit, key: str, *, fall_back: bool = True) -> Spent:
        """Count a request, and say whether it is allowed: of parallel ones exactly as many as there are left.

        A limit that is used up is only read, so that a flood writes nothing. While the store is away this process
        counts by itself; without `fall_back` it raises `StoreError`.
        """
        return await self._with(lambda on: _hit(on, limit, key, self.clock), fall_back=fall_back)

    async def test(self, limit: Limit, key: str, *, fall_back: bool = True) -> Spent:
        """Say whether a request would be allowed, and count nothing."""
        return await self._with(lambda on: _look(on, limit, key, self.clock), fall_back=fall_back)

    async def give_back(self, limit: Limit, key: str) -> None:
        """Take back one request that was counted."""
        await self._with(lambda on: on.hit(item_of(limit), key, cost=-1), fall_back=True)

    async def reset(self, limit: Limit, key: str) -> None:
        """Forget what was counted."""
        await self._with(lambda on: on.clear(item_of(limit), key), fall_back=True)

    async def forget(self) -> None:
        """Forget everything that was counted, requests and tries of accounts: for tests and demonstrations."""
        await self.attempts.forget_attempts(None)
        await self._limiter.storage.reset()
        await self._local.storage.reset()

    @property
    def note(self) -> str | None:
        """Say what is worth knowing about where requests are counted; None where all processes count together."""
        if isinstance(self._store, KeepsLimits):
            return None
        kind = type(self._store).__name__
        return f"{kind} counts no requests, so every process counts by itself: with four of them a limit is four times as wide"

    def prepare(self) -> None:
        """Load the library, so that no visitor waits for that. Raise `ConfigError` where it is missing."""
        _ = self._limiter

    @cached_property
    def attempts(self) -> AttemptStore:
        """Where the tries of accounts are counted."""
        return self._store.attempts if isinstance(self._store, KeepsAttempts) else MemoryAttempts()

    @cached_property
    def _limiter(self) -> FixedWindowRateLimiter:
        if isinstance(self._store, KeepsLimits):
            _require_library()
            return _strategy(self._store.limits(self.clock))
        logger.warning("%s", self.note)
        return self._local

    @cached_property
    def _local(self) -> FixedWindowRateLimiter:
        """What this process counts by itself."""
        _require_library()
        from guardhouse.stores.memory_limits import MemoryLimits  # noqa: PLC0415 - an extra, loaded where it is used

        return _strategy(MemoryLimits(self.clock))

    async def _with(self, work: Callable[[FixedWindowRateLimiter], Awaitable[T]], *, fall_back: bool) -> T:
        limiter = self._limiter
        from limits.errors import StorageError  # noqa: PLC0415 - an extra, loaded where it is used

        now = self.clock()
        if fall_back and now < self._away_until <= now + OUTAGE_SECONDS:
            return await work(self._local)
        try:
            done = await work(limiter)
        except (StoreError, StorageError) as error:
            if not fall_back:
                raise StoreError(f"requests cannot be counted: {error}") from error
            if not self._away_until:
                logger.warning("requests cannot be counted, each process does by itself meanwhile: %s", error)
            self._away_until = now + OUTAGE_SECONDS
            return await work(self._local)
        self._away_until = 0.0
        return done


def item_of(limit: Limit) -> RateLimitItem:
    """Write a limit as the library does; its name is part of every key."""
    return _item(limit.count, limit.seconds, limit.name)


@lru_cache(maxsize=256)
def _item(count: int, seconds: int, name: str) -> RateLimitItem:
    from limits import RateLimitItemPerSecond  # noqa: PLC0415 - an extra, loaded where it is used

    return RateLimitItemPerSecond(count, seconds, bucket_of(name))


async def _hit(limiter: FixedWindowRateLimiter, limit: Limit, key: str, clock: Callable[[], float]) -> Spent:
    before = await _look(limiter, limit, key, clock)
    if not before.allowed:
        return before
    allowed = await limiter.hit(item_of(limit), key)
    after = await _look(limiter, limit, key, clock)
    return Spent(allowed, after.remaining if allowed else 0, after.reset)


async def _look(limiter: FixedWindowRateLimiter, limit: Limit, key: str, clock: Callable[[], float]) -> Spent:
    reset, remaining = await limiter.get_window_stats(item_of(limit), key)
    return spent_of(remaining, reset, clock())


def _strategy(storage: Any) -> FixedWindowRateLimiter:  # noqa: ANN401 - of the store's own making
    from limits.aio.strategies import FixedWindowRateLimiter  # noqa: PLC0415 - an extra, loaded where it is used

    return FixedWindowRateLimiter(storage)


def _require_library() -> None:
    if find_spec("limits") is None:
        fix = "Install the extra that counts: pip install 'guardhouse[limits]'."
        raise ConfigError("throttle", "the library `limits` is missing", fix)


# -- logins -----------------------------------------------------------------------------------------------------------


class HasFacts(Protocol):
    """A visit, as far as the throttle of logins reads it."""

    @property
    def facts(self) -> Facts:
        """The request; its peer is seen through declared proxies only."""
        ...


class KnowsDevice(Protocol):
    """Reads and writes the cookie of a device on which an account was logged in before."""

    def known_device(self, account: str) -> str | None:
        """Name the device, if the account was logged in on it."""
        ...

    def know_device(self, account: str) -> None:
        """Say from now on that it was."""
        ...


class Tells(Protocol):
    """Tells listeners what happens."""

    @property
    def emit(self) -> Callable[[Event], Awaitable[None]]:
        """Tell of one event."""
        ...


@runtime_checkable
class Visited(HasFacts, Protocol):
    """A whole visit, which knows its device and its listeners too."""

    @property
    def carried(self) -> KnowsDevice:
        """What the visitor carries."""
        ...

    @property
    def parts(self) -> Tells:
        """The parts of the house."""
        ...


class LoginThrottle:
    """How often a password may be guessed: for one account, and from one network.

    Both are counted before the password is looked at, each in one atomic step, so of a hundred parallel guesses not
    one more is weighed than the limits say. A device that the account was logged in on before has tries of its own, which
    neither strangers nor its own network use up: whoever guesses in vain does not lock out the owner (ASVS 6.3.1). It is
    known by a signed cookie that `forgive` hands out; in a visit that happens by itself. While the store is away nothing
    is weighed: `StoreError`, which is a 503 (an outage must not be an open door).

    Nothing here depends on whether there is such an account, and no header tells what is left.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        account: AttemptLimit | None = None,
        network: Limit = LOGIN_NETWORK,
    ) -> None:
        self._limits = limits
        self._account = account or AttemptLimit()
        self._network = network

    async def take(
        self, who: HasFacts | str | None, account: str, *, known_device: bool = False
    ) -> Wait | None:
        """Count a try in before its password is checked, or say how long to wait. `who` is a visit, or an address.

        `known_device` is for an application that knows its devices by itself.
        """
        device = _device(who, account)
        if device is None:
            spent = await self._limits.hit(self._network, _network_key(who), fall_back=False)
            if not spent.allowed:
                return await _waits(who, Throttled(account, "network", spent.reset))
        key = _account_key(account, device, known_device=known_device)
        decided = await self._limits.attempts.attempt(key, self._account, self._limits.clock)
        if not isinstance(decided, Wait):
            return None
        return await _waits(who, Throttled(account, "device" if device else "account", decided.seconds))

    async def forgive(self, who: HasFacts | str | None, account: str, *, known_device: bool = False) -> None:
        """Forget the tries of an account whose owner has come; of the network's only this one was none in vain.

        An attacker with an account of his own would otherwise log in to it between two guesses.
        """
        device = _device(who, account)
        with suppress(StoreError):  # who has come is not sent away because a count stays a little too high
            key = _account_key(account, device, known_device=known_device)
            await self._limits.attempts.forget_attempts(key)
        if device is None:
            await self._limits.give_back(self._network, _network_key(who))
        if isinstance(who, Visited):
            who.carried.know_device(fold_login(account))


async def _waits(who: HasFacts | str | None, event: Throttled) -> Wait:
    """Tell the listeners of a try that is not weighed."""
    if isinstance(who, Visited):
        await who.parts.emit(event)
    return Wait(event.seconds)


def _device(who: HasFacts | str | None, account: str) -> str | None:
    return who.carried.known_device(fold_login(account)) if isinstance(who, Visited) else None


def _network_key(who: HasFacts | str | None) -> str:
    peer = who if who is None or isinstance(who, str) else who.facts.peer
    return bucket_of("login", network_of(peer))


def _account_key(account: str, device: str | None, *, known_device: bool) -> bytes:
    whose = ("any device", "known device")[known_device] if device is None else f"device {device}"
    return bucket_of("login", whose, fold_login(account)).encode()
