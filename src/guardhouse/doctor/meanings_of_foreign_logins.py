"""What the codes mean that say: somebody came back from a foreign login server, and is not logged in."""

from __future__ import annotations

from guardhouse.core.reason import Reason
from guardhouse.doctor.meaning import Meaning

__all__ = ["OF_FOREIGN_LOGINS"]

_ADDRESS = "Look at the query of the address that the browser came back to. "

OF_FOREIGN_LOGINS: dict[Reason, Meaning] = {
    Reason.FOREIGN_MALFORMED: Meaning(
        "A parameter of the answer came twice or is missing; often somebody opened the address by hand, or from a bookmark.",
        _ADDRESS + "The evidence names the parameter.",
        {Reason.FOREIGN_STATE: "there the answer could be read"},
    ),
    Reason.FOREIGN_STATE: Meaning(
        "The session of this browser holds nothing under the answer's `state`: another browser began it, it was used, ten "
        "minutes have passed, five later ones were begun, or the session cookie did not come along. An answer that somebody "
        "else was lured to looks exactly like this, and that is what it is for.",
        "Look whether the request that came back carried the session cookie, and on which host the login began.",
        {Reason.FOREIGN_CODE: "there this browser began it"},
    ),
    Reason.FOREIGN_ISSUER: Meaning(
        "`iss` of the answer is missing or another's: a mix-up of two login servers, by accident or on purpose.",
        _ADDRESS + "Compare `iss` with the configured issuer, character by character.",
        {Reason.FOREIGN_TOKEN: "there it is the ID token that names another"},
    ),
    Reason.FOREIGN_DENIED: Meaning(
        "The login server answered access_denied, login_required, consent_required or a like error.",
        _ADDRESS + "`error` and `error_description` say it in the login server's words.",
        {Reason.FOREIGN_CLIENT: "there the login server refuses the application, not the person"},
    ),
    Reason.FOREIGN_CLIENT: Meaning(
        "The login server refused the request of this application: invalid_client, unauthorized_client, invalid_scope and such.",
        "Look into the log of the login server; often the client secret was changed there.",
        {Reason.FOREIGN_UNAVAILABLE: "there no answer came that could be read"},
    ),
    Reason.FOREIGN_CODE: Meaning(
        "The login server answered invalid_grant: the code was used before, is too old, or is another client's.",
        "Look for two requests with the same `state`; the clock tells how long the second came after.",
        {Reason.FOREIGN_STATE: "there it was not even sent"},
    ),
    Reason.FOREIGN_TOKEN: Meaning(
        "The ID token is not signed by a key that the issuer publishes, is not for this login, or is not of this moment; or "
        "what the login server told besides is of another person.",
        "The evidence names the claim, never its value. `nonce` is a token of another login; `kid` a key that is not published.",
        {Reason.FOREIGN_ISSUER: "there the address of the answer names another login server"},
    ),
    Reason.FOREIGN_UNAVAILABLE: Meaning(
        "The login server cannot be reached, answers too slowly, with too much, with a redirect, or with what is no JSON.",
        "Fetch the address of its metadata from this machine: <issuer>/.well-known/openid-configuration.",
        {Reason.ISSUER_UNAVAILABLE: "there it is the issuer of tokens that a guard takes"},
    ),
    Reason.FOREIGN_EMAIL: Meaning(
        "Nobody is known by that login, an account needs an address, and the login server gave none or did not say that it is verified. "
        "Whether an account has that address was not looked up.",
        "Look at `email` and `email_verified` of the identity, and whether the scope `email` was asked for and granted.",
        {Reason.FOREIGN_UNKNOWN: "there no account is made, whatever the address"},
    ),
    Reason.FOREIGN_UNKNOWN: Meaning(
        "Nobody is known by that login, and accounts are not made by logging in.",
        "Look for an enrolment of kind `foreign` with that issuer and subject.",
        {Reason.FOREIGN_UNLINKED: "there an account has the same address"},
    ),
    Reason.FOREIGN_UNLINKED: Meaning(
        "An account has the same address, and not all that links by itself is there: both have verified it, and the login server "
        "is trusted for the domain. Otherwise who can make an account there with somebody's address could take over his here.",
        "Look whether the account's address is verified, and at the provider's trusted_domains.",
        {Reason.FOREIGN_TAKEN: "there the login itself is somebody else's"},
    ),
    Reason.FOREIGN_TAKEN: Meaning(
        "Somebody who is logged in wants to link a login by which another account is known already.",
        "Look for the enrolment of kind `foreign` with that issuer and subject, and whose it is.",
        {Reason.FOREIGN_UNLINKED: "there nobody has it yet"},
    ),
    Reason.LAST_WAY_IN: Meaning(
        "A login or passkey was to be taken off, and nothing would be left to log in with: no password, passkey or other login.",
        "List the enrolments of the user; second factors, recovery codes and remembered devices let nobody in by themselves.",
        {Reason.CONFIRMATION_NEEDED: "there it would be allowed, after a fresh login"},
    ),
}
