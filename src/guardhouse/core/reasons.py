"""Every reason a check can give, in one table: its stable code, status, title, hint, and how telling it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from guardhouse.core.reason import Reason, ReasonEntry
from guardhouse.core.reasons_of_foreign_logins import OF_FOREIGN_LOGINS
from guardhouse.core.reasons_of_requests import REVEALED
from guardhouse.core.reasons_of_tokens import OF_TOKENS
from guardhouse.core.reasons_to_refuse import MAY_NOT

__all__ = ["REASONS", "Reason", "ReasonEntry"]


_LOGIN_AGAIN = "Log in again. If this happens right after a login, "

_ALLOWING: dict[Reason, ReasonEntry] = {
    Reason.SESSION_LOGIN: ReasonEntry(200, "The session holds a login for this guard.", ""),
    Reason.CREDENTIAL_ACCEPTED: ReasonEntry(200, "The credential was accepted.", ""),
    Reason.PUBLIC: ReasonEntry(200, "The route is public.", ""),
    Reason.SAFE_METHOD: ReasonEntry(200, "The method changes nothing, so its origin does not matter.", ""),
    Reason.SAME_ORIGIN: ReasonEntry(200, "The browser says that the request comes from this origin.", ""),
    Reason.OWN_ORIGIN: ReasonEntry(200, "The Origin header names this application.", ""),
    Reason.TRUSTED_ORIGIN: ReasonEntry(200, "The Origin header names a trusted origin.", ""),
    Reason.CSRF_TOKEN_VALID: ReasonEntry(200, "The CSRF token belongs to this visitor.", ""),
    Reason.COOKIE_NOT_READ: ReasonEntry(
        200, "A session cookie came too; the explicit credential went first.", ""
    ),
    Reason.STEP_PASSED: ReasonEntry(200, "The step let the request pass.", ""),
}

_WHO: dict[Reason, ReasonEntry] = {
    Reason.NO_CREDENTIAL: ReasonEntry(
        401,
        "The request carries nothing that this guard could read.",
        "Log in first. If the browser is logged in, the cookie did not come along: check that the call goes to the "
        "host that set the cookie, that fetch does not say credentials: 'omit', and that a call to another origin "
        "says withCredentials: true (axios) or credentials: 'include' (fetch).",
        telling=1,
    ),
    Reason.NO_LOGIN: ReasonEntry(
        401,
        "There is a session, but nobody is logged in to it.",
        "Log in. If a login just succeeded, its answer was lost on the way: look for the session cookie among the "
        "Set-Cookie headers of the login's response.",
        telling=2,
    ),
    Reason.SECOND_FACTOR_MISSING: ReasonEntry(
        401,
        "The login waits for its second factor.",
        "The password was right, and until one of {factors} follows in this session nobody is logged in. Show the page that "
        "asks for it. A login that is left half-way ends after ten minutes or a few wrong answers; then begin again.",
        telling=8,
    ),
    Reason.SESSION_MALFORMED: ReasonEntry(
        401,
        "The session cookie is not one that this house hands out.",
        "Another application on the same host may use the same cookie name, or something between the browser and "
        "this process rewrites cookies. Give each application its own cookie name: CookiePolicy(name=...).",
        telling=3,
    ),
    Reason.SESSION_UNKNOWN: ReasonEntry(
        401,
        "The session of this cookie is not in the store.",
        _LOGIN_AGAIN
        + "the processes do not share a store (store='memory:' with several workers); the session "
        "was ended by a logout, a login in another tab, or a store that was emptied; or another application on this host "
        "uses the same cookie name: CookiePolicy(name=...).",
        telling=4,
    ),
    Reason.SESSION_UNREADABLE: ReasonEntry(
        401,
        "The stored session cannot be read.",
        _LOGIN_AGAIN
        + "something else writes to the store under guardhouse's keys, or a newer version wrote it. Where sessions lie in "
        "the cookie (store='sealed:'), it was changed on the way, or sealed with a key that is not in the ring: when the "
        "secret is replaced, keep the old one behind the new, Guardhouse(secret=[new, old]).",
        telling=5,
    ),
    Reason.SESSION_EXPIRED: ReasonEntry(
        401,
        "The session has expired.",
        "Log in again. The {deadline} deadline passed; SessionPolicy(idle=..., absolute=...) sets both. If it passed "
        "at once, compare the clocks of the machines.",
        telling=6,
    ),
    Reason.NO_LOGIN_FOR_GUARD: ReasonEntry(
        401,
        "The session holds a login, but for another realm than this guard asks for.",
        "This session is logged in to {held}; the guard asks for {realm}. Log in through a guard of realm {realm}, "
        "or give both guards the same realm: SessionGuard(provider=..., realm=...); guards over one provider share "
        "their login when neither names a realm.",
        telling=7,
    ),
    Reason.SESSION_DUPLICATE: ReasonEntry(
        401,
        "The request carries two different session cookies.",
        "One of them was set by somebody else: another path, or a sub-domain. The __Host- prefix of the default "
        "cookie name prevents that; otherwise delete the stray cookie.",
    ),
    Reason.USER_MISSING: ReasonEntry(
        401,
        "The login names a user that the provider no longer finds.",
        "The user was deleted, or this guard's provider looks into another table than the one that logged in.",
    ),
    Reason.USER_DISABLED: ReasonEntry(
        401,
        "The login names a user who was disabled.",
        "Whoever keeps these users has shut this one out. Once he is let in again, his logins and tokens are good again.",
    ),
    Reason.PASSWORD_CHANGED: ReasonEntry(
        401,
        "The user's password was changed after this login.",
        "Log in again. Sessions are bound to the password that opened them.",
    ),
    Reason.LOGIN_KEY_UNKNOWN: ReasonEntry(
        401,
        "The login was bound with a key that this process does not have.",
        "It was made with key {key}; this process signs with {signs}. Give every process the same secret, and when it "
        "is replaced, keep the old one behind the new: Guardhouse(secret=[new, old]). Until then everybody logs in again.",
        telling=8,
    ),
    Reason.LOGIN_FORMAT_UNKNOWN: ReasonEntry(
        401,
        "The login was bound in a format that this process does not read.",
        "It is of format {format}; this version reads {reads}. Two versions of guardhouse write to one store: finish the "
        "upgrade, or the way back, on every process. Whoever is concerned logs in again.",
        telling=8,
    ),
    Reason.REMEMBER_EXPIRED: ReasonEntry(
        401,
        "The browser is not kept logged in any more.",
        "Log in again. It came with a cookie of remember me that is good for nothing now ({remembered}): its time is past, the "
        "password was changed, the device was forgotten or logged out, or the value is not one that was handed out.",
        telling=2,
    ),
    Reason.REMEMBER_STOLEN: ReasonEntry(
        401,
        "A copy of this browser's remember cookie was used, so every login of this user was ended.",
        "Each use replaces the value, and this one had been replaced: two browsers have it. Log in again on each device, and "
        "choose a new password where it was not you. If nobody stole anything, look for what restores cookies: a browser profile "
        "that was copied, a test that replays them.",
        telling=9,
    ),
    Reason.CREDENTIAL_MALFORMED: ReasonEntry(
        401,
        "The credential cannot be read.",
        "Send exactly one {need}, in the form that this guard documents.",
    ),
    Reason.CREDENTIAL_REJECTED: ReasonEntry(
        401,
        "The credential was read and refused.",
        "It is wrong, expired or revoked. A bad credential is final: no weaker guard is asked after it. To be seen "
        "by a session guard instead, do not send it.",
    ),
    Reason.CREDENTIAL_FOREIGN: ReasonEntry(
        401,
        "The header holds a credential of another kind than this guard reads.",
        "This guard reads {need}; another guard may know the credential.",
        telling=2,
    ),
    Reason.CREDENTIAL_UNKNOWN: ReasonEntry(
        401,
        "No guard here reads a credential of this kind.",
        "The guards here read {need}. A strange credential is final, although a cookie may have come along: to be "
        "seen by a session guard instead, do not send it.",
    ),
}

_FROM_WHERE: dict[Reason, ReasonEntry] = {
    Reason.CSRF_DUPLICATE_HEADER: ReasonEntry(
        400,
        "A header that decides about the origin came more than once.",
        "Send one {header} line. A proxy that adds its own must replace the client's.",
    ),
    Reason.CSRF_CROSS_SITE: ReasonEntry(
        403,
        "The browser says that another site made this request.",
        "A page of another site cannot be let in by a token. If the page is yours, its Origin must reach the server "
        "and stand in trusted_origins.",
        telling=2,
    ),
    Reason.CSRF_ORIGIN_UNTRUSTED: ReasonEntry(
        403,
        "The request comes from an origin that is not trusted.",
        "If {origin} is your front end, add it: Guardhouse(trusted_origins=[{origin!r}]). Scheme, host and port "
        "are compared exactly.",
        telling=2,
    ),
    Reason.CSRF_ORIGIN_NULL: ReasonEntry(
        403,
        "The request comes from an opaque origin (Origin: null).",
        "Sandboxed frames, file: pages and some redirects send it. Serve the page from an origin of your own.",
        telling=2,
    ),
    Reason.CSRF_ORIGIN_MALFORMED: ReasonEntry(
        403,
        "The Origin header is not an origin.",
        "Browsers send scheme://host[:port] in lower case, without a path. Something on the way rewrites it.",
        telling=2,
    ),
    Reason.CSRF_SCHEME_MISMATCH: ReasonEntry(
        403,
        "The Origin has this host but another scheme.",
        "A proxy ends TLS in front of this process: set public_url='https://...', or declare the proxy with "
        "trusted_proxies=['10.0.0.0/8'] so that its X-Forwarded-Proto is believed.",
    ),
    Reason.CSRF_REFERER_FOREIGN: ReasonEntry(
        403,
        "The request names no origin, and its Referer is a page of another site.",
        "If the page is yours, add its origin to trusted_origins and let the browser send Origin.",
        telling=2,
    ),
    Reason.CSRF_TOKEN_MISSING: ReasonEntry(
        403,
        "The request says neither where it comes from nor carries a CSRF token.",
        "Browsers send Origin or Sec-Fetch-Site; something strips them, or this is not a browser. Fetch "
        "GET {endpoint} (mount house.csrf_cookie there) and send the XSRF-TOKEN cookie back as X-XSRF-TOKEN (axios does "
        "so on the same origin), or the token of the page as X-CSRF-TOKEN. A program should use an explicit guard instead of a cookie.",
    ),
    Reason.CSRF_TOKEN_INVALID: ReasonEntry(
        403,
        "The CSRF token does not belong to this visitor.",
        "It was made before the login or for another session, or it was cut. Fetch GET {endpoint} again and repeat "
        "the request once.",
    ),
    Reason.CSRF_KEY_UNKNOWN: ReasonEntry(
        403,
        "The CSRF token was made with a key that this house does not have.",
        "It names key {key}, and this process signs with {signs}. Give every process the same secret, and when it is "
        "replaced, keep the old one behind the new: Guardhouse(secret=[new, old]). If another application on this host wrote "
        "it, give each its own cookies: CookiePolicy(name=..., csrf=...). One client goes on with GET {endpoint}.",
    ),
    Reason.WEBSOCKET_ORIGIN: ReasonEntry(
        403,
        "The WebSocket was opened by a page of another origin, or names none.",
        "A WebSocket sends cookies across sites and knows no CSRF token: the page's origin must be your own or stand "
        "in trusted_origins.",
        telling=2,
    ),
    Reason.COOKIE_COSTLY: ReasonEntry(
        400,
        "The cookies hold more backslashes than a server should unquote.",
        "There are {backslashes}, and {most} are read. Delete the cookies of this site; an application that writes such a "
        "cookie keeps its value in the session instead.",
    ),
    Reason.HOST_UNLISTED: ReasonEntry(
        421,
        "The Host header names a host that is not this application's.",
        "Add it to public_url (a list is fine), or let the proxy pass the outer host on.",
    ),
}

_DESK: dict[Reason, ReasonEntry] = {
    Reason.LOGIN_FAILED: ReasonEntry(
        422,
        "These credentials do not match our records.",
        "The text is the same for an unknown account and a wrong password, so that nobody can list accounts.",
    ),
    Reason.LOGIN_MALFORMED: ReasonEntry(
        422,
        "The login needs a name and a password, both as text.",
        "Send {fields} as one JSON object or one form, each exactly once.",
    ),
    Reason.LOGIN_THROTTLED: ReasonEntry(
        429,
        "Too many logins were tried for this account.",
        "Wait for the seconds that Retry-After says.",
    ),
    Reason.FORM_INVALID: ReasonEntry(
        422,
        "Something in the form cannot be taken.",
        "`errors` names each field with what is wrong; send an object of JSON or a form, each name once and as text.",
    ),
    Reason.LINK_INVALID: ReasonEntry(
        400,
        "This link is not one of ours.",
        "It was cut off on its way, changed, or signed with a key that is not in the ring ({link}). Ask for another one; if "
        "every link fails, compare `secret` and its former keys in all processes.",
    ),
    Reason.LINK_SPENT: ReasonEntry(
        410,
        "This link was used already, or its time is past.",
        "A link counts once and for a short while, and what it was bound to may have changed since. Ask for another one.",
    ),
    Reason.FACTOR_WRONG: ReasonEntry(
        422,
        "This is not the code, or it was used already.",
        "A code counts once. If every code of an authenticator fails, compare the clocks of the telephone and of this machine.",
    ),
    Reason.FACTOR_NOT_ASKED: ReasonEntry(
        401,
        "No login is waiting for a second proof here.",
        "The password must be given first, in this browser, and a second proof within ten minutes; log in again.",
    ),
    Reason.PASSKEY_REJECTED: ReasonEntry(
        422,
        "This passkey was not accepted.",
        "The answer is the same whatever is wrong ({fault}). Ask for new options and try once more: each are good once, for "
        "five minutes, in the session that asked. If no passkey works, compare `public_url` with what the browser shows.",
    ),
}

_CANNOT: dict[Reason, ReasonEntry] = {
    Reason.STEP_REFUSED: ReasonEntry(
        403, "A step of this area refused the request.", "The step {step!r} decides; its evidence says why."
    ),
    Reason.SESSION_GONE: ReasonEntry(
        409,
        "The session ended while this request was at work; nothing of it was stored.",
        "A logout, or a login in another tab, came first. Log in and repeat the request.",
    ),
    Reason.SESSION_ENDED: ReasonEntry(
        401,
        "The session has ended, or there never was one.",
        "Log in again. Whether it expired, was ended or never existed is nobody's business but yours: the log names the "
        'exact code, session_expired, session_unknown or session_unreadable, and explain="full" shows it in debug.',
        telling=4,
    ),
    Reason.STORE_UNAVAILABLE: ReasonEntry(
        503,
        "Who you are cannot be looked up at the moment.",
        "The store or the database behind the users does not answer: {trouble}. Nobody was logged out; repeat the "
        "request later.",
    ),
    Reason.ISSUER_UNAVAILABLE: ReasonEntry(
        503,
        "Whether your token is good cannot be found out at the moment.",
        "The issuer has never been reached since the start: {trouble}. The token is neither believed nor refused; repeat "
        "the request later. Once its keys are here, they stay good while it is away.",
    ),
}

REASONS: Mapping[Reason, ReasonEntry] = MappingProxyType(
    _ALLOWING | _WHO | OF_TOKENS | _FROM_WHERE | _DESK | OF_FOREIGN_LOGINS | MAY_NOT | _CANNOT | REVEALED
)
