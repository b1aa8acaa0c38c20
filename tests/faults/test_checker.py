"""The checker complains of every history that breaks a promise, and of none that keeps them all."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.faults.checker import complaints, forgiven
from benchmarks.faults.history import Call, Kind, Outcome

DONE, GONE, MAYBE, ODD = Outcome.DONE, Outcome.GONE, Outcome.MAYBE, Outcome.ODD


def call(kind: Kind, start: float, end: float, outcome: Outcome = DONE, **more) -> Call:
    user = more.pop("user", "ada")
    answered = user if outcome is DONE and kind in {"login", "read", "write"} else ""
    return Call(kind, more.pop("session", 1), user, start, end, outcome, **{"answered": answered, **more})


def write(start: float, end: float, value: str, outcome: Outcome = DONE) -> Call:
    return call("write", start, end, outcome, key="cart", value=value)


def read(start: float, end: float, found: str | None = None) -> Call:
    return call("read", start, end, key="cart", found=found)


LOGIN = call("login", 0, 1)

BROKEN = [
    pytest.param("I1", [LOGIN, call("logout", 2, 3), read(4, 5)], id="a read after an acknowledged logout"),
    pytest.param(
        "I1", [LOGIN, call("logout", 2, 3), write(4, 5, "a")], id="a write after an acknowledged logout"
    ),
    pytest.param(
        "I1",
        [LOGIN, call("revoke", 2, 3, session=9), read(4, 5)],
        id="a read after all were revoked from elsewhere",
    ),
    pytest.param(
        "I1",
        [call("revoke", 2, 3, session=9), read(4, 5)],
        id="one that was made beforehand, after all were revoked",
    ),
    pytest.param(
        "I1",
        [LOGIN, call("logout", 2, 3, MAYBE), call("read", 4, 5, GONE), read(6, 7)],
        id="one that was gone and is back, though nobody knows whether the logout was done",
    ),
    pytest.param(
        "I1",
        [LOGIN, call("logout", 2, 9, MAYBE), call("logout", 3, 4), read(5, 6)],
        id="two logouts, one of them acknowledged",
    ),
    pytest.param("I2", [LOGIN, call("read", 2, 3, answered="bob")], id="another's data"),
    pytest.param("I2", [LOGIN, read(2, 3, "x")], id="a value that nobody wrote"),
    pytest.param("I2", [LOGIN, write(5, 6, "x"), read(2, 3, "x")], id="a value from the future"),
    pytest.param("I3 write", [LOGIN, write(2, 3, "a"), read(4, 5)], id="a write that is lost"),
    pytest.param(
        "I3 write", [LOGIN, write(2, 3, "a"), write(4, 5, "b"), read(6, 7, "a")], id="a write that is undone"
    ),
    pytest.param(
        "I3 write",
        [LOGIN, write(2, 3, "a", MAYBE), write(4, 5, "b"), read(6, 7)],
        id="neither what is certain nor what may be",
    ),
    pytest.param("I3 login", [LOGIN, call("read", 2, 3, GONE)], id="gone, and nobody ended it"),
    pytest.param(
        "I3 login", [LOGIN, call("read", 2, 3, GONE), call("logout", 4, 5)], id="gone before anybody ended it"
    ),
    pytest.param("I3 login", [call("read", 2, 3, GONE)], id="one that was made beforehand is gone"),
    pytest.param(
        "I4",
        [call("once", 1, 2, key="n", session=0), call("once", 3, 4, key="n", session=0)],
        id="used twice",
    ),
    pytest.param(
        "I4", [call("once", 1, 4, key="n"), call("once", 2, 3, key="n")], id="used twice at the same time"
    ),
    pytest.param("odd", [LOGIN, call("read", 2, 3, ODD, said="403")], id="an answer that should not be"),
]

KEPT = [
    pytest.param(
        [LOGIN, call("logout", 2, 4), read(3, 5)], id="a read that began before the logout was acknowledged"
    ),
    pytest.param(
        [LOGIN, call("logout", 2, 3, MAYBE), read(4, 5)], id="a logout without an answer that was not done"
    ),
    pytest.param(
        [LOGIN, call("logout", 2, 3, MAYBE), call("read", 4, 5, GONE)],
        id="a logout without an answer that was done",
    ),
    pytest.param(
        [LOGIN, call("revoke", 0.5, 3, session=9), read(4, 5)],
        id="a login during a revocation may have come after it",
    ),
    pytest.param(
        [LOGIN, call("revoke", 0.5, 3, session=9), call("read", 4, 5, GONE)],
        id="a login during a revocation may be ended by it",
    ),
    pytest.param(
        [LOGIN, call("revoke", 2, 3, user="bob", session=9), read(4, 5)],
        id="another user's sessions were revoked",
    ),
    pytest.param([LOGIN, write(2, 3, "a"), read(4, 5, "a")], id="what was written"),
    pytest.param(
        [LOGIN, write(2, 5, "a"), write(3, 4, "b"), read(6, 7, "a")], id="two writes at once, either is last"
    ),
    pytest.param(
        [LOGIN, write(2, 5, "a"), write(3, 4, "b"), read(6, 7, "b")], id="two writes at once, or the other"
    ),
    pytest.param(
        [LOGIN, write(2, 3, "a", MAYBE), write(4, 5, "b"), read(6, 7, "a")],
        id="a write without an answer may come late",
    ),
    pytest.param([LOGIN, write(2, 4, "a"), read(3, 5)], id="a read during a write"),
    pytest.param([call("login", 0, 1, MAYBE), call("read", 2, 3, GONE)], id="a login that may not have been"),
    pytest.param(
        [call("once", 1, 2, MAYBE, key="n"), call("once", 3, 4, key="n")],
        id="once without an answer, and once with",
    ),
]


@pytest.mark.parametrize(("rule", "history"), BROKEN)
def test_a_history_that_breaks_a_promise_is_complained_of(rule: str, history: list[Call]):
    assert rule in {one.rule for one in complaints(history)}


@pytest.mark.parametrize("history", KEPT)
def test_a_history_that_keeps_the_promises_is_not(history: list[Call]):
    assert complaints(history) == []


@given(
    st.lists(st.tuples(st.sampled_from(["read", "write", "logout", "login"]), st.booleans()), max_size=40),
    st.randoms(),
)
def test_what_a_correct_store_does_one_after_the_other_is_never_complained_of(steps, chance):
    """A model that loses nothing, asked in turn, whose answers are lost now and then."""
    moments, values = count(), count()
    history: list[Call] = []
    live: dict[int, str | None] = {}
    numbered = 0
    for kind, answered in steps:
        start, end = float(next(moments)), next(moments) + 0.5
        outcome = DONE if answered else MAYBE
        if kind == "login" or not numbered:
            numbered += 1
            live[numbered] = None
            history.append(call("login", start, end, session=numbered))
            continue
        session = chance.randint(1, numbered)
        if kind == "logout":
            if answered or chance.random() < 0.5:
                live.pop(session, None)
            history.append(call("logout", start, end, outcome, session=session))
        elif session not in live:
            history.append(call(kind, start, end, GONE, session=session, key="cart"))
        elif kind == "read":
            history.append(call("read", start, end, session=session, key="cart", found=live[session]))
        else:
            value = f"v{next(values)}"
            if answered or chance.random() < 0.5:
                live[session] = value
            history.append(call("write", start, end, outcome, session=session, key="cart", value=value))
    assert complaints(history) == []


def test_what_was_answered_in_a_span_that_may_come_undone_is_forgiven_and_nothing_older():
    lost = [LOGIN, write(2, 3, "a"), write(5, 6, "b"), read(9, 10, "a")]
    assert [one.rule for one in complaints(lost)] == ["I3 write"]
    assert not complaints(forgiven(lost, [(5.5, 8)]))
    assert [one.rule for one in complaints(forgiven(lost, [(6.5, 8)]))] == ["I3 write"]
    older = [LOGIN, write(2, 3, "a"), write(5, 6, "b"), read(9, 10)]
    assert complaints(forgiven(older, [(5.5, 8)]))


def test_guesses_are_no_business_of_sessions():
    assert not complaints([LOGIN, call("guess", 0, 1, session=0, key="ada"), call("logout", 2, 3)])
