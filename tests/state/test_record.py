"""A record comes back as it was kept, merges key by key, ends by its deadlines, and junk is only ever unreadable."""

from __future__ import annotations

from math import inf, nan

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from guardhouse.config.settings import checked_users
from guardhouse.errors import ConfigError
from guardhouse.state.record import (
    Changes,
    Deadline,
    Login,
    Record,
    UnreadableRecordError,
    encode,
    merged,
    opened,
    passed,
    readable,
)
from guardhouse.users.memory import MemoryUsers

ADA = Login("1", "users", "web", 100.0, "v1.k.m")
BOB = Login("2", "staff", "desk", 100.0)


def record(**given: object) -> Record:
    fields = {
        "public_id": "p",
        "created": 100.0,
        "seen": 100.0,
        "idle": 50.0,
        "ends": 1000.0,
        "logins": {"users": ADA},
        "data": {"a": Raw(encode(1))},
    }
    return Record(**(fields | given))  # type: ignore[arg-type]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_a_record_comes_back_as_it_was_kept(data):
    kept = record(
        data={key: Raw(encode(value)) for key, value in data.items()}, logins={"users": ADA, "staff": BOB}
    )
    back = opened(encode(kept))
    assert (back.public_id, back.seen, back.idle, back.ends, back.logins) == (
        "p",
        100.0,
        50.0,
        1000.0,
        kept.logins,
    )
    assert {key: msgspec.msgpack.decode(value) for key, value in back.data.items()} == data


BODY = encode(record())
NESTED = encode(record(data={})).removesuffix(b"\x80") + b"\x81\xa1a" + b"\x91" * 100_000 + b"\x00"


@settings(max_examples=500)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\x97\xa1\xff" + b"\xcb" * 8)
@example(b"\xdd\xff\xff\xff\xff")
@example(b"\xdf\xff\xff\xff\xff")
@example(b"\x91" * 100_000)
@example(NESTED)
@example(b"null")
def test_bytes_that_are_no_record_are_unreadable_and_nothing_worse(junk):
    with pytest.raises(UnreadableRecordError):
        opened(junk)


@settings(max_examples=500)
@given(st.integers(0, len(BODY) - 1), st.integers(0, 255))
def test_a_record_with_a_byte_changed_opens_or_is_unreadable(place, byte):
    changed = BODY[:place] + bytes([byte]) + BODY[place + 1 :]
    try:
        assert isinstance(opened(changed), Record)
    except UnreadableRecordError:
        assert changed != BODY


def test_a_record_cut_anywhere_is_unreadable():
    for length in range(len(BODY)):
        with pytest.raises(UnreadableRecordError):
            opened(BODY[:length])


@pytest.mark.parametrize("body", ["text", 5, None, 1.5])
def test_what_is_not_even_bytes_is_unreadable(body):
    with pytest.raises(UnreadableRecordError):
        opened(body)


def test_of_a_list_those_that_can_be_read_remain():
    assert readable([b"junk", BODY, b""]) == [opened(BODY)]


@pytest.mark.parametrize(
    ("ends", "seen", "idle", "now", "deadline"),
    [
        pytest.param(1000.0, 100.0, 50.0, 149.0, None, id="in time"),
        pytest.param(1000.0, 100.0, 50.0, 150.0, Deadline.IDLE, id="idle to the second"),
        pytest.param(1000.0, 990.0, 50.0, 999.0, None, id="seen late"),
        pytest.param(1000.0, 990.0, 50.0, 1000.0, Deadline.ABSOLUTE, id="the end does not slide"),
        pytest.param(1000.0, 100.0, 50.0, 5000.0, Deadline.ABSOLUTE, id="both: the end is named"),
        pytest.param(1000.0, 100.0, 50.0, 0.0, None, id="a clock set back"),
        pytest.param(nan, 100.0, 50.0, 110.0, Deadline.ABSOLUTE, id="an end that is no number"),
        pytest.param(1000.0, nan, 50.0, 110.0, Deadline.IDLE, id="seen at no number"),
        pytest.param(1000.0, 100.0, nan, 110.0, Deadline.IDLE, id="idle for no number"),
        pytest.param(1000.0, inf, -inf, 110.0, Deadline.IDLE, id="infinity less infinity"),
        pytest.param(inf, 100.0, 50.0, 200.0, Deadline.IDLE, id="no end, but idle"),
        pytest.param(1000.0, inf, 50.0, 2000.0, Deadline.ABSOLUTE, id="seen in all future, but an end"),
        pytest.param(-inf, 100.0, 50.0, 110.0, Deadline.ABSOLUTE, id="ended before all time"),
        pytest.param(1000.0, 100.0, 50.0, nan, Deadline.ABSOLUTE, id="a clock that says no number"),
    ],
)
def test_deadlines(ends, seen, idle, now, deadline):
    assert passed(record(ends=ends, seen=seen, idle=idle), now) is deadline


ONE, TWO = encode(1), encode(2)


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        pytest.param(Changes(), {}, id="nothing"),
        pytest.param(Changes(put={"b": TWO}), {"data": {"a": Raw(ONE), "b": Raw(TWO)}}, id="a new key"),
        pytest.param(Changes(put={"a": TWO}), {"data": {"a": Raw(TWO)}}, id="another value"),
        pytest.param(Changes(drop=frozenset({"a"})), {"data": {}}, id="a key dropped"),
        pytest.param(Changes(drop=frozenset({"z"})), {}, id="a key dropped that somebody else dropped"),
        pytest.param(
            Changes(put={"a": TWO}, drop=frozenset({"a"})),
            {"data": {"a": Raw(TWO)}},
            id="dropped and put again",
        ),
        pytest.param(
            Changes(logins={"staff": BOB}), {"logins": {"users": ADA, "staff": BOB}}, id="a second login"
        ),
        pytest.param(Changes(logins={"users": BOB}), {"logins": {"users": BOB}}, id="another user"),
        pytest.param(Changes(logins={"users": None}), {"logins": {}}, id="a logout"),
        pytest.param(Changes(logins={"none": None}), {}, id="a logout of nobody"),
        pytest.param(Changes(seen=120.0), {"seen": 120.0}, id="seen"),
        pytest.param(Changes(seen=90.0), {}, id="seen earlier, by a slow request"),
        pytest.param(Changes(idle=10.0, ends=500.0), {"idle": 10.0, "ends": 500.0}, id="other lengths"),
        pytest.param(Changes(idle=0.0, ends=0.0), {"idle": 0.0, "ends": 0.0}, id="lengths of nothing"),
    ],
)
def test_changes_are_merged_key_by_key(changes, differs):
    assert merged(record(), changes) == record(**differs)


def test_owners_are_the_users_who_are_logged_in():
    assert record(logins={}).owners == frozenset()
    assert record(logins={"users": ADA, "staff": BOB, "again": ADA}).owners == {"users:1", "staff:2"}
    assert record().idle_until == 150.0


def test_who_acts_in_a_users_place_owns_the_session_too():
    acted = msgspec.structs.replace(ADA, behind=BOB)
    assert record(logins={"users": acted}).owners == {"users:1", "staff:2"}


def test_a_login_that_was_written_before_anybody_could_act_for_another_is_read():
    before = ["1", "users", "web", 100.0, "v1.k.m", "", "", "password"]
    found = msgspec.convert(before, type=Login)
    assert (found.proofs, found.behind) == ("password", None)


def test_the_first_colon_of_an_owner_parts_provider_and_id():
    """So the name of a provider has none; an id may, and is still nobody else's."""
    logins = {"r": Login("b:1", "a", "web", 0.0)}
    assert record(logins=logins).owners == {"a:b:1"}
    with pytest.raises(ConfigError, match="a:b"):
        checked_users({"a:b": MemoryUsers([])})
