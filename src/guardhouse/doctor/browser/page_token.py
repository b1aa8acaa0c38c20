"""The CSRF token in a page: what a form sends back that was written by the application."""

from __future__ import annotations

from html.parser import HTMLParser

from guardhouse.core.origin import TOKEN_FIELD


def token_in(body: bytes) -> str | None:
    """Find the hidden field that carries the token."""
    reader = _Fields()
    reader.feed(body.decode("utf-8", "replace"))
    return reader.token


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.token: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        found = dict(attrs)
        if tag == "input" and found.get("name") == TOKEN_FIELD and self.token is None:
            self.token = found.get("value")
