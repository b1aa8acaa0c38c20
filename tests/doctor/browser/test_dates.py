"""Dates of cookies, by RFC 6265bis 5.1.1."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.doctor.browser.dates import cookie_date

MOMENT = datetime(2027, 1, 15, 8, 9, 37, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Fri, 15 Jan 2027 08:09:37 GMT", id="5.1.1 as RFC 9110 writes it"),
        pytest.param(
            "Friday, 15-Jan-27 08:09:37 GMT", id="5.1.1 step 4: two digits below 70 are of this century"
        ),
        pytest.param("Fri Jan 15 08:09:37 2027", id="5.1.1 as asctime writes it"),
        pytest.param("2027 jANUARY 15 8:9:37", id="5.1.1 step 2: any order, any case, one digit"),
        pytest.param("15/Jan/2027;08:09:37", id="5.1.1 delimiters"),
        pytest.param(
            "Fri, 15 Jan 2027 08:09:37x 2030",
            id="5.1.1 what follows a time is left out; the first year counts",
        ),
    ],
)
def test_a_moment_is_read_in_every_way_it_is_written(text: str):
    assert cookie_date(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("15 Jan 2027", id="5.1.1 step 5: no time"),
        pytest.param("08:09:37 Jan 2027", id="5.1.1 step 5: no day"),
        pytest.param("Fri, 15 Jan 1600 08:09:37", id="5.1.1 step 5: before 1601"),
        pytest.param("Fri, 31 Feb 2027 08:09:37", id="5.1.1 step 6: no such day"),
        pytest.param("Fri, 15 Jan 2027 24:09:37", id="5.1.1 step 5: no such hour"),
        pytest.param("Fri, 15 Jan 20277 08:09:37", id="5.1.1 a year has four digits at most"),
    ],
)
def test_what_is_no_date_is_none(text: str):
    assert cookie_date(text) is None


def test_two_digits_from_70_on_are_of_the_last_century():
    assert cookie_date("01-Jan-70 00:00:00") == 0.0


@given(st.text())
def test_no_text_is_too_strange(text: str):
    assert cookie_date(text) is None or isinstance(cookie_date(text), float)
