"""The journey of one visitor through an application: csrf cookie, login, read, write, reload, logout, each hop judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.types import ASGIApp

from guardhouse.core.origin import TOKEN_FIELD
from guardhouse.doctor.browser.attaching import readable
from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.clients import Client
from guardhouse.doctor.browser.cookie import Cookie
from guardhouse.doctor.browser.cors import Headers, exposed, lowered
from guardhouse.doctor.browser.fetching import Fetched, Network, Reply, Visitor, Wanted
from guardhouse.doctor.browser.judging import Cause, Part, judge, untrusted
from guardhouse.doctor.browser.login import HandedOut, choose_user, hand_out
from guardhouse.doctor.browser.page_token import token_in
from guardhouse.doctor.browser.roles import Role, Roles, find_roles
from guardhouse.doctor.browser.sites import Origin, Relation, relation
from guardhouse.doctor.browser.storing import Jar
from guardhouse.doctor.browser.whys import Ruling
from guardhouse.doctor.explanation import Records, explain_answer
from guardhouse.doctor.listing import lines_of
from guardhouse.doctor.sending import Asked, Running, started
from guardhouse.house import Guardhouse

_NO_ANSWER = 500
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants to see played."""

    at: Origin
    page: Origin
    client: Client
    browser: Browser
    told: Mapping[str, Role] = field(default_factory=dict[str, Role])
    credentials: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    user_id: str | None = None

    @property
    def relation(self) -> Relation:
        """How the application looks from the page."""
        return relation(self.page, self.at)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the journey; `fetched` is None where the application has no route for it."""

    part: Part
    role: Role | None
    fetched: Fetched | None = None
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    jar: Jar = ()
    """The cookies afterwards."""

    @property
    def passed(self) -> bool:
        """Whether it did what it is for, or was not there to be done."""
        return not self.causes


@dataclass(frozen=True, slots=True)
class Journey:
    """All hops, and how the visitor logged in."""

    plan: Plan
    login: str
    hops: tuple[Hop, ...]

    @property
    def broken(self) -> Hop | None:
        """The first hop that failed."""
        return next((hop for hop in self.hops if not hop.passed), None)


async def journey(asgi: ASGIApp, app: Any, house: Guardhouse[Any], plan: Plan, now: float) -> Journey:  # noqa: ANN401 - any application
    """Start the application and play the whole journey in it. Raises `RoleError` and `LoginError` where it cannot begin."""
    async with started(asgi) as running:
        roles = find_roles(list(lines_of(app)), house, plan.told, pages=plan.client.mode == "navigate")
        handed = None if plan.credentials else await choose_user(house, plan.user_id)
        return await _Player(running, app, house, plan, handed).play(roles, now)


class _Player:
    """Plays one journey; what a page remembers between two hops is here and is lost at a reload."""

    def __init__(
        self,
        running: Running,
        app: Any,  # noqa: ANN401 - any application
        house: Guardhouse[Any],
        plan: Plan,
        handed: HandedOut | None,
    ) -> None:
        self._running, self._app, self._house, self._plan, self._handed = running, app, house, plan, handed
        self._field: str | None = None
        self._login: Role | None = None
        self._notes: list[str] = []

    async def play(self, roles: Roles, now: float) -> Journey:
        """Play every part for which there is a route."""
        plan = self._plan
        self._visitor = Visitor(plan.browser, self._network(), (plan.at,), now)
        self._login = roles.login
        form = plan.client.mode == "navigate"
        first: tuple[Part, Role | None] = ("login page", roles.page) if form else ("csrf cookie", roles.csrf)
        parts: tuple[tuple[Part, Role | None], ...] = (
            first,
            ("login", roles.login),
            ("read", roles.read),
            ("write", roles.write),
            ("reload", roles.read),
            ("logout", roles.logout),
        )
        return Journey(plan, self._way_in(), tuple([await self._hop(part, role) for part, role in parts]))

    def _way_in(self) -> str:
        if self._handed is None:
            return f"with given credentials ({', '.join(self._plan.credentials)})"
        handed = self._handed
        return f"handed out without credentials: user {handed.user_id}, guard {handed.guard}"

    async def _hop(self, part: Part, role: Role | None) -> Hop:
        if role is None:
            return Hop(part, None, notes=(_MISSING[part],), jar=self._visitor.jar)
        self._notes = []
        fetched = await self._visitor.fetch(self._wanted(part, role))
        if self._plan.client.mode == "navigate" and fetched.last is not None:
            self._field = token_in(fetched.last.reply.body) or self._field
        causes = judge(part, fetched, self._house.parts.cookie.session, self._visitor.jar)
        causes = (*causes, *self._ahead(fetched, causes))
        return Hop(part, role, fetched, causes, (*self._notes, *_unexposed(fetched)), self._visitor.jar)

    def _ahead(self, fetched: Fetched, causes: Sequence[Cause]) -> Iterator[Cause]:
        """Tell what the house would say next, where the browser has stopped a page that it does not trust."""
        plan = self._plan
        if causes and fetched.error is not None and plan.relation != "same-origin":
            found = untrusted(plan.page, self._house.parts.origins)
            if found is not None and found.code not in [cause.code for cause in causes]:
                yield found

    # -- what the page sends ------------------------------------------------------------------------------------

    def _wanted(self, part: Part, role: Role) -> Wanted:
        plan, client = self._plan, self._plan.client
        kind, body = self._body(part, role)
        content = (("content-type", kind),) if kind else ()
        return Wanted(
            method=role.method,
            url=f"{plan.at}{role.path}",
            mode=client.mode,
            credentials=client.credentials,
            page=None if client.mode == "bare" else plan.page,
            headers=(*client.common, *content, *self._token(role.method)),
            body=body,
            client=client.name,
            remedy=client.remedy,
            accept=client.accept,
        )

    def _body(self, part: Part, role: Role) -> tuple[str, bytes]:
        """Write what is sent: the credentials, an empty object, or the fields of a form."""
        if role.method in ("GET", "HEAD"):
            return "", b""
        fields = dict(self._plan.credentials) if part == "login" else {}
        if self._plan.client.mode == "navigate":
            token = {TOKEN_FIELD: self._field} if self._field and self._plan.relation == "same-origin" else {}
            return FORM, urlencode({**fields, **token}).encode()
        return ("", b"") if part == "logout" else (JSON, json.dumps(fields).encode())

    def _token(self, method: str) -> Headers:
        """Copy the token as the client does; where it is out of reach, take a note."""
        plan, client = self._plan, self._plan.client
        page = plan.at if client.mode == "bare" else plan.page
        if not client.copies_to(method, page, plan.at):
            return ()
        found = readable(self._visitor.jar, page, client.cookie, plan.browser, self._visitor.now)
        if isinstance(found, Cookie):
            return ((client.header.lower(), unquote(found.value)),)
        if isinstance(found, Ruling):
            self._notes.append(
                f"{client.header} not sent: the page cannot read {client.cookie}, for {found.says}"
            )
        return ()

    # -- what the application answers ---------------------------------------------------------------------------

    def _network(self) -> Network:
        async def answer(asked: Asked) -> Reply:
            records = Records()
            answered = await self._running.send(asked, records.kept())
            explanation = explain_answer(self._app, answered, records)
            reply = Reply(
                answered.status or _NO_ANSWER, lowered(answered.headers), answered.body, explanation
            )
            if self._handed is not None and self._logs_in(asked):
                with records.kept():
                    reply = await hand_out(self._house, asked, reply, self._handed)
            return reply

        return answer

    def _logs_in(self, asked: Asked) -> bool:
        login = self._login
        return login is not None and (asked.method, asked.url) == (
            login.method,
            f"{self._plan.at}{login.path}",
        )


def _unexposed(fetched: Fetched) -> Iterator[str]:
    """Say what of a refusal the page cannot read although it has arrived."""
    last = fetched.last
    if not fetched.opaque or last is None or fetched.error is not None:
        return
    if any(
        name == "guardhouse-reason" for name, _ in last.reply.headers
    ) and "guardhouse-reason" not in exposed(last.reply.headers, fetched.credentials):
        yield "the page cannot read the header Guardhouse-Reason: add expose_headers=['Guardhouse-Reason']"


_MISSING: Mapping[Part, str] = {
    "csrf cookie": "there is no route at csrf_url; browsers that send Sec-Fetch-Site need none",
    "login page": "there is no page at the login's address",
    "login": "there is no login",
    "read": "no guarded GET route without parameters was found: name one with --read",
    "write": "no guarded POST, PUT or PATCH route without parameters was found: name one with --write",
    "reload": "no guarded GET route without parameters was found: name one with --read",
    "logout": "no route looks like a logout: name it with --logout",
}
