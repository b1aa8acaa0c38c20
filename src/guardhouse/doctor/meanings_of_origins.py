"""What the codes mean that say: a request that the browser proves by itself comes from where it may not, or does not say."""

from __future__ import annotations

from guardhouse.core.reason import Reason
from guardhouse.doctor.meaning import Meaning

__all__ = ["OF_ORIGINS"]

OF_ORIGINS: dict[Reason, Meaning] = {
    Reason.CSRF_DUPLICATE_HEADER: Meaning(
        "Origin, Sec-Fetch-Site or a token header came more than once; no reading of two is the right one.",
        "`header` names it. Look at the request on both sides of the proxy.",
        {Reason.CSRF_COOKIE_DUPLICATE: "there the cookie of the token came twice"},
    ),
    Reason.CSRF_CROSS_SITE: Meaning(
        "The browser says that another site made this request, and it names no origin that could be trusted.",
        "`sec_fetch_site` is the browser's own word; a page cannot forge it.",
        {Reason.CSRF_ORIGIN_UNTRUSTED: "there the page is named, and can be trusted by name"},
    ),
    Reason.CSRF_ORIGIN_UNTRUSTED: Meaning(
        "The page that asks is of an origin that is neither this application's own nor among trusted_origins.",
        "`origin` is the page's, `trusted_origins` the list; `nearest` and `differs` say what was probably meant.",
        {
            Reason.CSRF_SCHEME_MISMATCH: "there only http and https differ",
            Reason.NO_CREDENTIAL: "it is another thing to mend: CORS and cookies decide what is sent, this what is believed",
        },
    ),
    Reason.CSRF_ORIGIN_NULL: Meaning(
        "The page has no origin that could be named: a sandboxed frame, a file, a data: URL, some redirects across sites.",
        "Look at where the page came from; an iframe without allow-same-origin is the usual one.",
        {Reason.CSRF_ORIGIN_MALFORMED: "there it is not even `null`"},
    ),
    Reason.CSRF_ORIGIN_MALFORMED: Meaning(
        "The Origin header has a form that no browser sends: something on the way rewrites it, or a program makes it up.",
        "`origin` is what came. Browsers send scheme://host[:port] and nothing else.",
        {Reason.CSRF_ORIGIN_UNTRUSTED: "there it is an origin"},
    ),
    Reason.CSRF_SCHEME_MISMATCH: Meaning(
        "The browser speaks https with a proxy and the proxy http with this process, which was not told: the host is the "
        "same and the scheme is not.",
        "`origin` is what the browser says, `own` what this process thinks it is called.",
        {Reason.PROXY_UNDECLARED: "beside it in `causes`, it names the proxy"},
    ),
    Reason.CSRF_REFERER_FOREIGN: Meaning(
        "The request names no origin, and its Referer is a page of another site.",
        "`referer_origin` is that site; the page's path is kept nowhere.",
        {Reason.CSRF_ORIGIN_UNTRUSTED: "there Origin itself says so"},
    ),
    Reason.CSRF_TOKEN_MISSING: Meaning(
        "Neither Sec-Fetch-Site nor Origin came, and no token either: an old browser, a proxy that strips headers, or a "
        "program that sends a cookie.",
        "`cookies` names what came; `causes` whether the CSRF cookie was among it, and whether a program asked.",
        {Reason.CSRF_TOKEN_INVALID: "there a token came"},
    ),
    Reason.CSRF_TOKEN_INVALID: Meaning(
        "A token came that was made for another session or visitor: of before the login, of another tab, of an older page, "
        "or no token at all.",
        "`token` says what it looks like. A fresh XSRF-TOKEN cookie came with the refusal: repeat the request once.",
        {
            Reason.CSRF_KEY_UNKNOWN: "there no visitor is to blame: the process lacks the key",
            Reason.SESSION_EXPIRED: "that is told first where the session is over as well",
        },
    ),
    Reason.CSRF_KEY_UNKNOWN: Meaning(
        "The token is of our form and was made with a key that is not in this process's ring: two machines with two "
        "secrets, or a secret that was replaced without keeping the old one.",
        "`key` names the key of the token, `signs` ours. Compare `signs` on every machine: the ids are public.",
        {Reason.CSRF_TOKEN_INVALID: "there the key is known, and the token is somebody else's"},
    ),
    Reason.WEBSOCKET_ORIGIN: Meaning(
        "A WebSocket was opened by a page of another origin, or by a program that names none; cookies come along all the "
        "same, and CORS does not apply.",
        "`origin` is the page's; `nearest` and `differs` what was probably meant.",
        {Reason.CSRF_ORIGIN_UNTRUSTED: "the same for requests, where a token may help"},
    ),
    Reason.COOKIE_COSTLY: Meaning(
        "Before Python 3.11.10 and 3.12.6 the time that a quoted cookie takes grows with the square of its backslashes "
        "(CVE-2024-7592), and the frameworks unquote every cookie. No other guard was asked.",
        "`backslashes` counts what came. No browser and no framework writes so many; look for who sends them.",
        {Reason.SESSION_MALFORMED: "there the session cookie alone is none of ours"},
    ),
    Reason.HOST_UNLISTED: Meaning(
        "Host names none of the addresses in public_url: a proxy that passes its own name on, or a new domain.",
        "`host` is what came, `known` what is listed.",
        {Reason.CSRF_ORIGIN_UNTRUSTED: "there the page is strange, not the address"},
    ),
}
