"""How the house writes its cookies: every attribute spelled out, and no combination that browsers drop."""

from __future__ import annotations

from dataclasses import dataclass
from re import ASCII, IGNORECASE
from re import compile as pattern
from typing import Literal, TypeAlias

from guardhouse.errors import ConfigError

SameSite: TypeAlias = Literal["Lax", "Strict", "None"]

LONGEST_COOKIE = 4096
"""Name and value together, the limit browsers keep (RFC 6265bis 5.5)."""

LONGEST_AGE = 400 * 24 * 3600
"""Browsers cut Max-Age to 400 days (RFC 6265bis 5.5)."""

_NAME = pattern(r"(?!__)[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch
_DOMAIN = pattern(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?", IGNORECASE | ASCII
).fullmatch


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """How the house writes its cookies.

    The default cannot be set or read by a sub-domain or over http (`__Host-`), nor by a script. `domain` gives that
    up and must be asked for by name. `insecure_plain_http` drops Secure and the prefix for browsers that refuse
    Secure cookies on http://localhost; a house that is not on loopback does not start with it.
    """

    name: str = "gh"
    same_site: SameSite = "Lax"
    domain: str | None = None
    shared_with_subdomains: bool = False
    partitioned: bool = False
    csrf: str = "XSRF-TOKEN"
    insecure_plain_http: bool = False

    def __post_init__(self) -> None:
        for key, found, refused, fix in _rules(self):
            if refused:
                raise ConfigError(f"cookie.{key}", found, fix)

    @property
    def prefix(self) -> str:
        """The promise that the cookie's name makes to browsers."""
        if self.insecure_plain_http:
            return ""
        return "__Secure-" if self.domain else "__Host-"

    @property
    def session(self) -> str:
        """The name of the session cookie on the wire."""
        return self.prefix + self.name

    @property
    def visitor(self) -> str:
        """The name of the cookie that a CSRF token is bound to before there is a session."""
        return f"{self.prefix}{self.name}-visitor"

    @property
    def familiar(self) -> str:
        """The name of the cookie of a device on which somebody was logged in before."""
        return f"{self.prefix}{self.name}-familiar"

    @property
    def trusted(self) -> str:
        """The name of the cookie of a browser that is not asked for a second proof again."""
        return f"{self.prefix}{self.name}-trusted"

    @property
    def asked(self) -> str:
        """The name of the cookie of a browser in which a link to log in was asked for."""
        return f"{self.prefix}{self.name}-asked"

    @property
    def remember(self) -> str:
        """The name of the cookie of a browser that stays logged in."""
        return f"{self.prefix}{self.name}-remember"

    @property
    def kept_from_scripts(self) -> frozenset[str]:
        """The names of all cookies that no script may read."""
        return frozenset({self.session, self.visitor, self.familiar, self.trusted, self.asked, self.remember})

    def write(self, name: str, value: str, *, max_age: int | None = None, script: bool = False) -> bytes:
        """Write one Set-Cookie value; `script` lets the page read it, which only a CSRF token needs."""
        if len(name) + len(value) > LONGEST_COOKIE:
            raise ConfigError(
                f"cookie {name}", f"{len(value)} characters", f"Browsers keep {LONGEST_COOKIE} at most."
            )
        age = "" if max_age is None else f"; Max-Age={min(max_age, LONGEST_AGE)}"
        return f"{name}={value}{age}{self._attributes}{'' if script else '; HttpOnly'}".encode("ascii")

    def erase(self, name: str, *, script: bool = False) -> bytes:
        """Write the deletion, with the attributes without which a browser ignores it."""
        return self.write(name, "", max_age=0, script=script)

    @property
    def _attributes(self) -> str:
        domain = f"; Domain={self.domain}" if self.domain else ""
        secure = "" if self.insecure_plain_http else "; Secure"
        partitioned = "; Partitioned" if self.partitioned else ""
        return f"; Path=/{domain}{secure}; SameSite={self.same_site}{partitioned}"


def _rules(policy: CookiePolicy) -> tuple[tuple[str, object, bool, str], ...]:
    """List what no policy may say: the key, what was found, whether that is so, and the fix."""
    domain, embedded, plain = policy.domain, policy.same_site == "None", policy.insecure_plain_http
    name_fix = "Use letters, digits, '-' and '_'; the prefix __Host- is added by itself."
    return (
        ("name", policy.name, not _NAME(policy.name), name_fix),
        ("csrf", policy.csrf, not _NAME(policy.csrf), name_fix),
        (
            "csrf",
            policy.csrf,
            policy.csrf in policy.kept_from_scripts,
            "Scripts read this cookie, so it needs another name than the ones that they must not read.",
        ),
        (
            "same_site",
            policy.same_site,
            policy.same_site not in ("Lax", "Strict", "None"),
            "Lax, Strict or None.",
        ),
        ("same_site", "None", embedded and plain, "Browsers drop SameSite=None without Secure: serve https."),
        (
            "partitioned",
            True,
            policy.partitioned and plain,
            "Browsers drop Partitioned without Secure: serve https.",
        ),
        (
            "same_site",
            "None",
            embedded and not policy.partitioned,
            "Third-party cookies need partitioned=True as well (embedding).",
        ),
        (
            "domain",
            domain,
            domain is not None and not policy.shared_with_subdomains,
            "A domain lets every sub-domain set this cookie; say shared_with_subdomains=True if that is meant.",
        ),
        (
            "domain",
            domain,
            domain is not None and not _DOMAIN(domain),
            "Write a plain host name such as 'example.com', no IP.",
        ),
    )
