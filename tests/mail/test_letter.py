"""A letter says what it lacks, shows nothing, and is kept by the mailer in memory."""

from __future__ import annotations

import pytest

from guardhouse.errors import ConfigError
from guardhouse.mail.letter import NEEDED, Kind, Letter
from guardhouse.mail.mailer import Mailer, refuse_in_production
from guardhouse.mail.memory import MemoryMailer

LINK = "https://shop.example.com/reset?ticket=once"
RESET = Letter(Kind.RESET_PASSWORD, "ada@example.com", {"link": LINK, "minutes": 20})


def test_a_letter_shows_its_kind_only():
    assert repr(RESET) == "Letter('reset_password')"
    assert f"{RESET}" == str(RESET) == repr(RESET)


def test_every_kind_says_what_it_needs():
    assert set(NEEDED) == set(Kind)


def test_a_letter_that_lacks_a_value_is_not_made():
    with pytest.raises(ValueError, match=r"reset_password lacks link, minutes: put") as told:
        Letter(Kind.RESET_PASSWORD, "ada@example.com", {})
    assert "ada" not in str(told.value)


def test_a_kind_of_an_applications_own_needs_what_its_template_needs():
    assert Letter("order_shipped", "ada@example.com", {}).kind == "order_shipped"


@pytest.mark.parametrize("kind", ["", "../x", "a/b", "Reset", "a.b", "x" * 65, "a\n", "é"])
def test_a_kind_leads_out_of_no_folder(kind: str):
    with pytest.raises(ValueError, match="name of its templates"):
        Letter(kind, "ada@example.com", {})


def test_letters_of_the_same_words_are_equal():
    same = Letter("reset_password", "ada@example.com", {"minutes": 20, "link": LINK})
    assert same == RESET
    assert hash(same) == hash(RESET)


@pytest.mark.anyio
async def test_the_mailer_in_memory_keeps_the_last_letters():
    mailer = MemoryMailer(keep=2)
    carries: Mailer = mailer
    letters = [Letter("note", f"{name}@example.com", {}) for name in ("ada", "grace", "ada")]
    for letter in letters:
        await carries.send(letter)
    assert mailer.letters == tuple(letters[1:])
    assert mailer.to("ada@example.com") == (letters[2],)
    mailer.clear()
    assert mailer.letters == ()


def test_letters_that_go_nowhere_stop_the_start_of_production():
    refuse_in_production(MemoryMailer(), debug=True)
    refuse_in_production(object(), debug=False)
    with pytest.raises(ConfigError, match="SmtpMailer"):
        refuse_in_production(MemoryMailer(), debug=False)
