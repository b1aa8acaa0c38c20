"""Whatever a stranger fills in becomes values of the columns, or a sentence for people; never anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.users.credentials import fold_login
from guardhouse.users.fields import filled_in, login_of
from guardhouse.users.values import read_boolean, read_integer, read_text

READERS = {"name": read_text, "age": read_integer, "news": read_boolean}
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    ["", " ", "36", "true", "\0"]
)


def said(work: Callable[[], Any]) -> tuple[Any, str]:
    """Return what came of it, and what is told to people instead."""
    try:
        return work(), ""
    except ValueError as error:
        return None, str(error)


@given(ANY_TEXT)
def test_a_login_is_folded_or_refused(typed: str) -> None:
    login, sentence = said(lambda: login_of(typed, fold_login, 50))
    if login is None:
        assert sentence.endswith(".")
        return
    assert login == fold_login(login) != ""
    assert login.isprintable()
    assert len(login) <= 50


@given(st.dictionaries(st.sampled_from(sorted(READERS)) | ANY_TEXT, ANY_TEXT | st.integers() | st.none()))
def test_fields_are_read_by_their_columns_or_refused(more: Any) -> None:
    values, sentence = said(lambda: filled_in(more, READERS, ("name",), {"name": 20}))
    if values is None:
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert len(sentence) < 500
        return
    assert set(values) <= set(READERS)
    assert 0 < len(str(values["name"])) <= 20
    assert isinstance(values.get("age"), int | None)
    assert isinstance(values.get("news"), bool | None)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"name": ""}, "Please fill in name."),
        ({"name": "x" * 21}, "name may have 20 characters at most."),
        ({"name": "Ada", "age": "1e3"}, "This cannot be taken as age."),
        ({"name": "Ada", "admin" * 20: "1"}, f"There is no field {('admin' * 8)!r} to fill in here."),
    ],
)
def test_what_is_said_of_it(more: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError) as refused:
        filled_in(more, READERS, ("name",), {"name": 20})
    assert str(refused.value) == says


def test_blanks_around_do_not_count_and_what_is_empty_is_nothing() -> None:
    assert filled_in({"name": " Ada ", "age": " "}, READERS) == {"name": "Ada", "age": None}
