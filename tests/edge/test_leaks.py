"""No refusal repeats a secret: not in an answer of any form, a header, the log, an event, the ring, an explanation, a repr.

Every reason is provoked with secrets in all places where a request can carry one, and all outputs are searched for them.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import (
    Abilities,
    Area,
    BasicGuard,
    Can,
    Confirmed,
    Denied,
    Factors,
    JWTGuard,
    LoginThrottle,
    Reason,
    SessionGuard,
    TokenGuard,
    Verified,
)
from guardhouse.core.answer import FOLDED, Refusal
from guardhouse.core.reasons import REASONS
from guardhouse.doctor.explanation import Records, explain_answer
from guardhouse.doctor.sending import Asked, send
from guardhouse.edge.asgi import visit_of
from guardhouse.errors import IssuerUnavailableError
from guardhouse.gate.refused import refused
from guardhouse.issuers.keys import Keys
from guardhouse.testing import PASSWORD
from guardhouse.testing.refusals import read
from guardhouse.vault.jws import Key
from tests import provoked, tokens
from tests.foreign_refusals import refusals
from tests.guards.test_jwt import BOUND, proof
from tests.houses import NAVIGATION
from tests.provoked import COOKIE, OTHER_SECRET, PROVOKED, SAME, SECRET, UNKNOWN_ID, Provoked, World
from tests.tokens import AUDIENCE, CLAIMS, ISSUER, NOW, by_pyjwt

MARK = "s3cr3tM4rk0123456789"
LEAST = 9
"""A shorter value is no secret: `a`, `undefined`."""


class Unreached:
    """The keys of an issuer that was never reached."""

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        raise IssuerUnavailableError("https://login.example.com", "connection refused")

    def holds(self, key: Key) -> bool:
        return False


# -- what the other reasons take -------------------------------------------------------------------------------------


def asked(world: World, path: str, headers: Any = (), *, login: bool = False, **options: Any) -> Provoked:
    client = world.logged_in() if login else world.client()
    return provoked.ask(client, options.pop("method", "GET"), path, headers, **options)


def ruled(step: Any) -> Provoked:
    """Ask for what a step forbids to somebody who is logged in."""

    def prepare(house: Any) -> None:
        house.rules.define("nothing")(lambda user: Denied("no"))
        house.rules.define("hidden")(lambda user: Denied("no", hidden=True))

    world = World(prepare, areas={"ruled": Area(("web",), steps=(step,))})
    client = world.logged_in()
    world.clock.advance(timedelta(minutes=5))
    return provoked.ask(client, "GET", "/ruled")


def weak_token() -> Provoked:
    world = World(areas={"strong": Area(("token",), steps=(Abilities("write"),))})
    client = world.client()
    token = client.post("/issue").text
    return provoked.ask(client, "GET", "/strong", {"Authorization": f"Bearer {token}"})


def jwt(
    text: str, scheme: str = "Bearer", proofs: tuple[str, ...] = (), times: int = 1, **changes: Any
) -> Provoked:
    keys = Keys([Key.of(tokens.SECRET, "HS256", "k1"), Key.of(tokens.public("ES256"), "ES256", "e1")])
    settings: dict[str, Any] = {
        "keys": keys,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "dpop": "accept",
    } | changes
    guards = {"web": SessionGuard(), "token": TokenGuard(), "jwt": JWTGuard(**settings)}
    world = World(guards=guards, areas={"things": Area(("jwt",))})
    world.clock._now = NOW + 1
    client = world.client()
    headers = [("Authorization", f"{scheme} {text}"), *(("DPoP", one) for one in proofs)]
    for _ in range(times - 1):
        provoked.ask(client, "GET", "/things", headers)
    return provoked.ask(client, "GET", "/things", headers)


def program() -> Provoked:
    return jwt(by_pyjwt("HS256", CLAIMS | {"client_id": "1"}))


def basic(password: str = MARK) -> Provoked:
    guards = {"web": SessionGuard(), "basic": BasicGuard(), "token": TokenGuard()}
    pair = b64encode(f"ada@example.com:{password}".encode()).decode()
    return asked(World(guards=guards, areas={}), "/basic", {"Authorization": f"Basic {pair}"})


def damaged(change: Callable[[bytes], bytes]) -> Provoked:
    world = World()
    client = world.logged_in()
    bodies: Any = world.house.parts.store
    for key, body in bodies._bodies.items():
        bodies._bodies[key] = change(body)
    return provoked.ask(client, "GET", "/web")


def throttled() -> Provoked:
    world = World()
    throttle = LoginThrottle(world.house.limits)

    async def login(request: Request) -> Response:
        visit = visit_of(request, world.house)
        for _ in range(20):
            await throttle.take(visit, "ada@example.com")
        raise await refused(visit, Refusal(Reason.LOGIN_THROTTLED, "login", retry_after=9))

    world.app.router.routes.append(Route("/throttled", login, methods=["POST"]))
    body = {"email": "ada@example.com", "password": MARK}
    return asked(world, "/throttled", SAME, method="POST", json=body)


def at_desk(reason: Reason, **evidence: str) -> Provoked:
    """What a desk refuses, with secrets in all that is handed in."""
    world = World()

    async def desk(request: Request) -> Response:
        await request.json()
        raise await refused(visit_of(request, world.house), Refusal(reason, "login", evidence))

    world.app.router.routes.append(Route("/desk", desk, methods=["POST"]))
    return asked(world, "/desk", SAME, method="POST", json={"password": [MARK], "token": MARK, "code": MARK})


def came_back(refusal: Any) -> Provoked:
    """Answer a login elsewhere that is none here."""
    world = World()

    async def back(request: Request) -> Response:
        visit = visit_of(request, world.house)
        raise await refused(visit, Refusal(refusal.reason, "login", refusal.evidence))

    world.app.router.routes.append(Route("/back", back))
    return asked(world, "/back")


def gone() -> Provoked:
    world = World()

    async def slow(request: Request) -> Response:
        session = await world.house.session(request)
        session["secret"] = MARK
        store: Any = world.house.parts.store
        store._bodies.clear()
        return Response(status_code=204)

    world.app.router.routes.append(Route("/slow", slow))
    return asked(world, "/slow", login=True)


def socket() -> Provoked:
    """A WebSocket of a page of another origin, asked as the server would."""
    world = World()

    async def endpoint(websocket: Any) -> None:
        await world.house.user(websocket, "web")

    from starlette.routing import WebSocketRoute  # noqa: PLC0415 - one row needs it

    world.app.router.routes.append(WebSocketRoute("/ws", endpoint))
    headers = [
        (b"host", b"api.example.com"),
        (b"origin", b"https://shop.other.org"),
        (b"cookie", COOKIE.encode()),
    ]
    answered = anyio.run(
        send, world.app, Asked("WS", "https://api.example.com/ws", tuple(headers)), Records().kept()
    )
    return Provoked((), answered.status or 0, {"code": "websocket_origin"}, None)


def bad(**changes: Any) -> str:
    return by_pyjwt("HS256", {name: value for name, value in (CLAIMS | changes).items() if value is not None})


BEYOND: Mapping[Reason, Callable[[], Provoked]] = {
    Reason.CREDENTIAL_REJECTED: basic,
    Reason.SESSION_UNREADABLE: partial(damaged, lambda _: b"\xff" + MARK.encode()),
    Reason.LOGIN_FORMAT_UNKNOWN: partial(damaged, lambda body: body.replace(b"v1.", b"v9.")),
    Reason.LOGIN_MALFORMED: partial(at_desk, Reason.LOGIN_MALFORMED, fields="email and password"),
    Reason.FORM_INVALID: partial(at_desk, Reason.FORM_INVALID),
    Reason.LINK_INVALID: partial(at_desk, Reason.LINK_INVALID, link="forged"),
    Reason.LINK_SPENT: partial(at_desk, Reason.LINK_SPENT, link="expired"),
    Reason.FACTOR_WRONG: partial(at_desk, Reason.FACTOR_WRONG),
    Reason.FACTOR_NOT_ASKED: partial(at_desk, Reason.FACTOR_NOT_ASKED),
    Reason.PASSKEY_REJECTED: partial(at_desk, Reason.PASSKEY_REJECTED, fault="wrong_signature"),
    Reason.LOGIN_THROTTLED: throttled,
    **{reason: partial(came_back, refusal) for reason, refusal in refusals(MARK).items()},
    Reason.SESSION_GONE: gone,
    Reason.ABILITY_MISSING: weak_token,
    Reason.CLIENT_NOT_USER: program,
    Reason.RULE_DENIED: partial(ruled, Can("nothing")),
    Reason.RULE_HIDDEN: partial(ruled, Can("hidden")),
    Reason.CONFIRMATION_NEEDED: partial(ruled, Confirmed(timedelta(minutes=1))),
    Reason.FACTORS_MISSING: partial(ruled, Factors(2)),
    Reason.IMPERSONATED: partial(at_desk, Reason.IMPERSONATED),
    Reason.USER_NOT_VERIFIED: partial(ruled, Verified(by=lambda user: False)),
    Reason.WEBSOCKET_ORIGIN: socket,
    Reason.JWT_TYPE: partial(jwt, by_pyjwt("HS256", typ="JWT")),
    Reason.JWT_ISSUER: partial(jwt, bad(iss=MARK)),
    Reason.JWT_AUDIENCE: partial(jwt, bad(aud=MARK)),
    Reason.JWT_EXPIRED: partial(jwt, bad(exp=NOW - 60, iat=NOW - 120)),
    Reason.JWT_NOT_YET: partial(jwt, bad(iat=NOW + 100)),
    Reason.JWT_LIFETIME: partial(jwt, bad(exp=NOW + 10**7)),
    Reason.JWT_CLAIMS: partial(jwt, bad(sub=None)),
    Reason.JWT_KEY_UNKNOWN: partial(jwt, by_pyjwt("HS256", kid=MARK)),
    Reason.JWT_ALGORITHM: partial(jwt, by_pyjwt("RS256", kid="k1")),
    Reason.JWT_SIGNATURE: partial(jwt, by_pyjwt("HS256")[:-6] + "AAAAAA"),
    Reason.JWT_MALFORMED: partial(jwt, f"eyJ.{MARK}.AA"),
    Reason.ISSUER_UNAVAILABLE: partial(jwt, by_pyjwt("HS256", kid=MARK), keys=Unreached()),
    Reason.JWT_REVOKED: partial(jwt, by_pyjwt("HS256"), revoked=lambda _: True),
    Reason.DPOP_MISSING: partial(jwt, BOUND, "DPoP"),
    Reason.DPOP_SCHEME: partial(jwt, BOUND, "Bearer", (proof(),)),
    Reason.DPOP_INVALID: partial(jwt, BOUND, "DPoP", (proof(htm="PUT"),)),
    Reason.DPOP_REPLAYED: partial(jwt, BOUND, "DPoP", (proof(),), 2),
}

ELSEWHERE = {
    Reason.CREDENTIAL_FOREIGN: "stands in traces, where credential_unknown is the answer",
    Reason.USER_NOT_CLIENT: "no evidence but the guard's name",
}

ROWS: Mapping[str, tuple[Reason, Callable[[], Provoked]]] = {
    **{str(reason): (reason, ask) for reason, ask in PROVOKED.items()},
    **{
        f"{reason} as well" if reason in PROVOKED else str(reason): (reason, ask)
        for reason, ask in BEYOND.items()
    },
}


def test_every_reason_is_fed_with_secrets():
    refusing = {reason for reason in Reason if REASONS[reason].status != 200}
    assert set(PROVOKED) | set(BEYOND) | set(ELSEWHERE) == refusing
    assert not set(ELSEWHERE) & (set(PROVOKED) | set(BEYOND))


# -- asking with secrets everywhere, and searching all that comes of it -------------------------------------------------


class Searched:
    """Stands in for `provoked.ask`: adds secrets to every request, and keeps all that was said about it."""

    def __init__(self, caplog: pytest.LogCaptureFixture, *, cookies: bool, person: bool) -> None:
        self.caplog = caplog
        self.cookies = cookies
        self.person = person
        self.said: list[str] = []
        self.secrets = {MARK, PASSWORD, SECRET, OTHER_SECRET, UNKNOWN_ID}
        self._ask = provoked.ask

    def __call__(
        self, client: TestClient, method: str, path: str, headers: Any = (), **options: Any
    ) -> Provoked:
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        names = {name.lower() for name, _ in pairs}
        pairs = [
            (name, f"{value}; other={MARK}" if name == "Cookie" and self.cookies else value)
            for name, value in pairs
        ]
        if "user-agent" not in names:
            pairs.append(("User-Agent", f"Mozilla/5.0 {MARK}"))
        if "referer" not in names and names & {"origin", "sec-fetch-site"}:
            pairs.append(("Referer", f"https://page.example.com/{MARK}?{MARK}"))
        pairs += [("X-Strange", MARK), ("X-Forwarded-Authorization", MARK)]
        pairs += list(NAVIGATION.items()) if self.person else []
        path = path if "signature" in path or path == "/signed" else f"{path}?token={MARK}"
        house = next(item.kwargs["house"] for item in client.app.user_middleware if "house" in item.kwargs)  # type: ignore[attr-defined]
        events: list[Any] = []
        with house.overheard(events.append):
            told = self._ask(client, method, path, pairs, **options)
        self._sent(told.answer.request)
        self._listen(told.answer, events, house)
        self._explain(client, told.answer.request)
        return told

    def _sent(self, request: Any) -> None:
        for name, value in request.headers.items():
            if name == "cookie":
                self.secrets |= {pair.partition("=")[2].strip('"') for pair in value.split("; ")}
            if name in ("authorization", "x-xsrf-token", "x-api-key", "dpop"):
                self.secrets |= {value.rpartition(" ")[2], *value.rpartition(" ")[2].split(".")[-1:]}

    def _listen(self, answer: Any, events: Any, house: Any) -> None:
        headers = [(name, value) for name, value in answer.headers.items() if name != "set-cookie"]
        self.said += [answer.text, str(headers), repr(events), str(list(house.recent)), repr(house.recent)]
        for event in events:
            self.said.append(json.dumps({name: str(getattr(event, name)) for name in event.__slots__}))
        for record in (one for one in self.caplog.records if one.name.startswith("guardhouse")):
            self.said += [record.getMessage(), str(getattr(record, "guardhouse", ""))]

    def _explain(self, client: TestClient, request: Any) -> None:
        headers = tuple((name.lower(), value) for name, value in request.headers.raw)
        records = Records()
        asked = Asked(request.method, str(request.url), headers, request.content)
        answered = anyio.run(send, client.app, asked, records.kept())
        explanation = explain_answer(client.app, answered, records)
        self.said.append(json.dumps(explanation.document, default=str))
        self.said += [repr(passage) for passage in answered.passages]
        if explanation.refusal is not None:
            self.said += [repr(explanation.refusal), str(read(explanation.refusal))]

    @property
    def leaks(self) -> Iterator[tuple[str, str]]:
        for secret in self.secrets:
            for said in self.said:
                if len(secret) >= LEAST and secret in said:
                    yield secret, said


@pytest.mark.parametrize("person", [False, True], ids=["a script", "a person"])
@pytest.mark.parametrize("row", ROWS)
def test_no_secret_comes_back(
    row: str, person: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level(logging.DEBUG)
    reason, provoke = ROWS[row]
    searched = Searched(caplog, cookies=reason is not Reason.CREDENTIALS_OMITTED, person=person)
    monkeypatch.setattr(provoked, "ask", searched)
    told = provoke()
    if not person and reason not in FOLDED.values():
        causes = [cause["code"] for cause in told.document.get("causes", ())]
        assert str(reason) in (told.document.get("code"), *causes)
    assert list(searched.leaks) == []


def test_the_search_finds_what_is_there(caplog: pytest.LogCaptureFixture):
    searched = Searched(caplog, cookies=True, person=False)
    searched.said.append(f"evidence: {MARK}")
    assert list(searched.leaks) == [(MARK, f"evidence: {MARK}")]
