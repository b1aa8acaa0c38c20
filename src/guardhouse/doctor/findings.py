"""Every finding of the doctor in one table: its stable code, how bad it is, its title, and what happens to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from guardhouse.doctor.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Entry:
    """What there is to say about one code, wherever it is found."""

    severity: Severity
    title: str
    happens: str
    how: str = ""
    """How it is found, where that is a guess that one should know of."""

    @staticmethod
    def anchor(code: str) -> str:
        """Where the documents speak of it."""
        return f"docs/doctor.md#{code}"


_ROUTES = {
    "route-undeclared": Entry(
        "error",
        "Nobody said whether this route is guarded or open.",
        "With `undeclared='refuse'` the application does not start; with `'open'` everybody is let in.",
    ),
    "wrapper-bypassed": Entry(
        "error",
        "A guard stands around a function that no route leads to.",
        "The decorator above the one that registers the route guards a copy: everybody is let in. Stops the start.",
    ),
    "guard-as-parameter": Entry(
        "error",
        "A guard stands in an annotation, where FastAPI takes it for a query parameter.",
        "The visitor fills it in by himself: everybody is let in. Stops the start.",
    ),
    "layer-dropped": Entry(
        "error",
        "include_router() dropped the middleware that guards this route.",
        "FastAPI copies Starlette's routes without their middleware: everybody is let in. Stops the start.",
    ),
    "dependency-skipped": Entry(
        "error",
        "A route stands outside of the dependencies around it.",
        "Dependencies of an application or a router reach API routes only, no plain routes, mounts and documentation: "
        "everybody is let in. Stops the start.",
    ),
    "guarded-and-public": Entry(
        "error", "A route is guarded and called public.", "One of the two is a mistake. Stops the start."
    ),
    "house-elsewhere": Entry(
        "error",
        "A route asks a house that is not installed around it.",
        "Every request there is a 500, `NotInstalledError`.",
    ),
    "house-twice": Entry(
        "error",
        "One house is installed on an application and again on one that is mounted in it.",
        "Two visits weigh the same request, and the outer one never learns what the inner one wrote.",
    ),
    "login-url-nowhere": Entry(
        "error", "login_url leads to no page.", "Whoever must log in is sent to a 404 or 405."
    ),
    "login-url-guarded": Entry(
        "error",
        "login_url leads to a route that asks for a login.",
        "Whoever must log in is sent from the login to the login, without end.",
    ),
    "guests-other-guard": Entry(
        "warning",
        "The login page sends visitors away by another guard than the one that sent them there.",
        "Whoever is logged in for one and asks for the other goes to and fro between the two.",
    ),
    "home-url-nowhere": Entry(
        "warning",
        "home_url leads to no route.",
        "Whoever opens a page for guests while logged in is sent to a 404.",
    ),
    "csrf-url-nowhere": Entry(
        "warning", "csrf_url leads to no route.", "The hint of a CSRF refusal sends developers to a 404."
    ),
}

_GUARDS = {
    "guard-unused": Entry(
        "note",
        "No route asks this guard.",
        "What proves itself by it is let in nowhere; perhaps a route lost its guard.",
    ),
    "guard-reads-cookie": Entry(
        "error",
        "A guard reads what browsers send by themselves, and declares it as put there on purpose.",
        "The origin check is left out, so every page of the web may post in the name of whoever is logged in (CSRF).",
    ),
    "users-none": Entry(
        "warning", "A provider has no users.", "Nobody can ever log in through the guards over it."
    ),
    "login-nowhere": Entry(
        "warning",
        "A login is asked for that no route can make.",
        "Everybody is refused there with `no_login_for_guard` or `no_credential`.",
        "Read off the source of the modules that hold the endpoints: calls of `house.auth(request, guard)`. One with a guard "
        "that is not written out silences this; with a store that others can write to it is a note.",
    ),
    "login-at-stateless-guard": Entry(
        "error",
        "A login is asked of a guard that keeps none.",
        "Every request there is a 500: only session guards have `attempt`, `login` and `logout`.",
    ),
    "rule-unknown": Entry(
        "error",
        "A route asks a rule that nobody defined, or hands it a parameter that the route does not have.",
        "Nobody can be judged there. Stops the start.",
    ),
    "rule-never-passes": Entry(
        "warning",
        "A rule says no to everybody.",
        "Whatever asks it is refused with `rule_denied`, whoever calls.",
    ),
    "step-unready": Entry(
        "error",
        "A step relies on something that is not there.",
        "A limiter that nobody defined, a library that is missing. Stops the start.",
    ),
}

_CORS = {
    "cors-open-to-all": Entry(
        "error",
        "Every origin may read answers, with credentials.",
        "Every page of the web reads what its visitor may read here. Stops the start.",
    ),
    "cors-absent": Entry(
        "warning",
        "Other origins are trusted, and no CORS middleware lets them read anything.",
        "Browsers send the request of the front end and keep the answer back.",
    ),
    "cors-not-covering": Entry(
        "warning",
        "Routes stand outside of the application that has the CORS middleware.",
        "The front end reads some answers and not others; often it is the login that is left out.",
        "Guarded routes, and those whose function calls `house.auth(...)` to log in or out and whose path no window can open.",
    ),
    "cors-credentials-missing": Entry(
        "error",
        "A trusted origin may read answers, but without credentials.",
        "Browsers neither keep the session cookie nor hand out the answer: the login works in curl only.",
    ),
    "cors-origin-missing": Entry(
        "warning",
        "An origin is trusted, and CORS does not let it read.",
        "Browsers keep the answers back from that front end.",
    ),
    "cors-origin-untrusted": Entry(
        "warning",
        "CORS lets an origin read with credentials, and the house does not trust it.",
        "That front end can read, and every change it asks for is refused with `csrf_origin_untrusted`.",
    ),
    "cors-origin-malformed": Entry(
        "error",
        "An origin is written as no browser writes it.",
        "It is compared letter by letter, so it never matches: no path, no closing slash, lower case, no default port.",
    ),
    "cors-method-missing": Entry(
        "warning",
        "CORS does not allow a method that routes have.",
        "The preflight of the front end is refused: Starlette allows GET alone unless it is told otherwise.",
    ),
    "cors-header-missing": Entry(
        "warning",
        "CORS does not allow a header that a guard reads.",
        "The preflight of the front end is refused, and its credential never arrives.",
    ),
    "cors-behind-guard": Entry(
        "error",
        "A guard stands in front of the CORS middleware.",
        "Preflights carry no credential (Fetch 4.8), so the guard refuses every one of them.",
    ),
}

_COOKIES = {
    "cookie-cross-site": Entry(
        "error",
        "A trusted origin is of another site than this application.",
        "Browsers send no SameSite cookie from there, so nobody stays logged in: use tokens, or serve both from one site.",
    ),
    "cookie-third-party": Entry(
        "note",
        "The session cookie is a third-party cookie at a trusted origin.",
        "It depends on the browser whether it is kept, and a partitioned one is another login in each front end.",
    ),
    "cookie-domain-foreign": Entry(
        "error",
        "The cookie's domain is not one of this application's own.",
        "Browsers drop the cookie (RFC 6265bis 5.7): nobody stays logged in.",
    ),
    "cookie-domain-public-suffix": Entry(
        "error",
        "The cookie's domain is one under which strangers register theirs.",
        "Browsers drop the cookie (RFC 6265bis 5.7): nobody stays logged in.",
    ),
    "cookie-name-taken": Entry(
        "error",
        "Another session layer writes a cookie of the same name.",
        "Each takes the other's cookie for a broken one of its own, and logs the visitor out.",
    ),
    "origin-local": Entry(
        "warning",
        "A trusted origin is on the visitor's own machine.",
        "Whatever program listens there may act for whoever is logged in, and the session cookie is of another site.",
    ),
    "origin-insecure": Entry(
        "warning",
        "A trusted origin is without TLS.",
        "Whoever sits on the line writes that page, and acts for whoever is logged in.",
    ),
    "public-url-insecure": Entry(
        "error",
        "public_url is http.",
        "Session cookies are Secure, so browsers drop them there: nobody stays logged in.",
    ),
    "sites-uncompared": Entry(
        "note",
        "The list of public suffixes is not installed.",
        "Whether trusted origins are of one site with this application was left open.",
    ),
}

_AROUND = {
    "proxies-undeclared": Entry(
        "note",
        "Requests are counted by address, and no proxy is declared.",
        "TLS ends before this application. If that is at a proxy on another machine, all visitors share one address, and one "
        "of them uses up the limits of all; uvicorn by itself believes X-Forwarded-For from 127.0.0.1 only.",
    ),
    "proxies-wide": Entry(
        "warning",
        "A large part of the internet is declared as a proxy.",
        "Whoever calls from there chooses his own address, and so escapes every limit.",
    ),
    "proxies-anybody": Entry(
        "error",
        "The server believes X-Forwarded-For from everybody.",
        "Whoever calls chooses his own address and scheme, and so escapes every limit.",
    ),
    "key-in-source": Entry(
        "warning",
        "The key of the house stands in the source.",
        "Whoever reads the repository makes CSRF tokens and signed URLs of this application.",
    ),
    "key-shared": Entry(
        "warning",
        "The key of the house is used for something else too.",
        "What leaks or is rotated there is lost or broken here.",
    ),
    "store-memory-workers": Entry(
        "error",
        "Sessions lie in the memory of one process, and there are several.",
        "A visitor is logged in at one of them and unknown to the others: `session_unknown`, at random.",
    ),
    "store-memory": Entry(
        "note", "Sessions lie in memory.", "At every restart and every deployment everybody is logged out."
    ),
    "store-temporary": Entry(
        "warning",
        "The session file lies in a folder for temporary files.",
        "It is swept or emptied at a restart, and everybody is logged out; others of this machine may write there.",
    ),
    "store-served": Entry(
        "error",
        "The session file lies in a folder that is served to everybody.",
        "Every visitor can download it.",
    ),
    "store-away": Entry(
        "error", "The store cannot be reached.", "Every request that needs it is answered with 503."
    ),
    "store-schema": Entry(
        "error",
        "The tables of the store are not as this version writes them.",
        "Logins fail, or are refused.",
    ),
    "store-durability": Entry(
        "warning",
        "The store may forget what it has confirmed.",
        "Logins, and what is worse logouts, are lost.",
    ),
    "store-eviction": Entry(
        "warning",
        "The store throws out what it has no room for.",
        "Visitors are logged out at random when it is full.",
    ),
    "store-clock": Entry(
        "warning", "The clocks of the store and of this machine differ.", "Sessions end early, or late."
    ),
    "store-sealed": Entry(
        "note",
        "Sessions lie in cookies that nothing can call back.",
        "A copy of a cookie, taken before a logout, opens until the deadline in it.",
    ),
    "store-remark": Entry("warning", "The store has something to say.", "What it says itself."),
}

_PITFALLS = {
    "handler-swallows": Entry(
        "warning",
        "An exception handler of the application answers refusals, and leaves out their headers.",
        "The code of the refusal is lost, and the challenge with it.",
        "Read off the function: it names no `headers`, and hands over to no other handler.",
    ),
    "middleware-outside": Entry(
        "error",
        "A middleware asks the house before the request has reached it.",
        "It was added after `house.install(app)`, and so stands outside: every request there is a 500, `NotInstalledError`.",
    ),
    "login-unthrottled": Entry(
        "warning",
        "Passwords may be guessed without end.",
        "A login is attempted, and no `LoginThrottle` and no limit on the route counts it.",
        "Read off the source. Not said with `debug=True`.",
    ),
    "guesses-uncounted": Entry(
        "warning",
        "Passwords arrive with every request, and no limit counts the refused ones.",
        "Basic is a login at every request, so its stack needs a throttle.",
        "Not said with `debug=True`.",
    ),
    "debug-left-on": Entry(
        "error",
        "debug=True, at a public address.",
        "With explain='full' every visitor reads how the house is built; what is insecure is allowed.",
    ),
    "app-debug-left-on": Entry(
        "error",
        "The framework's debug=True, at a public address.",
        "Every visitor reads the traceback of an error.",
    ),
    "insecure-left-on": Entry(
        "warning",
        "Something is switched on that is called insecure, at a public address.",
        "What its name says.",
    ),
    "testing-parts": Entry(
        "error",
        "A part that is made for tests is built in.",
        "A clock that stands still, users whose password everybody knows, hashes that cost nothing.",
    ),
    "guard-overridden": Entry(
        "error",
        "A guard is replaced by a function, as tests of FastAPI do.",
        "Nobody is asked there: whoever calls is taken for what the function returns.",
    ),
    "ignore-unused": Entry(
        "note",
        "Something is ignored that was not found.",
        "Take the --ignore away, or it hides the next one.",
    ),
}

CODES: Mapping[str, Entry] = MappingProxyType(_ROUTES | _GUARDS | _CORS | _COOKIES | _AROUND | _PITFALLS)

GROUPS: Mapping[str, Mapping[str, Entry]] = MappingProxyType(
    {
        "Routes": _ROUTES,
        "Guards, logins and rules": _GUARDS,
        "Other origins": _CORS,
        "Cookies and addresses": _COOKIES,
        "Proxies, keys and stores": _AROUND,
        "Pitfalls, and what was left on": _PITFALLS,
    }
)


def found(code: str, where: str, what: str, fix: str, severity: Severity | None = None) -> Finding:
    """Make a finding of that code, as bad as the table says unless it is known better."""
    return Finding(code, severity or CODES[code].severity, where, what, fix)
