"""Set-Cookie lines, by RFC 6265bis 5.6."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.doctor.browser.set_cookie import LONGEST_AGE, Crumb, default_path, read_set_cookie
from guardhouse.doctor.browser.whys import Ruling, Why
from tests.doctor.browser.places import NOW


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("a=b", {"name": "a", "value": "b"}, id="5.6 a pair"),
        pytest.param(
            " a \t=\t b ; Path=/x", {"name": "a", "value": "b", "path": "/x"}, id="5.6 step 4: blanks"
        ),
        pytest.param("a=b=c", {"name": "a", "value": "b=c"}, id="5.6 step 3: the first = divides"),
        pytest.param("=b", {"name": "", "value": "b"}, id="5.6 an empty name"),
        pytest.param("b", {"name": "", "value": "b"}, id="5.6 step 3: no = is a value"),
        pytest.param('a="b"', {"value": '"b"'}, id="5.6 quotes belong to the value"),
        pytest.param(
            "a=b; secure; HTTPONLY", {"secure": True, "http_only": True}, id="5.6.5 and 5.6.6: any case"
        ),
        pytest.param("a=b; Secure=false", {"secure": True}, id="5.6.5 a value does not matter"),
        pytest.param(
            "a=b; Domain=.Example.COM", {"domain": "example.com"}, id="5.6.3 leading dot, lower case"
        ),
        pytest.param("a=b; Domain=", {"domain": ""}, id="5.6.3 empty"),
        pytest.param("a=b; Path=x", {"path": ""}, id="5.6.4 no slash: the default path"),
        pytest.param("a=b; Path=/x; Path=/y", {"path": "/y"}, id="5.6 step 6: the last counts"),
        pytest.param(f"a=b; Path=/{'x' * 1024}", {"path": ""}, id="5.6 step 6: 1024 bytes"),
        pytest.param("a=b; SameSite=STRICT", {"same_site": "Strict"}, id="5.6.7 any case"),
        pytest.param("a=b; SameSite=Often", {"same_site": ""}, id="5.6.7 unknown is default"),
        pytest.param("a=b; Partitioned", {"partitioned": True}, id="CHIPS 2.1"),
        pytest.param("a=b; Max-Age=60", {"expires": NOW + 60}, id="5.6.2"),
        pytest.param("a=b; Max-Age=0", {"expires": 0.0}, id="5.6.2 zero is the earliest time"),
        pytest.param("a=b; Max-Age=-1", {"expires": 0.0}, id="5.6.2 negative"),
        pytest.param("a=b; Max-Age=1x", {"expires": None}, id="5.6.2 not a digit: ignored"),
        pytest.param("a=b; Max-Age=²", {"expires": None}, id="5.6.2 a digit of another alphabet is none"),
        pytest.param(
            "a=b; Max-Age=99999999999999999999", {"expires": NOW + LONGEST_AGE}, id="5.6.2 400 days"
        ),
        pytest.param("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", {"expires": 0.0}, id="5.6.1"),
        pytest.param(
            "a=b; Expires=Fri, 01 Jan 2100 00:00:00 GMT", {"expires": NOW + LONGEST_AGE}, id="5.6.1 400 days"
        ),
        pytest.param("a=b; Expires=tomorrow", {"expires": None}, id="5.6.1 no date: ignored"),
        pytest.param(
            "a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            {"expires": NOW + 60},
            id="5.7 step 3: Max-Age first",
        ),
    ],
)
def test_a_line_is_read(line: str, expected: dict[str, Any]):
    crumb = read_set_cookie(line, NOW)
    assert isinstance(crumb, Crumb)
    assert {name: getattr(crumb, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("", Why.MALFORMED, id="5.6 step 5: neither name nor value"),
        pytest.param("=", Why.MALFORMED, id="5.6 step 5: as above, with ="),
        pytest.param("a=b\x00", Why.MALFORMED, id="5.6 step 1: control character"),
        pytest.param("a=b; Path=/\x7f", Why.MALFORMED, id="5.6 step 1: also in an attribute"),
        pytest.param(f"a={'b' * 4096}", Why.TOO_LARGE, id="5.6 step 5: more than 4096 bytes"),
        pytest.param(f"a={'ä' * 2048}", Why.TOO_LARGE, id="5.6 step 5: bytes, not letters"),
    ],
)
def test_some_lines_are_no_cookie(line: str, why: Why):
    found = read_set_cookie(line, NOW)
    assert isinstance(found, Ruling)
    assert found.why is why
    assert found.says
    assert found.fix


def test_4096_bytes_are_kept():
    assert isinstance(read_set_cookie(f"a={'b' * 4095}", NOW), Crumb)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("https://a.test", "/", id="5.1.4 step 2: empty"),
        pytest.param("https://a.test/x", "/", id="5.1.4 step 3: one slash"),
        pytest.param("https://a.test/x/y", "/x", id="5.1.4 step 4"),
        pytest.param("https://a.test/x/?q=/z", "/x", id="5.1.4 without the query"),
    ],
)
def test_the_default_path_is_the_folder(url: str, path: str):
    assert default_path(url) == path


def test_the_value_is_in_no_repr():
    assert "sesame" not in repr(read_set_cookie("a=sesame", NOW))


@given(st.text())
def test_no_line_is_too_strange(line: str):
    assert isinstance(read_set_cookie(line, NOW), Crumb | Ruling)
