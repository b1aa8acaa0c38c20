"""Nobody is sent anywhere but to a path of this origin, whatever a browser would make of the text."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.intended import LONGEST, local_path

BASE = "https://app.test/login"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a",
        "/a/b?c=d&e=%2F#f",
        "/a:b@c",
        "/%0d%0aSet-Cookie:x",
        "/%5c%5cevil.test",
        "/?next=//evil.test",
        "/[x]~",
    ],
)
def test_a_path_of_ours_is_kept_as_it_is(target):
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("https://evil.test/", id="a URL"),
        pytest.param("//evil.test", id="without a scheme"),
        pytest.param("///evil.test", id="three slashes"),
        pytest.param("/\\evil.test", id="slash and backslash"),
        pytest.param("\\/evil.test", id="backslash and slash"),
        pytest.param("\\\\evil.test", id="two backslashes"),
        pytest.param("/a\\b", id="a backslash further on"),
        pytest.param("/\t/evil.test", id="a tab that browsers drop"),
        pytest.param("/\n/evil.test", id="a line break that browsers drop"),
        pytest.param("/a\r\nSet-Cookie: x=1", id="a header"),
        pytest.param(" /a", id="a blank before"),
        pytest.param("/a\n", id="a line break after"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("evil.test", id="a bare host"),
        pytest.param("https:evil.test", id="a scheme without slashes"),
        pytest.param("/\x00", id="a NUL"),
        pytest.param("/\x7f", id="DEL"),
        pytest.param("/caf\u00e9", id="not ASCII"),
        pytest.param("/\uff0fevil.test", id="a wide slash"),
        pytest.param("/\u2028", id="a line separator"),
        pytest.param("", id="nothing"),
        pytest.param("?a=b", id="a query alone"),
        pytest.param("/" + "a" * LONGEST, id="too long"),
        pytest.param(None, id="None"),
        pytest.param(b"/a", id="bytes"),
        pytest.param(["/a"], id="a list"),
    ],
)
def test_everything_else_is_refused_and_never_repaired(target):
    assert local_path(target) is None


PIECES = st.sampled_from(
    [
        "/",
        "//",
        "\\",
        ".",
        "..",
        "evil.test",
        "@",
        ":",
        "\t",
        "\r",
        "\n",
        " ",
        "?",
        "#",
        "%2f",
        "https:",
        "\x00",
        "\u00e9",
    ]
)


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join)))
def test_what_is_returned_always_stays_on_this_origin(target):
    path = local_path(target)
    if path is not None:
        assert path == target
        assert path.startswith("/")
        assert not path.startswith(("//", "/\\"))
        joined = urlsplit(urljoin(BASE, path))
        assert (joined.scheme, joined.netloc) == ("https", "app.test")
        assert urlsplit(path).netloc == ""
