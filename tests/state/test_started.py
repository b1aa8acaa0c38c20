"""What was begun elsewhere lies in the session that began it: a few at once, each taken once, none beyond its time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from guardhouse.state.record import Record, merged
from guardhouse.state.session import Session
from guardhouse.state.started import LIFETIME, LONGEST_INTENDED, MOST, ROOM, Started, put, spent_name, take

NOW = 1_800_000_000.0


def begun(
    state: str = "s1", began: float = NOW, ends: float | None = None, owner: str | None = None
) -> Started:
    until = began + LIFETIME if ends is None else ends
    return Started(
        "partner", "https://login.example.com", state, "n", "v", "https://x/back", "/", began, until, owner
    )


def test_it_is_taken_once():
    session: dict[str, Any] = {"mine": 1}
    put(session, begun(owner="users:1"), NOW)
    assert take(session, "s1", NOW + 1) == begun(owner="users:1")
    assert take(session, "s1", NOW + 1) is None
    assert session == {"mine": 1}


def test_another_state_takes_nothing_and_spoils_nothing():
    session: dict[str, Any] = {}
    put(session, begun(), NOW)
    assert take(session, "s2", NOW) is None
    assert take(session, "\ud800", NOW) is None
    assert take(session, "s1", NOW) is not None


@pytest.mark.parametrize(
    ("moment", "there"), [(0.0, True), (LIFETIME - 1, True), (LIFETIME, False), (-1.0, False)]
)
def test_it_has_its_time(moment, there):
    session: dict[str, Any] = {}
    put(session, begun(), NOW)
    assert (take(session, "s1", NOW + moment) is not None) is there
    assert session == {}


@pytest.mark.parametrize("ends", [NOW + LIFETIME + 1, float("inf"), float("nan"), NOW])
def test_no_longer_time_can_be_written_into_it(ends):
    session: dict[str, Any] = {}
    put(session, begun(ends=ends), NOW)
    assert take(session, "s1", NOW) is None


def test_several_tabs_are_at_it_and_the_oldest_goes():
    session: dict[str, Any] = {"mine": 1}
    for number in range(MOST + 2):
        put(session, begun(f"s{number}", NOW + number), NOW + number)
    assert len(session) == MOST + 1
    there = [take(session, f"s{number}", NOW + 20) is not None for number in range(MOST + 2)]
    assert there == [False, False, *[True] * MOST]


def test_what_strangers_write_takes_no_more_room_than_a_cookie_has():
    session: dict[str, Any] = {}
    for count in range(MOST):
        put(session, replace(begun(f"s{count}", NOW + count), intended="/" + "x" * 500), NOW + count)
        assert sum(len(msgspec.msgpack.encode(one)) for one in session.values()) <= ROOM + 100
    assert take(session, "s0", NOW + MOST) is None
    assert take(session, f"s{MOST - 1}", NOW + MOST) is not None


@pytest.mark.parametrize(("letters", "kept"), [(LONGEST_INTENDED, True), (LONGEST_INTENDED + 1, False)])
def test_who_wants_to_go_too_far_comes_back_to_the_beginning(letters: int, kept: bool):
    session: dict[str, Any] = {}
    put(session, replace(begun(), intended="/".ljust(letters, "x")), NOW)
    taken = take(session, "s1", NOW)
    assert taken is not None
    assert bool(taken.intended) is kept


def test_what_is_past_its_time_or_unreadable_makes_room():
    session: dict[str, Any] = {"_foreign.odd": 7}
    put(session, begun("s1"), NOW)
    put(session, begun("s2", NOW + LIFETIME), NOW + LIFETIME)
    assert len(session) == 1


def test_two_tabs_that_begin_at_once_keep_both():
    """A session is saved by its changed keys, so requests that both read it before the other wrote lose nothing."""
    first, second = Session(None), Session(None)
    put(first, begun("s1"), NOW)
    put(second, begun("s2"), NOW)
    changes = [session.changes() for session in (first, second)]
    keys = [set(one.put) for one in changes if one is not None]
    assert len(keys) == 2
    assert not keys[0] & keys[1]


def test_it_survives_a_store():
    session = Session(None)
    put(session, begun(), NOW)
    changes = session.changes()
    assert changes is not None
    record = merged(Record("p", NOW, NOW, NOW + 60, NOW + 60, {}, {}), changes)
    assert take(Session(record), "s1", NOW) == begun()


def test_a_key_in_the_session_is_no_state():
    session: dict[str, Any] = {}
    put(session, begun("s1-of-this-login"), NOW)
    assert "s1-of-this-login" not in "".join(session)


def test_it_has_one_name_for_a_store_of_what_was_used():
    assert spent_name(begun("s1")) == spent_name(begun("s1", NOW + 1)) != spent_name(begun("s2"))


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_lies_there_otherwise_is_nothing(value):
    session: dict[str, Any] = {}
    put(session, begun(), NOW)
    (key,) = session
    session[key] = value
    assert take(session, "s1", NOW) is None
