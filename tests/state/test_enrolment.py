"""An enrolment is a value: what no store could keep is refused, what is secret is not shown, and each change is the next version."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.enrolment import (
    LONGEST_BODY,
    LONGEST_LABEL,
    LONGEST_NAME,
    Enrolment,
    Kind,
    alive,
    is_same,
    require_next,
)

ONE = Enrolment(Kind.PASSKEY, "one", "users:ada", 100.0, body=b"hunter2", label="laptop", ends=200.0)


def test_nothing_secret_is_in_its_repr():
    assert repr(ONE) == "Enrolment(passkey of users:ada, version 1)"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("name", ""),
        ("name", "x" * (LONGEST_NAME + 1)),
        ("name", "é" * LONGEST_NAME),
        ("name", "\udcff"),
        ("label", "x" * (LONGEST_LABEL + 1)),
        ("label", "\ud800"),
        ("owner", "users:\udcff"),
        ("body", b"x" * (LONGEST_BODY + 1)),
        ("created", nan),
        ("used", inf),
        ("ends", inf),
        ("ends", nan),
    ],
)
def test_what_no_store_could_keep_is_refused_where_it_is_made(part: str, value: object):
    fields = {"kind": Kind.PASSKEY, "name": "one", "owner": "users:ada", "created": 100.0, part: value}
    with pytest.raises(ValueError, match=part):
        Enrolment(**fields)  # type: ignore[arg-type]  # rows of the table


@given(st.text(), st.text(), st.binary())
def test_a_refusal_is_a_value_error_whatever_the_text(name: str, label: str, body: bytes):
    try:
        made = Enrolment(Kind.TOTP, name, "users:ada", 1.0, body, label)
    except ValueError:
        return
    assert (made.name, made.label, made.body) == (name, label, body)


def test_a_change_keeps_the_rest_and_counts():
    changed = ONE.changed(used=120.0)
    assert (changed.version, changed.used, changed.ends, changed.label, changed.body) == (
        2, 120.0, 200.0, "laptop", b"hunter2",
    )  # fmt: skip
    assert ONE.changed(ends=None).ends is None
    assert is_same(ONE, changed)
    require_next(ONE, changed)


def test_a_change_may_not_make_what_could_not_be_kept():
    with pytest.raises(ValueError, match="label"):
        ONE.changed(label="x" * (LONGEST_LABEL + 1))


@pytest.mark.parametrize(
    ("now", "lives"), [(100.0, True), (199.9, True), (200.0, False), (201.0, False), (nan, False)]
)
def test_it_proves_something_until_it_ends(now: float, lives: bool):
    assert alive(ONE, now) is lives
    assert alive(ONE.changed(ends=None), now)
