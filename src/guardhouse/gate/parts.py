"""What every visit of a house works with: built once when the house is built, and frozen."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from guardhouse.core.answer import Explain
from guardhouse.core.events import Event
from guardhouse.core.origin import Origins
from guardhouse.core.provider import Disables, Provider
from guardhouse.gate.rows import Rows
from guardhouse.gate.watch import Watch
from guardhouse.limits import Limits
from guardhouse.rules import Rules
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.crumbs import CookieReader
from guardhouse.state.keeper import Keeper, Storeless
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.record import Record
from guardhouse.state.store import KeepsTokens, SessionStore, TokenStore, inline
from guardhouse.state.token import TokenRecord
from guardhouse.users.passwords import Passwords
from guardhouse.vault.keyring import Keyring, Signer

if TYPE_CHECKING:
    from guardhouse.gate.coming_back import Remembers

T = TypeVar("T")

_PURPOSES = {"csrf": "csrf", "logins": "login", "urls": "url", "devices": "device"}
"""What each signer is for: a signature of one is none of another's."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a house that a visit uses."""

    store: SessionStore | Storeless
    sessions: SessionPolicy
    cookie: CookiePolicy
    keys: Keyring
    providers: Mapping[str, Provider[Any]]
    passwords: Passwords
    clock: Callable[[], float]
    emit: Callable[[Event], Awaitable[None]]
    heard: Container[type[Event]]
    """The events for which there are listeners."""
    origins: Origins
    csrf_url: str = "/csrf-cookie"
    watch: Watch = field(default_factory=lambda: Watch(strict=False))
    """The net under the house: what is noticed there is raised in development, and counted in production."""
    explain: Explain = "code"
    rules: Rules = field(default_factory=Rules)
    """What the application's users may do with its own things."""
    remembering: dict[str, Remembers] = field(default_factory=dict[str, "Remembers"])
    """Who lets browsers stay logged in by a cookie of their own, by realm; where nobody does, sessions last longer."""
    csrf: Signer = field(init=False)
    logins: Signer = field(init=False)
    urls: Signer = field(init=False)
    devices: Signer = field(init=False)
    hosts: frozenset[bytes] = field(init=False)
    """The Host values that the configured public URLs stand for; empty when none is configured."""
    keeper: Keeper = field(init=False)
    """Who keeps the sessions: rows of the store, or the cookie itself."""
    beside: object = field(init=False)
    """Where all else is kept: the store, or what stands in for it where sessions lie in cookies."""
    tokens: TokenStore | None = field(init=False)
    """Where handed-out tokens lie, if the store keeps any."""
    limits: Limits = field(init=False)
    """How often something may be done, counted over the store."""
    load_now: Callable[[bytes], Record | None] | None = field(init=False)
    """The store's own inline loading, where it has that power."""
    token_now: Callable[[str], TokenRecord | None] | None = field(init=False)
    """The same for handed-out tokens."""
    disabled: Mapping[str, Callable[[Any], bool]] = field(init=False)
    """Who is kept out, of the providers that know; asked for once, here."""
    session_cookie: CookieReader = field(init=False)
    visitor_cookie: CookieReader = field(init=False)
    familiar_cookie: CookieReader = field(init=False)
    trusted_cookie: CookieReader = field(init=False)
    remember_cookie: CookieReader = field(init=False)
    csrf_cookie: CookieReader = field(init=False)
    """The cookie that scripts read; no decision does."""

    def __post_init__(self) -> None:
        for name, purpose in _PURPOSES.items():
            object.__setattr__(self, name, self.keys.purpose(purpose))
        keeper, beside = _kept(self.store, self.keys, self.cookie.session)
        object.__setattr__(self, "keeper", keeper)
        object.__setattr__(self, "beside", beside)
        object.__setattr__(self, "tokens", beside.tokens if isinstance(beside, KeepsTokens) else None)
        object.__setattr__(self, "limits", Limits(beside, self.clock))
        object.__setattr__(self, "load_now", keeper.load_now)
        object.__setattr__(self, "token_now", inline(self.tokens, "token_now", "token"))
        object.__setattr__(self, "hosts", frozenset(own.partition(b"://")[2] for own in self.origins.own))
        object.__setattr__(self, "disabled", _disabled(self.providers))
        object.__setattr__(self, "session_cookie", keeper.reader(self.cookie.session))
        object.__setattr__(self, "visitor_cookie", CookieReader(self.cookie.visitor))
        object.__setattr__(self, "familiar_cookie", CookieReader(self.cookie.familiar))
        object.__setattr__(self, "trusted_cookie", CookieReader(self.cookie.trusted))
        object.__setattr__(self, "remember_cookie", CookieReader(self.cookie.remember))
        object.__setattr__(self, "csrf_cookie", CookieReader(self.cookie.csrf))


def _kept(store: SessionStore | Storeless, keys: Keyring, cookie: str) -> tuple[Keeper, object]:
    """Say who keeps the sessions, and where all else is kept."""
    if isinstance(store, Storeless):
        beside = store.beside
        return store.keeper(keys, cookie), store if beside is None else beside
    return Rows(store), store


def _disabled(providers: Mapping[str, object]) -> dict[str, Callable[[Any], bool]]:
    return {name: users.disabled for name, users in providers.items() if isinstance(users, Disables)}


async def resolve(value: T | Awaitable[T]) -> T:
    """Await what a plain or an async function of the application gave."""
    return cast("T", await value if inspect.isawaitable(value) else value)
