"""What the codes mean that say: it is known who calls, or does not matter, and that is not enough."""

from __future__ import annotations

from guardhouse.core.reason import Reason
from guardhouse.doctor.meaning import Meaning

__all__ = ["OF_RULES"]

OF_RULES: dict[Reason, Meaning] = {
    Reason.ABILITY_MISSING: Meaning(
        "The token is good, and was issued for less than this route asks for.",
        "`needed` names the ability; `guardhouse tokens list` what the token has.",
        {Reason.RULE_DENIED: "there a rule about the thing itself said no"},
    ),
    Reason.RULE_DENIED: Meaning(
        "A gate or a policy of the application said no to this user and this thing.",
        "The evidence names the rule and what it said; `house.can(...)` asks it again.",
        {Reason.ABILITY_MISSING: "there the credential is too weak, whoever holds it"},
    ),
    Reason.RULE_HIDDEN: Meaning(
        "A rule said no and hides the thing: the answer is the same as for what does not exist.",
        "Only the log and explain='full' name the rule.",
        {Reason.RULE_DENIED: "there the caller may know that it exists"},
    ),
    Reason.CLIENT_NOT_USER: Meaning(
        "A program called in its own name (client credentials) where the route wants a user.",
        "`house.caller(...)` shows who called; a client's subject is never a user's id.",
        {Reason.USER_NOT_CLIENT: "the other way round"},
    ),
    Reason.USER_NOT_CLIENT: Meaning(
        "A user called where the route wants a program that calls in its own name.",
        "`house.caller(...)` shows who called.",
        {Reason.CLIENT_NOT_USER: "the other way round"},
    ),
    Reason.USER_NOT_VERIFIED: Meaning(
        "The user is known, and by the application's own word his address is not verified.",
        "Look at what Verified(by=...) asks.",
        {Reason.CONFIRMATION_NEEDED: "there his password is asked for again"},
    ),
    Reason.CONFIRMATION_NEEDED: Meaning(
        "The route asks for a password that was given a short while ago, and the login is older, or remembered.",
        "`house.auth(request).confirm(password)` is what refreshes it.",
        {Reason.NO_LOGIN: "there nobody is logged in"},
    ),
    Reason.FACTORS_MISSING: Meaning(
        "The route asks for two factors, or for a certain one, and whoever is logged in came with less.",
        "`needed` and `given` are in the evidence. A device that is trusted comes with the password alone.",
        {
            Reason.SECOND_FACTOR_MISSING: "there nobody is logged in before the second factor",
            Reason.CONFIRMATION_NEEDED: "there the proof was enough, and is too old",
        },
    ),
    Reason.IMPERSONATED: Meaning(
        "An administrator acts in a user's place, and this is nothing that he may do there.",
        "`house.auth(request).impersonator()` is who acts.",
        {
            Reason.RULE_DENIED: "there a rule of the application said no",
            Reason.CONFIRMATION_NEEDED: "there a password helps",
        },
    ),
    Reason.GUESTS_ONLY: Meaning(
        "A page for guests, such as the login, was asked for by somebody who is logged in.",
        "The trace names the guard that believed him.",
        {Reason.RULE_DENIED: "no rule was asked"},
    ),
    Reason.URL_UNSIGNED: Meaning(
        "The address must carry the signature that house.sign(...) puts there, and has none.",
        "Look for `signature=` at its end; mail programs cut long links.",
        {Reason.URL_SIGNATURE: "there one is there, and does not fit"},
    ),
    Reason.URL_SIGNATURE: Meaning(
        "Path or query are not those that were signed: changed, reordered, decoded, or with a parameter added.",
        "Compare the link as it was sent with the one that was asked for, byte by byte; `ignore` names what others may add.",
        {Reason.URL_KEY_UNKNOWN: "there the link may be untouched"},
    ),
    Reason.URL_KEY_UNKNOWN: Meaning(
        "The link was signed with a key that is not in this process's ring: an old secret that was not kept, or another "
        "machine's.",
        "The word before the dot in `signature` is the key's public id; compare it with what house.sign(...) makes here.",
        {Reason.URL_SIGNATURE: "there the key is known, and the link was changed"},
    ),
    Reason.URL_EXPIRED: Meaning(
        "The link is as it was signed, and its time is over.",
        "`expires` in it is in epoch seconds.",
        {Reason.URL_SIGNATURE: "there somebody may have changed the time"},
    ),
    Reason.TOO_MANY_REQUESTS: Meaning(
        "A limit of the route is used up, for this caller or this network.",
        "Retry-After says when it goes on; docs/throttling.md how callers are told apart.",
        {Reason.LOGIN_THROTTLED: "there logins are counted"},
    ),
    Reason.STEP_REFUSED: Meaning(
        "A step that the application or a package added to the area said no, without a code of its own.",
        "`step` names it; the rest of the evidence is its own.",
        {Reason.RULE_DENIED: "there a rule was asked"},
    ),
}
