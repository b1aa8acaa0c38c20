"""A series turns with every use, shows a copy, ends when it was said to end, and forgives tabs that open together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace as with_

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.handed import Presented, read
from guardhouse.state.record import Record, encode
from guardhouse.state.remembered import (
    CHANCE,
    GRACE,
    LIFETIME,
    Series,
    Weighed,
    begin,
    link,
    linked,
    linked_in,
    public_name,
    turn,
    weigh,
)

NOW = 1_000_000.0
TAKEN = "v1.key.mac"
FIRST, BEGUN = begin("users:1", "web", TAKEN, bytes(range(CHANCE)), NOW)
LATER = NOW + 3600


def series_of(enrolment: Enrolment) -> Series:
    series = Series.of(enrolment)
    assert series is not None
    return series


def presented(value: str) -> Presented:
    found = read(value.encode())
    assert found is not None
    return found


SECOND, TURNED = turn(BEGUN, series_of(BEGUN), b"2" * 32, LATER)
THIRD, TWICE = turn(TURNED, series_of(TURNED), b"3" * 32, LATER + 1)
NEVER_GIVEN = replace(presented(FIRST), digest=b"x" * 32)


@pytest.mark.parametrize(
    ("kept", "brought", "now", "same_password", "weighed"),
    [
        pytest.param(BEGUN, FIRST, NOW, True, Weighed.FRESH, id="the first use"),
        pytest.param(BEGUN, FIRST, NOW + LIFETIME - 1, True, Weighed.FRESH, id="just before its end"),
        pytest.param(BEGUN, FIRST, NOW + LIFETIME, True, Weighed.EXPIRED, id="at its end"),
        pytest.param(TURNED, SECOND, LATER, True, Weighed.FRESH, id="the present secret"),
        pytest.param(TURNED, FIRST, LATER, True, Weighed.GRACE, id="the one before, in a tab beside"),
        pytest.param(TURNED, FIRST, LATER + GRACE - 0.1, True, Weighed.GRACE, id="just within the grace"),
        pytest.param(TURNED, FIRST, LATER + GRACE, True, Weighed.STOLEN, id="just after the grace"),
        pytest.param(
            TURNED, FIRST, LATER - 1, True, Weighed.GRACE, id="on a machine whose clock is a little behind"
        ),
        pytest.param(
            TURNED, FIRST, LATER - GRACE, True, Weighed.STOLEN, id="a clock that was set back gives no more"
        ),
        pytest.param(TWICE, FIRST, LATER + 1, True, Weighed.STOLEN, id="the one before the one before"),
        pytest.param(TWICE, THIRD, LATER + 1, True, Weighed.FRESH, id="the newest of three"),
        pytest.param(TURNED, SECOND, LATER, False, Weighed.WRONG_PASSWORD, id="another password"),
        pytest.param(
            TURNED, FIRST, LATER, False, Weighed.WRONG_PASSWORD, id="another password, within the grace"
        ),
        pytest.param(
            TWICE, FIRST, LATER + 60, False, Weighed.STOLEN, id="a copy after the password was changed"
        ),
        pytest.param(TWICE, FIRST, NOW + LIFETIME, True, Weighed.EXPIRED, id="a copy of what is over"),
        pytest.param(
            with_(BEGUN, body=b"?"), FIRST, NOW, True, Weighed.EXPIRED, id="a body that cannot be read"
        ),
        pytest.param(with_(BEGUN, kind=Kind.TRUSTED), FIRST, NOW, True, Weighed.EXPIRED, id="another kind"),
        pytest.param(with_(BEGUN, name="other"), FIRST, NOW, True, Weighed.EXPIRED, id="another series"),
    ],
)
def test_a_value_is_weighed(kept, brought, now, same_password, weighed):
    assert weigh(kept, presented(brought), now, same_password=same_password) is weighed


def test_a_secret_that_was_never_given_out_is_a_copy_that_somebody_made_up():
    assert weigh(BEGUN, NEVER_GIVEN, NOW, same_password=True) is Weighed.STOLEN


def test_a_turn_moves_no_end_and_keeps_the_rest():
    assert (TURNED.ends, TURNED.created, TURNED.owner, TURNED.name) == (
        BEGUN.ends,
        NOW,
        "users:1",
        BEGUN.name,
    )
    assert (TURNED.version, TURNED.used) == (2, LATER)
    assert (series_of(TURNED).guard, series_of(TURNED).fingerprint) == ("web", TAKEN)


def test_no_secret_is_kept_and_none_is_in_a_repr():
    for value, kept in ((FIRST, BEGUN), (SECOND, TURNED)):
        secret = value.split(".")[1]
        assert secret.encode() not in kept.body
        assert secret not in repr(kept)
    assert repr(series_of(BEGUN)) == "Series(hidden, guard='web')"


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 100_000)), max_size=12))
def test_only_the_newest_secret_turns_a_series_whoever_brings_whatever(uses: list[tuple[int, float]]):
    """The cookie of any turn is brought after any time; time passes, and the end stays where it was."""
    values, kept, now = [FIRST], BEGUN, NOW
    for which, passes in uses:
        now += passes
        brought = values[min(which, len(values) - 1)]
        weighed = weigh(kept, presented(brought), now, same_password=True)
        if now >= NOW + LIFETIME:
            assert weighed is Weighed.EXPIRED
        elif brought is values[-1]:
            assert weighed is Weighed.FRESH
            value, kept = turn(kept, series_of(kept), len(values).to_bytes(32), now)
            values.append(value)
        else:
            allowed = {Weighed.GRACE, Weighed.STOLEN} if brought is values[-2] else {Weighed.STOLEN}
            assert weighed in allowed
        assert kept.ends == NOW + LIFETIME


@given(st.binary(max_size=60))
@example(b"\x96\xc4\x01a\xc4\x01a\x00\xa1w\xc0" + b"\x91" * 50_000)
def test_a_body_that_is_none_reads_as_none(body: bytes):
    series = Series.of(with_(BEGUN, body=body))
    assert series is None or isinstance(series.current, bytes)


# -- the session that goes with a series ------------------------------------------------------------------------------


def test_a_session_names_the_series_of_each_realm_and_forgets_what_is_over():
    session: dict[str, object] = {}
    link(session, "users", "a")
    link(session, "staff", "b")
    assert (linked_in(session, "users"), linked_in(session, "staff")) == ("a", "b")
    link(session, "users", None)
    assert (linked_in(session, "users"), linked_in(session, "staff")) == (None, "b")
    link(session, "staff", None)
    assert session == {}
    link(session, "staff", None)
    assert session == {}


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        pytest.param(None, set(), id="nothing"),
        pytest.param({"users": "a", "staff": "b"}, {"a", "b"}, id="two realms"),
        pytest.param(["a"], set(), id="something else"),
        pytest.param({"users": 1}, set(), id="names that are none"),
        pytest.param(b"\xc1", set(), id="rubbish"),
    ],
)
def test_a_record_names_its_series(stored, names):
    body = stored if isinstance(stored, bytes) else encode(stored)
    data = {} if stored is None else {"_remembered": Raw(body)}
    assert linked(Record("p", 0.0, 0.0, 1.0, 1.0, {}, data)) == names


def test_the_public_name_of_a_series_looks_as_that_of_a_session_and_says_nothing():
    assert len(public_name(BEGUN.name)) == 20
    assert public_name(BEGUN.name) != public_name("other")
    assert BEGUN.name not in public_name(BEGUN.name)
