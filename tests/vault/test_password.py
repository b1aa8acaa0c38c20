"""The right password opens, every other costs the same, and nothing that is stored can break a login."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardhouse.errors import ConfigError, UnusablePasswordError
from guardhouse.vault.formats import FORMATS, Argon2Cost, Format, StoredHash
from guardhouse.vault.password import (
    ARGON2_CHEAPEST,
    ARGON2_OWASP,
    ARGON2_RFC9106_LOW_MEMORY,
    Argon2Profile,
    PasswordCheck,
    PasswordHasher,
)

PASSWORD = "correct horse battery staple"
WRONG = PasswordCheck(ok=False, outdated=False)
FRESH = PasswordCheck(ok=True, outdated=False)
STALE = PasswordCheck(ok=True, outdated=True)
BCRYPT = "$2b$04$aP5ISQNzIHGEwmBXfy0WsuKreQF39VkUcmUs0Pa/ENRfSxqcQzh9W"
PBKDF2 = "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="
FOREIGN_PASSWORD = "lètmein"
CHEAP = PasswordHasher(ARGON2_CHEAPEST)
STORED = CHEAP.hash(PASSWORD)


def profile(*, time: int, memory: int, parallelism: int = 1) -> Argon2Profile:
    return Argon2Profile("test", Argon2Cost(time=time, memory=memory, parallelism=parallelism), "this test")


class Ledger:
    """Formats that count the hashes worked on, by their kind."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    @property
    def formats(self) -> Sequence[Format]:
        return [self._counted(form) for form in FORMATS]

    def total(self) -> list[str]:
        total, self.entries = sorted(self.entries), []
        return total

    def _counted(self, form: Format) -> Format:
        def read(stored: str) -> StoredHash | None:
            held = form(stored)
            return held and StoredHash(held.kind, self._entering(held), held.cost, held.own)

        return read

    def _entering(self, held: StoredHash) -> Callable[[bytes], bool]:
        def matches(secret: bytes) -> bool:
            self.entries.append(held.kind)
            return held.matches(secret)

        return matches


@pytest.mark.parametrize(
    ("password", "check"),
    [
        pytest.param(PASSWORD, FRESH, id="the password"),
        pytest.param(PASSWORD + " ", WRONG, id="a space more"),
        pytest.param(PASSWORD.upper(), WRONG, id="in capitals"),
        pytest.param(PASSWORD + "\0", WRONG, id="a NUL more"),
        pytest.param("", WRONG, id="nothing"),
        pytest.param("\ud800", WRONG, id="half of a surrogate pair"),
        pytest.param(PASSWORD + "\udfff", WRONG, id="the password and half of a surrogate pair"),
        pytest.param("x" * 1025, WRONG, id="1025 characters"),
        pytest.param("x" * 2**20, WRONG, id="a megabyte"),
        pytest.param("\0", WRONG, id="what stands in for an unusable password"),
    ],
)
def test_only_the_password_opens(password: str, check: PasswordCheck) -> None:
    assert CHEAP.verify(password, STORED) == check


def test_a_check_is_truthy_when_the_password_was_right() -> None:
    assert FRESH
    assert STALE
    assert not WRONG


@pytest.mark.parametrize("password", ["a\0b", "\0", "x" * 1024, "\U0001f512" * 1024, "pass\nword", " "])
def test_unusual_passwords_are_passwords(password: str) -> None:
    assert CHEAP.verify(password, CHEAP.hash(password)) == FRESH


def test_no_part_of_a_long_password_is_cut_off() -> None:
    stored = CHEAP.hash("x" * 1023 + "a")
    assert not CHEAP.verify("x" * 1023 + "b", stored)
    assert not CHEAP.verify("x" * 1023, stored)


def test_nothing_after_a_nul_is_cut_off() -> None:
    assert not CHEAP.verify("a\0b", CHEAP.hash("a\0c"))


@pytest.mark.parametrize("stored", [BCRYPT, PBKDF2])
def test_a_nul_never_stands_for_a_foreign_hash_of_the_rest(stored: str) -> None:
    assert CHEAP.verify(FOREIGN_PASSWORD, stored)
    assert not CHEAP.verify(f"{FOREIGN_PASSWORD}\0", stored)
    assert not CHEAP.verify(f"{FOREIGN_PASSWORD}\0{FOREIGN_PASSWORD}", stored)


def test_two_keyboards_spell_one_password() -> None:
    composed, decomposed = normalize("NFC", "Zoë"), normalize("NFD", "Zoë")
    assert composed != decomposed
    assert CHEAP.verify(decomposed, CHEAP.hash(composed)) == FRESH
    assert CHEAP.verify(composed, CHEAP.hash(decomposed)) == FRESH


def test_a_hash_of_the_spelling_as_it_was_typed_verifies_and_is_replaced() -> None:
    """Laravel and Django hash what they are given."""
    decomposed = normalize("NFD", FOREIGN_PASSWORD)
    imported = (
        "argon2$argon2id$v=19$m=64,t=1,p=1$c2Vhc2FsdHNlYXNhbHQ$v5dgmR0HWu71uhTVg1/zdZJ++S8OoLYlXcynOb17Ti8"
    )
    assert CHEAP.verify(decomposed, imported) == STALE


def test_the_same_password_is_never_stored_twice_alike() -> None:
    assert CHEAP.hash(PASSWORD) != STORED


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param("x" * 1025, "1024 characters", id="too many characters"),
        pytest.param("\ufb2c" * 1000, "4096 bytes", id="too many bytes once normalised"),
        pytest.param("\ud800", "Unicode", id="half of a surrogate pair"),
    ],
)
def test_what_could_never_be_verified_is_never_hashed(password: str, problem: str) -> None:
    with pytest.raises(UnusablePasswordError, match=problem) as refused:
        CHEAP.hash(password)
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    ("chosen", "start"),
    [
        pytest.param(ARGON2_OWASP, "$argon2id$v=19$m=19456,t=2,p=1$", id="OWASP"),
        pytest.param(ARGON2_RFC9106_LOW_MEMORY, "$argon2id$v=19$m=65536,t=3,p=4$", id="RFC 9106, low memory"),
        pytest.param(ARGON2_CHEAPEST, "$argon2id$v=19$m=8,t=1,p=1$", id="cheapest, for tests"),
    ],
)
def test_profiles_are_written_as_they_are_named(chosen: Argon2Profile, start: str) -> None:
    stored = PasswordHasher(chosen).hash(PASSWORD)
    assert stored.startswith(start)
    assert PasswordHasher(chosen).verify(PASSWORD, stored) == FRESH
    assert chosen.source


def test_the_default_is_what_owasp_recommends() -> None:
    assert PasswordHasher().profile is ARGON2_OWASP
    assert PasswordHasher().parallelism == 1


@pytest.mark.parametrize(
    ("was", "check"),
    [
        pytest.param(profile(time=2, memory=64), FRESH, id="the same cost"),
        pytest.param(profile(time=1, memory=64), STALE, id="fewer passes"),
        pytest.param(profile(time=2, memory=32), STALE, id="less memory"),
        pytest.param(profile(time=3, memory=64), FRESH, id="more passes are kept"),
        pytest.param(profile(time=2, memory=128), FRESH, id="more memory is kept"),
        pytest.param(profile(time=2, memory=64, parallelism=2), FRESH, id="more lanes are kept"),
    ],
)
def test_a_hash_is_outdated_only_when_it_is_weaker(was: Argon2Profile, check: PasswordCheck) -> None:
    now = PasswordHasher(profile(time=2, memory=64))
    assert now.verify(PASSWORD, PasswordHasher(was).hash(PASSWORD)) == check


@pytest.mark.parametrize("stored", [BCRYPT, PBKDF2])
def test_a_foreign_hash_is_outdated_and_its_replacement_is_not(stored: str) -> None:
    assert CHEAP.verify(FOREIGN_PASSWORD, stored) == STALE
    assert CHEAP.verify(FOREIGN_PASSWORD, CHEAP.hash(FOREIGN_PASSWORD)) == FRESH


@pytest.mark.parametrize(
    "bad", [profile(time=11, memory=64), profile(time=1, memory=4), profile(time=1, memory=2**19)]
)
def test_a_profile_that_no_login_may_cost_is_refused(bad: Argon2Profile) -> None:
    with pytest.raises(ConfigError):
        PasswordHasher(bad)


def test_a_legacy_sample_that_is_no_hash_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        PasswordHasher(ARGON2_CHEAPEST, legacy=[BCRYPT, "hunter2hunter2"])
    assert refused.value.key == "legacy[1]"
    assert "hunter2" not in str(refused.value)


USUAL = profile(time=2, memory=64)
ACCOUNTS = [
    pytest.param(PasswordHasher(USUAL).hash(PASSWORD), id="a user"),
    pytest.param(None, id="nobody, or a user without a password"),
    pytest.param("", id="an empty column"),
    pytest.param("!unusable", id="a column that holds no hash"),
    pytest.param("$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHRzb21l$" + "A" * 43, id="a ruinous hash"),
]


@pytest.mark.parametrize("password", ["a guess", "", "x" * 2**20, "\ud800", "nul\0"])
@pytest.mark.parametrize("stored", ACCOUNTS)
def test_every_refusal_is_one_hash_of_the_present_cost(stored: str | None, password: str) -> None:
    ledger = Ledger()
    hasher = PasswordHasher(USUAL, formats=ledger.formats)
    assert hasher.verify(password, stored) == WRONG
    assert ledger.total() == ["argon2id,v=19,m=64,t=2,p=1"]


@pytest.mark.parametrize(
    "stored", [*ACCOUNTS, pytest.param(BCRYPT, id="imported"), pytest.param(PBKDF2, id="older")]
)
def test_with_declared_legacy_hashes_every_refusal_costs_all_of_them(stored: str | None) -> None:
    ledger = Ledger()
    hasher = PasswordHasher(USUAL, legacy=[BCRYPT, PBKDF2], formats=ledger.formats)
    assert hasher.verify("a guess", stored) == WRONG
    assert ledger.total() == ["argon2id,v=19,m=64,t=2,p=1", "bcrypt,04", "pbkdf2,sha256,1000"]


@pytest.mark.parametrize(
    ("was", "worked"),
    [
        pytest.param(profile(time=1, memory=64), 128, id="half the passes"),
        pytest.param(profile(time=1, memory=16), 128, id="less of both"),
        pytest.param(profile(time=2, memory=63), 126, id="a difference too small to hash"),
        pytest.param(profile(time=4, memory=64), 256, id="dearer, which cannot be taken back"),
    ],
)
def test_a_cheaper_hash_is_filled_up_to_the_present_cost(was: Argon2Profile, worked: int) -> None:
    ledger = Ledger()
    hasher = PasswordHasher(USUAL, formats=ledger.formats)
    assert hasher.verify("a guess", PasswordHasher(was).hash(PASSWORD)) == WRONG
    costs = [dict(part.split("=") for part in kind.split(",")[1:]) for kind in ledger.total()]
    assert sum(int(cost["m"]) * int(cost["t"]) for cost in costs) == worked


@pytest.mark.parametrize(
    "usual", [profile(time=1, memory=8), profile(time=3, memory=8), profile(time=2, memory=2**18)]
)
@pytest.mark.parametrize(
    "was", [profile(time=1, memory=8), profile(time=1, memory=15), profile(time=1, memory=999)]
)
def test_whatever_the_difference_is_it_can_be_made_up(usual: Argon2Profile, was: Argon2Profile) -> None:
    ledger = Ledger()
    stored = PasswordHasher(was).hash(PASSWORD)
    assert PasswordHasher(usual, formats=ledger.formats).verify("a guess", stored) == WRONG
    assert 1 <= len(ledger.total()) <= 2


def test_an_undeclared_foreign_hash_costs_at_least_what_nobody_costs() -> None:
    ledger = Ledger()
    PasswordHasher(USUAL, formats=ledger.formats).verify("a guess", PBKDF2)
    assert ledger.total() == ["argon2id,v=19,m=64,t=2,p=1", "pbkdf2,sha256,1000"]


def test_the_right_password_costs_one_hash() -> None:
    ledger = Ledger()
    hasher = PasswordHasher(USUAL, legacy=[BCRYPT], formats=ledger.formats)
    assert hasher.verify(PASSWORD, hasher.hash(PASSWORD)) == FRESH
    assert len(ledger.total()) == 1


HASH_LETTERS = st.text("$argon2idv=19m8,tp+/ABCxyz0123456789:_", max_size=120)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "$",
                "argon2id",
                "v=19",
                "m=8,t=1,p=1",
                "2b",
                "04",
                "scrypt:",
                "16:8:1",
                "pbkdf2_sha256",
                "1000",
                "A" * 43,
            ]
        ),
        st.text(max_size=5),
    ),
    max_size=9,
).map("".join)


@st.composite
def bent(draw: st.DrawFn) -> str:
    """Bend a good hash of another password in one place."""
    stored = draw(st.sampled_from([STORED, BCRYPT, PBKDF2]))
    place = draw(st.integers(0, len(stored)))
    return stored[:place] + draw(st.text(max_size=3)) + stored[place + draw(st.integers(0, 3)) :]


@settings(max_examples=300, deadline=None)
@given(stored=st.one_of(st.text(), HASH_LETTERS, PIECES, bent()), password=st.text(max_size=30))
def test_whatever_is_stored_a_guess_is_only_wrong(stored: str, password: str) -> None:
    assert CHEAP.verify(f"not it: {password}", stored) == WRONG


@settings(max_examples=100, deadline=None)
@given(password=st.text(min_size=1, max_size=200))
def test_whatever_can_be_hashed_verifies(password: str) -> None:
    assert CHEAP.verify(password, CHEAP.hash(password)) == FRESH


@settings(max_examples=100, deadline=None)
@given(password=st.text(st.characters(), max_size=40))
def test_no_text_that_can_be_typed_breaks_a_check(password: str) -> None:
    assert CHEAP.verify(f"{password}?", STORED) == WRONG
    assert CHEAP.verify(f"{password}?", None) == WRONG
