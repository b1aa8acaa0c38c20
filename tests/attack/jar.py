"""A cookie jar as browsers keep one: fed by every Set-Cookie, and strict with the names that promise something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One Set-Cookie line; attributes by lower-case name."""

    name: str
    value: str
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def clears(self) -> bool:
        """Whether it takes the cookie away."""
        age = self.attributes.get("max-age", "")
        if age.lstrip("-").isdigit():
            return int(age) <= 0
        return not self.value or _past(self.attributes.get("expires", ""))

    @property
    def refused(self) -> str:
        """Why a browser drops it unread (RFC 6265bis 4.1.3), or nothing."""
        name = self.name.lower()
        if not name.startswith(("__host-", "__secure-")):
            return ""
        if "secure" not in self.attributes:
            return f"{self.name} without Secure"
        if name.startswith("__host-") and self.attributes.get("path") != "/":
            return f"{self.name} without Path=/"
        if name.startswith("__host-") and self.attributes.get("domain"):
            return f"{self.name} with Domain"
        return ""


def set_cookies(headers: Iterable[tuple[str, str]]) -> Iterator[SetCookie]:
    """Read every Set-Cookie of a response."""
    for key, line in headers:
        if key.lower() == "set-cookie":
            pair, *rest = line.split(";")
            name, _, value = pair.partition("=")
            attributes = (part.partition("=") for part in rest)
            yield SetCookie(
                name.strip(" \t"),
                value.strip(" \t"),
                {key.strip().lower(): value.strip() for key, _, value in attributes},
            )


class Jar:
    """What one browser holds."""

    def __init__(self, cookies: Mapping[str, str] | None = None) -> None:
        self.cookies = dict(cookies or {})

    def take(self, headers: Iterable[tuple[str, str]]) -> None:
        """Keep what a response sets, and drop what it takes away."""
        for cookie in set_cookies(headers):
            if cookie.refused:
                continue
            if cookie.clears:
                self.cookies.pop(cookie.name, None)
            else:
                self.cookies[cookie.name] = cookie.value

    def get(self, name: str) -> str:
        """Return one value, empty if it is not there."""
        return self.cookies.get(name, "")

    def pairs(self) -> list[tuple[str, str]]:
        """Return the cookies as they are sent."""
        return list(self.cookies.items())


def _past(moment: str) -> bool:
    try:
        parsed = parsedate_to_datetime(moment)
    except ValueError:
        return False
    return parsed.replace(tzinfo=parsed.tzinfo or UTC) <= datetime.now(UTC)
