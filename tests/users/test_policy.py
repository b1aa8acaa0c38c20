"""Which new passwords are taken, row by row; what is refused, and that no refusal repeats the password."""

from __future__ import annotations

import random
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.weakness import About, Breaches, Flaw, Weakness
from guardhouse.errors import ConfigError
from guardhouse.users.common import CommonPasswords
from guardhouse.users.policy import NewPasswords, PasswordPolicy, weakness_of
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher

POLICY = PasswordPolicy(words=("Guardhouse", "guardhouse.example"))
ADA = About(login="countess", address="ada.lovelace@example.org", name="Ada Lovelace", more=("Ockham Park",))
ADA_WITH_FACTOR = replace(ADA, second_factor=True)
COMMON = POLICY.common


def flaw(password: str, about: About = ADA, policy: PasswordPolicy = POLICY) -> Flaw | None:
    found = weakness_of(policy, password, about)
    return found.flaw if found is not None else None


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("correct horse battery staple", id="a pass-phrase"),
        pytest.param("only lower case letters", id="no capital, digit or sign is asked for"),
        pytest.param("73098164520983346", id="digits, if they follow no order"),
        pytest.param(
            "A long pass-phrase with spaces, ünïcödé and 漢字 of 64 characters!", id="64 characters"
        ),
        pytest.param(("correct horse battery staple " * 36)[:1024], id="1024 characters"),
        pytest.param("nul\0bytes\0count\0", id="NULs count"),
        pytest.param("🦊🌋🎻🧭🪁🐙🥨🎲🧵🪐🦉🍋🛶🎈🪴", id="fifteen emoji"),
        pytest.param("  outer spaces are kept  ", id="outer spaces"),
        pytest.param("вчера шёл тёплый дождь", id="Cyrillic"),
        pytest.param("冬の朝に青い傘を三本買って帰った", id="Japanese, without spaces"),
        pytest.param("I think guardhouse is nice", id="the application's name in a sentence"),
        pytest.param("countess of the seven seas", id="the login in a sentence"),
        pytest.param("monkey 0172 8394 82", id="a known word, and a number that nobody knows"),
        pytest.param("7f3k9x2m7f3k9x2m", id="a good one twice"),
    ],
)
def test_what_is_taken(password: str) -> None:
    assert flaw(password) is None


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        pytest.param("", Flaw.EMPTY, id="nothing"),
        pytest.param("fourteen chars", Flaw.SHORT, id="fourteen characters"),
        pytest.param("\0" * 14, Flaw.SHORT, id="fourteen NULs"),
        pytest.param("🦊🌋🎻🧭🪁🐙🥨🎲🧵🪐🦉🍋🛶🎈", Flaw.SHORT, id="fourteen emoji"),
        pytest.param("e\u0301i\u0301o\u0301u\u0301a\u0301qwbdg", Flaw.SHORT, id="counted as it is hashed"),
        pytest.param("x" * 1025, Flaw.LONG, id="1025 characters"),
        pytest.param("\U0001d160" * 1024, Flaw.LONG, id="above 4 KiB, as it is hashed"),
        pytest.param("a lone surrogate \ud83e here", Flaw.MALFORMED, id="half of an emoji"),
        pytest.param("qwertyuiopasdfg", Flaw.SEQUENTIAL, id="rows of the keyboard"),
        pytest.param("mnbvcxzlkjhgfdsa", Flaw.SEQUENTIAL, id="backwards"),
        pytest.param("1234567890123456", Flaw.SEQUENTIAL, id="digits"),
        pytest.param("zyxwvutsrqponmlk", Flaw.SEQUENTIAL, id="the alphabet backwards"),
        pytest.param("йцукенгшщзфывапр", Flaw.SEQUENTIAL, id="a Russian keyboard"),
        pytest.param("aaaaaaaaaaaaaaaa", Flaw.REPETITIVE, id="one character"),
        pytest.param(" " * 15, Flaw.REPETITIVE, id="spaces only"),
        pytest.param("\0" * 15, Flaw.REPETITIVE, id="NULs only"),
        pytest.param("xk9xk9xk9xk9xk9x", Flaw.REPETITIVE, id="one piece, cut at the end"),
        pytest.param("yyyzzzwwwyyyzzzw", Flaw.REPETITIVE, id="three characters"),
        pytest.param("letmeinletmein2024", Flaw.REPETITIVE, id="a known one twice, and a year"),
        pytest.param("sunshine sunshine", Flaw.REPETITIVE, id="a known one twice, with a space"),
        pytest.param("passwordpassword", Flaw.COMMON, id="stands on the list as it is"),
        pytest.param("password2024!!!!", Flaw.COMMON, id="a known one with a year and signs"),
        pytest.param("2024-Password-!!", Flaw.COMMON, id="around it, in capitals"),
        pytest.param("monkey123456789", Flaw.COMMON, id="with digits that everybody knows"),
        pytest.param("P@ssw0rd!!!!!!!!", Flaw.COMMON, id="signs for letters"),
        pytest.param("$unsh1ne2024!!!", Flaw.COMMON, id="a sign for the first letter"),
        pytest.param("ｐａｓｓｗｏｒｄ２０２４！！！", Flaw.COMMON, id="full-width letters"),
        pytest.param("adalovelace1815!", Flaw.PERSONAL, id="the name and a year"),
        pytest.param("@DA-L0VELACE-2024", Flaw.PERSONAL, id="the address, disguised"),
        pytest.param("guardhouse2024!!!", Flaw.PERSONAL, id="the application"),
        pytest.param("countess@guardhouse", Flaw.PERSONAL, id="the login at the application"),
        pytest.param("guardhousepassword", Flaw.PERSONAL, id="the application, and a known one"),
        pytest.param("ockham-park-12345", Flaw.PERSONAL, id="what else is known"),
    ],
)
def test_what_is_refused(password: str, expected: Flaw) -> None:
    assert flaw(password) is expected


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        pytest.param("k7#mQ2x", Flaw.SHORT, id="seven characters"),
        pytest.param("k7#mQ2xv", None, id="eight"),
        pytest.param("password", Flaw.COMMON, id="the most common"),
        pytest.param("iloveyou", Flaw.COMMON, id="another"),
        pytest.param("dragon1!", Flaw.COMMON, id="a known one, and little more"),
        pytest.param("abcabcab", Flaw.REPETITIVE, id="three letters again and again"),
        pytest.param("lovelace", Flaw.PERSONAL, id="the name"),
    ],
)
def test_beside_a_second_factor_eight_characters_do(password: str, expected: Flaw | None) -> None:
    assert flaw(password, ADA_WITH_FACTOR) is expected


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("lovelacelovelace", "name"),
        ("ada.lovelace.ada", "address"),
        ("countesscountess", "login"),
        ("guardhouse-guard", "application"),
        ("ockhampark-ockham", "more"),
    ],
)
def test_evidence_says_where_the_word_came_from(password: str, word: str) -> None:
    about = replace(ADA, name="") if word == "address" else replace(ADA, address="")
    found = weakness_of(POLICY, password, about)
    assert found == Weakness(Flaw.PERSONAL, {"word": word})


def test_a_sentence_about_length_names_the_length_that_holds() -> None:
    assert "15 characters" in str(weakness_of(POLICY, "short", ADA))
    assert "8 characters" in str(weakness_of(POLICY, "short", ADA_WITH_FACTOR))
    assert "12 characters" in str(weakness_of(PasswordPolicy(shortest=12), "short", ADA))
    assert "1024 characters" in str(weakness_of(POLICY, "x" * 2000, ADA))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"shortest": 7}, id="shorter than the least"),
        pytest.param({"shortest_with_factor": 6}, id="shorter than the least beside a factor"),
        pytest.param({"shortest": 65}, id="64 characters would not do"),
        pytest.param({"words": "guardhouse"}, id="one text for a list of words"),
    ],
)
def test_a_policy_that_cannot_be_right_is_refused_when_it_is_made(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="PasswordPolicy"):
        PasswordPolicy(**settings)  # type: ignore[arg-type]


# -- a stranger's input ------------------------------------------------------------------------------------------------

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=1100)
KNOWN = st.builds(
    About,
    login=ANYTHING,
    address=ANYTHING,
    name=ANYTHING,
    more=st.tuples(ANYTHING),
    second_factor=st.booleans(),
)


@given(ANYTHING, KNOWN)
def test_it_raises_for_nothing_and_what_it_takes_can_be_hashed(password: str, about: About) -> None:
    found = weakness_of(POLICY, password, about)
    if found is None:
        hasher = PasswordHasher(ARGON2_CHEAPEST)
        assert hasher.verify(password, hasher.hash(password)).ok


# Eight characters that no text of ours holds, so that finding them means that the password was repeated.
@given(st.text(string.ascii_uppercase + string.digits + "§¶ÆØ", min_size=8, max_size=40), KNOWN)
def test_no_refusal_repeats_the_password(password: str, about: About) -> None:
    found = weakness_of(POLICY, password, replace(about, name=password))
    said = f"{found!s} {found!r}"
    assert password not in said
    assert password.casefold() not in said.casefold()


def test_what_chance_makes_is_taken() -> None:
    """How often a good password is refused: the page says so, with these numbers."""
    chance = random.Random(63)
    letters = [one for one in sorted(held()) if one.isalpha() and len(one) >= 6]
    made = {
        "four words": lambda: " ".join(chance.choices(letters, k=4)),
        "four words, one after the other": lambda: "".join(chance.choices(letters, k=4)),
        "fifteen letters and digits": lambda: "".join(
            chance.choices(string.ascii_letters + string.digits, k=15)
        ),
        "fifteen printable characters": lambda: "".join(chance.choices(string.printable[:94], k=15)),
    }
    refused = {name: sum(flaw(make()) is not None for _ in range(2000)) for name, make in made.items()}
    assert all(count <= 2 for count in refused.values()), refused


# -- the list ----------------------------------------------------------------------------------------------------------


def held() -> frozenset[str]:
    common = CommonPasswords()
    common.prepare()
    return common._held


def test_the_list_is_as_large_as_it_is_said_to_be() -> None:
    assert len(held()) == len(CommonPasswords()) > 48_000
    assert sum(len(one) >= 8 for one in held()) > 20_000


def test_the_list_is_folded_sorted_and_without_rubbish() -> None:
    listed = sorted(held())
    assert all(len(one) >= 6 and one.isprintable() and one == one.casefold().strip() for one in listed)
    assert "" not in held()


def test_nothing_is_on_it_that_is_not() -> None:
    assert "password" in COMMON
    assert "correct horse battery staple" not in COMMON
    assert None not in CommonPasswords()
    assert repr(CommonPasswords()) == "CommonPasswords()"


@pytest.mark.slow
def test_every_password_on_it_is_refused_where_it_is_long_enough() -> None:
    for one in held():
        if len(one) >= 8:
            assert flaw(one, About(second_factor=True), PasswordPolicy(common=COMMON)) is Flaw.COMMON, one


def test_another_list_may_be_given() -> None:
    policy = PasswordPolicy(common={"open sesame open"})
    assert flaw("Open Sesame Open", policy=policy) is Flaw.COMMON
    assert flaw("password and password", policy=policy) is None


# -- asked with await --------------------------------------------------------------------------------------------------


class Stolen:
    """Knows what was stolen; `said` is its answer, `asked` what it was asked for."""

    def __init__(self, said: bool | None) -> None:
        self.said = said
        self.asked: list[str] = []

    async def breached(self, password: str) -> bool | None:
        self.asked.append(password)
        return self.said


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(True, Weakness(Flaw.BREACHED), id="stolen"),
        pytest.param(False, None, id="not stolen"),
        pytest.param(None, None, id="nobody answers"),
    ],
)
async def test_who_knows_of_stolen_passwords_is_asked_last(
    said: bool | None, expected: Weakness | None
) -> None:
    stolen: Breaches = Stolen(said)
    passwords = NewPasswords(POLICY, breaches=stolen)
    assert await passwords.weakness("correct horse battery staple", ADA) == expected


@pytest.mark.anyio
async def test_nobody_is_asked_about_a_password_that_is_refused_anyhow() -> None:
    stolen = Stolen(said=True)
    assert await NewPasswords(breaches=stolen).weakness("password", ADA) == Weakness(
        Flaw.SHORT, {"shortest": 15}
    )
    assert stolen.asked == []
    assert await NewPasswords().weakness("correct horse battery staple", ADA) is None
