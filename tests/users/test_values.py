"""Text becomes a value in exactly one way."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.users.values import read_boolean, read_integer, read_text, read_uuid, read_uuid_text

SOME_UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", 2**63 - 1), ("9223372036854775808", None),
        ("007", None), ("+7", None), (" 7", None), ("7\n", None), ("7_0", None), ("-0", None), ("--7", None),
        ("", None), ("-", None), ("\u0667", None), ("\u00b2", None), ("7.0", None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_integers(text: str, value: int | None) -> None:
    assert read_integer(text) == value


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_every_integer_reads_as_it_is_written(value: int) -> None:
    assert read_integer(str(value)) == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SOME_UUID, True), (SOME_UUID.upper(), False), (f"{{{SOME_UUID}}}", False),
        (f"urn:uuid:{SOME_UUID}", False),
        (SOME_UUID.replace("-", ""), False), ("", False), ("x", False), (SOME_UUID + " ", False),
    ],
)  # fmt: skip
def test_uuids(text: str, found: bool) -> None:
    assert read_uuid(text) == (UUID(SOME_UUID) if found else None)


@pytest.mark.parametrize(
    ("text", "value"),
    [(SOME_UUID, SOME_UUID), (SOME_UUID.upper(), SOME_UUID.upper()), ("x", None), ("", None)],
)
def test_uuids_that_a_column_hands_out_as_text(text: str, value: str | None) -> None:
    assert read_uuid_text(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ada", "ada"),
        ("Ada ", "Ada "),
        ("", None),
        ("a\0", None),
        ("\ud800", None),
        ("a" * 1024, "a" * 1024),
        ("a" * 1025, None),
    ],
)
def test_texts(text: str, value: str | None) -> None:
    assert read_text(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("0", False), ("false", False), ("yes", None), ("", None), ("True", None)],
)
def test_booleans(text: str, value: bool | None) -> None:
    assert read_boolean(text) is value
