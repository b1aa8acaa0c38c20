"""A refusal as a page that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def refusal_page(document: Mapping[str, object], *, login_url: str | None) -> str:
    """Write the page; `document` is the problem document with as much as the reader may see."""
    title = escape(str(document.get("title", "")))
    hint = f"<p>{escape(str(document['hint']))}</p>" if document.get("hint") else ""
    login = f'<p><a href="{escape(login_url)}">Log in</a></p>' if login_url else ""
    return f"<!doctype html><title>{title}</title><h1>{title}</h1>{hint}{login}"
