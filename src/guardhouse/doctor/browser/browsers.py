"""How browsers differ, in one table: each cell is what the vendor documents for a new profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

ThirdParty: TypeAlias = Literal["allowed", "blocked", "partitioned"]


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser's answers where the standards leave a choice, or where it does not follow them."""

    name: str
    third_party: ThirdParty
    """What becomes of cookies of a site that is not the one in the address bar, unless they are Partitioned."""
    chips: bool
    """Whether the attribute Partitioned means anything."""
    lax_by_default: bool
    """Whether a cookie that names no SameSite is Lax (RFC 6265bis 5.6.7)."""
    lax_post_seconds: float
    """How long such a young cookie goes along with a POST of another site (RFC 6265bis 5.6.7.2)."""
    schemeful: bool
    """Whether http and https of one domain are two sites to cookies."""
    secure_on_loopback: bool
    """Whether http://localhost may set and get Secure cookies."""
    loopback_from_https: bool
    """Whether a page of https may ask http://localhost (W3C Mixed Content, 4.4)."""
    stops_insecure_forms: bool
    """Whether a form of an https page that goes to http stops at a warning."""
    longest_preflight: int
    """Seconds for which a preflight is believed at most, whatever Access-Control-Max-Age says."""


BROWSERS: Mapping[str, Browser] = MappingProxyType(
    {
        "chrome": Browser(
            name="chrome",
            third_party="allowed",
            chips=True,
            lax_by_default=True,
            lax_post_seconds=120,
            schemeful=True,
            secure_on_loopback=True,
            loopback_from_https=True,
            stops_insecure_forms=True,
            longest_preflight=7200,
        ),
        "firefox": Browser(
            name="firefox",
            third_party="partitioned",
            chips=True,
            lax_by_default=False,
            lax_post_seconds=0,
            schemeful=False,
            secure_on_loopback=True,
            loopback_from_https=True,
            stops_insecure_forms=True,
            longest_preflight=86400,
        ),
        "safari": Browser(
            name="safari",
            third_party="blocked",
            chips=False,
            lax_by_default=False,
            lax_post_seconds=0,
            schemeful=False,
            secure_on_loopback=False,
            loopback_from_https=False,
            stops_insecure_forms=False,
            longest_preflight=600,
        ),
    }
)

SOURCES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "third_party": {
            "chrome": "privacysandbox.com/news/privacy-sandbox-next-steps (April 2025: the choice stays the user's)",
            "firefox": "MDN, State Partitioning; Total Cookie Protection is the default since Firefox 103",
            "safari": "webkit.org/blog/10218/full-third-party-cookie-blocking-and-more (Safari 13.1)",
        },
        "chips": {
            "chrome": "developer.chrome.com/docs/privacy-sandbox/chips (Chrome 114)",
            "firefox": "Firefox 141 release notes for developers",
            "safari": "webkit.org/b/292975: sources disagree since 18.4, so nothing is built on it here",
        },
        "lax_by_default": {
            "chrome": "chromestatus.com/feature/5088147346030592 (Chrome 80)",
            "firefox": "MDN, Set-Cookie, SameSite: not the default (network.cookie.sameSite.laxByDefault)",
            "safari": "MDN, Set-Cookie, SameSite: not the default",
        },
        "lax_post_seconds": {
            "chrome": "chromium.org/updates/same-site/faq (two minutes)",
            "firefox": "only with Lax by default",
            "safari": "only with Lax by default",
        },
        "schemeful": {
            "chrome": "chromestatus.com/feature/5096179480133632 (Chrome 89)",
            "firefox": "network.cookie.sameSite.schemeful is off by default",
            "safari": "MDN, Set-Cookie, browser compatibility of SameSite: not schemeful",
        },
        "secure_on_loopback": {
            "chrome": "MDN, Set-Cookie, Secure (Chrome 89)",
            "firefox": "MDN, Set-Cookie, Secure (Firefox 75)",
            "safari": "webkit.org/b/232088, open",
        },
        "loopback_from_https": {
            "chrome": "MDN, Mixed content, potentially trustworthy loopback (Chrome 53)",
            "firefox": "MDN, Mixed content (Firefox 84)",
            "safari": "webkit.org/b/171934, open",
        },
        "stops_insecure_forms": {
            "chrome": "blog.chromium.org/2020/08/protecting-google-chrome-users-from.html (Chrome 86)",
            "firefox": "support.mozilla.org, insecure form warning",
            "safari": "no warning is documented",
        },
        "longest_preflight": {
            "chrome": "MDN, Access-Control-Max-Age (7200 since Chrome 76)",
            "firefox": "MDN, Access-Control-Max-Age (86400)",
            "safari": "WebKit, CrossOriginPreflightResultCache.cpp (600)",
        },
    }
)
"""Where each cell comes from."""
