"""What every visit of a house works with: built once when the house is built, and frozen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guardhouse.core.events import Event
from guardhouse.core.origin import Origins
from guardhouse.core.provider import Provider
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.crumbs import CookieReader
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.store import SessionStore
from guardhouse.users.passwords import Passwords
from guardhouse.vault.keyring import Signer


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a house that a visit uses."""

    store: SessionStore
    sessions: SessionPolicy
    cookie: CookiePolicy
    csrf: Signer
    logins: Signer
    providers: Mapping[str, Provider[Any]]
    passwords: Passwords
    clock: Callable[[], float]
    emit: Callable[[Event], Awaitable[None]]
    origins: Origins
    hosts: frozenset[bytes] = frozenset()
    """The Host values that the configured public URLs stand for; empty when none is configured."""
    session_cookie: CookieReader = field(init=False)
    visitor_cookie: CookieReader = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "session_cookie", CookieReader(self.cookie.session))
        object.__setattr__(self, "visitor_cookie", CookieReader(self.cookie.visitor))
