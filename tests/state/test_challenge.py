"""A challenge is good once, for its purpose, in its session, for five minutes; and a session holds a handful of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.challenge import CHALLENGES, LIFETIME, MOST, Challenge, put, spent_name, take
from guardhouse.state.record import Record, encode, merged
from guardhouse.state.session import Session

NOW = 1_000.0


def challenge(
    number: int = 1, purpose: str = "sign-in", ends: float = NOW + LIFETIME, about: str = ""
) -> Challenge:
    return Challenge(bytes([number]) * 32, purpose, ends, about)


ONE = challenge()


def holding(*challenges: Challenge) -> Session:
    session = Session()
    for one in challenges:
        put(session, one, NOW)
    return session


@pytest.mark.parametrize(
    ("held", "purpose", "value", "now", "found"),
    [
        pytest.param([ONE], "sign-in", ONE.value, NOW, ONE, id="the one that waits"),
        pytest.param([ONE, challenge(2)], "sign-in", ONE.value, NOW, ONE, id="one of two"),
        pytest.param(
            [challenge(about="users:1")],
            "sign-in",
            ONE.value,
            NOW,
            challenge(about="users:1"),
            id="with its user",
        ),
        pytest.param([], "sign-in", ONE.value, NOW, None, id="of another session"),
        pytest.param([challenge(2)], "sign-in", ONE.value, NOW, None, id="another value"),
        pytest.param([ONE], "register", ONE.value, NOW, None, id="another purpose"),
        pytest.param([ONE], "sign-in", ONE.value[:-1], NOW, None, id="cut"),
        pytest.param([ONE], "sign-in", b"", NOW, None, id="nothing"),
        pytest.param([ONE], "sign-in", ONE.value, NOW + LIFETIME - 1, ONE, id="just in time"),
        pytest.param([ONE], "sign-in", ONE.value, NOW + LIFETIME, None, id="too late"),
        pytest.param(
            [challenge(ends=float("nan"))], "sign-in", ONE.value, NOW, None, id="an end that is no number"
        ),
    ],
)
def test_a_challenge_is_taken(held, purpose, value, now, found):
    assert take(holding(*held), purpose, value, now) == found


def test_none_is_taken_twice():
    session = holding(ONE, challenge(2))
    assert take(session, "sign-in", ONE.value, NOW) == ONE
    assert take(session, "sign-in", ONE.value, NOW) is None
    assert take(session, "sign-in", challenge(2).value, NOW) == challenge(2)
    assert CHALLENGES not in session


def test_one_that_came_too_late_is_gone_too():
    session = holding(ONE)
    assert take(session, "sign-in", ONE.value, NOW + LIFETIME) is None
    assert take(session, "sign-in", ONE.value, NOW) is None


def test_it_comes_back_from_the_store_as_it_was():
    changes = holding(ONE, challenge(2, "register", about="users:1")).changes()
    assert changes is not None
    record = merged(Record("public", NOW, NOW, 3600.0, NOW + 3600, {}, {}), changes)
    session = Session(msgspec.msgpack.decode(encode(record), type=Record))
    assert take(session, "register", challenge(2).value, NOW) == challenge(2, "register", about="users:1")


def test_the_oldest_goes_when_there_are_too_many():
    session = holding(*(challenge(number) for number in range(MOST + 1)))
    assert take(session, "sign-in", challenge(0).value, NOW) is None
    assert take(session, "sign-in", challenge(1).value, NOW) == challenge(1)
    assert len(session[CHALLENGES]) == MOST - 1


def test_those_whose_time_is_past_make_room():
    session = holding(ONE)
    put(session, challenge(2, ends=NOW + 2 * LIFETIME), NOW + LIFETIME)
    assert len(session[CHALLENGES]) == 1


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_value_of_another_length_is_refused(length: int):
    with pytest.raises(ValueError, match="32 random bytes"):
        put(Session(), Challenge(bytes(length), "sign-in", NOW), NOW)


def test_what_is_told_of_it_is_not_its_value():
    assert repr(ONE) == "Challenge('sign-in', about='')"
    assert ONE.value not in spent_name(ONE)
    assert spent_name(ONE) != spent_name(challenge(2))


@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    )
)
def test_whatever_else_lies_there_is_no_challenge(value: Any):
    session = {CHALLENGES: value}
    assert take(session, "sign-in", ONE.value, NOW) is None
    put(session, ONE, NOW)
    assert take(session, "sign-in", ONE.value, NOW) == ONE
