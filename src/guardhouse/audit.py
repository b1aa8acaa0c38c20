"""An audit trail: one JSON line for each thing that happened to a login, in the words of OWASP's logging vocabulary.

What is written names users by the id that the application gives them. What was typed at a login is never written, because people
type passwords into the wrong field: a keyed digest stands for it, so that tries at one account can be told to belong together.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from guardhouse.core.events import (
    Event,
    Failed,
    Login,
    Logout,
    Refused,
    SessionsEnded,
    Throttled,
    TokenIssued,
    TokenRevoked,
)
from guardhouse.core.reasons import Reason
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse
from guardhouse.users.credentials import fold_login

__all__ = ["Entry", "keep_audit"]

Level: TypeAlias = Literal["INFO", "WARN", "CRITICAL"]

LEVELS = {"INFO": logging.INFO, "WARN": logging.WARNING, "CRITICAL": logging.CRITICAL}
NOBODY = "-"
"""Stands where the vocabulary has a user, and there is none or he is not known."""
_DIGEST_BYTES = 8
_FORBIDDEN, _TOO_MANY = 403, 429

logger = logging.getLogger("guardhouse.audit")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail, before it is told when and where it happened."""

    name: str
    level: Level
    description: str
    user: str = NOBODY
    values: tuple[str, ...] = ()
    """What the vocabulary has after the user."""
    more: Mapping[str, str | int] = field(default_factory=dict[str, str | int])

    @property
    def event(self) -> str:
        """The word of the vocabulary with its values; commas and colons within one are escaped, for they stand between."""
        return f"{self.name}:{','.join(map(_escaped, (self.user, *self.values)))}"


class _Names:
    """Names whom an event is about."""

    def __init__(self, house: Guardhouse[Any]) -> None:
        self._house = house
        self._digests = house.parts.keys.purpose("audit")

    def user(self, guard: str, user: object) -> str:
        provider = getattr(self._house.guards.get(guard), "provider", None)
        return self._house.parts.providers[provider].id_of(user) if provider and user is not None else NOBODY

    def first(self, credentials: Mapping[str, object]) -> Mapping[str, str]:
        """Stand for the first field that was typed, which is the login; what is no text was none."""
        typed = [one for one in credentials.values() if isinstance(one, str)]
        return {"account": self.typed(typed[0])} if typed else {}

    def typed(self, account: str) -> str:
        """Stand for what was typed as a login, without holding it."""
        return self._digests.mac(fold_login(account).encode("utf-8", "surrogatepass"))[:_DIGEST_BYTES].hex()


def keep_audit(house: Guardhouse[Any], appid: str, write: Callable[[str], object] | None = None) -> None:
    """Keep a trail of a house's logins. Call it before the house is installed.

    Each line goes to `write`, or else to the logger `guardhouse.audit` at its level. `appid` is how your logs call this
    application. A line is written before the answer leaves: where `write` raises, so does the request.
    """
    if not appid.strip():
        raise ConfigError("keep_audit appid", appid, "Say which application this is, as your other logs do.")
    names = _Names(house)

    def note(event: Event) -> None:
        entry = _entry(event, names)
        if entry is None:
            return
        line = _line(entry, appid, house.parts.clock())
        if write is None:
            logger.log(LEVELS[entry.level], "%s", line)
        else:
            write(line)

    for kind in (Login, Failed, Throttled, Logout, SessionsEnded, TokenIssued, TokenRevoked, Refused):
        house.listen(kind, note)


def _line(entry: Entry, appid: str, now: float) -> str:
    # ASCII, so that no character of a visitor's can end the line (CWE-117).
    return json.dumps(
        {
            "datetime": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            "appid": appid,
            "event": entry.event,
            "level": entry.level,
            "description": entry.description,
            **entry.more,
        },
        ensure_ascii=True,
    )


def _entry(event: Event, names: _Names) -> Entry | None:
    """Find the words for an event; None for what is no matter of a trail."""
    match event:
        case Login(guard=guard, user=user):
            return _by(names.user(guard, user), guard, "authn_login_success", "logged in")
        case Failed(guard=guard, user=user, credentials=credentials):
            return _failed(names.user(guard, user), guard, names.first(credentials))
        case Throttled(account=account, by=by, seconds=seconds):
            return _throttled(by, seconds, names.typed(account))
        case Logout(guard=guard, identity=identity):
            user = NOBODY if identity is None else identity.user_id
            return _by(user, guard, "session_expired", "logged out", "logout")
        case SessionsEnded(guard=guard, user=user, id=public_id, count=count):
            said: dict[str, str | int | None] = {"sessions": count, "session": public_id}
            more = {name: value for name, value in said.items() if value is not None}
            return _by(
                names.user(guard, user), guard, "session_expired", "had sessions ended", "revoked", **more
            )
        case TokenIssued(guard=guard, user=user, id=token):
            return _by(names.user(guard, user), guard, "authn_token_created", "was issued a token", token)
        case TokenRevoked(guard=guard, user=user, id=token):
            did = "had a token revoked" if token else "had all tokens revoked"
            return _by(names.user(guard, user), guard, "authn_token_revoked", did, token or "all")
        case Refused():
            return _refused(event)
        case _:
            return None


def _by(user: str, guard: str, name: str, did: str, *values: str, **more: str | int) -> Entry:
    return Entry(name, "INFO", f"User {user} {did}", user, values, {"guard": guard, **more})


def _failed(user: str, guard: str, account: Mapping[str, str]) -> Entry:
    said = f"A login as user {user} failed" if user != NOBODY else "A login failed that named no user"
    return Entry("authn_login_fail", "WARN", said, user, (), {"guard": guard, **account})


def _throttled(by: str, seconds: int, typed: str) -> Entry:
    said = f"A login was not weighed: the {by} has had too many in vain, and waits {seconds} seconds"
    return Entry("authn_login_fail_max", "WARN", said, NOBODY, (by,), {"account": typed, "seconds": seconds})


def _refused(event: Refused) -> Entry | None:
    place = event.route or NOBODY  # not the path: links hold secrets there
    more: dict[str, str | int] = {"code": event.code, "method": event.method, "request_id": event.request_id}
    if event.status == _FORBIDDEN:
        return Entry("authz_fail", "CRITICAL", f"A request to {place} was forbidden", NOBODY, (place,), more)
    if event.status == _TOO_MANY and event.code != Reason.LOGIN_THROTTLED:
        said = f"A request to {place} was one too many"
        return Entry("excess_rate_limit_exceeded", "WARN", said, NOBODY, (place,), more)
    return None


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
