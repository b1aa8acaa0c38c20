"""A ticket is good for one purpose, one while, and as it was written; nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.ticket import Ticket, mint, read
from guardhouse.vault.keyring import Keyring
from tests.houses import OTHER_SECRET, SECRET

KEYS = Keyring(SECRET)
NOW = 1000.0
TICKET = Ticket("web:1", "v1.abc.def", NOW + 60, b"random")
TEXT = mint(KEYS, "reset", TICKET)
KEY, PAYLOAD, MAC = TEXT.split(".")


def test_what_was_minted_is_read():
    assert read(KEYS, "reset", TEXT, NOW) == TICKET


@pytest.mark.parametrize(("now", "found"), [(NOW + 59.9, TICKET), (NOW + 60, "expired"), (1e12, "expired")])
def test_a_ticket_ends(now, found):
    assert read(KEYS, "reset", TEXT, now) == found


def test_a_moment_that_is_no_number_has_passed():
    assert read(KEYS, "reset", TEXT, float("nan")) == "expired"


@pytest.mark.parametrize("purpose", ["verify", "address", "enter", "invite"])
def test_a_ticket_of_one_purpose_is_none_of_another(purpose):
    assert read(KEYS, purpose, TEXT, NOW) == "forged"


def test_a_ticket_of_a_key_that_is_gone_says_so():
    assert read(Keyring(OTHER_SECRET), "reset", TEXT, NOW) == "unknown key"


def test_a_ticket_outlives_a_new_key():
    assert read(Keyring([OTHER_SECRET, SECRET]), "reset", TEXT, NOW) == TICKET


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        f"{KEY}.{PAYLOAD}",
        f"{KEY}.{PAYLOAD}.",
        f"{KEY}.{PAYLOAD}.{MAC}.",
        f"{KEY}.{PAYLOAD}.{MAC[:-1]}",
        f"{KEY}.{PAYLOAD}.{MAC}=",
        f"{KEY}.{PAYLOAD}.{MAC} ",
        f"{KEY}.{PAYLOAD[:-2]}AA.{MAC}",
        f"{KEY}.{MAC}.{PAYLOAD}",
        f"{KEY}.{PAYLOAD}.{'A' * 43}",
        f"{KEY}.{'A' * 3000}.{MAC}",
        f"{KEY}.é.{MAC}",
        "ünïcode.a.b",
        "\ud800.a.b",
    ],
)
def test_what_is_changed_is_forged(text):
    assert read(KEYS, "reset", text, NOW) == "forged"


@given(
    st.text(max_size=80)
    | st.just(TEXT).flatmap(
        lambda text: st.integers(0, len(text) - 1).map(lambda at: text[:at] + "x" + text[at + 1 :])
    )
)
def test_a_stranger_s_text_is_never_a_ticket_of_another_kind(text):
    found = read(KEYS, "reset", text, NOW)
    assert found in ("forged", "unknown key") or text == TEXT


def test_a_ticket_shows_neither_binding_nor_name():
    assert "v1.abc" not in repr(TICKET)
    assert "random" not in repr(TICKET)
