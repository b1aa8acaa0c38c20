"""The table of who may send an ambient request, written down a second time, from its prose: rows of when and what.

It shares nothing with the package but the names of reasons: it takes headers as the wire has them, walks rows from
the top, and the first whose condition holds gives the verdict. `test_origin.py` compares the two over all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal, NamedTuple

from guardhouse.core.reasons import Reason

Token = Literal["absent", "valid", "invalid"]

OWN = "https://app.test"
TRUSTED = "https://front.test"


@dataclass(frozen=True)
class Asked:
    """One request, as its headers tell it."""

    method: str = "POST"
    websocket: bool = False
    fetch_site: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    referer: str | None = None
    token: Token = "absent"
    token_lines: int = 1


class Row(NamedTuple):
    """A line of the table: its number in the prose, its condition, and its verdict."""

    number: str
    applies: Callable[[Asked], bool]
    allowed: bool
    reason: Reason


def oracle(asked: Asked) -> Row:
    """Return the first row that applies; the last always does."""
    return next(row for row in TABLE if row.applies(asked))


def only(origin: str) -> Callable[[Asked], bool]:
    """Ask for one Origin line that says exactly that."""
    return lambda asked: asked.origin == (origin,)


def serialised(origin: str) -> bool:
    """Whether a browser could have written that: scheme, `://`, host, perhaps a port, nothing else, lower case."""
    scheme, separator, rest = origin.partition("://")
    if not separator or not scheme or origin != origin.lower() or not origin.isascii():
        return False
    if not scheme[0].isalpha() or not all(letter.isalnum() or letter in "+.-" for letter in scheme):
        return False
    host, port = _host_and_port(rest)
    return bool(host) and (port is None or (port.isdigit() and len(port) <= len("65535")))


def _host_and_port(rest: str) -> tuple[str, str | None]:
    if rest.startswith("["):
        address, _, after = rest[1:].partition("]")
        return (
            (_address(address), after[1:])
            if after.startswith(":")
            else (_address(address) * (not after), None)
        )
    host, colon, port = rest.partition(":")
    plain = all(letter.isalnum() or letter in "._-" for letter in host)
    return (host if plain else ""), (port if colon else None)


def _address(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        return ""


def page_of(referer: str) -> str:
    """Cut the page's address down to its origin."""
    scheme, separator, rest = referer.partition("://")
    host = rest
    for end in "/?#":
        host = host.partition(end)[0]
    return scheme + separator + host


def foreign_page(asked: Asked) -> bool:
    """Tell a Referer that names a page of somebody whom we do not know."""
    return asked.referer is not None and page_of(asked.referer) not in (OWN, TRUSTED)


def silent(asked: Asked) -> bool:
    """Tell a request with neither of the headers in which no page can make a browser lie."""
    return not asked.fetch_site and not asked.origin


def own_host_other_scheme(asked: Asked) -> bool:
    """Tell our own host, to the letter, under another scheme."""
    said = asked.origin[0]
    return serialised(said) and said.partition("://")[2] == OWN.partition("://")[2]


def elsewhere(asked: Asked) -> bool:
    """Tell a true origin of somebody whom we do not know."""
    return len(asked.origin) == 1 and serialised(asked.origin[0]) and asked.origin[0] not in (OWN, TRUSTED)


TABLE = (
    Row("W", lambda a: a.websocket and only(OWN)(a), True, Reason.OWN_ORIGIN),
    Row("W", lambda a: a.websocket and only(TRUSTED)(a), True, Reason.TRUSTED_ORIGIN),
    Row("W", lambda a: a.websocket, False, Reason.WEBSOCKET_ORIGIN),
    Row("0", lambda a: a.method in {"GET", "HEAD", "OPTIONS"}, True, Reason.SAFE_METHOD),
    Row("1", lambda a: len(a.fetch_site) > 1, False, Reason.CSRF_DUPLICATE_HEADER),
    Row("1", lambda a: len(a.origin) > 1, False, Reason.CSRF_DUPLICATE_HEADER),
    Row("1", lambda a: a.token != "absent" and a.token_lines > 1, False, Reason.CSRF_DUPLICATE_HEADER),
    Row("2", lambda a: a.fetch_site in {("same-origin",), ("none",)}, True, Reason.SAME_ORIGIN),
    Row("3", lambda a: bool(a.fetch_site) and only(TRUSTED)(a), True, Reason.TRUSTED_ORIGIN),
    Row("4", lambda a: bool(a.fetch_site) and elsewhere(a), False, Reason.CSRF_ORIGIN_UNTRUSTED),
    Row("4", lambda a: bool(a.fetch_site), False, Reason.CSRF_CROSS_SITE),
    Row("5", only(OWN), True, Reason.OWN_ORIGIN),
    Row("6", only(TRUSTED), True, Reason.TRUSTED_ORIGIN),
    Row("8", only("null"), False, Reason.CSRF_ORIGIN_NULL),
    Row("8", lambda a: bool(a.origin) and not serialised(a.origin[0]), False, Reason.CSRF_ORIGIN_MALFORMED),
    Row(
        "7",
        lambda a: bool(a.origin) and own_host_other_scheme(a) and a.token == "valid",
        True,
        Reason.CSRF_TOKEN_VALID,
    ),
    Row("7", lambda a: bool(a.origin) and own_host_other_scheme(a), False, Reason.CSRF_SCHEME_MISMATCH),
    Row("8", lambda a: bool(a.origin), False, Reason.CSRF_ORIGIN_UNTRUSTED),
    Row("9", foreign_page, False, Reason.CSRF_REFERER_FOREIGN),
    Row("10", lambda a: silent(a) and a.token == "valid", True, Reason.CSRF_TOKEN_VALID),
    Row("11", lambda a: silent(a) and a.token == "invalid", False, Reason.CSRF_TOKEN_INVALID),
    Row("11", silent, False, Reason.CSRF_TOKEN_MISSING),
)
