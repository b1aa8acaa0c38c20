"""What is sealed is read by nobody else, and opens only unchanged, for its purpose, and beside its owner."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardhouse.vault.keyring import Keyring
from guardhouse.vault.seal import HEAD, OVERHEAD, Sealer
from guardhouse.vault.secret import generate_secret

OLDER, NEWEST = generate_secret(), generate_secret()
PLAIN, OWNER = b"twenty bytes of seed", "users:7"
SEALER = Sealer(Keyring([NEWEST, OLDER]), "totp")
SEALED = SEALER.seal(PLAIN, OWNER)


def test_what_was_sealed_opens_for_the_same_owner_and_does_not_show_its_content() -> None:
    assert SEALER.open(SEALED, OWNER) == PLAIN
    assert PLAIN not in SEALED
    assert len(SEALED) == len(PLAIN) + OVERHEAD


def test_no_two_sealed_values_are_alike() -> None:
    assert len({SEALER.seal(PLAIN, OWNER) for _ in range(100)}) == 100


def test_the_newest_key_seals_and_all_open() -> None:
    was = Sealer(Keyring(OLDER), "totp").seal(PLAIN, OWNER)
    assert SEALER.open(was, OWNER) == PLAIN
    assert SEALER.stale(was)
    assert not SEALER.stale(SEALED)
    assert Sealer(Keyring(NEWEST), "totp").open(SEALED, OWNER) == PLAIN
    assert Sealer(Keyring(OLDER), "totp").open(SEALED, OWNER) is None


@pytest.mark.parametrize(
    ("sealed", "owner"),
    [
        pytest.param(SEALED, "users:8", id="moved to another owner"),
        pytest.param(SEALED, "", id="moved to nobody"),
        pytest.param(
            Sealer(Keyring(NEWEST), "session").seal(PLAIN, OWNER), OWNER, id="sealed for another purpose"
        ),
        pytest.param(
            Sealer(Keyring(generate_secret()), "totp").seal(PLAIN, OWNER), OWNER, id="a key of nobody"
        ),
        pytest.param(b"\x02" + SEALED[1:], OWNER, id="another version"),
        pytest.param(SEALED[:1] + bytes(6) + SEALED[7:], OWNER, id="another key id"),
        pytest.param(SEALED[:-1], OWNER, id="a byte less"),
        pytest.param(SEALED + b"\0", OWNER, id="a byte more"),
        pytest.param(SEALED[: OVERHEAD - 1], OWNER, id="shorter than an empty one"),
        pytest.param(SEALED[:HEAD], OWNER, id="only a head"),
        pytest.param(b"", OWNER, id="nothing"),
        pytest.param(PLAIN, OWNER, id="never sealed"),
    ],
)
def test_what_was_changed_or_moved_does_not_open(sealed: bytes, owner: str) -> None:
    assert SEALER.open(sealed, owner) is None


def test_every_single_bit_is_held() -> None:
    for place in range(len(SEALED) * 8):
        changed = bytearray(SEALED)
        changed[place // 8] ^= 1 << place % 8
        assert SEALER.open(bytes(changed), OWNER) is None


def test_a_purpose_that_begins_another_does_not_lend_its_letters_to_the_owner() -> None:
    keyring = Keyring(NEWEST)
    assert Sealer(keyring, "totp").open(Sealer(keyring, "tot").seal(PLAIN, "p" + OWNER), OWNER) is None


@given(st.binary(max_size=200), st.text(max_size=20))
@example(b"", "")
@example(PLAIN, "a lone surrogate \ud800")
def test_whatever_is_sealed_comes_back(plain: bytes, owner: str) -> None:
    assert SEALER.open(SEALER.seal(plain, owner), owner) == plain


@given(st.binary(max_size=200))
def test_no_strange_bytes_open_or_raise(sealed: bytes) -> None:
    assert SEALER.open(sealed, OWNER) is None
    assert SEALER.open(SEALED[:HEAD] + sealed, OWNER) is None
