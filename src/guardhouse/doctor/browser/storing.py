"""Which cookies a browser keeps: the storage rules of RFC 6265bis 5.7, with CHIPS and third-party blocking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from guardhouse.doctor.browser.cookie import Cookie, Retrieval, domain_match, path_match
from guardhouse.doctor.browser.set_cookie import Crumb, default_path, read_set_cookie
from guardhouse.doctor.browser.whys import Ruling, Why, ruling
from guardhouse.doctor.hosts import is_public_suffix

Jar = tuple[Cookie, ...]

_UNNAMED = "(no name)"


@dataclass(frozen=True, slots=True)
class Kept:
    """A cookie that was stored; `erased` where the line took it out of the jar."""

    cookie: Cookie
    erased: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A cookie that was not stored."""

    name: str
    ruling: Ruling


Fate = Kept | Dropped


def store_all(jar: Jar, lines: Sequence[str], at: Retrieval) -> tuple[Jar, tuple[Fate, ...]]:
    """Take up the Set-Cookie lines of one answer, each after the other."""
    fates: list[Fate] = []
    for line in lines:
        jar, fate = store(jar, line, at)
        fates.append(fate)
    return jar, tuple(fates)


def store(jar: Jar, line: str, at: Retrieval) -> tuple[Jar, Fate]:
    """Take up one Set-Cookie line, or leave the jar as it is."""
    crumb = read_set_cookie(line, at.now)
    if isinstance(crumb, Ruling):
        return jar, Dropped(_name_in(line), crumb)
    against = next(filter(None, (rule(jar, crumb, at) for rule in _RULES)), None)
    if against is not None:
        return jar, Dropped(crumb.name or _UNNAMED, against)
    cookie = _cookie(crumb, at)
    former = next((one for one in jar if one.key == cookie.key), None)
    others = tuple(one for one in jar if one.key != cookie.key)
    if cookie.expires is not None and cookie.expires <= at.now:
        return others, Kept(cookie, erased=True)
    # What replaces a cookie takes over its place in the line (5.7 step 23.4).
    return (*others, replace(cookie, created=former.created if former else at.now)), Kept(
        cookie, erased=False
    )


def _name_in(line: str) -> str:
    name, equals, _ = line.partition(";")[0].partition("=")
    return ascii(name.strip())[1:-1] if equals and name.strip() else _UNNAMED


def _cookie(crumb: Crumb, at: Retrieval) -> Cookie:
    host = at.origin.host
    host_only = not crumb.domain or (crumb.domain == host and (at.origin.address or is_public_suffix(host)))
    return Cookie(
        name=crumb.name,
        value=crumb.value,
        domain=host if host_only else crumb.domain,
        host_only=host_only,
        path=crumb.path or default_path(at.url),
        secure=crumb.secure,
        http_only=crumb.http_only,
        same_site=crumb.same_site,
        partition=_partition(crumb, at),
        created=at.now,
        expires=crumb.expires,
    )


def _partition(crumb: Crumb, at: Retrieval) -> str | None:
    """Choose the partition: for a cookie that asks for one (CHIPS), or for every third party's."""
    asked = crumb.partitioned and at.browser.chips
    forced = at.third_party and at.browser.third_party == "partitioned"
    return at.top.site if asked or forced else None


# -- the rules, in the order in which 5.7 has them --------------------------------------------------------------


def _third_party(_: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    if at.third_party and at.browser.third_party == "blocked" and _partition(crumb, at) is None:
        return ruling(Why.THIRD_PARTY, host=at.origin.host, remedy=at.remedy)
    return None


def _domain(_: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    host = at.origin.host
    if not crumb.domain or crumb.domain == host:
        return None
    if is_public_suffix(crumb.domain):
        return ruling(Why.DOMAIN_PUBLIC, domain=crumb.domain)
    if not domain_match(host, crumb.domain, address=at.origin.address):
        return ruling(Why.DOMAIN_FOREIGN, domain=crumb.domain, host=host)
    return None


def _secure(_: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    return insecure(at) if crumb.secure and not at.secure else None


def insecure(at: Retrieval) -> Ruling:
    """Word why a Secure cookie does not travel."""
    if at.origin.loopback:
        return ruling(Why.SECURE_LOOPBACK, browser=at.browser.name, origin=str(at.origin))
    return ruling(Why.SECURE_ONLY, origin=str(at.origin))


def _shadow(jar: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    """Leave secure cookies alone (5.7 step 15)."""
    if crumb.secure or at.secure:
        return None
    made = _cookie(crumb, at)
    hidden = (
        one.secure
        and one.name == crumb.name
        and (
            domain_match(one.domain, made.domain, address=False)
            or domain_match(made.domain, one.domain, address=False)
        )
        and path_match(made.path, one.path)
        for one in jar
    )
    return ruling(Why.SHADOWS_SECURE) if any(hidden) else None


def _same_site(_: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    """Only a top-level navigation may set a SameSite cookie from afar (5.7 step 17)."""
    effective = crumb.same_site or ("Lax" if at.browser.lax_by_default else "None")
    if effective != "None" and at.cross_site and not at.navigation:
        return ruling(Why.SAME_SITE_FOREIGN, same_site=effective, page=at.asked_by, remedy=at.remedy)
    return None


def _none(_: Jar, crumb: Crumb, __: Retrieval) -> Ruling | None:
    return ruling(Why.NONE_INSECURE) if crumb.same_site == "None" and not crumb.secure else None


def _partitioned(_: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    asked = crumb.partitioned and at.browser.chips
    return ruling(Why.PARTITIONED_INSECURE) if asked and not crumb.secure else None


def _prefixes(_: Jar, crumb: Crumb, at: Retrieval) -> Ruling | None:
    """Hold what a name promises, in whatever letter case; a value alone may not look like one (5.7 steps 20 to 22)."""
    name = (crumb.name or crumb.value).lower()
    named = bool(crumb.name) and crumb.secure and at.secure
    alone = named and crumb.path == "/" and not crumb.domain
    if name.startswith("__host-http-"):
        return None if alone and crumb.http_only else ruling(Why.PREFIX_HTTP)
    if name.startswith("__http-"):
        return None if named and crumb.http_only else ruling(Why.PREFIX_HTTP)
    if name.startswith("__host-"):
        return None if alone else ruling(Why.PREFIX_HOST)
    if name.startswith("__secure-"):
        return None if named else ruling(Why.PREFIX_SECURE)
    return None


_RULES: tuple[Callable[[Jar, Crumb, Retrieval], Ruling | None], ...] = (
    *(_domain, _secure, _shadow, _none, _partitioned, _prefixes, _same_site, _third_party),
)
