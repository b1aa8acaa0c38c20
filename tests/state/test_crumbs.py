"""A cookie is found as a byte-wise reading of the header finds it: nothing unquoted, repaired, or chosen between."""

from __future__ import annotations

from hashlib import sha256
from time import perf_counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guardhouse.core.facts import CookieState, Presented
from guardhouse.state.crumbs import CookieReader, key_of

NAME = "__Host-gh"
READER = CookieReader(NAME)
ID = b"A" * 43
OTHER = b"B" * 43
OURS = b"__Host-gh=" + ID
THEIRS = b"__Host-gh=" + OTHER
KEY = sha256(ID).digest()


def stated(*cookies: bytes) -> list[bytes]:
    """Say it plainly: split on semicolons, trim SP and HTAB, the name ends at the first equals sign."""
    found = []
    for cookie in cookies:
        for crumb in cookie.split(b";"):
            name, equals, value = crumb.strip(b" \t").partition(b"=")
            if equals and name == NAME.encode():
                found.append(value.strip(b" \t"))
    return found


PIECES = st.sampled_from(
    [
        b"__Host-gh=",
        b"__Host-gh",
        b"=",
        b";",
        b"; ",
        b" ",
        b"\t",
        b'"',
        b",",
        b"a",
        ID,
        b"\x00",
        b"\r\n",
        b"\x0b",
        b"\x85",
        b"\xa0",
        b"\xe2\x80\x80",
        b"%3D",
        b"__host-gh=",
        b"-visitor=",
    ]
)
COOKIES = st.one_of(st.lists(PIECES, max_size=12).map(b"".join), st.binary(max_size=40))


@settings(max_examples=1000)
@given(st.lists(COOKIES, max_size=4))
@example([b"x__Host-gh=1; __Host-gh=2"])
@example([b"__Host-gh=__Host-gh=1"])
@example([b" __Host-gh=1"])
@example([b"a=;__Host-gh= 1 "])
@example([b'a="; __Host-gh=1; b="'])
def test_code_and_statement_agree(cookies):
    assert READER.values(cookies) == stated(*cookies)


ABSENT, MALFORMED = Presented(CookieState.ABSENT), Presented(CookieState.MALFORMED)
DUPLICATE, PRESENT = Presented(CookieState.DUPLICATE), Presented(CookieState.PRESENT, KEY)


@pytest.mark.parametrize(
    ("cookies", "presented"),
    [
        pytest.param([], ABSENT, id="no Cookie header"),
        pytest.param([b""], ABSENT, id="an empty one"),
        pytest.param([b"a=b"], ABSENT, id="another cookie"),
        pytest.param([OURS], PRESENT, id="ours alone"),
        pytest.param([b"a=b; " + OURS + b"; c=d"], PRESENT, id="between others"),
        pytest.param([b"a=b;" + OURS], PRESENT, id="without the blank"),
        pytest.param([b"a=b;\t \t" + OURS + b"\t"], PRESENT, id="SP and HTAB around"),
        pytest.param([b"a=b", OURS], PRESENT, id="in a line of its own"),
        pytest.param([OURS, OURS], PRESENT, id="the same value twice, in two lines"),
        pytest.param([OURS + b"; " + OURS], PRESENT, id="the same value twice, in one line"),
        pytest.param([OURS + b"; " + THEIRS], DUPLICATE, id="two values"),
        pytest.param([OURS, THEIRS], DUPLICATE, id="two values in two lines"),
        pytest.param([OURS + b"; __Host-gh="], DUPLICATE, id="a value and an empty one"),
        pytest.param([OURS + b"; __Host-gh=junk; " + OURS], DUPLICATE, id="one that differs among equals"),
        pytest.param([b"__Host-gh=junk; __Host-gh=junk"], MALFORMED, id="junk twice"),
        pytest.param([b"__Host-gh="], MALFORMED, id="an empty value"),
        pytest.param([b"__Host-gh"], ABSENT, id="no equals sign"),
        pytest.param([b"__Host-gh =" + ID], ABSENT, id="a blank after the name"),
        pytest.param([b"=" + OURS], ABSENT, id="nameless, with our name as its value"),
        pytest.param([b"; =" + OURS], ABSENT, id="nameless, further on"),
        pytest.param([b"__host-gh=" + ID], ABSENT, id="in other letters"),
        pytest.param([b"__Host-gh-visitor=" + ID], ABSENT, id="a longer name"),
        pytest.param([b"x__Host-gh=" + ID], ABSENT, id="a name that ends as ours"),
        pytest.param([b"\xe2\x80\x80" + OURS], ABSENT, id="U+2000 before the name"),
        pytest.param([b"a=b; \xc2\xa0" + OURS], ABSENT, id="a no-break space before the name"),
        pytest.param([b"\xa0" + OURS], ABSENT, id="the same in Latin-1"),
        pytest.param([b"\x85" + OURS], ABSENT, id="a next-line character before the name"),
        pytest.param([b"\x0b" + OURS], ABSENT, id="a vertical tab before the name"),
        pytest.param([b"\x00" + OURS], ABSENT, id="a NUL before the name"),
        pytest.param([OURS + b"\x00"], MALFORMED, id="a NUL after the value"),
        pytest.param([OURS + b"\xc2\xa0"], MALFORMED, id="a no-break space after the value"),
        pytest.param([b'__Host-gh="' + ID + b'"'], MALFORMED, id="quotes are not taken off"),
        pytest.param([b'a="; ' + OURS + b'; b="'], PRESENT, id="a quote swallows nothing"),
        pytest.param([b"__Host-gh=" + ID[:-1]], MALFORMED, id="one letter short"),
        pytest.param([OURS + b"A"], MALFORMED, id="one letter more"),
        pytest.param([b"__Host-gh=" + b"A" * 42 + b"="], MALFORMED, id="padded"),
        pytest.param([b"__Host-gh=" + b"A" * 42 + b"+"], MALFORMED, id="the other base64"),
        pytest.param([b"__Host-gh=" + b"A" * 42 + b"%"], MALFORMED, id="percent"),
        pytest.param([b"__Host-gh=" + ID + b"\n"], MALFORMED, id="a line break after the value"),
        pytest.param([OURS + b"," + b"a=b"], MALFORMED, id="a comma separates nothing"),
        pytest.param(
            [b"; ".join(b"c%d=v" % n for n in range(1000)) + b"; " + OURS], PRESENT, id="after a thousand"
        ),
        pytest.param([b"; ".join([OURS] * 1000)], PRESENT, id="a thousand times"),
        pytest.param([b"; ".join([OURS] * 999 + [THEIRS])], DUPLICATE, id="a thousand times but one"),
    ],
)
def test_what_a_request_presents(cookies, presented):
    assert READER.present(cookies) == presented


def test_the_store_key_is_the_hash_of_the_id():
    assert key_of(ID) == KEY
    assert ID not in KEY


WORST = {
    "names without end": lambda n: [b"__Host-gh=" * n],
    "blanks before each": lambda n: [b"; \t \t \t__Host-gh=a" * n],
    "blanks alone": lambda n: [b" " * n * 10 + b"__Host-gh=a"],
    "semicolons": lambda n: [b";" * n * 10],
    "a name that is not ours, again and again": lambda n: [b"x__Host-gh=a;" * n],
    "one line each": lambda n: [b"__Host-gh=a"] * n,
}


@pytest.mark.slow
@pytest.mark.parametrize("worst", WORST)
def test_reading_takes_time_in_proportion(worst):
    def took(size: int) -> float:
        cookies = WORST[worst](size)
        best = 9.0
        for _ in range(5):
            began = perf_counter()
            READER.present(cookies)
            best = min(best, perf_counter() - began)
        return best

    # Sixteen times the size: some sixteen times the time, 256 times if it grew with the square.
    assert took(32_000) < 80 * max(took(2_000), 1e-5)
