"""A set of recovery codes: each counts once, however it is typed, and all of before are dead when there are new ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state import recovery
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.vault import codes

OWNER = "users:1"
SHOWN = codes.mint(bytes(range(codes.CHANCE)))
OTHERS = codes.mint(bytes(reversed(range(codes.CHANCE))))
SET = recovery.enrolled(OWNER, SHOWN, 1.0)


def test_ten_are_left_of_ten():
    assert recovery.left(SET) == codes.COUNT
    assert recovery.left(None) == 0


@pytest.mark.parametrize(
    "written", [str, str.upper, lambda code: code.replace("-", " "), lambda code: f" {code}\n"]
)
def test_a_code_is_used_up_however_it_is_typed(written):
    after = recovery.without(SET, written(SHOWN[4]), 7.0)
    assert after is not None
    assert (recovery.left(after), after.used, after.version) == (9, 7.0, 2)
    assert recovery.without(after, SHOWN[4], 8.0) is None
    assert recovery.without(after, SHOWN[5], 8.0) is not None


@given(st.text())
def test_anything_else_is_none_of_these(typed):
    assert recovery.without(SET, typed, 1.0) is None


@pytest.mark.parametrize("typed", [*OTHERS[:2], "", SHOWN[0][:-1], SHOWN[0] + "0", SHOWN[0] * 100])
def test_what_is_near_is_none_of_these(typed):
    assert recovery.without(SET, typed, 1.0) is None


def test_a_set_that_was_moved_to_another_user_is_dead():
    moved = Enrolment(Kind.RECOVERY, SET.name, "users:2", 1.0, SET.body)
    assert recovery.without(moved, SHOWN[0], 1.0) is None


def test_new_ones_take_the_place_of_all():
    after = recovery.renewed(SET, OTHERS)
    assert recovery.left(after) == codes.COUNT
    assert all(recovery.without(after, code, 1.0) is None for code in SHOWN)
    assert all(recovery.without(after, code, 1.0) for code in OTHERS)


@pytest.mark.parametrize("body", [b"", b"\xff", b"\x91\x01", b"\x90", b"\x91\xa3abc"])
def test_what_is_no_set_has_no_codes(body):
    broken = Enrolment(Kind.RECOVERY, "x", OWNER, 1.0, body)
    assert recovery.left(broken) == 0
    assert recovery.without(broken, SHOWN[0], 1.0) is None
    assert recovery.left(Enrolment(Kind.TOTP, "x", OWNER, 1.0, SET.body)) == 0


def test_one_user_has_one_set_and_no_code_is_in_it():
    assert recovery.enrolled(OWNER, OTHERS, 2.0).name == SET.name
    assert recovery.enrolled("users:2", OTHERS, 2.0).name != SET.name
    for code in SHOWN:
        assert code.encode() not in SET.body
        assert code.replace("-", "").encode() not in SET.body
    assert "9 left" in repr(recovery.Codes(("hash",) * 9))
