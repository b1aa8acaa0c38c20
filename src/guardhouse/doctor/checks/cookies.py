"""Whether browsers keep the cookies of the house and send them along, given its addresses and whom it trusts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardhouse.core.guard import SESSION
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.hosts import comparable, is_public_suffix
from guardhouse.doctor.sites import Address, domain_of, same_site
from guardhouse.doctor.subject import Subject
from guardhouse.edge.asgi import Layer


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    yield from _taken(subject)
    if not any(SESSION in guard.needs for guard in subject.house.guards.values()):
        return
    yield from _insecure(subject)
    yield from _domain(subject)
    for address in subject.trusted:
        yield from _trusted(subject, address)


def _insecure(subject: Subject) -> Iterator[Finding]:
    for address in subject.own:
        if address.scheme == "http" and not address.local:
            fix = f"Serve it over TLS, and say public_url='https://{address.origin.partition('://')[2]}'."
            yield found("public-url-insecure", "public_url", f"{address.origin} is called without TLS.", fix)


def _domain(subject: Subject) -> Iterator[Finding]:
    domain: str | None = subject.house.parts.cookie.domain
    if domain is None:
        return
    if comparable() and is_public_suffix(domain.lower()):
        fix = "Name the domain that is yours, such as 'example.com'."
        yield found(
            "cookie-domain-public-suffix", "cookie.domain", f"Anybody may register below {domain}.", fix
        )
        return
    for address in subject.own:
        if address.host != domain.lower() and not address.host.endswith(f".{domain.lower()}"):
            fix = f"Leave the domain out, or name one that {address.host} lies in."
            what = f"{address.host} may set no cookie for {domain}."
            yield found("cookie-domain-foreign", "cookie.domain", what, fix)


def _trusted(subject: Subject, address: Address) -> Iterator[Finding]:
    own = subject.own
    public = subject.public
    if public and address.local:
        what = f"{address.origin} is trusted by an application that is called {own[0].origin}."
        fix = "Trust it in development only; there, give the application a public_url on localhost too."
        yield found("origin-local", "trusted_origins", what, fix)
        return
    if address.scheme == "http" and not address.local and not any(one.scheme == "http" for one in own):
        what = f"{address.origin} is read over a line that anybody on it may write to."
        fix = f"Serve the front end over TLS, and trust 'https://{address.host}'."
        yield found("origin-insecure", "trusted_origins", what, fix)
        return
    if own and not any(same_site(address, one) for one in own):
        yield _cross_site(subject, address)


def _cross_site(subject: Subject, address: Address) -> Finding:
    own, cookie = subject.own, subject.house.parts.cookie
    theirs, ours = domain_of(address.host), domain_of(own[0].host)
    if not comparable() and theirs != ours:
        what = f"Whether {address.origin} and {own[0].origin} are of one site was left open."
        return found("sites-uncompared", "trusted_origins", what, "pip install 'guardhouse[doctor]'")
    if cookie.same_site == "None":
        what = f"To pages of {theirs} the session cookie of {ours} is a third-party cookie, and partitioned."
        fix = "Where a login must hold in every browser, serve both from one site, or use tokens there."
        return found("cookie-third-party", "trusted_origins", what, fix)
    differ = f"{address.scheme} and {own[0].scheme}" if theirs == ours else f"{theirs} and {ours}"
    what = (
        f"{differ} are two sites to a browser: a SameSite={cookie.same_site} cookie never goes along from "
        f"{address.origin} to {own[0].origin}. Cookies cannot work between these sites."
    )
    fix = "Serve both from one site (app.example.com and api.example.com), or let that front end use tokens."
    return found("cookie-cross-site", "trusted_origins", what, fix)


def _taken(subject: Subject) -> Iterator[Finding]:
    """Find another session layer, Starlette's or a house below, whose cookie has the name of ours."""
    ours: str = subject.house.parts.cookie.session
    for one in subject.inner:
        for item in one.middleware:
            if _cookie_of(item, subject.house) == ours:
                kind = "another house" if item.cls is Layer else item.cls.__name__
                what = f"{kind} on {one.name} writes {ours} too."
                fix = "Give each a name of its own: CookiePolicy(name='...'), SessionMiddleware(session_cookie='...')."
                yield found("cookie-name-taken", "cookie.name", what, fix)


def _cookie_of(item: Any, house: Any) -> str | None:  # noqa: ANN401 - a Middleware of Starlette, a house of any users
    if item.cls is Layer:
        other = item.kwargs["house"]
        apart = other is not house and other.parts.store is not house.parts.store
        return other.parts.cookie.session if apart else None
    if "session" in getattr(item.cls, "__name__", "").lower():
        return str(item.kwargs.get("session_cookie", item.kwargs.get("cookie_name", "session")))
    return None
