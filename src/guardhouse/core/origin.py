"""May a request that proves itself by ambient facts come from where it comes from? One table, first match wins.

Browsers attach cookies to requests that other sites make them send. `Sec-Fetch-Site` tells them apart, `Origin`
does where it is missing, and a token bound to the session is the proof of last resort. The order is that of Go's
`net/http.CrossOriginProtection`, stricter in one row: a request that names no origin at all needs the token,
because stripping proxies and old browsers send those, and programs have explicit guards.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from re import compile as pattern

from msgspec import Struct

from guardhouse.core.facts import SAFE_METHODS, Facts
from guardhouse.core.nearest import nearest
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Pass

CHECK = "origin"

TOKEN_HEADERS = (b"x-xsrf-token", b"x-csrf-token")
"""Where scripts put the token: axios and Angular by themselves, and the meta-tag habit of the thread."""

TOKEN_FIELD = "_token"  # noqa: S105 - the name of a field
"""Where a form has it."""

ORIGIN_HEADERS = frozenset({b"Origin", b"Sec-Fetch-Site"})
"""What answers to unsafe requests depend on."""

_PAGE_SCHEMES = {"ws": "http", "wss": "https"}

_ORIGIN = pattern(rb"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")

SAFE = Pass(CHECK, Reason.SAFE_METHOD)
_SAME = Pass(CHECK, Reason.SAME_ORIGIN)
_OWN = Pass(CHECK, Reason.OWN_ORIGIN)
_TRUSTED = Pass(CHECK, Reason.TRUSTED_ORIGIN)
_TOKEN = Pass(CHECK, Reason.CSRF_TOKEN_VALID)


class TokenState(Enum):
    """What became of the CSRF token that the request carries."""

    ABSENT = auto()
    VALID = auto()
    INVALID = auto()
    UNKNOWN_KEY = auto()
    """Of the form of ours, by a key that this house does not have."""


class Origins(Struct, frozen=True):
    """Which origins may send ambient requests: the application's own and those it trusts, exactly as browsers write them."""

    own: frozenset[bytes] = frozenset()
    trusted: frozenset[bytes] = frozenset()


class Whence(Struct, frozen=True):
    """What a request says about where it comes from."""

    method: str
    websocket: bool
    fetch_site: tuple[bytes, ...]
    origin: tuple[bytes, ...]
    referer: bytes | None
    doubled: str | None = None
    """The token header that came more than once."""


class AskToken(Struct, frozen=True):
    """The headers do not decide: only a token of this visitor does; without one, this is the refusal."""

    otherwise: Reason
    evidence: Mapping[str, object]


def plainly_same(single: Mapping[bytes, bytes] | None, hosts: frozenset[bytes]) -> Pass | None:
    """Read row 2 off the headers of a request in which none came twice. Nearly all unsafe requests are of that row.

    `hosts` are the Host values that are ours; empty when none is configured.
    """
    if single is None or (hosts and single.get(b"host", b"").lower() not in hosts):
        return None
    site = single.get(b"sec-fetch-site")
    return _SAME if site == b"same-origin" or site == b"none" else None  # noqa: PLR1714 - no tuple to search


def whence(facts: Facts) -> Whence:
    """Read the headers that tell where a request comes from."""
    fetch_site, origin = facts.lines(b"sec-fetch-site"), facts.lines(b"origin")
    doubled = None if facts.single is not None else _doubled_token(facts)
    return Whence(facts.method, facts.websocket, fetch_site, origin, facts.header(b"referer"), doubled)


def _doubled_token(facts: Facts) -> str | None:
    return next((name.decode() for name in TOKEN_HEADERS if len(facts.lines(name)) > 1), None)


def weigh(said: Whence, origins: Origins) -> Pass | Deny | AskToken:
    """Decide by the headers alone, or ask for the token (security table rows 0 to 11 and W)."""
    if said.websocket:
        return _weigh_websocket(said, origins)
    if said.method in SAFE_METHODS:  # row 0; compared exactly, so `get` and unknown verbs are unsafe
        return SAFE
    repeated = _repeated(said)
    if repeated is not None:  # row 1: no reading of the two is the right one
        return Deny(CHECK, Reason.CSRF_DUPLICATE_HEADER, {"header": repeated})
    if said.fetch_site:
        return _weigh_fetch_site(said, origins)
    if said.origin:
        return _weigh_origin(said.origin[0], origins)
    return _weigh_referer(said.referer, origins)


def weigh_token(asked: AskToken, token: TokenState) -> Pass | Deny:
    """Let the token decide where the headers did not (rows 7, 10 and 11)."""
    if token is TokenState.VALID:
        return _TOKEN
    if asked.otherwise is Reason.CSRF_TOKEN_MISSING:
        return Deny(CHECK, _OF_TOKEN.get(token, asked.otherwise), asked.evidence)
    return Deny(CHECK, asked.otherwise, asked.evidence)


_OF_TOKEN = {
    TokenState.INVALID: Reason.CSRF_TOKEN_INVALID,
    TokenState.UNKNOWN_KEY: Reason.CSRF_KEY_UNKNOWN,
}
STALE = frozenset(_OF_TOKEN.values())
"""A token came, and is no good: it was good once, or for somebody else."""

OF_TOKENS = STALE | {Reason.CSRF_TOKEN_MISSING}
"""What is refused for want of a good token only: the request said nothing else about where it comes from."""


def well_formed(origin: bytes) -> bool:
    """Whether that is an origin as a browser serialises one (RFC 6454 6.2)."""
    return _ORIGIN.fullmatch(origin) is not None


def _repeated(said: Whence) -> str | None:
    if len(said.fetch_site) > 1:
        return "sec-fetch-site"
    if len(said.origin) > 1:
        return "origin"
    return said.doubled


def _weigh_fetch_site(said: Whence, origins: Origins) -> Pass | Deny:
    site = said.fetch_site[0]
    if site in (b"same-origin", b"none"):  # row 2; `none` is the person: address bar, bookmark
        return _SAME
    if said.origin and said.origin[0] in origins.trusted:  # row 3
        return _TRUSTED
    evidence: dict[str, object] = {"sec_fetch_site": _text(site)}  # row 4: no token rescues
    if said.origin and said.origin[0] not in origins.own and well_formed(said.origin[0]):
        return Deny(CHECK, Reason.CSRF_ORIGIN_UNTRUSTED, evidence | _foreign(said.origin[0], origins))
    return Deny(CHECK, Reason.CSRF_CROSS_SITE, evidence)


def _weigh_origin(origin: bytes, origins: Origins) -> Pass | Deny | AskToken:
    if origin in origins.own:  # row 5
        return _OWN
    if origin in origins.trusted:  # row 6
        return _TRUSTED
    if origin == b"null":  # row 8
        return Deny(CHECK, Reason.CSRF_ORIGIN_NULL)
    if not well_formed(origin):
        return Deny(CHECK, Reason.CSRF_ORIGIN_MALFORMED, {"origin": _text(origin)})
    if _host(origin) in {_host(own) for own in origins.own}:  # row 7
        evidence = {"origin": _text(origin), "own": sorted(_text(own) for own in origins.own)}
        return AskToken(Reason.CSRF_SCHEME_MISMATCH, evidence)
    return Deny(CHECK, Reason.CSRF_ORIGIN_UNTRUSTED, _foreign(origin, origins))


def _weigh_referer(referer: bytes | None, origins: Origins) -> Deny | AskToken:
    if referer is not None:
        page = origin_of(referer)
        if page not in origins.own and page not in origins.trusted:  # row 9
            return Deny(CHECK, Reason.CSRF_REFERER_FOREIGN, {"referer_origin": _text(page)})
    return AskToken(Reason.CSRF_TOKEN_MISSING, {})  # rows 10 and 11


def _weigh_websocket(said: Whence, origins: Origins) -> Pass | Deny:
    if len(said.origin) == 1 and said.origin[0] in origins.own:  # row W
        return _OWN
    if len(said.origin) == 1 and said.origin[0] in origins.trusted:
        return _TRUSTED
    shown = [_text(origin) for origin in said.origin]
    if len(shown) == 1 and well_formed(said.origin[0]):
        return Deny(CHECK, Reason.WEBSOCKET_ORIGIN, _foreign(said.origin[0], origins))
    return Deny(CHECK, Reason.WEBSOCKET_ORIGIN, {"origin": shown[0] if len(shown) == 1 else shown})


def own_origins(facts: Facts, configured: Origins, hosts: frozenset[bytes]) -> Origins | Deny:
    """Find our own origin: the configured one; without that what Host says, compared and never linked to.

    `hosts` are the Host values that the configured ones stand for.
    """
    said = facts.lines(b"host")
    if hosts:
        if len(said) == 1 and said[0].lower() in hosts:
            return configured
        evidence = {"host": [_text(host) for host in said], "known": sorted(map(_text, hosts))}
        return Deny(CHECK, Reason.HOST_UNLISTED, evidence)
    if len(said) != 1:
        return Origins(trusted=configured.trusted)
    scheme = _PAGE_SCHEMES.get(facts.scheme, facts.scheme)
    return Origins(frozenset({scheme.encode("ascii") + b"://" + said[0]}), configured.trusted)


def origin_of(url: bytes) -> bytes:
    """Cut a URL down to its origin; user information stays, so that it can never equal a real origin."""
    scheme, separator, rest = url.partition(b"://")
    return scheme + separator + rest.split(b"/", 1)[0].split(b"?", 1)[0].split(b"#", 1)[0]


def _host(origin: bytes) -> bytes:
    return origin.partition(b"://")[2]


def _foreign(origin: bytes, origins: Origins) -> dict[str, object]:
    known = sorted(_text(one) for one in origins.own | origins.trusted)
    return {"origin": _text(origin), "trusted_origins": known} | nearest(_text(origin), known)


def _text(value: bytes) -> str:
    return value[:200].decode("latin-1")
