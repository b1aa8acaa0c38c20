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
from re import compile as pattern
from typing import Any, Literal, TypeAlias

from guardhouse.core.events import (
    AccountChanged,
    AccountStep,
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
from guardhouse.core.verdict import Identity
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse
from guardhouse.users.credentials import fold_login

__all__ = ["Entry", "keep_audit"]

Level: TypeAlias = Literal["INFO", "WARN", "CRITICAL"]

LEVELS = {"INFO": logging.INFO, "WARN": logging.WARNING, "CRITICAL": logging.CRITICAL}
_WORD = pattern(r"[a-z][a-z0-9_-]{0,31}").fullmatch
"""What is told of an account's change besides: a word of ours, and nothing that somebody typed."""

_ACCOUNTS: Mapping[AccountStep, tuple[str, Level, str]] = {
    "registered": ("user_created", "WARN", "registered"),
    "password_reset": ("authn_password_change", "INFO", "set a new password by link"),
    "password_changed": ("authn_password_change", "INFO", "changed the password"),
    "confirmed": ("session_renewed", "INFO", "gave a proof once more"),
    "factor_asked": ("session_renewed", "INFO", "gave a first proof, and owes a second"),
    "remembered_device_used": ("session_renewed", "INFO", "came back on a device that remembers"),
    "reset_asked": ("authn_token_created", "INFO", "was sent a link to a new password"),
    "verify_asked": ("authn_token_created", "INFO", "was sent a link that verifies an address"),
    "address_change_asked": ("authn_token_created", "INFO", "was sent a link that changes an address"),
    "link_asked": ("authn_token_created", "INFO", "was sent a link that logs in"),
    "factor_failed": ("authn_login_fail", "WARN", "gave a wrong second proof"),
    "remembered_device_stolen": ("authn_token_reuse", "CRITICAL", "has a remembered device that was copied"),
    "address_verified": ("user_updated", "WARN", "verified an address"),
    "address_changed": ("user_updated", "WARN", "changed the address"),
    "factor_added": ("user_updated", "WARN", "added a second factor"),
    "factor_removed": ("user_updated", "WARN", "removed a second factor"),
    "recovery_codes_made": ("user_updated", "WARN", "made new recovery codes"),
    "recovery_code_used": ("user_updated", "WARN", "used up a recovery code"),
    "passkey_added": ("user_updated", "WARN", "added a passkey"),
    "passkey_renamed": ("user_updated", "INFO", "renamed a passkey"),
    "passkey_removed": ("user_updated", "WARN", "removed a passkey"),
    "passkey_copied": ("authn_login_fail", "CRITICAL", "showed a copy of a passkey"),
    "foreign_linked": ("user_updated", "WARN", "linked a login elsewhere"),
    "foreign_unlinked": ("user_updated", "WARN", "took off a login elsewhere"),
    "impersonated": ("authz_admin", "WARN", "began to act in the place of user"),
    "impersonation_ended": ("authz_admin", "WARN", "ended to act in the place of user"),
}
"""The word of the vocabulary for each step, its level, and what it says; the step itself follows the user in the event."""

_ON_USERS = frozenset({"user_created", "user_updated"})
"""Words that name who did it and whom it was done to, which is the same user here."""

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

    for kind in (
        Login,
        Failed,
        Throttled,
        Logout,
        SessionsEnded,
        TokenIssued,
        TokenRevoked,
        AccountChanged,
        Refused,
    ):
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
            return _logged_out(guard, identity)
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
        case AccountChanged(guard=guard, user=user, step=step, about=about):
            return _account(names.user(guard, user), guard, step, about)
        case Refused():
            return _refused(event)
        case _:
            return None


def _by(user: str, guard: str, name: str, did: str, *values: str, **more: str | int) -> Entry:
    return Entry(name, "INFO", f"User {user} {did}", user, values, {"guard": guard, **more})


def _logged_out(guard: str, identity: Identity | None) -> Entry:
    user = NOBODY if identity is None else identity.user_id
    behind = identity.behind if identity is not None else None
    more: dict[str, str | int] = {} if behind is None else {"impersonator": behind.user_id}
    return _by(user, guard, "session_expired", "logged out", "logout", **more)


def _account(user: str, guard: str, step: AccountStep, about: str) -> Entry:
    name, level, did = _ACCOUNTS[step]
    if name == "authz_admin":  # `about` is who acts, and he is the one whose doing it is
        return Entry(
            name, level, f"User {about} {did} {user}", about or NOBODY, (step, user), {"guard": guard}
        )
    values = (user, step) if name in _ON_USERS else (step,)
    more = {"guard": guard} | ({"about": about} if _WORD(about) else {})
    return Entry(name, level, f"User {user} {did}", user, values, more)


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
