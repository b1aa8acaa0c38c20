"""Why a browser did not do what was hoped for: one table of stable codes with what happened and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Why(StrEnum):
    """A rule of the browser that had its say."""

    NO_CREDENTIALS = "no_credentials"
    THIRD_PARTY = "third_party_blocked"
    OTHER_PARTITION = "other_partition"
    OTHER_HOST = "other_host"
    OTHER_PATH = "other_path"
    SECURE_ONLY = "secure_only"
    SECURE_LOOPBACK = "secure_on_loopback"
    STRICT = "same_site_strict"
    LAX_SUBRESOURCE = "same_site_lax"
    LAX_POST = "same_site_lax_post"
    MALFORMED = "cookie_malformed"
    TOO_LARGE = "cookie_too_large"
    DOMAIN_FOREIGN = "domain_foreign"
    DOMAIN_PUBLIC = "domain_public_suffix"
    PREFIX_HOST = "prefix_host"
    PREFIX_SECURE = "prefix_secure"
    PREFIX_HTTP = "prefix_http"
    SAME_SITE_FOREIGN = "same_site_set_cross_site"
    NONE_INSECURE = "none_without_secure"
    PARTITIONED_INSECURE = "partitioned_without_secure"
    SHADOWS_SECURE = "shadows_secure"
    HTTP_ONLY = "http_only"
    MIXED_CONTENT = "mixed_content"
    INSECURE_FORM = "insecure_form"
    CORS_NO_ORIGIN = "cors_no_allow_origin"
    CORS_OTHER_ORIGIN = "cors_other_origin"
    CORS_SEVERAL_ORIGINS = "cors_several_origins"
    CORS_WILDCARD = "cors_wildcard_with_credentials"
    CORS_NO_CREDENTIALS = "cors_no_allow_credentials"
    PREFLIGHT_STATUS = "preflight_status"
    PREFLIGHT_REDIRECT = "preflight_redirected"
    PREFLIGHT_METHOD = "preflight_method"
    PREFLIGHT_HEADER = "preflight_header"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    ELSEWHERE = "redirected_elsewhere"


@dataclass(frozen=True, slots=True)
class WhyEntry:
    """What happened, and what a developer changes; both take the evidence by name."""

    says: str
    fix: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule applied to one case."""

    why: Why
    evidence: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def says(self) -> str:
        """What happened."""
        return WHYS[self.why].says.format_map(self.evidence)

    @property
    def fix(self) -> str:
        """What to change."""
        return WHYS[self.why].fix.format_map(self.evidence)


def ruling(why: Why, **evidence: str) -> Ruling:
    """Apply a rule."""
    return Ruling(why, evidence)


_CREDENTIALS_FIX = "{fix}"
_ORIGINS_FIX = (
    "CORSMiddleware(app, allow_origins=[{origin!r}], allow_credentials=True); without a middleware there is no CORS, "
    "and it must stand around whatever answers."
)

WHYS: Mapping[Why, WhyEntry] = MappingProxyType(
    {
        Why.NO_CREDENTIALS: WhyEntry(
            "{client} sends and keeps no cookies of another origin unless told to", _CREDENTIALS_FIX
        ),
        Why.THIRD_PARTY: WhyEntry(
            "third-party cookies are blocked: {host} is not the site in the address bar",
            "No cookie attribute helps against that, but Partitioned where it is known: {remedy}, or use tokens.",
        ),
        Why.OTHER_PARTITION: WhyEntry(
            "it lies in the partition of {held}, and this request is made below {asked}",
            "A partitioned cookie is seen only below the site where it was set: {remedy}.",
        ),
        Why.OTHER_HOST: WhyEntry(
            "it belongs to {held}, not to {asked}",
            "Ask one host by one name: localhost and 127.0.0.1 are two. To share a cookie among sub-domains: "
            "CookiePolicy(domain=..., shared_with_subdomains=True).",
        ),
        Why.OTHER_PATH: WhyEntry("its Path is {held}", "Set the cookie with Path=/."),
        Why.SECURE_ONLY: WhyEntry(
            "it is Secure, and {origin} is not https",
            "Serve https; for development on http use http://localhost, or CookiePolicy(insecure_plain_http=True) with "
            "debug=True.",
        ),
        Why.SECURE_LOOPBACK: WhyEntry(
            "it is Secure, and {browser} makes no exception for {origin}",
            "For this browser serve https in development too, or use CookiePolicy(insecure_plain_http=True) with "
            "debug=True.",
        ),
        Why.STRICT: WhyEntry(
            "SameSite=Strict, and the request comes from another site ({page})",
            "Either {remedy}, or use a less strict cookie.",
        ),
        Why.LAX_SUBRESOURCE: WhyEntry(
            "SameSite=Lax, and a script of another site ({page}) asks",
            "Either {remedy}, or CookiePolicy(same_site='None', partitioned=True).",
        ),
        Why.LAX_POST: WhyEntry(
            "SameSite=Lax and cross-site {method}",
            "Lax cookies cross sites with links only: {remedy}.",
        ),
        Why.MALFORMED: WhyEntry(
            "the Set-Cookie line has {what}", "Write cookies with the framework's set_cookie."
        ),
        Why.TOO_LARGE: WhyEntry(
            "name and value have {length} bytes, and 4096 are kept",
            "Keep the data in the session's store; the cookie only carries its id.",
        ),
        Why.DOMAIN_FOREIGN: WhyEntry(
            "Domain={domain} does not cover {host}",
            "Name the host's own parent domain, or leave Domain out.",
        ),
        Why.DOMAIN_PUBLIC: WhyEntry(
            "Domain={domain} is a public suffix", "Name a domain of your own, or leave Domain out."
        ),
        Why.PREFIX_HOST: WhyEntry(
            "a __Host- cookie needs Secure, Path=/ and no Domain, set by https",
            "Leave the cookie as guardhouse wrote it; something on the way changes its attributes, or the page is http.",
        ),
        Why.PREFIX_SECURE: WhyEntry(
            "a __Secure- cookie needs Secure, set by https",
            "Serve https; something on the way may also cut the attribute off.",
        ),
        Why.PREFIX_HTTP: WhyEntry(
            "a cookie of that prefix needs HttpOnly and Secure", "Add both attributes."
        ),
        Why.SAME_SITE_FOREIGN: WhyEntry(
            "SameSite={same_site} cannot be set by an answer to a script of another site ({page})",
            "Either {remedy}, or CookiePolicy(same_site='None', partitioned=True).",
        ),
        Why.NONE_INSECURE: WhyEntry("SameSite=None needs Secure", "Serve https and add Secure."),
        Why.PARTITIONED_INSECURE: WhyEntry("Partitioned needs Secure", "Serve https and add Secure."),
        Why.SHADOWS_SECURE: WhyEntry(
            "http may not overwrite a Secure cookie of that name",
            "Serve https everywhere: the cookie was set there first.",
        ),
        Why.HTTP_ONLY: WhyEntry("it is HttpOnly", "Scripts read XSRF-TOKEN only."),
        Why.MIXED_CONTENT: WhyEntry(
            "a page of https may not ask {target}: mixed content", "Serve the API over https as well."
        ),
        Why.INSECURE_FORM: WhyEntry(
            "the browser stops a form of an https page at a warning, because {target} is not https",
            "Serve the application over https as well.",
        ),
        Why.CORS_NO_ORIGIN: WhyEntry(
            "{what}: Access-Control-Allow-Origin missing", "Allow the page's origin: " + _ORIGINS_FIX
        ),
        Why.CORS_OTHER_ORIGIN: WhyEntry(
            "{what}: Access-Control-Allow-Origin is {found}, the page's origin is {origin}",
            "Scheme, host and port are compared exactly: " + _ORIGINS_FIX,
        ),
        Why.CORS_SEVERAL_ORIGINS: WhyEntry(
            "{what}: Access-Control-Allow-Origin came more than once",
            "Two layers write it, often a proxy and the application: let one of them do it.",
        ),
        Why.CORS_WILDCARD: WhyEntry(
            "{what}: Access-Control-Allow-Origin is *, which is not allowed with cookies",
            "Name the origin: " + _ORIGINS_FIX,
        ),
        Why.CORS_NO_CREDENTIALS: WhyEntry(
            "{what}: Access-Control-Allow-Credentials missing",
            "Add allow_credentials=True to CORSMiddleware.",
        ),
        Why.PREFLIGHT_STATUS: WhyEntry(
            "the preflight was answered with {status}",
            "OPTIONS must be answered by the CORS middleware, before any guard: CORSMiddleware(app, "
            "allow_origins=[{origin!r}], allow_methods=[{method!r}], allow_headers={headers}).",
        ),
        Why.PREFLIGHT_REDIRECT: WhyEntry(
            "the preflight was redirected to {location}",
            "No browser follows that: use the address that it leads to, often one with or without the last slash.",
        ),
        Why.PREFLIGHT_METHOD: WhyEntry(
            "the preflight allows {found}, not {method}", "Add allow_methods=[{method!r}] to CORSMiddleware."
        ),
        Why.PREFLIGHT_HEADER: WhyEntry(
            "the preflight does not allow the header {header}",
            "Add allow_headers=[{header!r}] to CORSMiddleware.",
        ),
        Why.TOO_MANY_REDIRECTS: WhyEntry(
            "it was redirected 20 times",
            "Two places send each other the visitor: see where each of them leads.",
        ),
        Why.ELSEWHERE: WhyEntry(
            "it was redirected to {location}, which is not this application", "Nothing, if that is your page."
        ),
    }
)
