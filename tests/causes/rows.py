"""The root causes for which people met a bare 401, 403, 419 or redirect elsewhere, in the words of this project."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One cause: what people see, and what is really wrong."""

    number: int
    symptom: str
    cause: str


_TOLD = (
    ("401 although somebody is logged in", "the routes stand where no session is read"),
    ("401 although there is a session", "the login went to one realm, the guard asks for another"),
    ("logging in works on one side only", "the default guard keeps no logins"),
    (
        "no user inside a guarded endpoint",
        "the code asks the default guard, not the one that let the caller in",
    ),
    ("500 at the login itself", "the login's route stands where there is no session"),
    ("a new session with every request", "the session is read before its cookie can be, or never"),
    ("another CSRF token with every request", "two session layers stand around one application"),
    ("refused after the login, in production only", "the front end's host or port is not trusted"),
    ("refused, and the list of origins looks right", "an origin is written as no browser writes it"),
    ("the cookie is never stored", "the cookie's domain is an address, a suffix, or somebody else's"),
    ("every origin is trusted, or none", "a setting came empty out of the environment"),
    ("works in one browser, not in another", "nothing says where the request comes from"),
    (
        "a page rendered on a server is logged out",
        "the server's own call hands on neither cookie nor origin",
    ),
    (
        "403 at another origin since a client was updated",
        "the client copies the CSRF cookie on its own origin only",
    ),
    (
        "403 although the CSRF header was sent",
        "the header holds the cookie's value encoded, cut, or of another kind",
    ),
    ("403 on a sub-domain only", "two CSRF cookies of one name; the script copies the wrong one"),
    ("two applications log each other's visitors out", "both use one cookie name on one host"),
    ("the cookie is not sent to the API", "page and API are two sites"),
    ("login loop inside a frame", "SameSite=None without Secure"),
    ("refused in Safari or inside a frame", "the browser blocks third-party cookies"),
    ("the SameSite setting has no effect", "something overwrites the setting while requests run"),
    (
        "logged out at once behind a proxy that ends TLS",
        "the application believes that it is spoken to over http",
    ),
    ("the browser keeps the answer back", "CORS without credentials, or with every origin"),
    ("login works in curl and in no browser", "CORS does not cover the route of the login"),
    ("refused on the developer's machine only", "localhost and 127.0.0.1 are mixed"),
    ("an API call is answered with HTML, or a 500", "the refusal leads to a login page that is not there"),
    ("the second login call ends in a redirect", "what is for guests sends a script to a page"),
    ("logging out fails with an error", "the default guard keeps no logins, so there is nothing to end"),
    (
        "logging in fails with an error",
        "the login is asked of a guard that reads credentials from each request",
    ),
    ("500 where a recent login is asked for", "a check of sessions stands over a guard without one"),
    (
        "the next user must log in twice",
        "the password's fingerprint of the first one stays behind in the session",
    ),
    ("401 now and then since an update", "two versions write logins in two formats"),
    ("an intruder stays logged in after a new password", "sessions are not bound to the password"),
    ("remembered devices die with 'log out the others'", "one secret remembers all devices"),
    ("values of a session vanish", "parallel requests each store the whole session"),
    ("refused at random right after a login", "the id is renewed while other requests are on their way"),
    ("a tab that stood idle ends in a CSRF error", "the session has expired, and CSRF is looked at first"),
    ("logged out in silence with much in the session", "the cookie that holds it is dropped by the browser"),
    (
        "the login succeeds, the next request is anonymous",
        "the store cannot hold what it is told, and nobody hears",
    ),
    ("everybody is logged out, or at random", "the key was replaced, or differs from process to process"),
    ("one user sees another one's data", "an identity is kept in something that outlives the request"),
    ("one tenant gets the cookie of another", "one request changes the settings of all"),
    ("in a test a revoked token still works", "the guard remembers its answer over several requests"),
    ("tests pass, production refuses", "tests replace the guard, or switch CSRF off"),
    ("passwords and keys are guessed without end", "the guard refuses before anything counts"),
    ("404 or an error in place of 401", "something of the request is resolved before the guard is asked"),
    ("no user in a global middleware", "it runs before the session is there"),
    ("routes of a package are open since an update", "a group of routes lost its guard"),
    ("redirects without end at the login", "the page asks one guard, its login another"),
    ("401 until the page is loaded anew", "the cookie comes with pages only, not with the login"),
    ("401 with a good cookie", "a CSRF failure is told as 'not logged in'"),
    ("401 since an update, in browsers with old cookies", "the form of the cookie changed"),
    ("a call of fetch carries no cookie", "it does not ask for credentials"),
    ("the bearer token is ignored", "a front server takes the Authorization header away"),
    ("the socket is refused, or open", "the socket stands outside of the area that the pages are in"),
    ("anybody is logged in", "an empty token finds a user without one"),
    ("the wrong person, where cookie and token both came", "the cookie wins in silence"),
    ("401 since something was removed", "the half that reads sessions is gone, the guard stayed"),
    ("after the logout the page still shows somebody", "answers about a person are kept in caches"),
    ("refused over http and from curl", "browsers do not say the site over http, programs never do"),
    ("403 for those who may", "the rule looks at another guard's user"),
)

ROWS = tuple(Row(number, *told) for number, told in enumerate(_TOLD, start=1))
