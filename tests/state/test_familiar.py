"""The mark of a device on which an account was logged in before: whose it is, how long it holds, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.familiar import LIFETIME, MOST, known, mint, with_mark
from guardhouse.vault.keyring import Keyring
from tests.houses import OTHER_SECRET, SECRET

SIGNER = Keyring(SECRET).purpose("device")
NOW = 1_000_000.0
RANDOM = bytes(range(16))
MARK = mint(SIGNER, "ada", RANDOM, NOW)
DEVICE = MARK.split(".")[2]


@pytest.mark.parametrize(
    ("account", "cookie", "now", "expected"),
    [
        pytest.param("ada", MARK, NOW, DEVICE, id="the account it was made for"),
        pytest.param("ada", MARK, NOW + LIFETIME - 1, DEVICE, id="at the end of its time"),
        pytest.param(
            "ada", f"{mint(SIGNER, 'grace', RANDOM, NOW)}~{MARK}", NOW, DEVICE, id="behind another's"
        ),
        pytest.param("ada", MARK, NOW - 60, DEVICE, id="of a clock that is a little ahead"),
        pytest.param("ada", MARK, NOW + LIFETIME, None, id="after its time"),
        pytest.param("ada", MARK, NOW - LIFETIME, None, id="of a far future"),
        pytest.param("grace", MARK, NOW, None, id="another account"),
        pytest.param("ada", MARK.replace("1000000", "2000000"), NOW, None, id="made younger"),
        pytest.param("ada", MARK[:-1] + ("A" if MARK[-1] != "A" else "E"), NOW, None, id="another signature"),
        pytest.param("ada", MARK[:-1], NOW, None, id="cut"),
        pytest.param("ada", "~" * MOST + MARK, NOW, None, id="behind too much"),
        pytest.param("ada", "", NOW, None, id="nothing"),
    ],
)
def test_a_device_is_known_by_its_mark(account: str, cookie: str, now: float, expected: str | None) -> None:
    assert known(SIGNER, account, cookie, now) == expected


def test_another_house_and_another_purpose_know_nothing_of_it() -> None:
    assert known(Keyring(OTHER_SECRET).purpose("device"), "ada", MARK, NOW) is None
    assert known(Keyring(SECRET).purpose("csrf"), "ada", MARK, NOW) is None


def test_a_key_that_was_rotated_out_of_first_place_still_verifies() -> None:
    assert known(Keyring([OTHER_SECRET, SECRET]).purpose("device"), "ada", MARK, NOW) == DEVICE


def test_a_fresh_mark_takes_the_place_of_the_former_one_and_leaves_those_of_others() -> None:
    grace = mint(SIGNER, "grace", RANDOM, NOW)
    fresh = mint(SIGNER, "ada", bytes(16), NOW + 1)
    assert with_mark(SIGNER, "ada", f"{MARK}~rubbish~{grace}", fresh) == f"{fresh}~{grace}"


def test_a_device_holds_five_accounts_and_fits_a_cookie() -> None:
    cookie = ""
    for number in range(9):
        cookie = with_mark(SIGNER, f"user{number}", cookie, mint(SIGNER, f"user{number}", RANDOM, NOW))
    assert [n for n in range(9) if known(SIGNER, f"user{n}", cookie, NOW)] == [4, 5, 6, 7, 8]
    assert len(cookie) < 1024


@given(st.text(), st.text())
def test_what_a_stranger_sends_is_nobodys(account: str, cookie: str) -> None:
    assert known(SIGNER, account, cookie, NOW) is None
    assert (
        known(SIGNER, account, with_mark(SIGNER, account, cookie, mint(SIGNER, account, RANDOM, NOW)), NOW)
        == DEVICE
    )
