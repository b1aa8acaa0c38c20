"""The demo's pages: templates filled with text, and the headers that keep a page from loading anything foreign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from re import compile as pattern
from string import Template

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

_HERE = files("guardhouse.demo")

_LOOPBACK = pattern(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
_OTHER = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def page(name: str, status: int = 200, *, connect: str = "", **values: str) -> HTMLResponse:
    """Fill a template with text; `connect` is one more origin that its scripts may call."""
    template = Template(_HERE.joinpath("templates", name).read_text("utf-8"))
    filled = template.substitute({key: escape(value) for key, value in values.items()})
    return HTMLResponse(filled, status, headers=headers(connect=connect))


def listed(name: str, item: str, items: Sequence[Mapping[str, str]], *, empty: str) -> HTMLResponse:
    """Fill a page with one filled template for each item; `empty` is said where there are none."""
    one = Template(_HERE.joinpath("templates", item).read_text("utf-8"))
    filled = [one.substitute({key: escape(value) for key, value in values.items()}) for values in items]
    around = Template(_HERE.joinpath("templates", name).read_text("utf-8"))
    body = around.substitute(items="".join(filled), empty="" if items else escape(empty))
    return HTMLResponse(body, headers=headers())


def static_text(name: str) -> str:
    """Read a file that a page also serves."""
    return _HERE.joinpath("static", name).read_text("utf-8")


def headers(*, connect: str = "", style: str = "'self'", images: str = "'self'") -> dict[str, str]:
    """Write the headers of a page. Everything that is not this origin's own is refused."""
    policy = (
        "default-src 'none'; script-src 'self'",
        f"style-src {style}",
        f"connect-src 'self' {connect}".rstrip(),
        f"img-src {images}",
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def other_origin(connection: HTTPConnection) -> str:
    """Name this machine the other way: a second origin for the mistakes that need one, none beyond loopback."""
    host = _LOOPBACK.fullmatch(connection.headers.get("host", ""))
    if host is None:
        return ""
    return f"{connection.scope['scheme']}://{_OTHER[host[1]]}{host[2] or ''}"
