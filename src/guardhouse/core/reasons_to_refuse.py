"""The reasons for which somebody who is known may not do this, or not now."""

from __future__ import annotations

from guardhouse.core.reason import Reason, ReasonEntry

__all__ = ["MAY_NOT"]

MAY_NOT: dict[Reason, ReasonEntry] = {
    Reason.ABILITY_MISSING: ReasonEntry(
        403,
        "The credential is good, but not for this.",
        "This needs {needed}, and the token was issued for less. Issue a token with that ability, or log in.",
    ),
    Reason.RULE_DENIED: ReasonEntry(
        403,
        "A rule of the application says no.",
        "The evidence names the rule, and what it said.",
    ),
    Reason.RULE_HIDDEN: ReasonEntry(
        404,
        "There is nothing here for this caller.",
        "It does not exist, or a rule hides it from who may not see it; the evidence names the rule.",
    ),
    Reason.CLIENT_NOT_USER: ReasonEntry(
        403,
        "A program called in its own name where a user is meant.",
        "A token of a client stands for no user, whatever its subject is called. Ask house.client(...) or "
        "house.caller(...) where programs are welcome.",
    ),
    Reason.USER_NOT_CLIENT: ReasonEntry(
        403,
        "A user called where a program is meant.",
        "This is for programs that call in their own name. Ask house.caller(...) where both are welcome.",
    ),
    Reason.USER_NOT_VERIFIED: ReasonEntry(
        403,
        "The address of this user is not verified.",
        "Verify it first; Verified(by=...) says by what that is seen.",
    ),
    Reason.CONFIRMATION_NEEDED: ReasonEntry(
        403,
        "This needs a password that was given a moment ago.",
        "Ask for the password again and repeat the request. A remembered login is never fresh, and a token cannot "
        "confirm anything.",
    ),
    Reason.FACTORS_MISSING: ReasonEntry(
        403,
        "This needs another proof of who you are than this login gave.",
        "It asks for {needed}, and the login gave {given}. Let the user give a second proof, which counts for this login from "
        "then on, and repeat the request. A remembered login gives none, and a token cannot.",
    ),
    Reason.IMPERSONATED: ReasonEntry(
        403,
        "This is the user's own to do, and somebody acts in his place.",
        "Stop acting in his place first. Passwords, addresses, second factors, tokens and whatever asks for a proof of a moment "
        "ago are closed to whoever impersonates.",
    ),
    Reason.GUESTS_ONLY: ReasonEntry(
        403,
        "This is for guests, and somebody is logged in.",
        "Log out first, or go on as who you are.",
    ),
    Reason.URL_UNSIGNED: ReasonEntry(
        403,
        "This address must be signed, and is not.",
        "Use the whole link that house.sign(...) made, with its `signature`.",
    ),
    Reason.URL_SIGNATURE: ReasonEntry(
        403,
        "The signature does not belong to this address.",
        "Nothing in a signed link may be changed, added or reordered; names to be ignored are said when it is checked.",
    ),
    Reason.URL_KEY_UNKNOWN: ReasonEntry(
        403,
        "This address was signed with a key that this house does not have.",
        "Give every process the same secret, and when it is replaced, keep the old one behind the new for as long as "
        "links live: Guardhouse(secret=[new, old]). Otherwise make the link anew with house.sign(...).",
    ),
    Reason.URL_EXPIRED: ReasonEntry(
        403,
        "This signed address has expired.",
        "Ask for another link.",
    ),
    Reason.TOO_MANY_REQUESTS: ReasonEntry(
        429,
        "Too many requests came from here.",
        "Wait for the seconds that Retry-After says.",
    ),
}
