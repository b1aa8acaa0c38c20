"""Recovery codes are read however they were typed, and nothing of them can be read from what is kept."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardhouse.vault.codes import ALPHABET, CHANCE, COUNT, LENGTH, mint, name_of, read

CODES = mint(bytes(range(CHANCE)))
CODE = CODES[3]
PLAIN = CODE.replace("-", "")
ONES = "0123-4567-89ab-cdef-1010-0101"


def test_a_set_is_ten_different_codes_of_120_bits() -> None:
    assert len(set(CODES)) == COUNT == 10
    assert {tuple(map(len, code.split("-"))) for code in CODES} == {(4,) * 6}
    assert CHANCE * 8 == COUNT * 120


def test_every_bit_of_chance_is_in_the_codes() -> None:
    seen = {mint(bytes(CHANCE))}
    for place in range(CHANCE * 8):
        seen.add(mint((1 << place).to_bytes(CHANCE)))
    assert len(seen) == CHANCE * 8 + 1


@pytest.mark.parametrize("chance", [b"", bytes(CHANCE - 1), bytes(CHANCE + 1)])
def test_too_little_or_too_much_chance_is_refused(chance: bytes) -> None:
    with pytest.raises(ValueError, match="150 random bytes"):
        mint(chance)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(CODE, PLAIN, id="as it was shown"),
        pytest.param(PLAIN, PLAIN, id="without dashes"),
        pytest.param(CODE.upper(), PLAIN, id="in capitals"),
        pytest.param(f"  {CODE.replace('-', ' ')}\n", PLAIN, id="with spaces"),
        pytest.param(CODE.replace("-", "\u2013"), PLAIN, id="with the dashes of a word processor"),
        pytest.param(CODE.replace("-", "\u2011"), PLAIN, id="with hyphens that do not break"),
        pytest.param(ONES.replace("0", "O"), ONES.replace("-", ""), id="O for 0"),
        pytest.param(ONES.replace("0", "o"), ONES.replace("-", ""), id="o for 0"),
        pytest.param(ONES.replace("1", "I"), ONES.replace("-", ""), id="I for 1"),
        pytest.param(ONES.replace("1", "i"), ONES.replace("-", ""), id="i for 1"),
        pytest.param(ONES.replace("1", "L"), ONES.replace("-", ""), id="L for 1"),
        pytest.param(ONES.replace("1", "l"), ONES.replace("-", ""), id="l for 1"),
        pytest.param(PLAIN[:-1], None, id="a letter less"),
        pytest.param(PLAIN + "0", None, id="a letter more"),
        pytest.param(PLAIN[:-1] + "u", None, id="a letter that no code has"),
        pytest.param(PLAIN[:-1] + "\u0131", None, id="a Turkish i, which is I in capitals"),
        pytest.param(PLAIN[:-1] + "\u017f", None, id="a long s, which is S in capitals"),
        pytest.param(PLAIN[:-1] + "\u0661", None, id="an Arabic digit"),
        pytest.param("", None, id="nothing"),
        pytest.param("-" * 24, None, id="only dashes"),
        pytest.param("0" * 1_000_000, None, id="a megabyte"),
    ],
)
def test_a_code_is_read_however_it_was_typed(text: str, code: str | None) -> None:
    assert read(text) == code


def test_a_name_is_of_one_code_of_one_owner_and_shows_neither() -> None:
    names = {name_of(code, owner) for code in map(read, CODES) if code for owner in ("users:1", "users:2")}
    assert len(names) == 20
    assert all(len(name) == 43 and PLAIN not in name for name in names)


def test_no_owner_lends_letters_to_a_code() -> None:
    assert name_of("2:3", "users:1") != name_of("3", "users:1:2")


@given(st.text(max_size=60))
@example("\ud800" * 24)
def test_no_strange_text_raises(text: str) -> None:
    code = read(text)
    assert code is None or (len(code) == LENGTH and set(code) <= set(ALPHABET) and read(code) == code)


@given(st.binary(min_size=CHANCE, max_size=CHANCE))
def test_what_was_minted_is_read(chance: bytes) -> None:
    assert [read(code) for code in mint(chance)] == [code.replace("-", "") for code in mint(chance)]
