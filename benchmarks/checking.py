"""Nothing is timed that was not seen to do its work: the right id, 401 without cookies, a refusal of other sites."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.asking import FOREIGN, Answer, Ask, Header, Jar, Send, get, own_origin, padded, post
from benchmarks.contestants import Contestant

USER_ID = 42
_NOT_THIS_TOKEN = (401, 422)
"""What is said of a token that is not genuine; 422 is the word of authx."""
LOGIN = b"username=ada%40example.com&password=correct+horse+battery+staple"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that is logged in at one contestant, by its cookies or by the token that its page sends."""

    contestant: Contestant
    jar: Jar
    bearer: tuple[Header, ...] = ()
    """The Authorization that goes with every request, where there is one."""

    @property
    def asks(self) -> Mapping[str, Ask]:
        """The requests that are timed, by the heading of their column."""
        return {
            "GET /me": get("/me", self.jar, *self.bearer),
            "POST /do": post("/do", self.jar, *self.bearer, *own_origin(self.token)),
            "GET /open": get("/open", self.jar, *self.bearer),
        }

    @property
    def by_token(self) -> Ask:
        """The POST of an old browser: nothing but the token says where it comes from."""
        return post("/do", self.jar, *self.bearer, self.token or (b"x-nothing", b"n" * 80))

    @property
    def forged(self) -> Ask:
        """The POST that another site makes the browser send: its cookies, but no token."""
        return post("/do", self.jar, *FOREIGN)

    @property
    def token(self) -> Header | None:
        """The CSRF token as the page sends it back."""
        if self.contestant.token is None:
            return None
        cookie, header = self.contestant.token
        return header.encode(), self.jar[cookie].encode()


async def admitted(contestant: Contestant, send: Send) -> Visitor:
    """Log in through the contestant's own route, and hold its answers to what they must be."""
    visitor = await _visitor(contestant, send)
    for heading, ask in visitor.asks.items():
        _hold(contestant, heading, await send(ask), 200)
    if contestant.guarded:
        _hold(contestant, "GET /me without a login", await send(get("/me", {})), 401)
        _hold(contestant, "GET /open without a login", await send(get("/open", {})), 200)
    if contestant.bearer:
        _hold(contestant, "GET /me, its token changed", await send(_changed(visitor)), *_NOT_THIS_TOKEN)
    if contestant.token is not None:
        _hold(contestant, "POST /do with the token alone", await send(visitor.by_token), 200)
        _hold(contestant, "POST /do from another site", await send(visitor.forged), 403)
    return visitor


async def _visitor(contestant: Contestant, send: Send) -> Visitor:
    if not contestant.guarded:
        return Visitor(contestant, padded({}))
    answer = await send(post("/login", {}, *own_origin(None), body=LOGIN))
    if contestant.bearer:
        bearer = (b"authorization", b"Bearer " + json.loads(answer.body)["access_token"].encode())
        return Visitor(contestant, padded({}, bearer), (bearer,))
    jar = _set_by(answer)
    # Open a page, because some libraries hand out their CSRF token only then.
    return Visitor(contestant, padded({**jar, **_set_by(await send(get("/me", jar)))}))


def _changed(visitor: Visitor) -> Ask:
    """Ask with another character in the middle of the last third of the token, where its signature or secret is."""
    ((name, value),) = visitor.bearer
    at = len(value) - 20
    other = b"A" if value[at : at + 1] != b"A" else b"B"
    return get("/me", visitor.jar, (name, value[:at] + other + value[at + 1 :]))


def _set_by(answer: Answer) -> dict[str, str]:
    lines = [value.decode("latin-1") for name, value in answer.headers if name.lower() == b"set-cookie"]
    pairs = [line.split(";")[0].partition("=") for line in lines]
    return {name: value for name, _, value in pairs}


def _hold(contestant: Contestant, what: str, answer: Answer, *statuses: int) -> None:
    said = f"{contestant.title}: {what} gave {answer.status} {answer.body[:200]!r}"
    assert answer.status in statuses, f"{said}, not {statuses[0]}"
    assert answer.status != 200 or json.loads(answer.body) == {"id": USER_ID}, f"{said}, not the id {USER_ID}"  # noqa: PLR2004
