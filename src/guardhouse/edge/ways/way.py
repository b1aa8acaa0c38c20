"""One way in at the edge, as a value: its name, what is handed in, who acts on it, and the page that asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from guardhouse.core.provider import HasAddress, Registers, SetsPassword
from guardhouse.desks.desk import Desk
from guardhouse.desks.kit import Kit
from guardhouse.flows.plan import Next

__all__ = ["NOTHING", "Act", "Back", "Power", "Show", "Way", "lacking"]

Act: TypeAlias = Callable[[Desk[Any], Any], Awaitable[Next]]
Show: TypeAlias = Callable[[Desk[Any], Request], Awaitable[Mapping[str, object] | Next]]
"""Reads what the page shows; or says at once what comes next."""

Back: TypeAlias = Callable[[Any, Any], Awaitable[Response]]
"""Takes what is walked, and the pages, which may be None."""

Power: TypeAlias = Literal[
    "mail",
    "enrolments",
    "foreign",
    "register",
    "newcomers",
    "password",
    "address",
    "sessions",
    "tokens",
    "links",
    "impersonation",
    "passkeys",
]


class Nothing(Struct, frozen=True):
    """Nothing is handed in."""


NOTHING = Nothing


async def nothing(_: Desk[Any], __: Request) -> Mapping[str, object]:
    """Show nothing but the form."""
    return {}


@dataclass(frozen=True, slots=True)
class Way:
    """A way in. `POST path` acts, in JSON or as a form; `GET path` shows the page, where there is one."""

    name: str
    """Stable: by it a way is left out, moved or replaced, and it is what `next` says in an answer."""
    act: Act | None = None
    """None for a page that only says something."""
    handed: type[Struct] = NOTHING
    page: str | None = None
    """The template, without its ending; None has no page."""
    show: Show = nothing
    once: str | None = None
    """The template that shows right in the answer what is told once, and never again; None leads to `done`."""
    path: str = ""
    """Where it lies if nobody moves it: its name, unless this says otherwise. May have `{parameters}`."""
    back: Back | None = None
    """Answers the GET with which a browser comes back from another site, whether there are pages or not."""
    asked_on: str = ""
    """The way whose page has the form of this one: there a person is told why not."""
    inside: bool = False
    """Whether only who is logged in comes here."""
    fresh: timedelta | bool | None = None
    """For who is inside: he must have proven himself within that time; True is what `Lifetimes.fresh` says."""
    even: bool = False
    """Whether its answer leaves at an even pace, for it must not tell who has an account."""
    leads: frozenset[str] = frozenset()
    """The ways to which its letters lead; without those it cannot be offered."""
    acting: bool = False
    """Whether it is open, too, to who acts in a user's place; what changes an account never is."""
    needs: frozenset[Power] = frozenset()
    """Without these it is not offered: mail, a store that keeps enrolments, users that can be changed."""

    @property
    def where(self) -> str:
        """The path that it has by itself."""
        return f"/{self.path or self.name}"


def lacking(kit: Kit, way: Way) -> frozenset[str]:
    """Name what this house lacks for a way."""
    users = kit.house.parts.providers[kit.guard.provider or ""]
    has: dict[Power, bool] = {
        "mail": kit.outbox is not None,
        "enrolments": kit.enrolments is not None,
        "foreign": bool(kit.foreign),
        "register": isinstance(users, Registers),
        # Without mail nobody can be answered alike; then whoever registers must be told what became of it.
        "newcomers": kit.register_logs_in or (kit.outbox is not None and isinstance(users, HasAddress)),
        "password": isinstance(users, SetsPassword),
        "address": isinstance(users, HasAddress),
        "sessions": hasattr(kit.house.parts.store, "end"),
        "links": kit.magic_links != "off",
        "tokens": kit.house.parts.tokens is not None,
        "impersonation": kit.may_impersonate is not None,
        "passkeys": kit.party is not None,
    }
    return frozenset(need for need in way.needs if not has[need])
