"""The reasons for which a login at a foreign login server is none here."""

from __future__ import annotations

from guardhouse.core.reason import Reason, ReasonEntry

__all__ = ["OF_FOREIGN_LOGINS"]

_AGAIN = "Begin the login again."

OF_FOREIGN_LOGINS: dict[Reason, ReasonEntry] = {
    Reason.FOREIGN_MALFORMED: ReasonEntry(
        400,
        "This is no answer of a login server.",
        "It comes as a GET with `state` and one of `code` and `error`, each once: {problem}. A login server that posts its "
        "answer was told response_mode=form_post by somebody else than us.",
    ),
    Reason.FOREIGN_STATE: ReasonEntry(
        400,
        "This browser began no such login, or too long ago.",
        f"{_AGAIN} If it happens every time, the session cookie does not come back with the visitor: look at its host, its "
        "SameSite, which must not be Strict, and whether `public_url` is where the login began.",
    ),
    Reason.FOREIGN_ISSUER: ReasonEntry(
        400,
        "Another login server answered than the one that was asked.",
        "{problem} (RFC 9207). Its code was sent nowhere. Give every login server a redirect address of its own.",
    ),
    Reason.FOREIGN_DENIED: ReasonEntry(
        403,
        "The login server did not let you in, or you said no there.",
        f"{_AGAIN} Whether it was the person or the login server, only that one knows.",
    ),
    Reason.FOREIGN_CLIENT: ReasonEntry(
        503,
        "The login server does not accept this application.",
        "{problem}. Compare client id, client secret, redirect address and scopes with what is registered there; its own "
        "log says which it is.",
    ),
    Reason.FOREIGN_CODE: ReasonEntry(
        400,
        "The login server does not know this login any more.",
        f"{_AGAIN} Its code is good once, for a minute or so: a reload or the back button sends it a second time.",
    ),
    Reason.FOREIGN_TOKEN: ReasonEntry(
        403,
        "What the login server says about you cannot be believed.",
        "{problem!r} is missing, or not what it must be (OpenID Connect Core 3.1.3.7). `exp` and `iat` are often a clock; "
        "`aud` and `iss` are compared character by character.",
    ),
    Reason.FOREIGN_UNAVAILABLE: ReasonEntry(
        503,
        "The login server does not answer as it should at the moment.",
        "{trouble}. See that this machine reaches it. Everybody who is logged in stays so; other ways in are open.",
    ),
    Reason.FOREIGN_EMAIL: ReasonEntry(
        403,
        "The login server does not say that your address is verified.",
        "An account needs one. Verify it there, or register here first, and link that login on the page of your account.",
    ),
    Reason.FOREIGN_UNKNOWN: ReasonEntry(
        403,
        "No account here belongs to that login.",
        "Log in first, and link it on the page of your account. ForeignPolicy(register=True) lets it make an account.",
    ),
    Reason.FOREIGN_UNLINKED: ReasonEntry(
        409,
        "There is an account with this address already, and that login is not linked to it.",
        "Log in as before, or by a new password sent to that address, and link it on the page of your account. An address "
        "links by itself only where both sides have verified it and its domain is among trusted_domains.",
    ),
    Reason.FOREIGN_TAKEN: ReasonEntry(
        409,
        "That login is linked to another account.",
        "Log in with it and take it off there, or use another one.",
    ),
    Reason.LAST_WAY_IN: ReasonEntry(
        409,
        "This is the last way into the account.",
        "Set a password, add a passkey or link another login first.",
    ),
}
