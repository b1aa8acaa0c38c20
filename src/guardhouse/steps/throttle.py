"""How many requests a caller may send, and how many refused ones an address: `throttle:60,1`.

The system of the thread counts either before it knows who calls, so that strangers use up what belongs to a user, or
after, so that whoever is refused may guess without end. Here every caller has a bucket of his own, refused requests
fall into that of their address, and an address that has used up its bucket is turned away before any guard is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, Protocol, TypeAlias, cast, get_args

from guardhouse.config.reading import nearest_of
from guardhouse.core.area import Stacked, Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Caller, Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.gate.parts import Parts, resolve
from guardhouse.gate.visit import Visit
from guardhouse.limits import Limiter, Said
from guardhouse.state.limit import Limit, Spent, bucket_of, network_of, policies, read_limit, states

__all__ = ["NamedThrottle", "Throttle", "read_throttle"]

Key: TypeAlias = Literal["caller", "user", "token", "address", "route"]
KEYS: tuple[Key, ...] = get_args(Key)
By: TypeAlias = Key | Callable[[Visit], str | None]

ALIAS = "throttle"
POLICY, STATE = b"ratelimit-policy", b"ratelimit"
SAYS = (Reason.TOO_MANY_REQUESTS,)

_WITHOUT_CALLER = frozenset({"address", "route"})
_COUNT = re.compile(r"[0-9]{1,15}").fullmatch
_MINUTES = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?").fullmatch


@dataclass(frozen=True, slots=True)
class Throttle:
    """Allow so many requests in a time.

    `by` says whose requests count together. *caller*: a user, or a program, whatever credential it uses. *user*: a user;
    programs by their address. *token*: a credential that was handed out; a login by its user. *address*: a network, /24
    or /64, whoever calls. *route*: all who call this endpoint. Or a plain function of the visit that returns a text, or
    None for the caller. A guest counts by address. `strangers` is another number for guests and
    refused requests.

    Equal throttles share their buckets wherever they stand; `prefix` keeps some apart, and is what headers call the
    limit. Write it before rules such as `Can`, whose refusals it then counts.
    """

    count: int
    per: timedelta = timedelta(minutes=1)
    by: By = "caller"
    prefix: str = ""
    strangers: int | None = None
    headers: bool = True

    def __post_init__(self) -> None:
        for count in (self.count, self.count if self.strangers is None else self.strangers):
            Limit(count, self.per, self.prefix)
        if not callable(self.by) and self.by not in KEYS:
            fix = f"It is one of {', '.join(KEYS)}, or a function of the visit that returns a text."
            raise ConfigError("throttle.by", self.by, fix, nearest=nearest_of(str(self.by), KEYS))
        if self.strangers is not None and self.by in _WITHOUT_CALLER:
            fix = f"By {self.by} everybody counts alike, so there is no number for strangers."
            raise ConfigError("throttle.strangers", self.strangers, fix)

    @staticmethod
    def named(name: str, *, headers: bool = True) -> NamedThrottle:
        """Ask the limiter that `house.limits.define(name, ...)` knows."""
        return NamedThrottle(name, headers)

    @property
    def name(self) -> str:
        """Say it as the alias does, as far as that can."""
        limit = Limit(self.count, self.per)
        minutes, odd = divmod(limit.seconds, 60)
        numbers = limit.policy if odd else f"{self.count},{minutes}"
        guests = "" if self.strangers is None else f"{self.strangers}|"
        by = "" if self.by == "caller" else f" by {self.by if isinstance(self.by, str) else 'key'}"
        return f"{ALIAS}:{guests}{numbers}{',' if self.prefix else ''}{self.prefix}{by}"

    def steps(self) -> tuple[Step, ...]:
        """Test the address, ask the guards, count the caller; or count the address, where those are refused."""
        if self.by in _WITHOUT_CALLER:
            return (Step(self.name, _Count(self, self.headers, known=False), "before guards", SAYS),)
        return _three(self, headers=self.headers)

    def check(self, parts: Parts) -> None:
        """Need nothing but the library."""
        parts.limits.prepare()

    async def limits(self, visit: Visit, *, known: bool) -> Sequence[Limit]:
        """Return the limit with the key of its bucket; `known` where the guards have spoken."""
        caller = visit.caller if known else None
        number = self.count if caller is not None or self.strangers is None else self.strangers
        return (Limit(number, self.per, self.prefix, self._key(visit, caller)),)

    def _key(self, visit: Visit, caller: Caller | None) -> str | None:
        if self.by == "route":
            return bucket_of("route", visit.endpoint)
        if caller is None or self.by == "address":
            return None
        if isinstance(self.by, str):
            return caller_key(caller, self.by)
        key = self.by(visit)
        return caller_key(caller, "caller") if key is None else bucket_of("key", key)


@dataclass(frozen=True, slots=True)
class NamedThrottle:
    """Allow what a limiter of the house says, by its name. Make it by `Throttle.named`."""

    limiter: str
    headers: bool = True

    @property
    def name(self) -> str:
        """Say it as the alias does."""
        return f"{ALIAS}:{self.limiter}"

    def steps(self) -> tuple[Step, ...]:
        """Do as a throttle by caller does."""
        return _three(self, headers=self.headers)

    def check(self, parts: Parts) -> None:
        """Raise `ConfigError` where nobody defined the limiter."""
        parts.limits.prepare()
        parts.limits.limiter(self.limiter)

    async def limits(self, visit: Visit, *, known: bool) -> Sequence[Limit]:
        """Ask the limiter, and keep its limits apart from others."""
        limiter: Limiter = visit.parts.limits.limiter(self.limiter)
        said: Said = await resolve(limiter(visit))
        listed = [] if said is None else _listed(self.limiter, said)
        caller = visit.caller if known else None
        return [self._named(limit, caller, alone=len(listed) == 1) for limit in listed]

    def _named(self, limit: Limit, caller: Caller | None, *, alone: bool) -> Limit:
        """Give a limit a name of its own, by which headers and storage tell it from its neighbours."""
        default = None if caller is None else caller_key(caller, "caller")
        key = default if limit.key is None else bucket_of("key", limit.key)
        return replace(limit, name=limit.name or _name(self.limiter, limit, alone=alone), key=key)


def _name(limiter: str, limit: Limit, *, alone: bool) -> str:
    return limiter if alone else f"{limiter}: {limit.policy}"


def read_throttle(parameters: str) -> Stacked:
    """Read what stands behind `throttle:`: `60,1`, `60,1,prefix`, `10|60,1` (guests|users), `10/minute`, `uploads`."""
    first, *rest = (parameters or "60").split(",")
    guests, bar, users = first.rpartition("|")
    count, slash, _ = users.partition("/")
    if not all(_COUNT(number) for number in (count, guests) if number or bar):
        return _read_name(parameters)
    if not slash:
        users = f"{users}/{_seconds(rest.pop(0) if rest else '1', parameters)}seconds"
    if len(rest) > 1:
        raise _unreadable(parameters)
    limit = read_limit(users)
    return Throttle(
        limit.count, limit.per, prefix="".join(rest).strip(), strangers=int(guests) if bar else None
    )


def _seconds(minutes: str, parameters: str) -> int:
    seconds = float(minutes) * 60 if _MINUTES(minutes) else 0.5
    if seconds % 1:
        raise _unreadable(parameters)
    return int(seconds)


def _read_name(name: str) -> Stacked:
    if not set(name).isdisjoint(",|/"):
        raise _unreadable(name)
    return Throttle.named(name)


def _unreadable(parameters: str) -> ConfigError:
    fix = (
        "Write throttle:60,1 (requests, minutes), throttle:60,1,prefix, throttle:10|60,1 (guests|users), throttle:10/minute, "
        "or throttle:name of a limiter; a number that depends on the user is a limiter's business."
    )
    return ConfigError(ALIAS, parameters, fix)


# -- whose bucket -----------------------------------------------------------------------------------------------------


def caller_key(caller: Caller, by: str) -> str | None:
    """Name the bucket of whoever was let in; None for the address."""
    if by == "token" and caller.token is not None:
        return bucket_of("token", caller.guard, caller.token)
    if isinstance(caller, Identity):
        return bucket_of("user", caller.provider, caller.user_id)
    return None if by == "user" else bucket_of("client", caller.issuer, caller.client_id)


def _address_key(visit: Visit) -> str:
    return bucket_of("address", network_of(visit.facts.peer))


def _listed(name: str, said: object) -> list[Limit]:
    kind = type(said).__name__
    several = list(cast("Sequence[object]", said)) if isinstance(said, list | tuple) else [said]
    limits = [one for one in several if isinstance(one, Limit)]
    if len(limits) < len(several):
        raise ConfigError(f"limiter {name}", kind, "Return a Limit, a list of them, or None.")
    return limits


# -- the three steps --------------------------------------------------------------------------------------------------


class Limiting(Protocol):
    """What the steps ask: which limits hold for this visit, with the keys of their buckets."""

    @property
    def name(self) -> str:
        """Say it as the alias does."""
        ...

    def check(self, parts: Parts) -> None:
        """Raise `ConfigError` for what cannot work."""
        ...

    async def limits(self, visit: Visit, *, known: bool) -> Sequence[Limit]:
        """Return the limits, each with its key; no key means the address."""
        ...


def _three(throttle: Limiting, *, headers: bool) -> tuple[Step, ...]:
    return (
        Step(throttle.name, _Test(throttle), "before guards", SAYS),
        Step(throttle.name, _Count(throttle, headers, known=True), "after guards", SAYS),
        Step(throttle.name, _Count(throttle, headers=False, known=False), "refused", SAYS),
    )


@dataclass(frozen=True, slots=True)
class _Test:
    """Turn away an address that has used up its bucket, before anything is looked up for it."""

    throttle: Limiting

    def check(self, parts: Parts) -> None:
        """Raise `ConfigError` for what cannot work."""
        self.throttle.check(parts)

    async def __call__(self, visit: Visit) -> Deny | None:
        for limit in await self.throttle.limits(visit, known=False):
            spent = await visit.parts.limits.test(limit, limit.key or _address_key(visit))
            if not spent.allowed:
                return _too_many(limit, spent)
        return None


@dataclass(frozen=True, slots=True)
class _Count:
    """Count a request, and turn it away when there is no more.

    Headers are said to whom the guards let in, and by address or route to everybody: what is left for the refused
    would tell who guesses how often he may.
    """

    throttle: Limiting
    headers: bool
    known: bool

    def check(self, parts: Parts) -> None:
        """Raise `ConfigError` for what cannot work."""
        self.throttle.check(parts)

    async def __call__(self, visit: Visit) -> Deny | None:
        spent: list[tuple[Limit, Spent]] = []
        for limit in await self.throttle.limits(visit, known=self.known):
            one = await visit.parts.limits.hit(limit, limit.key or _address_key(visit))
            spent.append((limit, one))
            if not one.allowed:
                break
        if self.headers and spent:
            _say(visit, POLICY, policies(limit for limit, _ in spent))
            _say(visit, STATE, states(spent))
        return next((_too_many(limit, one) for limit, one in spent if not one.allowed), None)


def _say(visit: Visit, name: bytes, value: bytes) -> None:
    """Say it beside what another throttle has said already: both fields are lists."""
    before = next((said for header, said in visit.said if header == name), None)
    visit.answer_with(name, value if before is None else b", ".join((before, value)))


def _too_many(limit: Limit, spent: Spent) -> Deny:
    return Deny("", Reason.TOO_MANY_REQUESTS, {"limit": limit.policy, "retry_after": spent.reset})
