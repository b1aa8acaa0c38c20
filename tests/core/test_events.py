"""Events are values, and none of them has a place for a secret."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from guardhouse.core import events
from guardhouse.core.verdict import Identity

SECRETS = ("password", "token", "session", "cookie", "secret", "hash")


@pytest.mark.parametrize("event", get_args(events.Event))
def test_no_event_has_a_field_for_a_secret(event):
    assert not [one.name for one in fields(event) if any(word in one.name for word in SECRETS)]


def test_every_event_is_listed_where_listeners_look():
    assert {event.__name__ for event in get_args(events.Event)} | {"AccountStep", "Event"} == set(
        events.__all__
    )


def test_an_event_cannot_be_changed_by_a_listener():
    event = events.Logout("web", Identity("1", "users", "web", "session"))
    with pytest.raises(FrozenInstanceError):
        event.guard = "other"  # type: ignore[misc]
    refused = events.Refused("no_login", "web", "api", "GET", "/", 401, {})
    assert refused == events.Refused("no_login", "web", "api", "GET", "/", 401, {})
