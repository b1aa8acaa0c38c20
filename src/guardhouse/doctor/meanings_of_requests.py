"""What the causes mean that a request itself reveals: they stand beside a refusal, in the order in which to mend them."""

from __future__ import annotations

from guardhouse.core.reason import Reason
from guardhouse.doctor.meaning import Meaning

__all__ = ["OF_REQUESTS"]

OF_REQUESTS: dict[Reason, Meaning] = {
    Reason.PROXY_UNDECLARED: Meaning(
        "TLS ends at a proxy that says so in X-Forwarded-Proto, and this house believes declared proxies only: anybody can "
        "write the header.",
        "`peer` is the address that it must be declared by.",
        {Reason.COOKIE_NEEDS_HTTPS: "there the browser itself speaks http"},
    ),
    Reason.HOSTS_MIXED: Meaning(
        "localhost and 127.0.0.1 are two hosts to a browser, though one machine: the cookie was set for one, and the page "
        "calls the other.",
        "`page` and `host` name both.",
        {Reason.CREDENTIALS_OMITTED: "there the names are right, and the call does not ask for cookies"},
    ),
    Reason.COOKIE_NEEDS_HTTPS: Meaning(
        "The cookie is Secure, as it must be, and the address is plain http: no browser keeps it there, and Safari not even "
        "on localhost.",
        "In the browser the Set-Cookie of the login has a warning sign.",
        {Reason.PROXY_UNDECLARED: "there the browser does speak https"},
    ),
    Reason.COOKIE_KEPT_BACK: Meaning(
        "The page and the API are on different registrable domains, and the cookie is SameSite=Lax or Strict.",
        "The browser says Sec-Fetch-Site: cross-site; `page` and `host` name both.",
        {
            Reason.COOKIE_THIRD_PARTY: "there the cookie would be allowed to, and the browser blocks it",
            Reason.CREDENTIALS_OMITTED: "there one word in the call is missing; here no word helps",
        },
    ),
    Reason.COOKIE_THIRD_PARTY: Meaning(
        "The cookie is SameSite=None and the browser keeps it back all the same: third-party cookies are blocked by default "
        "in Safari and Firefox and by choice elsewhere.",
        "`storage_access` is what the browser says about it, `none` where it blocks them.",
        {Reason.COOKIE_KEPT_BACK: "there the cookie's own SameSite keeps it back"},
    ),
    Reason.CREDENTIALS_OMITTED: Meaning(
        "fetch sends cookies to its own origin only, axios too, unless the call asks for them; or it says 'omit'.",
        "`page` asked `host`, and the Cookie header was missing altogether. Whether the browser holds a cookie, no request "
        "can tell.",
        {Reason.COOKIE_KEPT_BACK: "there asking for them does not help"},
    ),
    Reason.COOKIE_OTHER_NAME: Meaning(
        "The visitor holds a session cookie of other settings: with another prefix, before insecure_plain_http or domain "
        "was changed, or of another process.",
        "`came` is what the browser has, `cookie` what is read.",
        {Reason.SESSION_MALFORMED: "there the name is right"},
    ),
    Reason.CALLER_IS_PROGRAM: Meaning(
        "A server that renders a page, a script or a tool asked: none of them has the visitor's cookie, and none says where "
        "it comes from.",
        "`program` is how it calls itself; nothing more of its User-Agent is kept.",
        {Reason.CREDENTIALS_OMITTED: "there a browser asked"},
    ),
    Reason.AUTHORIZATION_STRIPPED: Meaning(
        "A guard reads Authorization, none came, and something stands between that may have taken it away.",
        "`through` names the headers that show it. Ask once past the front server.",
        {Reason.NO_CREDENTIAL: "there the client may simply have sent none; only comparing tells"},
    ),
    Reason.FETCH_METADATA_ABSENT: Meaning(
        "Browsers send Sec-Fetch-Site to https and to this machine's own names only; a name in the local network over http "
        "is neither.",
        "`scheme` and `host` name the address.",
        {Reason.CALLER_IS_PROGRAM: "programs never send it"},
    ),
    Reason.CSRF_COOKIE_DUPLICATE: Meaning(
        "The browser holds two cookies of that name, for the host and for its parent domain, and scripts read one of them.",
        "`different` counts the values. In the browser: Application, Cookies, both lines.",
        {Reason.CSRF_DUPLICATE_HEADER: "there the header came twice"},
    ),
    Reason.CSRF_COOKIE_WITHOUT_HEADER: Meaning(
        "The browser sent the CSRF cookie by itself, and the script did not copy it into the header: that copy is the proof.",
        "`cookie` names it. In the browser: the request has the cookie, and no X-XSRF-TOKEN.",
        {Reason.CSRF_HEADER_UNREADABLE: "there a header came"},
    ),
    Reason.CSRF_HEADER_UNREADABLE: Meaning(
        "The script sent something else than the cookie's value: a word for nothing because the cookie was not there yet, a "
        "quoted or encoded copy, the token of another framework.",
        "`header` names it and `form` says what its value looks like.",
        {Reason.CSRF_TOKEN_INVALID: "there it is a token, of somebody else"},
    ),
}
