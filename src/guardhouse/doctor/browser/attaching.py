"""Which cookies go along with a request, and which a script of the page may read: RFC 6265bis 5.8."""

from __future__ import annotations

from dataclasses import dataclass

from guardhouse.core.facts import SAFE_METHODS
from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.cookie import Cookie, Retrieval, domain_match, path_match
from guardhouse.doctor.browser.sites import Origin
from guardhouse.doctor.browser.storing import Jar, insecure
from guardhouse.doctor.browser.whys import Ruling, Why, ruling


@dataclass(frozen=True, slots=True)
class Withheld:
    """A cookie that stays in the jar, and why."""

    name: str
    ruling: Ruling


def attach(jar: Jar, at: Retrieval) -> tuple[tuple[Cookie, ...], tuple[Withheld, ...]]:
    """Choose the cookies of a request; those with longer paths and the older ones go first (5.8.3)."""
    living = [cookie for cookie in jar if cookie.expires is None or cookie.expires > at.now]
    weighed = [(cookie, withheld(cookie, at)) for cookie in living]
    sent = [cookie for cookie, against in weighed if against is None]
    sent.sort(key=lambda cookie: (-len(cookie.path), cookie.created))
    return tuple(sent), tuple(
        Withheld(cookie.name, against) for cookie, against in weighed if against is not None
    )


def withheld(cookie: Cookie, at: Retrieval) -> Ruling | None:
    """Say why a cookie does not go along with a request; None when it does."""
    return _elsewhere(cookie, at) or _foreign(cookie, at) or _partitioned(cookie, at)


def _elsewhere(cookie: Cookie, at: Retrieval) -> Ruling | None:
    origin = at.origin
    exact = origin.host == cookie.domain
    if not exact and (
        cookie.host_only or not domain_match(origin.host, cookie.domain, address=origin.address)
    ):
        return ruling(Why.OTHER_HOST, held=cookie.domain, asked=origin.host)
    if not path_match(at.path, cookie.path):
        return ruling(Why.OTHER_PATH, held=cookie.path)
    return insecure(at) if cookie.secure and not at.secure else None


def _foreign(cookie: Cookie, at: Retrieval) -> Ruling | None:
    """Weigh SameSite (5.8.3 step 1, last point)."""
    effective = cookie.same_site or ("Lax" if at.browser.lax_by_default else "None")
    if effective == "None" or not at.cross_site:
        return None
    if effective == "Strict":
        return ruling(Why.STRICT, page=at.asked_by, remedy=at.remedy)
    if not at.navigation:
        return ruling(Why.LAX_SUBRESOURCE, page=at.asked_by, remedy=at.remedy)
    young = not cookie.same_site and at.now - cookie.created < at.browser.lax_post_seconds
    return (
        None
        if at.method in SAFE_METHODS or young
        else ruling(Why.LAX_POST, method=at.method, remedy=at.remedy)
    )


def _partitioned(cookie: Cookie, at: Retrieval) -> Ruling | None:
    """Show a partitioned cookie below its own site only, an unpartitioned one where third parties may have any."""
    if cookie.partition is not None:
        if cookie.partition == at.top.site:
            return None
        return ruling(Why.OTHER_PARTITION, held=cookie.partition, asked=at.top.site, remedy=at.remedy)
    if not at.third_party or at.browser.third_party == "allowed":
        return None
    if at.browser.third_party == "partitioned":  # it was set where its own site was in the address bar
        return ruling(Why.OTHER_PARTITION, held=at.origin.site, asked=at.top.site, remedy=at.remedy)
    return ruling(Why.THIRD_PARTY, host=at.origin.host, remedy=at.remedy)


def readable(jar: Jar, page: Origin, name: str, browser: Browser, now: float) -> Cookie | Ruling | None:
    """Look for a cookie as `document.cookie` of a page does; a ruling where it is there and out of reach."""
    at = Retrieval(f"{page}/", "GET", None, navigation=True, browser=browser, now=now)
    named = tuple(cookie for cookie in jar if cookie.name == name)
    seen, hidden = attach(named, at)
    open_ones = [cookie for cookie in seen if not cookie.http_only]
    if open_ones:
        return open_ones[0]
    if seen:
        return ruling(Why.HTTP_ONLY)
    return hidden[0].ruling if hidden else None
