"""A login fits the password that opened it, says nothing about its hash, and survives a new secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.fingerprint import marks, take, unchanged, weigh
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.secret import generate_secret

OLD, NEW = generate_secret(), generate_secret()
SIGNER = Keyring(OLD).purpose("login")
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"
TAKEN = take(SIGNER, HASH)


@pytest.mark.parametrize(
    ("signer", "fingerprint", "stored", "fit"),
    [
        pytest.param(SIGNER, TAKEN, HASH, "fits", id="the same password"),
        pytest.param(SIGNER, TAKEN, HASH + "x", "another password", id="another password"),
        pytest.param(SIGNER, TAKEN, "", "another password", id="no hash any more"),
        pytest.param(
            Keyring([NEW, OLD]).purpose("login"), TAKEN, HASH, "fits", id="a new secret, the old one kept"
        ),
        pytest.param(
            Keyring(NEW).purpose("login"), TAKEN, HASH, "unknown key", id="a new secret, the old one gone"
        ),
        pytest.param(Keyring(OLD).purpose("csrf"), TAKEN, HASH, "another password", id="another purpose"),
        pytest.param(SIGNER, "v2" + TAKEN[2:], HASH, "unknown format", id="another version"),
        pytest.param(SIGNER, TAKEN[:-4], HASH, "another password", id="cut"),
        pytest.param(SIGNER, "", HASH, "unknown format", id="empty"),
        pytest.param(SIGNER, "v1", HASH, "unknown format", id="a version alone"),
        pytest.param(SIGNER, f"v1.{SIGNER.key_id}.\u00e9", HASH, "unknown format", id="not base64"),
        pytest.param(SIGNER, TAKEN, "\ud800", "another password", id="a hash that is no text"),
    ],
)
def test_a_fingerprint_fits(signer, fingerprint, stored, fit):
    assert weigh(signer, fingerprint, stored) == fit


def test_a_fingerprint_holds_nothing_of_the_hash():
    assert not any(part in TAKEN for part in HASH.split("$") if len(part) > 4)


@given(st.text(max_size=80))
def test_no_text_raises(text):
    assert weigh(SIGNER, text, HASH) != "fits"
    assert all(len(mark) <= 16 for mark in marks(text))


@pytest.mark.parametrize(
    ("fingerprint", "stored", "same"),
    [
        pytest.param(TAKEN, HASH, True, id="the same password"),
        pytest.param(TAKEN, HASH + "x", False, id="another password"),
        pytest.param(TAKEN, None, False, id="a password then, none now"),
        pytest.param(None, HASH, False, id="none then, a password now"),
        pytest.param(None, None, True, id="none then and none now"),
        pytest.param("", "", False, id="what is no fingerprint"),
    ],
)
def test_what_outlives_a_session_is_bound_to_the_password_of_then(fingerprint, stored, same):
    assert unchanged(SIGNER, fingerprint, stored) is same
