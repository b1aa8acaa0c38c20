"""Read a Set-Cookie line as browsers do: RFC 6265bis 5.6, which never raises but sometimes sees nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from guardhouse.doctor.browser.dates import cookie_date
from guardhouse.doctor.browser.whys import Ruling, Why, ruling

SameSite: TypeAlias = Literal["Strict", "Lax", "None", ""]
"""Empty where the cookie names none, or none that is known."""

LONGEST_PAIR = 4096
LONGEST_ATTRIBUTE = 1024
LONGEST_AGE = 400 * 24 * 3600.0

_SAME_SITES: dict[str, SameSite] = {"strict": "Strict", "lax": "Lax", "none": "None"}
_TAB, _SPACE, _DELETE = 0x09, 0x20, 0x7F


@dataclass(frozen=True, slots=True)
class Crumb:
    """One Set-Cookie line, read."""

    name: str
    value: str = field(repr=False)
    domain: str = ""
    path: str = ""
    secure: bool = False
    http_only: bool = False
    same_site: SameSite = ""
    partitioned: bool = False
    expires: float | None = None
    """In epoch seconds; None for as long as the browser runs."""


def read_set_cookie(line: str, now: float) -> Crumb | Ruling:
    """Read one line, or say why a browser sees no cookie in it."""
    if any(_control(letter) for letter in line):
        return ruling(Why.MALFORMED, what="a control character")
    pair, _, rest = line.partition(";")
    name, value = _pair(pair)
    if not name and not value:
        return ruling(Why.MALFORMED, what="neither name nor value")
    length = len(name.encode()) + len(value.encode())
    if length > LONGEST_PAIR:
        return ruling(Why.TOO_LARGE, length=str(length))
    told = _attributes(rest)
    return Crumb(
        name=name,
        value=value,
        domain=told.get("domain", "").removeprefix(".").lower(),
        path=told.get("path", "") if told.get("path", "").startswith("/") else "",
        secure="secure" in told,
        http_only="httponly" in told,
        same_site=_SAME_SITES.get(told.get("samesite", "").lower(), ""),
        partitioned="partitioned" in told,
        expires=_expires(told, now),
    )


def default_path(url: str) -> str:
    """Cut a path down to its folder (RFC 6265bis 5.1.4)."""
    path = urlsplit(url).path
    return path.rpartition("/")[0] or "/" if path.startswith("/") else "/"


def _control(letter: str) -> bool:
    return ord(letter) != _TAB and (ord(letter) < _SPACE or ord(letter) == _DELETE)


def _pair(text: str) -> tuple[str, str]:
    """Split name and value; a text without `=` is a value without a name (5.6 step 3)."""
    name, equals, value = text.partition("=")
    return (name.strip(" \t"), value.strip(" \t")) if equals else ("", text.strip(" \t"))


def _attributes(text: str) -> dict[str, str]:
    """Read what follows; the last of a name counts, and what is longer than 1024 bytes does not (5.6 step 6)."""
    told: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if len(value.strip(" \t").encode()) <= LONGEST_ATTRIBUTE:
            told[name.strip(" \t").lower()] = value.strip(" \t")
    return told


def _expires(told: dict[str, str], now: float) -> float | None:
    """Max-Age goes before Expires; both end after 400 days (5.6.1, 5.6.2, 5.7 step 3)."""
    age = told.get("max-age", "")
    if age.removeprefix("-").isdecimal() and age.isascii():
        return now + min(int(age[:12]), LONGEST_AGE) if int(age[:12]) > 0 else 0.0
    moment = cookie_date(told["expires"]) if "expires" in told else None
    return None if moment is None else min(moment, now + LONGEST_AGE)
