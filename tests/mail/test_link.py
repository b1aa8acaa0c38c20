"""Links begin with the configured address, whatever a request said."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.errors import ConfigError
from guardhouse.mail.link import link_to, usable_link


@pytest.mark.parametrize(
    ("base", "path", "query", "link"),
    [
        (
            "https://shop.example.com",
            "/reset",
            {"ticket": "a.b-c"},
            "https://shop.example.com/reset?ticket=a.b-c",
        ),
        ("https://shop.example.com/", "/reset", None, "https://shop.example.com/reset"),
        ("https://example.com/shop", "/reset", {"t": "&#ü"}, "https://example.com/shop/reset?t=%26%23%C3%BC"),
        ("http://localhost:8000", "/a", None, "http://localhost:8000/a"),
        ("http://[::1]:8000", "/a", None, "http://[::1]:8000/a"),
    ],
)
def test_a_link(base: str, path: str, query: dict[str, str] | None, link: str):
    assert link_to(base, path, query) == link
    assert usable_link(link)


@pytest.mark.parametrize(
    "base",
    [
        "http://shop.example.com",
        "//shop.example.com",
        "shop.example.com",
        "javascript:alert(1)",
        "https://",
        "https://shop.example.com?x=1",
        "https://shop.example.com#x",
        "https://shop.example.com/\r\nx",
        "https://bücher.example",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_letters_cannot_begin_with_stops_the_start(base: str):
    with pytest.raises(ConfigError, match="public_url"):
        link_to(base, "/reset")


def test_a_password_in_the_address_is_not_repeated():
    with pytest.raises(ConfigError) as told:
        link_to("https://ada:hunter2@shop.example.com", "/reset")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("path", ["reset", "//evil.example", "/\\evil.example", "/a b", "/a?x=1", "/a#x", ""])
def test_a_path_of_somewhere_else_makes_no_link(path: str):
    with pytest.raises(ConfigError, match="path of a link"):
        link_to("https://shop.example.com", path)


@pytest.mark.parametrize(
    "link",
    ["data:text/html,x", "https://a b", "https://x/\n", "ftp://x", None, 7, "http://localhost.evil.example/"],
)
def test_what_no_letter_may_carry(link: Any):
    assert not usable_link(link)
