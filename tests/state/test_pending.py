"""Whoever is half-way in is nobody yet: no guard sees a login, time and tries end it, and nothing strange is believed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.enrolment import Kind
from guardhouse.state.pending import PENDING, TRIES, Pending, drop, hold, read, used_try, waiting
from guardhouse.state.record import Login, Record, encode, merged
from guardhouse.state.session import Session

NOW = 1_000.0
ADA = Pending(
    user_id="1",
    provider="users",
    guard="web",
    realm="users",
    at=NOW,
    ends=NOW + 600,
    factors=(Kind.TOTP, Kind.PASSKEY),
    transaction="T1",
    fingerprint="v1.key.mac",
    remember=True,
)


def stored(session: Session) -> Record:
    """Bring a session into a store and back."""
    changes = session.changes()
    assert changes is not None
    record = merged(Record("public", NOW, NOW, 3600.0, NOW + 3600, {}, {}), changes)
    return msgspec.msgpack.decode(encode(record), type=Record)


def held(**changes: Any) -> Session:
    session = Session()
    hold(session, msgspec.structs.replace(ADA, **changes))
    return session


def test_it_comes_back_from_the_store_as_it_was():
    record = stored(held())
    assert read(Session(record), NOW) == ADA
    assert waiting(record, "users") == ADA


@pytest.mark.parametrize(
    ("data", "realm", "there"),
    [
        pytest.param({}, "users", False, id="nobody"),
        pytest.param({PENDING: encode(msgspec.to_builtins(ADA))}, "users", True, id="half-way in here"),
        pytest.param({PENDING: encode(msgspec.to_builtins(ADA))}, "staff", False, id="half-way in elsewhere"),
        pytest.param({PENDING: encode(msgspec.to_builtins(ADA))}, None, False, id="a guard without a realm"),
        pytest.param({PENDING: encode({"user_id": 1})}, "users", False, id="something else"),
        pytest.param({PENDING: b"\xc1"}, "users", False, id="what cannot be decoded"),
        pytest.param({PENDING: b"\x81\xa1x" + b"\x91" * 100_000}, "users", False, id="something without end"),
        pytest.param({PENDING: b"\xa1\xff"}, "users", False, id="text that is none"),
    ],
)
def test_a_guard_sees_who_is_half_way_in_at_its_realm(data, realm, there):
    record = Record(
        "public", NOW, NOW, 3600.0, NOW + 3600, {}, {key: msgspec.Raw(raw) for key, raw in data.items()}
    )
    assert (waiting(record, realm) is not None) is there


def test_it_is_no_login_of_any_realm():
    record = stored(held())
    assert record.logins == {}
    assert record.owners == frozenset()
    assert Session(record).login("users") is None
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(record.data[PENDING], type=Login)


@pytest.mark.parametrize(
    ("changes", "now", "there"),
    [
        pytest.param({}, NOW, True, id="at once"),
        pytest.param({}, NOW + 599.9, True, id="just before the end"),
        pytest.param({}, NOW + 600, False, id="at the end"),
        pytest.param({"ends": float("nan")}, NOW, False, id="an end that is no number"),
        pytest.param({"tries": 1}, NOW, True, id="one try left"),
        pytest.param({"tries": 0}, NOW, False, id="no try left"),
        pytest.param({"tries": -1}, NOW, False, id="fewer than none"),
    ],
)
def test_time_and_tries_end_it(changes: dict[str, Any], now: float, there: bool):
    assert (read(held(**changes), now) is not None) is there


def test_tries_are_counted_down_and_the_last_one_drops_it():
    session = held()
    left = []
    pending: Pending | None = ADA
    while pending is not None:
        pending = used_try(session, pending)
        left.append(pending.tries if pending else 0)
    assert left == list(range(TRIES - 1, -1, -1))
    assert PENDING not in session
    assert read(session, NOW) is None


def test_who_comes_through_leaves_nothing_behind():
    session = held()
    drop(session)
    drop(session)
    assert PENDING not in session


def test_a_second_login_takes_the_place_of_the_first():
    session = held()
    hold(session, msgspec.structs.replace(ADA, user_id="2", transaction="T2"))
    found = read(session, NOW)
    assert found is not None
    assert (found.owner, found.transaction) == ("users:2", "T2")


def test_its_repr_has_neither_transaction_nor_fingerprint():
    assert repr(ADA) == "Pending(users:1 at web, 5 tries)"


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(SHAPES)
def test_whatever_else_lies_there_is_nobody(value: Any):
    assert read({PENDING: value}, NOW) is None


@pytest.mark.parametrize("field", msgspec.structs.fields(Pending), ids=lambda field: field.name)
def test_a_field_of_another_kind_is_nobody(field: Any):
    value = msgspec.to_builtins(ADA)
    value[field.name] = {"of": "another kind"}
    assert read({PENDING: value}, NOW) is None
