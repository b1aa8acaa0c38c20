"""What a request reveals about why it proves nothing: causes that stand beside a refusal and are never its code."""

from __future__ import annotations

from guardhouse.core.reason import Reason, ReasonEntry

__all__ = ["REVEALED"]

REVEALED: dict[Reason, ReasonEntry] = {
    Reason.PROXY_UNDECLARED: ReasonEntry(
        403,
        "A proxy says that the browser speaks https, and this house was not told to believe it.",
        "{peer} sent X-Forwarded-Proto: https, and no proxy of that address is declared. Declare it, "
        "Guardhouse(trusted_proxies=['{peer}/32']), or say what browsers call this application: "
        "public_url='https://...'.",
    ),
    Reason.HOSTS_MIXED: ReasonEntry(
        401,
        "The page and the call use two names of this machine, and cookies belong to one of them.",
        "The page is at {page}, the call went to {host}: cookies of the one are not sent to the other. Use one name in the "
        "address bar, in the front end's base URL and in public_url.",
    ),
    Reason.COOKIE_NEEDS_HTTPS: ReasonEntry(
        401,
        "The session cookie is Secure, and this request came over plain http.",
        "Browsers neither keep nor send {cookie} at http://{host}. Serve https; for development on this machine only, "
        "CookiePolicy(insecure_plain_http=True).",
    ),
    Reason.COOKIE_KEPT_BACK: ReasonEntry(
        401,
        "Another site made this request, and the cookie's SameSite keeps it at home.",
        "The page at {page} is another site than {host}, so no browser sends a SameSite={same_site} cookie along. Serve "
        "both under one registrable domain (app.example.com and api.example.com), or give such clients tokens.",
    ),
    Reason.COOKIE_THIRD_PARTY: ReasonEntry(
        401,
        "Another site made this request, and the browser kept the third-party cookie back.",
        "Safari, Firefox and many Chromes block the cookies of {host} on pages of {page}, SameSite=None or not. Serve both "
        "under one registrable domain, or give such clients tokens.",
    ),
    Reason.CREDENTIALS_OMITTED: ReasonEntry(
        401,
        "A page of another origin asked, and not one cookie came along.",
        "If the browser is logged in at {host}, the call from {page} must say so: credentials: 'include' (fetch), "
        "withCredentials: true (axios, Angular); and the answer needs Access-Control-Allow-Credentials with the exact "
        "origin: CORSMiddleware(allow_origins=['{page}'], allow_credentials=True).",
    ),
    Reason.COOKIE_OTHER_NAME: ReasonEntry(
        401,
        "A cookie came under nearly the name of the session cookie, but not under it.",
        "The request brought {came}; this house reads {cookie}. Two settings of CookiePolicy (name, domain, "
        "insecure_plain_http) are at work: let every process use the same, and log in again.",
    ),
    Reason.CALLER_IS_PROGRAM: ReasonEntry(
        401,
        "A program made this request, not a browser.",
        "{program} keeps no cookies and names no origin by itself. When a server renders a page for somebody, hand on the Cookie header of the "
        "request that it answers; a program of its own should use an explicit guard, such as TokenGuard().",
    ),
    Reason.AUTHORIZATION_STRIPPED: ReasonEntry(
        401,
        "The request came through a front server, and without an Authorization header.",
        "If the client sent one, something between took it away ({through} show that something stands there). Apache with "
        "CGI or FastCGI needs `CGIPassAuth On`, nginx must not clear it with proxy_set_header; then look at it with "
        "curl -v, once past the front server and once through it.",
    ),
    Reason.FETCH_METADATA_ABSENT: ReasonEntry(
        403,
        "Browsers send no Sec-Fetch-Site to an address that they do not trust.",
        "http://{host} is plain http and not this machine's own name, so the header stays away and a CSRF token has to "
        "prove the origin. Serve https, or use http://localhost while developing.",
    ),
    Reason.CSRF_COOKIE_DUPLICATE: ReasonEntry(
        403,
        "Two CSRF cookies of one name came, with different values.",
        "Scripts copy one of them, and it is the wrong one: another application on this host or on a parent domain uses "
        "the name {cookie} too. Give each its own: CookiePolicy(csrf='...') and axios' xsrfCookieName; delete the stray one.",
    ),
    Reason.CSRF_COOKIE_WITHOUT_HEADER: ReasonEntry(
        403,
        "The CSRF cookie came, and no header with its value.",
        "axios 1.6 and newer copies {cookie} into X-XSRF-TOKEN on the page's own origin only: say withXSRFToken: true for "
        "others. fetch never copies it: read document.cookie and set the header yourself.",
    ),
    Reason.CSRF_HEADER_UNREADABLE: ReasonEntry(
        403,
        "The CSRF header holds something that is no token of this house.",
        "The value of {header} is {form}. Send the value of the cookie as it stands, without quotes and encoding, and only "
        "after the cookie is there: GET {endpoint}.",
    ),
}
