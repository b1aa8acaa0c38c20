"""A session in the hands of one request: read like a mapping, remembering which keys were changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, cast

import msgspec
from msgspec import Raw

from guardhouse.core.intended import local_path
from guardhouse.errors import ConfigError, SessionTooLargeError
from guardhouse.state.record import Changes, Login, Record, encode

_FLASH = "_flash"
_INTENDED = "_intended"

CONFIRMED = "_confirmed"
"""Under which key it stands when each user, `provider:id`, gave his password once more."""

_decode = msgspec.msgpack.Decoder().decode


class Session(MutableMapping[str, Any]):
    """What a visitor carries. Values are JSON-like: text, numbers, bytes, lists, dicts, datetimes.

    Only changed keys are written, merged in the store, so parallel requests do not undo each other. A list or dict
    that was read and then changed in place is noticed. Keys that begin with an underscore are the library's.
    """

    __slots__ = ("_dropped", "_late", "_live", "_logins", "_put", "record")

    def __init__(self, record: Record | None = None) -> None:
        self.record = record
        self._live: dict[str, Any] = {}
        self._put: dict[str, bytes] = {}
        self._dropped: set[str] = set()
        self._logins: dict[str, Login | None] = {}
        self._late: Callable[[str], None] | None = None

    def leave(self, late: Callable[[str], None]) -> None:
        """Note that the answer has left: whoever changes something from now on is told by `late` that it is lost."""
        self._late = late

    def _written(self, what: str) -> None:
        if self._late is not None:
            self._late(what)

    @property
    def public_id(self) -> str | None:
        """A name for this session that is safe to show in a list of devices; None before anything is stored."""
        return self.record.public_id if self.record else None

    def login(self, realm: str) -> Login | None:
        """Read the login of a realm, with this request's own changes."""
        if realm in self._logins:
            return self._logins[realm]
        return self.record.logins.get(realm) if self.record else None

    def set_login(self, realm: str, login: Login | None) -> None:
        """Write or drop the login of a realm; the house renews the id."""
        if login is not None:
            _refuse_number(login.user_id, login.provider)
            self._written(f"the login of {realm}")
        self._logins[realm] = login

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a session holds what the application puts there
        if key not in self._live:
            self._live[key] = _decode(self._encoded(key))
        return self._live[key]

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - as above
        _refuse_unwritable(key)
        self._written(f"session key {key!r}")
        self._put[key] = encode(value)
        self._live[key] = value
        self._dropped.discard(key)

    def __delitem__(self, key: str) -> None:
        self._encoded(key)
        self._written(f"session key {key!r}")
        self._put.pop(key, None)
        self._live.pop(key, None)
        self._dropped.add(key)

    def __iter__(self) -> Iterator[str]:
        stored = self.record.data if self.record else {}
        yield from (key for key in stored if key not in self._dropped and key not in self._put)
        yield from self._put

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def flash(self, name: str, value: Any) -> None:  # noqa: ANN401 - as above
        """Leave a message for the next page that asks for it."""
        self[_FLASH] = {**cast("dict[str, Any]", self.get(_FLASH, {})), name: value}

    def flashed(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as above
        """Take a message out; it is gone afterwards."""
        waiting: dict[str, Any] = dict(self.get(_FLASH, {}))
        if name not in waiting:
            return default
        value = waiting.pop(name)
        if waiting:
            self[_FLASH] = waiting
        else:
            del self[_FLASH]
        return value

    def intend(self, url: str) -> None:
        """Remember where the visitor wanted to go; anything but a path of this origin is forgotten."""
        if local_path(url):
            self[_INTENDED] = url

    def intended(self, default: str = "/") -> str:
        """Take out where the visitor wanted to go."""
        target = local_path(self.pop(_INTENDED, None))
        return target or default

    def flush(self) -> None:
        """Drop everything the application put here."""
        for key in list(self):
            del self[key]

    def changes(self) -> Changes | None:
        """Say which keys this request changed, None if none did."""
        self._notice_changes_in_place()
        dropped = frozenset(key for key in self._dropped if self.record and key in self.record.data)
        if not (self._put or dropped or self._logins):
            return None
        return Changes(put=dict(self._put), drop=dropped, logins=dict(self._logins))

    def refuse_oversize(self, limit: int) -> None:
        """Raise before anything is put in that the policy does not allow; what only drops is always allowed."""
        self._notice_changes_in_place()
        sizes = {key: len(self._encoded(key)) + len(key.encode()) for key in self}
        if self._put and sum(sizes.values()) > limit:
            largest = sorted(sizes, key=lambda key: -sizes[key])[:3]
            raise SessionTooLargeError(sum(sizes.values()), limit, largest)

    def _encoded(self, key: str) -> bytes | Raw:
        if key in self._put:
            return self._put[key]
        if self.record and key in self.record.data and key not in self._dropped:
            return self.record.data[key]
        raise KeyError(key)

    def _notice_changes_in_place(self) -> None:
        for key, value in self._live.items():
            if isinstance(value, list | dict | set):
                now = encode(value)
                if now != bytes(self._encoded(key)):
                    self._put[key] = now


def _refuse_unwritable(key: object) -> None:
    """Refuse a key of which no reader could make sense: the whole session would be unreadable ever after."""
    if not isinstance(key, str):
        raise TypeError(f"session keys are text, and {key!r} is {type(key).__name__}")


def _refuse_number(user_id: object, provider: str) -> None:
    """Refuse a user's id that is no text, for the same reason."""
    if not isinstance(user_id, str):
        found = f"an id of type {type(user_id).__name__}"
        raise ConfigError(f"users {provider}", found, "id_of() returns text: return str(user.id).")
