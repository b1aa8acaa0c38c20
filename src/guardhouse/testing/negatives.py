"""Tests that nobody writes: every guarded route refuses whom it should, asked for real, one test a route and a mistake."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from secrets import token_bytes, token_urlsafe
from typing import Any, Literal, TypeAlias

import anyio

from guardhouse.core.facts import SAFE_METHODS, WEBSOCKET, Header
from guardhouse.core.stack import Stack
from guardhouse.doctor.explanation import Explanation, Records, explain_answer
from guardhouse.doctor.listing import Line, lines_of, means_of
from guardhouse.doctor.matrix import methods_of, sample_path
from guardhouse.doctor.sending import Asked, send
from guardhouse.doctor.visitors import FOREIGN_SITE, own_origin, session_of
from guardhouse.edge.asgi import Layer
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse
from guardhouse.state import csrf
from guardhouse.state.crumbs import key_of
from guardhouse.state.keeper import Storeless
from guardhouse.state.record import Record

Kind: TypeAlias = Literal["no cookie", "wrong guard", "expired", "revoked", "cross-site", "stale CSRF token"]

KINDS: Mapping[Kind, str] = {
    "no cookie": "a caller who sends no credential",
    "wrong guard": "somebody who is logged in elsewhere only",
    "expired": "a session whose time is over",
    "revoked": "a session that was ended",
    "cross-site": "a page of another site, with the cookie of whoever is logged in",
    "stale CSRF token": "a request that names no origin, with the token of another session",
}

_LONG, _OVER = 3600.0, 60.0


@dataclass(frozen=True, slots=True)
class Negative:
    """One route with one method, and who must not be let in there."""

    kind: Kind
    method: str
    path: str
    asked: str
    """The path with its parameters filled in; below a mount, one that only the mount answers."""
    where: str
    stacks: tuple[Stack, ...]

    @property
    def name(self) -> str:
        """Write it as the name of a test."""
        return f"{self.method} {self.path}: {self.kind}"


def negative_tests(
    app: Any,  # noqa: ANN401 - any application of the two frameworks
    *,
    house: Guardhouse[Any] | None = None,
    skip: Collection[str] = (),
) -> Callable[..., None]:
    """Make a test for every guarded route and every mistake, as one value for one line of a test file.

    `test_refusals = negative_tests(app)` in a test module is all.

    Every guarded route is asked for real, with sessions that are put into the house's own store for a moment; nobody's
    password is needed. `skip` are routes by method and path, `"POST /hook"`. A route that lets somebody in runs.
    """
    import pytest  # noqa: PLC0415 - only where tests are made

    asked = house or _house_of(app)
    negatives = [one for one in negatives_of(app, asked) if f"{one.method} {one.path}" not in skip]
    _refuse_unknown(skip, app)

    @pytest.mark.parametrize("negative", [pytest.param(one, id=one.name) for one in negatives])
    def test(negative: Negative) -> None:
        told = anyio.run(ask, app, asked, negative)
        if told.outcome != "refused":
            status = "no answer" if told.status is None else told.status
            pytest.fail(
                f"{negative.method} {negative.path} lets in {KINDS[negative.kind]}: {status}\n  {negative.where}"
            )

    return test


def negatives_of(app: Any, house: Guardhouse[Any]) -> Iterator[Negative]:  # noqa: ANN401 - as above
    """List whom each guarded route must refuse. Optional guards and areas for guests let in whom they like."""
    for line in lines_of(app):
        stacks = tuple(
            guarding.stack
            for guarding in line.info.guards
            if guarding.house is house and means_of(guarding) != "optional" and not guarding.stack.guests
        )
        for method in methods_of(line) if stacks else ():
            for kind in _kinds(line, method, stacks):
                if kind == "revoked" and _uncallable(house):
                    continue
                yield Negative(kind, method, line.info.path, _asked_path(line), line.info.where, stacks)


def _uncallable(house: Guardhouse[Any]) -> bool:
    """Whether sessions lie in cookies and nothing can call one back: what was ended opens until its deadline."""
    store = house.parts.store
    return isinstance(store, Storeless) and store.epochs is None


def _asked_path(line: Line) -> str:
    path = sample_path(line.info.path)
    return f"{path.rstrip('/')}/1" if line.info.kind == "mount" else path


def _kinds(line: Line, method: str, stacks: tuple[Stack, ...]) -> Iterator[Kind]:
    yield "no cookie"
    if any(stack.session for stack in stacks):
        yield from ("wrong guard", "expired", "revoked")
        if method == WEBSOCKET or method not in SAFE_METHODS:
            yield "cross-site"
        if line.info.kind != "websocket" and method not in SAFE_METHODS:
            yield "stale CSRF token"


async def ask(app: Any, house: Guardhouse[Any], negative: Negative) -> Explanation:  # noqa: ANN401 - as above
    """Send the one request, with its session in the store for as long as that takes."""
    keeper, records = house.parts.keeper, Records()
    handed = await keeper.create(_record(negative, house))
    if negative.kind == "revoked":
        await keeper.end(handed.key)
    try:
        answered = await send(app, _asked(negative, house, handed.value), records.kept())
        return explain_answer(app, answered, records)
    finally:
        await keeper.end(handed.key)
        await house.close()


def _record(negative: Negative, house: Guardhouse[Any]) -> Record:
    """Make a session as the kind wants it; nobody with that id has to exist, for he is refused before he is looked up."""
    now = house.parts.clock()
    if negative.kind == "expired":
        now -= _LONG + _OVER
    visitor: Literal["user", "other"] = "other" if negative.kind == "wrong guard" else "user"
    return session_of(visitor, negative.stacks, house, now)


def _asked(negative: Negative, house: Guardhouse[Any], session_id: str) -> Asked:
    own = own_origin(house)
    headers = [*_marks(negative, house, own)]
    if negative.kind != "no cookie":
        headers.append((b"cookie", f"{house.parts.cookie.session}={session_id}".encode("ascii")))
    return Asked(negative.method, f"{own.decode('ascii')}{negative.asked}", tuple(headers))


def _marks(negative: Negative, house: Guardhouse[Any], own: bytes) -> Iterator[Header]:
    """Write what the browser says about the page that asks; one kind says nothing, and sends a token in place of it."""
    if negative.kind == "stale CSRF token":
        other = csrf.session_binding(key_of(token_urlsafe(32).encode("ascii")))
        token = csrf.mint(house.parts.csrf, other, token_bytes(csrf.RANDOM_BYTES))
        yield b"x-xsrf-token", token.encode("ascii")
        return
    foreign = negative.kind == "cross-site"
    yield b"sec-fetch-site", b"cross-site" if foreign else b"same-origin"
    yield b"origin", FOREIGN_SITE.encode("ascii") if foreign else own


def _house_of(app: Any) -> Guardhouse[Any]:  # noqa: ANN401 - as above
    for middleware in getattr(app, "user_middleware", ()):
        if middleware.cls is Layer:
            house: Guardhouse[Any] = middleware.kwargs["house"]
            return house
    fix = "Call house.install(app) first, or hand the house over: negative_tests(app, house=house)."
    raise ConfigError("negative_tests", type(app).__name__, fix)


def _refuse_unknown(skip: Collection[str], app: Any) -> None:  # noqa: ANN401 - as above
    """Refuse to skip what is not there: a route that was renamed would be skipped unseen."""
    known = {f"{method} {line.info.path}" for line in lines_of(app) for method in methods_of(line)}
    for name in skip:
        if name not in known:
            raise ConfigError(
                "negative_tests(skip=...)", name, "Write method and path of a route: 'POST /hook'."
            )
