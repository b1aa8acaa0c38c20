"""Requests that reveal why they prove nothing, each with the cause that is read off it: also what the docs provoke."""

from __future__ import annotations

from typing import Any, NamedTuple

from guardhouse.core.clues import Setting
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Deny, Verdict

CHROME = ("user-agent", "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")
SAFARI = ("user-agent", "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15")
HOST = ("host", "api.example.com")
PAGE = ("origin", "https://spa.example.com")
FOREIGN = ("origin", "https://spa.other.org")
SAME_SITE = ("sec-fetch-site", "same-site")
CROSS = ("sec-fetch-site", "cross-site")
CORS = ("sec-fetch-mode", "cors")
WINDOW = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"))
PROTO = ("x-forwarded-proto", "https")

NO_COOKIE = Abstain("web", Reason.NO_CREDENTIAL, {"cookies": "none at all"})
NO_BEARER = Abstain("token", Reason.NO_CREDENTIAL, {"need": "Authorization: Bearer ghp_..."})
NO_TOKEN = Deny("origin", Reason.CSRF_TOKEN_MISSING)
BAD_TOKEN = Deny("origin", Reason.CSRF_TOKEN_INVALID)
SCHEMES = Deny("origin", Reason.CSRF_SCHEME_MISMATCH)


class Row(NamedTuple):
    """One request and what it reveals."""

    name: str
    headers: tuple[tuple[str, str], ...]
    told: Verdict
    found: dict[Reason, dict[str, Any]]
    method: str = "GET"
    scheme: str = "https"
    setting: Setting = Setting()
    forms: tuple[tuple[str, str], ...] = ()


def cookie(*pairs: str) -> tuple[str, str]:
    return "cookie", "; ".join(pairs)


EMBEDDED = Setting(same_site="None")
LOCAL = Setting(session="gh", secure=False)
OMITTED = {"page": "https://spa.example.com", "host": "api.example.com", "site": "same-site"}

ROWS = (
    Row("a guest in a window", (HOST, CHROME, ("sec-fetch-site", "none"), *WINDOW), NO_COOKIE, {}),
    Row(
        "a guest's script on the page itself",
        (HOST, CHROME, ("sec-fetch-site", "same-origin"), CORS),
        NO_COOKIE,
        {},
    ),
    Row(
        "fetch without credentials, from the neighbour",
        (HOST, CHROME, PAGE, SAME_SITE, CORS),
        NO_COOKIE,
        {Reason.CREDENTIALS_OMITTED: OMITTED},
    ),
    Row(
        "the same in a browser that says no site",
        (HOST, SAFARI, PAGE),
        NO_COOKIE,
        {Reason.CREDENTIALS_OMITTED: OMITTED | {"site": "not said"}},
    ),
    Row(
        "fetch that says omit: it read the CSRF cookie and sent none",
        (HOST, CHROME, ("sec-fetch-site", "same-origin"), CORS, ("x-xsrf-token", "t")),
        NO_COOKIE,
        {
            Reason.CREDENTIALS_OMITTED: {
                "page": "the page",
                "host": "api.example.com",
                "site": "same-origin",
            }
        },
    ),
    Row("some cookie came, so credentials did", (HOST, PAGE, SAME_SITE, CORS, cookie("a=1")), NO_COOKIE, {}),
    Row(
        "localhost and 127.0.0.1",
        (("host", "127.0.0.1:8000"), CHROME, ("origin", "http://localhost:5173"), CROSS, CORS),
        NO_COOKIE,
        {Reason.HOSTS_MIXED: {"page": "http://localhost:5173", "host": "127.0.0.1:8000"}},
        scheme="http",
    ),
    Row(
        "the same, by the page's address alone",
        (("host", "localhost:8000"), ("referer", "http://127.0.0.1:8000/page?secret=1")),
        NO_COOKIE,
        {Reason.HOSTS_MIXED: {"page": "http://127.0.0.1:8000", "host": "localhost:8000"}},
        scheme="http",
    ),
    Row(
        "a Secure cookie over http",
        (("host", "intranet:8000"), CHROME),
        NO_COOKIE,
        {Reason.COOKIE_NEEDS_HTTPS: {"cookie": "__Host-gh", "host": "intranet:8000"}},
        scheme="http",
    ),
    Row("on this machine Chrome trusts http", (("host", "localhost"), CHROME), NO_COOKIE, {}, scheme="http"),
    Row(
        "and Safari does not",
        (("host", "localhost"), SAFARI),
        NO_COOKIE,
        {Reason.COOKIE_NEEDS_HTTPS: {"cookie": "__Host-gh", "host": "localhost"}},
        scheme="http",
    ),
    Row("a cookie that needs no TLS", (("host", "intranet"), CHROME), NO_COOKIE, {}, "GET", "http", LOCAL),
    Row("a proxy says that the browser has https", (HOST, CHROME, PROTO), NO_COOKIE, {}, scheme="http"),
    Row(
        "SameSite=Lax and another site",
        (HOST, FOREIGN, CROSS, CORS),
        NO_COOKIE,
        {
            Reason.COOKIE_KEPT_BACK: {
                "page": "https://spa.other.org",
                "host": "api.example.com",
                "same_site": "Lax",
            }
        },
    ),
    Row(
        "a link from another site brings a Lax cookie, if there is one", (HOST, CROSS, *WINDOW), NO_COOKIE, {}
    ),
    Row(
        "a form of another site does not",
        (HOST, CROSS, *WINDOW),
        NO_COOKIE,
        {Reason.COOKIE_KEPT_BACK: {"page": "the page", "host": "api.example.com", "same_site": "Lax"}},
        method="POST",
    ),
    Row(
        "a link from another site does not bring a Strict one",
        (HOST, CROSS, *WINDOW),
        NO_COOKIE,
        {Reason.COOKIE_KEPT_BACK: {"page": "the page", "host": "api.example.com", "same_site": "Strict"}},
        setting=Setting(same_site="Strict"),
    ),
    Row(
        "third-party cookies are blocked",
        (HOST, FOREIGN, CROSS, CORS, ("sec-fetch-storage-access", "none")),
        NO_COOKIE,
        {
            Reason.COOKIE_THIRD_PARTY: {
                "page": "https://spa.other.org",
                "host": "api.example.com",
                "storage_access": "none",
            }
        },
        setting=EMBEDDED,
    ),
    Row(
        "or the browser does not say whether",
        (HOST, FOREIGN, CROSS, CORS),
        NO_COOKIE,
        {
            Reason.COOKIE_THIRD_PARTY: {
                "page": "https://spa.other.org",
                "host": "api.example.com",
                "storage_access": "not said",
            }
        },
        setting=EMBEDDED,
    ),
    Row(
        "the cookie of other settings",
        (HOST, CHROME, cookie("gh=x", "other=y")),
        NO_COOKIE,
        {Reason.COOKIE_OTHER_NAME: {"cookie": "__Host-gh", "came": "gh"}},
    ),
    Row(
        "a slip in the name",
        (HOST, CHROME, cookie("__Host_gh=x")),
        NO_COOKIE,
        {Reason.COOKIE_OTHER_NAME: {"cookie": "__Host-gh", "came": "__Host_gh"}},
    ),
    Row(
        "the cookies of a visitor who is not logged in",
        (HOST, CHROME, cookie("__Host-gh-visitor=x", "XSRF-TOKEN=y", "nonsense")),
        NO_COOKIE,
        {},
    ),
    Row(
        "a server that renders pages",
        (HOST, ("user-agent", "node")),
        NO_COOKIE,
        {Reason.CALLER_IS_PROGRAM: {"program": "node"}},
    ),
    Row(
        "a script in Python",
        (HOST, ("user-agent", "python-requests/2.32 secret")),
        NO_COOKIE,
        {Reason.CALLER_IS_PROGRAM: {"program": "python-requests"}},
    ),
    Row("the cookie is there", (HOST, PAGE, SAME_SITE, CORS, cookie("__Host-gh=x")), NO_COOKIE, {}),
    Row(
        "a front server takes Authorization away",
        (HOST, ("user-agent", "curl/8"), ("via", "1.1 front"), ("x-forwarded-for", "1.2.3.4")),
        NO_BEARER,
        {Reason.AUTHORIZATION_STRIPPED: {"through": "via, x-forwarded-for"}},
    ),
    Row("Authorization is there", (HOST, ("via", "1.1 front"), ("authorization", "Basic x")), NO_BEARER, {}),
    Row("nothing stands between", (HOST,), NO_BEARER, {}),
    Row("a browser sends none by itself", (HOST, ("via", "1.1 front"), SAME_SITE), NO_BEARER, {}),
    Row(
        "another header is wanted",
        (HOST, ("via", "1")),
        Abstain("key", Reason.NO_CREDENTIAL, {"need": "X-Key"}),
        {},
    ),
    Row(
        "a proxy that nobody declared",
        (HOST, CHROME, PROTO),
        SCHEMES,
        {
            Reason.PROXY_UNDECLARED: {
                "peer": "10.0.0.9",
                "x_forwarded_proto": "https",
                "scheme": "http",
            }
        },
        "POST",
        "http",
    ),
    Row(
        "plain http to a name",
        (("host", "intranet"), CHROME),
        NO_TOKEN,
        {Reason.FETCH_METADATA_ABSENT: {"scheme": "http", "host": "intranet"}},
        "POST",
        "http",
    ),
    Row("plain http to this machine", (("host", "localhost"), CHROME), NO_TOKEN, {}, "POST", "http"),
    Row(
        "axios without withXSRFToken",
        (HOST, SAFARI, cookie("__Host-gh=x", "XSRF-TOKEN=y")),
        NO_TOKEN,
        {Reason.CSRF_COOKIE_WITHOUT_HEADER: {"cookie": "XSRF-TOKEN"}},
        "POST",
    ),
    Row(
        "two CSRF cookies",
        (HOST, SAFARI, cookie("XSRF-TOKEN=y", "XSRF-TOKEN=z"), ("x-xsrf-token", "z")),
        BAD_TOKEN,
        {Reason.CSRF_COOKIE_DUPLICATE: {"cookie": "XSRF-TOKEN", "different": 2}},
        "POST",
    ),
    Row(
        "twice the same is one",
        (HOST, SAFARI, cookie("XSRF-TOKEN=y", "XSRF-TOKEN=y"), ("x-xsrf-token", "y")),
        BAD_TOKEN,
        {},
        "POST",
    ),
    Row(
        "a header that is no token",
        (HOST, SAFARI, ("x-xsrf-token", "undefined")),
        BAD_TOKEN,
        {
            Reason.CSRF_HEADER_UNREADABLE: {
                "header": "x-xsrf-token",
                "form": "a word",
                "endpoint": "/csrf-cookie",
            }
        },
        "POST",
        forms=(("x-xsrf-token", "a word"),),
    ),
    Row(
        "a program that sends a cookie",
        (HOST, ("user-agent", "curl/8.5"), cookie("__Host-gh=x")),
        NO_TOKEN,
        {Reason.CALLER_IS_PROGRAM: {"program": "curl"}},
        "POST",
    ),
)
