"""A CSRF token proves one visitor, by any key of the ring, and nothing else does."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.csrf import (
    RANDOM_BYTES,
    form_of,
    genuine,
    mint,
    session_binding,
    unknown_key,
    visitor_binding,
)
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.secret import generate_secret

OLD, NEW = generate_secret(), generate_secret()
SIGNER = Keyring(OLD).purpose("csrf")
MINE, THEIRS = session_binding(b"a" * 32), session_binding(b"b" * 32)
RANDOM = bytes(range(RANDOM_BYTES))
TOKEN = mint(SIGNER, MINE, RANDOM).encode()


def test_a_token_has_the_form_of_the_contract():
    assert re.fullmatch(rb"v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", TOKEN)
    assert TOKEN.split(b".")[1].decode() == SIGNER.key_id


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES), st.binary(min_size=32, max_size=32))
def test_every_token_is_genuine_for_its_own_visitor_only(random, key):
    token = mint(SIGNER, session_binding(key), random).encode()
    assert genuine(SIGNER, session_binding(key), token)
    assert not genuine(SIGNER, visitor_binding(key), token)
    assert genuine(SIGNER, MINE, token) is (key == b"a" * 32)


@pytest.mark.parametrize(
    ("signer", "binding", "token"),
    [
        pytest.param(SIGNER, THEIRS, TOKEN, id="another session's"),
        pytest.param(SIGNER, visitor_binding(b"a" * 32), TOKEN, id="a visitor's, of before the login"),
        pytest.param(Keyring(NEW).purpose("csrf"), MINE, TOKEN, id="by a key that is gone"),
        pytest.param(Keyring(OLD).purpose("login"), MINE, TOKEN, id="for another purpose"),
        pytest.param(SIGNER, MINE, b"", id="empty"),
        pytest.param(SIGNER, MINE, TOKEN + b"\n", id="a line break after"),
        pytest.param(SIGNER, MINE, b" " + TOKEN, id="a blank before"),
        pytest.param(SIGNER, MINE, b"v2" + TOKEN[2:], id="another version"),
        pytest.param(SIGNER, MINE, b'"' + TOKEN + b'"', id="in quotes"),
        pytest.param(SIGNER, MINE, TOKEN + b"=", id="padded"),
        pytest.param(SIGNER, MINE, b".".join(TOKEN.split(b".")[:3]) + b".", id="without its mac"),
        pytest.param(SIGNER, MINE, b"v1...", id="nothing but dots"),
        pytest.param(SIGNER, MINE, TOKEN * 1000, id="much too long"),
    ],
)
def test_what_proves_nothing(signer, binding, token):
    assert not genuine(signer, binding, token)


def test_a_token_cut_anywhere_proves_nothing():
    assert not any(genuine(SIGNER, MINE, TOKEN[:length]) for length in range(len(TOKEN)))


def test_a_token_with_any_byte_changed_to_any_other_proves_nothing():
    changed = (
        TOKEN[:place] + bytes([byte]) + TOKEN[place + 1 :]
        for place in range(len(TOKEN))
        for byte in range(256)
        if byte != TOKEN[place]
    )
    assert not any(genuine(SIGNER, MINE, token) for token in changed)


@given(st.binary(max_size=120))
def test_no_bytes_raise(token):
    assert not genuine(SIGNER, MINE, token)


def test_a_new_secret_signs_and_the_old_one_still_verifies():
    ring = Keyring([NEW, OLD]).purpose("csrf")
    assert genuine(ring, MINE, TOKEN)
    fresh = mint(ring, MINE, RANDOM).encode()
    assert genuine(ring, MINE, fresh)
    assert not genuine(SIGNER, MINE, fresh)


def test_the_random_part_changes_the_whole_mac():
    tokens = [mint(SIGNER, MINE, number.to_bytes(RANDOM_BYTES, "big")) for number in range(20)]
    assert all(one.split(".")[3] != other.split(".")[3] for one, other in pairwise(tokens))


def test_the_parts_cannot_be_shifted_into_one_another():
    token = mint(SIGNER, b"session:x", b"yyyyyyyyyyyyyyyz").encode()
    assert not genuine(SIGNER, b"session:xy", token)


def test_a_token_of_a_key_that_is_gone_is_told_from_one_that_is_wrong():
    assert unknown_key(Keyring(NEW).purpose("csrf"), TOKEN) == SIGNER.key_id
    assert unknown_key(SIGNER, TOKEN) is None
    assert unknown_key(SIGNER, b"v1.abc") is None
    assert unknown_key(Keyring([NEW, OLD]).purpose("csrf"), TOKEN) is None


@given(st.binary(max_size=80))
def test_what_is_no_token_is_described_and_never_repeated(token):
    form = form_of(token)
    assert form is not None
    assert len(token) < 4 or token not in form.encode()


def test_a_token_of_ours_has_nothing_wrong_with_its_form():
    assert form_of(TOKEN) is None
