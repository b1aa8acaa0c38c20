"""The mistakes of the gallery as data: what the developer wrote, what the page then does, which reason must come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from guardhouse.core.reasons import Reason


class Step(Struct, frozen=True, omit_defaults=True):
    """One thing that the page does; a step with `wait` (milliseconds) only waits."""

    says: str
    method: str = ""
    path: str = ""
    client: Literal["axios", "fetch"] = "axios"
    credentials: Literal["include", "omit", "same-origin"] = "same-origin"
    headers: Mapping[str, str] = {}
    other_host: bool = False
    wait: int = 0


class Case(Struct, frozen=True):
    """One mistake. In `code`, a line that begins with `!` is where it was made."""

    slug: str
    title: str
    says: str
    code: str
    reason: Reason
    steps: tuple[Step, ...]


class Group(Struct, frozen=True):
    """Mistakes of one kind."""

    title: str
    cases: tuple[Case, ...]


def _login(slug: str) -> Step:
    return Step("Log in", "POST", f"/broken/{slug}/login")


def _call(slug: str, says: str = "Call the API") -> Step:
    return Step(says, "POST", f"/broken/{slug}/do_thing")


OMIT = Case(
    "omit",
    "fetch without the cookie",
    "The call says credentials: 'omit', so the browser keeps the cookie to itself.",
    "fetch('/api/do_thing', {\n  method: 'POST',\n!  credentials: 'omit',\n})",
    Reason.NO_CREDENTIAL,
    (
        _login("omit"),
        Step("Call the API", "POST", "/broken/omit/do_thing", client="fetch", credentials="omit"),
    ),
)

TWO_HOSTS = Case(
    "two-hosts",
    "localhost is not 127.0.0.1",
    "The user logged in on one name of this machine, the page calls the other. A cookie belongs to one host.",
    "axios.get(\n!    'http://localhost:8000/api/me',\n    { withCredentials: true },\n)",
    Reason.NO_CREDENTIAL,
    (
        _login("two-hosts"),
        Step("Call the other name", "GET", "/broken/two-hosts/me", credentials="include", other_host=True),
    ),
)

SPA_ORIGIN = Case(
    "spa-origin",
    "The front end's origin is not listed",
    "CORS lets the page in, and the house was told another port. Both lists must name the page.",
    "house = Guardhouse(\n    ...,\n!    trusted_origins=['http://localhost:5173'],\n)",
    Reason.CSRF_ORIGIN_UNTRUSTED,
    (
        Step(
            "Call the API from this page",
            "POST",
            "/broken/spa-origin/do_thing",
            credentials="include",
            other_host=True,
        ),
    ),
)

COOKIE_NAME = Case(
    "cookie-name",
    "Two applications, one cookie name",
    "Another application on this host sets a cookie of the same name, and the later one wins.",
    "house = Guardhouse(\n    ...,\n!    cookie=CookiePolicy(name='session'),\n)",
    Reason.SESSION_MALFORMED,
    (
        _login("cookie-name"),
        Step("Visit the other application", "GET", "/broken/cookie-name/neighbour"),
        _call("cookie-name"),
    ),
)

OTHER_REALM = Case(
    "other-realm",
    "Logged in at another guard",
    "The third cause of the thread: the login is kept under web, and the API looks for one of api.",
    "guards = {\n    'web': SessionGuard(),\n!    'api': SessionGuard(realm='api'),\n}",
    Reason.NO_LOGIN_FOR_GUARD,
    (_login("other-realm"), _call("other-realm")),
)

OLD_KEY = Case(
    "old-key",
    "A dead key beside a living session",
    "An old API key is still sent with every call. A bad credential is final; the session behind it is not asked.",
    "axios.defaults.headers.common = {\n!  'X-Api-Key': 'revoked-last-year',\n}",
    Reason.CREDENTIAL_REJECTED,
    (
        _login("old-key"),
        Step("Call the API", "POST", "/broken/old-key/do_thing", headers={"X-Api-Key": "revoked-last-year"}),
    ),
)

PROXY = Case(
    "proxy",
    "A proxy strips the headers",
    "Something in front removes Origin and Sec-Fetch-*, and the call carries no CSRF token either.",
    "# nginx\n!proxy_set_header Origin '';\n!proxy_set_header Sec-Fetch-Site '';",
    Reason.CSRF_TOKEN_MISSING,
    (
        Step("Log in, past the proxy", "POST", "/broken/proxy/login"),
        Step("Call the API", "POST", "/broken/proxy/do_thing", client="fetch"),
    ),
)

STALE_TOKEN = Case(
    "stale-token",
    "The CSRF token of an older page",
    "Behind such a proxy the token decides, and this page still sends the one it was rendered with.",
    "<meta name='csrf-token' content='...'>\n!// never renewed after the login\naxios.post('/api/do_thing')",
    Reason.CSRF_TOKEN_INVALID,
    (
        Step("Open the page", "GET", "/broken/stale-token/page"),
        Step("Log in in another tab, past the proxy", "POST", "/broken/stale-token/login", client="fetch"),
        _call("stale-token"),
    ),
)

TLS_PROXY = Case(
    "tls-proxy",
    "TLS ends at a proxy nobody declared",
    "The browser says https, the application thinks http. An older browser sends Origin only.",
    "house = Guardhouse(\n    ...,\n!    trusted_proxies=[],\n)",
    Reason.CSRF_SCHEME_MISMATCH,
    (
        Step("Log in, past the proxy", "POST", "/broken/tls-proxy/login"),
        Step("Call the API", "POST", "/broken/tls-proxy/do_thing", client="fetch"),
    ),
)

STORE_DOWN = Case(
    "store-down",
    "The session store is away",
    "Broken is not logged out: a store that does not answer is a 503, never a 401.",
    "house = Guardhouse(\n    ...,\n!    store=RedisThatWentAway(),\n)",
    Reason.STORE_UNAVAILABLE,
    (
        _login("store-down"),
        Step("Stop the store", "POST", "/broken/store-down/damage"),
        _call("store-down"),
    ),
)

EXPIRED = Case(
    "expired",
    "The session ran out",
    "The page stood idle for longer than the policy allows: one second, here.",
    "sessions=SessionPolicy(\n!    idle=timedelta(seconds=1),\n)",
    Reason.SESSION_EXPIRED,
    (_login("expired"), Step("Wait a little over a second", wait=1300), _call("expired")),
)

USER_DELETED = Case(
    "user-deleted",
    "The user is gone",
    "Somebody deleted the account while it was logged in.",
    "async def by_id(self, user_id):\n!    return self.rows.get(user_id)  # None",
    Reason.USER_MISSING,
    (
        _login("user-deleted"),
        Step("Delete the user", "POST", "/broken/user-deleted/damage"),
        _call("user-deleted"),
    ),
)

PASSWORD_CHANGED = Case(
    "password-changed",
    "The password was changed elsewhere",
    "A login is bound to the password that opened it, so a thief's session ends with the old password.",
    "# on the telephone\n!user.password = hash(new_password)",
    Reason.PASSWORD_CHANGED,
    (
        _login("password-changed"),
        Step("Change the password", "POST", "/broken/password-changed/damage"),
        _call("password-changed"),
    ),
)

LOGGED_OUT = Case(
    "logged-out",
    "The store was emptied",
    "The session ended on the server and the browser still holds its cookie: a restart, or a logout elsewhere.",
    "house = Guardhouse(\n    ...,\n!    store='memory:',  # and a restart\n)",
    Reason.SESSION_UNKNOWN,
    (
        _login("logged-out"),
        Step("Restart the server", "POST", "/broken/logged-out/damage"),
        _call("logged-out"),
    ),
)

GROUPS = (
    Group("The browser keeps something back", (OMIT, TWO_HOSTS, SPA_ORIGIN, COOKIE_NAME)),
    Group("The API asks for something else", (OTHER_REALM, OLD_KEY)),
    Group("Something stands between", (PROXY, STALE_TOKEN, TLS_PROXY, STORE_DOWN)),
    Group("It was true a moment ago", (EXPIRED, USER_DELETED, PASSWORD_CHANGED, LOGGED_OUT)),
)

CASES = tuple(case for group in GROUPS for case in group.cases)
