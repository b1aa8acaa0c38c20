"""One endpoint of a running demo through session, personal token and JWT: what each costs, gives, and how it ends. Leaves nothing behind."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct

from guardhouse.cli.line import Answer, Line
from guardhouse.cli.loading import UnusableError
from guardhouse.cli.output import note
from guardhouse.state.policy import SessionPolicy

EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"
NAME = "guardhouse compare"
"""What the tokens are called in Ada's list, should one be left there because the demo went away."""

OPEN, ENDPOINT, WRITING = "/public", "/api/me", "/api/do_thing"
HERE = {"Sec-Fetch-Site": "same-origin"}
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
ROUNDS = 20
PATIENCE = 5.0
_OK = 200


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: what it sends with every request, what it took to get that, and how it is taken back."""

    name: str
    headers: Mapping[str, str] = field(repr=False)
    before: Sequence[Answer] = field(repr=False)
    gives: str
    lives: str
    end: tuple[str, str, Mapping[str, str]] = field(repr=False)
    """The request that takes it back."""
    ending: str
    """What that is called."""


class Found(Struct, frozen=True):
    """What was found out about one way."""

    milliseconds: float
    beside_open: float
    """How many times as long as a route takes that asks nobody."""
    credential_bytes: int
    sent_bytes: int
    received_bytes: int
    requests_before: int
    milliseconds_before: float
    lives: str
    gives: str
    used_elsewhere: str
    makes_a_lasting_one: str
    seen_by_scripts: bool
    from_another_site: str
    after: dict[str, str]
    """What it is answered after each of them was taken back, in that order."""
    refused_after_milliseconds: float | None
    """How long after its own end was answered it was refused; None for never, as long as we looked."""


def compare_at(line: Line, requests: int) -> dict[str, Found]:
    """Ask, take back, ask again. Whatever happens meanwhile, what was made is taken back."""
    with _entered(line) as ways:
        opened, seconds = _race(line, ways, requests)
        found = {way.name: _looked_at(line, way) for way in ways}
        after: dict[str, dict[str, str]] = {way.name: {} for way in ways}
        refused: dict[str, float | None] = {}
        for ending in (ways[1], ways[0], ways[2]):
            refused[ending.name] = _ended(line, ending)
            for way in ways:
                after[way.name][ending.ending] = line.ask("GET", ENDPOINT, way.headers).verdict
    return {
        way.name: msgspec.structs.replace(
            found[way.name],
            milliseconds=seconds[way.name] * 1000,
            beside_open=seconds[way.name] / opened,
            after=after[way.name],
            refused_after_milliseconds=refused[way.name],
        )
        for way in ways
    }


# -- in and out -------------------------------------------------------------------------------------------------------


@contextmanager
def _entered(line: Line) -> Generator[tuple[Way, Way, Way]]:
    """Come in by each way, and take back at the end what was made, the session last."""
    with ExitStack() as leaving:
        login = line.ask("POST", "/login", HERE, {"email": EMAIL, "password": PASSWORD})
        session = {"Cookie": _cookie(login), **HERE}
        out = ("POST", "/logout", session)
        leaving.callback(_take_back, line, "session", out)
        issuing = line.ask("POST", "/api/tokens", session, {"name": NAME, "abilities": ["read"]})
        issued = issuing.document()
        delete = ("DELETE", f"/api/tokens/{issued.get('id')}", session)
        leaving.callback(_take_back, line, f"token {NAME!r}", delete)
        signing = line.ask("POST", "/api/access-token", session)
        text = str(signing.document().get("access_token"))
        signed = {"Authorization": f"Bearer {text}"}
        listed = ("DELETE", "/api/access-token", signed)
        leaving.callback(_take_back, line, "JWT", listed)
        scope, minutes = _claims(text)
        token = {"Authorization": f"Bearer {issued.get('token')}"}
        good_for = " ".join(map(str, issued.get("abilities") or ()))
        ends = "for ever" if issued.get("expires") is None else "until its end"
        yield (
            Way("session", session, (login,), "all that Ada may", _deadlines(), out, "logout"),
            Way("personal token", token, (login, issuing), good_for, ends, delete, "token revoked"),
            Way("JWT", signed, (login, signing), scope, f"{minutes:.0f} minutes", listed, "JWT revoked"),
        )


def _take_back(line: Line, what: str, request: tuple[str, str, Mapping[str, str]]) -> None:
    """Take one thing back; that it is gone already is fine, that the demo is gone is said."""
    try:
        line.ask(*request)
    except UnusableError:
        note(f"the {what} could not be taken back: the demo does not answer any more.")


def _cookie(login: Answer) -> str:
    """Take the cookies that no script sees, if there are such: whether they are enough will show."""
    cookies = login.headers.get_all("set-cookie") or []
    if login.status != _OK or not cookies:
        raise UnusableError(f"Ada cannot log in there: {login.verdict}. Is that a guardhouse demo?")
    hidden = [line for line in cookies if _hidden(line)]
    return "; ".join(line.partition(";")[0] for line in hidden or cookies)


def _hidden(cookie: str) -> bool:
    return "httponly" in cookie.lower()


def _deadlines() -> str:
    """Say how long the demo's sessions live: as every house's do that was not told otherwise."""
    policy, hour = SessionPolicy(), 3600
    return f"{policy.idle.total_seconds() / hour:.0f} h idle, {policy.absolute.total_seconds() / hour:.0f} h"


def _claims(text: str) -> tuple[str, float]:
    """Read what a JWT says about itself, as everybody can who holds one: its scope, and its minutes."""
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(text.split(".")[1] + "=="), type=dict[str, Any])
        return str(claims["scope"]), (float(claims["exp"]) - float(claims["iat"])) / 60
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise UnusableError("the demo gave out no JWT that could be read.") from error


# -- what is measured ---------------------------------------------------------------------------------------------------


def _race(line: Line, ways: Sequence[Way], requests: int) -> tuple[float, dict[str, float]]:
    """Take turns, so that what else the machine does hits all alike; return the medians, of the open route first."""
    seconds: dict[str, list[float]] = {name: [] for name in ("", *(way.name for way in ways))}
    for _ in range(-(-requests // ROUNDS)):
        for _ in range(ROUNDS):
            seconds[""].append(line.ask("GET", OPEN).seconds)
        for way in ways:
            for _ in range(ROUNDS):
                answer = line.ask("GET", ENDPOINT, way.headers)
                if answer.status != _OK:
                    raise UnusableError(f"{way.name}: {ENDPOINT} answers {answer.verdict}.")
                seconds[way.name].append(answer.seconds)
    medians = {name: median(some) for name, some in seconds.items()}
    return medians.pop(""), medians


def _looked_at(line: Line, way: Way) -> Found:
    """Find out what the times do not say, while it is good."""
    answer = line.ask("GET", ENDPOINT, way.headers)
    cookie = way.headers.get("Cookie")
    with Line(line.url) as elsewhere:
        used = elsewhere.ask("GET", ENDPOINT, {"Cookie": cookie} if cookie else way.headers)
    (name,) = {"Cookie", "Authorization"} & way.headers.keys()
    return Found(
        milliseconds=0,
        beside_open=0,
        credential_bytes=len(name) + len(": \r\n") + len(way.headers[name]),
        sent_bytes=answer.sent,
        received_bytes=answer.received,
        requests_before=len(way.before),
        milliseconds_before=sum(one.seconds for one in way.before) * 1000,
        lives=way.lives,
        gives=way.gives,
        used_elsewhere=used.verdict,
        makes_a_lasting_one=_made_lasting(line, way),
        seen_by_scripts=cookie is None
        or not any(map(_hidden, way.before[0].headers.get_all("set-cookie") or [])),
        from_another_site=_forged(line, way, ambient=cookie is not None),
        after={},
        refused_after_milliseconds=None,
    )


def _made_lasting(line: Line, way: Way) -> str:
    """Ask for a token that is good for everything, as a thief would, and take it back."""
    made = line.ask("POST", "/api/tokens", way.headers, {"name": NAME, "abilities": ["*"]})
    if made.status < 300:  # noqa: PLR2004 - the HTTP status
        line.ask("DELETE", f"/api/tokens/{made.document().get('id')}", way.headers)
    return made.verdict


def _forged(line: Line, way: Way, *, ambient: bool) -> str:
    """Send what a page of another site can make a browser send: the cookie goes along, a header must be asked for first."""
    if ambient:
        return line.ask("POST", WRITING, {**way.headers, **ELSEWHERE}).verdict
    wanted = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
        **ELSEWHERE,
    }
    allowed = line.ask("OPTIONS", WRITING, wanted).headers.get("access-control-allow-origin")
    return "may not add it" if allowed is None else f"{allowed} may add it"


def _ended(line: Line, way: Way) -> float | None:
    """Take it back, and ask until it is refused; return the milliseconds from the answer on."""
    ended = line.ask(*way.end)
    if ended.status >= 400:  # noqa: PLR2004 - the HTTP status
        raise UnusableError(f"{way.name}: {way.end[0]} {way.end[1]} answers {ended.verdict}.")
    began = time.perf_counter()
    while (waited := time.perf_counter() - began) < PATIENCE:
        if line.ask("GET", ENDPOINT, way.headers).status != _OK:
            return (time.perf_counter() - began) * 1000
        time.sleep(min(0.01, waited))
    return None
