"""The desk of logins by mail: a link for whoever has an account, and the way in for who opens it where he asked for it."""

from __future__ import annotations

from re import compile as pattern
from secrets import token_bytes, token_urlsafe
from typing import Any

from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import NAME_BYTES, Desk, minutes
from guardhouse.flows import link as flow
from guardhouse.flows.plan import Cookie, Done, Next, Refuse
from guardhouse.mail.letter import Kind, Letter
from guardhouse.state.crumbs import CookieReader

__all__ = ["EnterBy", "SendLink", "enter", "send"]

_NONCE_BYTES = 32
_NONCE = pattern(rb"[A-Za-z0-9_-]{43}").fullmatch


class SendLink(Struct, frozen=True):
    """Who wants to come in by mail."""

    login: str
    next: str = ""


class EnterBy(Struct, frozen=True):
    """What the link carried; it is in no repr."""

    token: str
    remember: bool = False
    next: str = ""

    def __repr__(self) -> str:
        return "EnterBy()"


async def send(desk: Desk[Any], handed: SendLink) -> Next:
    """Send a link to the stored address; who has none is answered alike, and his browser marked alike."""
    throttled = await desk.throttled(f"enter:{handed.login}")
    if throttled is not None:
        return throttled
    user = await desk.find(handed.login)
    mark = _marking(desk) if desk.kit.magic_links == "same-browser" else None
    if user is None:
        return await desk.perform(flow.asked(None, None, mark))
    return await desk.perform(flow.asked(desk.whose(user), _letter(desk, user, mark), mark))


async def enter(desk: Desk[Any], handed: EnterBy) -> Next:
    """Let in who opens the link; of several at once the first. It is one factor: who has a second is asked for it."""
    found = desk.opened("enter", handed.token)
    if isinstance(found, Refuse):
        return found
    mailbox, mark = flow.unbound(found.binding)
    marked = (
        mark or desk.kit.magic_links != "same-browser"
    )  # a link of another guard may have been for any browser
    if not marked or not flow.here(mark, _nonce(desk), found.name):
        return flow.ELSEWHERE
    user = await desk.user_of(found.owner)
    if user is None or not desk.same_mailbox(user, mailbox):
        return Refuse(Reason.LINK_SPENT)
    unmark = Cookie(desk.parts.cookie.asked, "", 0) if mark else None
    address = desk.address_of(user) or ""
    spent = await desk.perform(flow.opened(desk.whose(user), found.name, found.ends, address, unmark))
    if not isinstance(spent, Done):
        return spent
    verified = await desk.user_of(found.owner) or user
    return await desk.enter(verified, ("mail",), remember=handed.remember)


def _letter(desk: Desk[Any], user: Any, mark: Cookie | None) -> Letter | None:  # noqa: ANN401 - the application's own user
    life, name = desk.kit.lifetimes.enter, token_bytes(NAME_BYTES)
    binding = flow.bound_to(desk.mailbox_of(user), mark.value if mark else "", name)
    link = desk.link("enter", "enter", desk.owner_of(user), binding, life, name=name)
    return desk.letter(Kind.MAGIC_LINK, desk.address_of(user), {"link": link, "minutes": minutes(life)})


def _marking(desk: Desk[Any]) -> Cookie:
    """Mark this browser for as long as a link is good; one that is marked stays so, for it may have two on their way."""
    value = _nonce(desk) or token_urlsafe(_NONCE_BYTES)
    return Cookie(desk.parts.cookie.asked, value, int(desk.kit.lifetimes.enter.total_seconds()))


def _nonce(desk: Desk[Any]) -> str:
    """Read the browser's mark; of two different ones neither counts."""
    found = {*CookieReader(desk.parts.cookie.asked).values(desk.visit.facts.lines(b"cookie"))}
    value = found.pop() if len(found) == 1 else b""
    return value.decode("ascii") if _NONCE(value) else ""
