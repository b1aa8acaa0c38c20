"""A value from a cookie is read strictly: one spelling, no more and no less, and nothing of its secret is kept."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardhouse.state.handed import Presented, hand_out, name_from, read

NAME = name_from(bytes(range(16)))
VALUE, DIGEST = hand_out(NAME, bytes(range(32)))
GOOD = VALUE.encode()


def test_what_was_handed_out_is_read():
    assert read(GOOD) == Presented(NAME, DIGEST)
    assert urlsafe_b64decode(VALUE.split(".")[1] + "=") == bytes(range(32))
    assert bytes(range(32)) != DIGEST


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GOOD[:-1], id="a letter less"),
        pytest.param(GOOD + b"A", id="a letter more"),
        pytest.param(GOOD + b"\n", id="a line end"),
        pytest.param(b" " + GOOD, id="a space"),
        pytest.param(GOOD.replace(b".", b","), id="no dot"),
        pytest.param(GOOD.replace(b".", b".."), id="two dots"),
        pytest.param(b'"' + GOOD + b'"', id="quoted"),
        pytest.param(GOOD[:-1] + b"9", id="another spelling of the secret"),
        pytest.param(GOOD[:21] + b"x" + GOOD[22:], id="another spelling of the name"),
        pytest.param(GOOD[:-1] + b"=", id="padding"),
        pytest.param(GOOD[:-1] + b"+", id="the other alphabet"),
        pytest.param(GOOD[:-1] + b"\xc3", id="no ASCII"),
        pytest.param(GOOD * 10_000, id="far too long"),
    ],
)
def test_anything_else_is_none_of_ours(value: bytes):
    assert read(value) is None


def test_a_secret_fits_no_other_name():
    other = name_from(bytes(16))
    presented = read(other.encode() + GOOD[22:])
    assert presented is not None
    assert presented.digest != DIGEST


def test_nothing_of_it_is_in_a_repr():
    assert repr(read(GOOD)) == "Presented(hidden)"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_chance_of_another_length_is_refused(length: int):
    with pytest.raises(ValueError, match="32 random bytes"):
        hand_out(NAME, bytes(length))
    with pytest.raises(ValueError, match="16 random bytes"):
        name_from(bytes(length))


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
@example(b"\xff" * 16, b"\xff" * 32)
def test_every_chance_makes_a_value_that_is_read(name: bytes, secret: bytes):
    value, digest = hand_out(name_from(name), secret)
    assert read(value.encode()) == Presented(name_from(name), digest)


@given(st.binary(max_size=100))
def test_no_strange_bytes_raise(value: bytes):
    assert read(value) is None
