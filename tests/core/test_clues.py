"""What a refused request reveals about why its proof did not come, and that it never says more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.caller import sender_of
from guardhouse.core.clues import Setting, clues
from guardhouse.core.facts import Facts
from guardhouse.core.reasons_of_requests import REVEALED

from .clue_rows import BAD_TOKEN, NO_BEARER, NO_COOKIE, NO_TOKEN, ROWS, SCHEMES, Row


def facts_of(row: Row) -> Facts:
    headers = [(name.encode(), value.encode()) for name, value in row.headers]
    return Facts(row.method, "/api/do_thing", headers, row.scheme, "10.0.0.9")


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_what_a_request_reveals(row: Row):
    found = list(clues(facts_of(row), row.setting, [row.told], row.forms))
    assert {cause.reason: dict(cause.evidence) for cause in found} == row.found


def test_every_clue_has_a_row():
    assert {reason for row in ROWS for reason in row.found} == set(REVEALED)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        pytest.param({}, "unknown", id="nothing said"),
        pytest.param({"sec-fetch-mode": "navigate"}, "a browser window", id="a window"),
        pytest.param({"user-agent": "axios/1.7"}, "a program (axios)", id="a program"),
        pytest.param({"user-agent": "Mozilla/5.0 node"}, "unknown", id="a browser that names one"),
        pytest.param({"origin": "https://a.test"}, "a script of https://a.test", id="a page"),
        pytest.param(
            {"origin": "https://a.test", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
            "a script of https://a.test (cross-site)",
            id="a page of another site",
        ),
        pytest.param(
            {"sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"},
            "a script (same-origin)",
            id="its own",
        ),
        pytest.param({"origin": "null", "user-agent": "x"}, "unknown", id="an opaque origin names no page"),
    ],
)
def test_who_asked(headers, said):
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert str(sender_of(Facts("GET", "/", lines))) == said


NAMES = st.sampled_from(
    [
        b"cookie",
        b"origin",
        b"referer",
        b"host",
        b"user-agent",
        b"sec-fetch-site",
        b"sec-fetch-mode",
        b"via",
        b"x-forwarded-proto",
        b"x-xsrf-token",
        b"authorization",
        b"sec-fetch-storage-access",
    ]
)


@given(
    st.lists(st.tuples(NAMES, st.binary(max_size=60)), max_size=6),
    st.sampled_from([NO_COOKIE, NO_BEARER, NO_TOKEN, BAD_TOKEN, SCHEMES]),
    st.sampled_from(["http", "https"]),
)
def test_no_bytes_raise(headers, told, scheme):
    for cause in clues(Facts("POST", "/", headers, scheme), Setting(), [told]):
        assert cause.hint
        assert cause.says
