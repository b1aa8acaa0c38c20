"""Keys rotate, purposes stay apart, and a secret that somebody could guess never starts a house."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest

from guardhouse.errors import ConfigError
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.secret import Secret, generate_secret

OLDEST, OLDER, NEWEST = generate_secret(), generate_secret(), generate_secret()
MESSAGE = b"v1.message"


def test_the_newest_key_signs_and_only_it() -> None:
    """Flask's CVE-2025-47278: the list was read from the wrong end, and the oldest key signed."""
    signer = Keyring([NEWEST, OLDER, OLDEST]).purpose("csrf")
    mac = signer.mac(MESSAGE)
    alone = Keyring(NEWEST).purpose("csrf")
    assert signer.key_id == alone.key_id
    assert alone.verify(signer.key_id, MESSAGE, mac)
    for secret in (OLDER, OLDEST):
        other = Keyring(secret).purpose("csrf")
        assert not other.verify(signer.key_id, MESSAGE, mac)
        assert not other.verify(other.key_id, MESSAGE, mac)


@pytest.mark.parametrize("secret", [OLDEST, OLDER, NEWEST], ids=["oldest", "older", "newest"])
def test_all_keys_in_the_list_verify(secret: str) -> None:
    was = Keyring(secret).purpose("csrf")
    now = Keyring([NEWEST, OLDER, OLDEST]).purpose("csrf")
    assert now.verify(was.key_id, MESSAGE, was.mac(MESSAGE))


def test_a_key_taken_out_of_the_list_no_longer_verifies() -> None:
    was = Keyring(OLDEST).purpose("csrf")
    assert not Keyring([NEWEST, OLDER]).purpose("csrf").verify(was.key_id, MESSAGE, was.mac(MESSAGE))


MAC = Keyring(NEWEST).purpose("csrf").mac(MESSAGE)


@pytest.mark.parametrize(
    ("message", "mac"),
    [
        pytest.param(b"v1.other", MAC, id="another message"),
        pytest.param(b"", MAC, id="no message"),
        pytest.param(MESSAGE, MAC[:-1], id="a shorter mac"),
        pytest.param(MESSAGE, MAC + b"\0", id="a longer mac"),
        pytest.param(MESSAGE, bytes([MAC[0] ^ 1]) + MAC[1:], id="one bit"),
        pytest.param(MESSAGE, b"", id="no mac"),
    ],
)
def test_what_was_changed_does_not_verify(message: bytes, mac: bytes) -> None:
    signer = Keyring(NEWEST).purpose("csrf")
    assert signer.verify(signer.key_id, MESSAGE, MAC)
    assert not signer.verify(signer.key_id, message, mac)


def test_an_unknown_key_id_does_not_verify() -> None:
    signer = Keyring(NEWEST).purpose("csrf")
    assert not signer.verify("AAAAAAAA", MESSAGE, signer.mac(MESSAGE))


def test_purposes_share_no_key() -> None:
    keyring = Keyring(NEWEST)
    csrf, logins = keyring.purpose("csrf"), keyring.purpose("logins")
    assert csrf.mac(MESSAGE) != logins.mac(MESSAGE)
    assert not logins.verify(csrf.key_id, MESSAGE, csrf.mac(MESSAGE))


def test_signing_leaves_no_trace_in_the_signer() -> None:
    signer = Keyring(NEWEST).purpose("csrf")
    assert signer.mac(MESSAGE) == signer.mac(MESSAGE) != signer.mac(MESSAGE + b".")


def test_keys_are_derived_as_rfc_5869_says_for_one_block() -> None:
    root = hmac.digest(b"guardhouse.keyring.v1", NEWEST.encode(), sha256)
    key = hmac.digest(root, b"sign:csrf\x01", sha256)
    signer = Keyring(NEWEST).purpose("csrf")
    assert signer.mac(MESSAGE) == hmac.digest(key, MESSAGE, sha256)
    assert signer.key_id == urlsafe_b64encode(hmac.digest(root, b"key-id\x01", sha256)[:6]).decode()


def test_key_ids_are_public_short_and_in_the_order_of_the_secrets() -> None:
    ids = Keyring([NEWEST, OLDER]).key_ids
    assert ids == (*Keyring(NEWEST).key_ids, *Keyring(OLDER).key_ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{8}", one) for one in ids)


@pytest.mark.parametrize(
    "given",
    [NEWEST, NEWEST.encode(), Secret(NEWEST), [NEWEST], (Secret(NEWEST),)],
    ids=["text", "bytes", "secret", "list", "tuple of secrets"],
)
def test_a_secret_may_come_in_any_wrapping(given: object) -> None:
    assert Keyring(given).key_ids == Keyring(NEWEST).key_ids  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("secret", "found"),
    [
        pytest.param("", "0 bytes", id="empty"),
        pytest.param("x7Gq-93kd_Wm2", "13 bytes", id="short"),
        pytest.param(generate_secret()[:31], "31 bytes", id="one byte too short"),
        pytest.param("secret", "sample", id="the word secret"),
        pytest.param("changeme", "sample", id="changeme"),
        pytest.param("CHANGE-ME-before-you-deploy-this-application", "sample", id="a long changeme"),
        pytest.param("django-insecure-8w3kq^x!c0(b1r+9f&2h%zj7m", "sample", id="what django-admin writes"),
        pytest.param("your-secret-key-goes-here-2cW8rJq1Zt0", "sample", id="a placeholder"),
        pytest.param(
            "ghs_this-is-a-sample-of-what-a-key-looks-like", "sample", id="a sample in our own form"
        ),
        pytest.param(
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "sample",
            id="FastAPI's tutorial",
        ),
        pytest.param("a" * 64, "repeated", id="one character"),
        pytest.param("0123456789abcdef" * 4, "repeated", id="one block"),
        pytest.param("abcabcabd" * 3 + "cabcabcab", "repeated", id="few characters"),
        pytest.param("abcdefghijklmnopqrstuvwxyz0123456789", "alphabet", id="the alphabet"),
        pytest.param(bytes(range(32)), "alphabet", id="counting bytes"),
        pytest.param(generate_secret() + "\n", "white space", id="the newline of a file"),
        pytest.param(12345, "int", id="a number"),
        pytest.param(None, "NoneType", id="nothing, as from an unset variable"),
    ],
)
def test_a_guessable_secret_is_refused_without_being_repeated(secret: object, found: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Keyring([secret])  # type: ignore[list-item]
    error = refused.value
    assert error.key == "secret[0]"
    assert found in str(error.found)
    assert "guardhouse secret" in error.fix
    assert len(str(secret)) < 13 or str(secret) not in str(error)


def test_a_weak_old_secret_is_refused_too_and_named_by_its_place() -> None:
    with pytest.raises(ConfigError) as refused:
        Keyring([NEWEST, "secret"])
    assert refused.value.key == "secret[1]"


@pytest.mark.parametrize("given", [[], ()])
def test_an_empty_list_is_refused(given: list[str]) -> None:
    with pytest.raises(ConfigError, match="an empty list"):
        Keyring(given)


def test_no_generated_secret_is_ever_refused() -> None:
    for _ in range(500):
        Keyring(generate_secret())


def test_a_keyring_shows_nothing() -> None:
    keyring = Keyring(NEWEST)
    assert NEWEST not in repr(keyring) + repr(keyring.purpose("csrf"))
