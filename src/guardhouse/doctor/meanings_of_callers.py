"""What the codes mean that say: it could not be established who calls."""

from __future__ import annotations

from guardhouse.core.reason import Reason
from guardhouse.doctor.meaning import Meaning

__all__ = ["OF_CALLERS"]

OF_CALLERS: dict[Reason, Meaning] = {
    Reason.NO_CREDENTIAL: Meaning(
        "Nobody is logged in yet, or what proves it stayed behind: a cookie that the browser did not send, a header that "
        "the client did not set.",
        "`cookies` names what did come, `caller` who asked. In the browser: Network, the request, Cookies; a cookie in grey "
        "says why it was kept back. `causes` names what the request itself reveals.",
        {
            Reason.NO_LOGIN: "there a session cookie came, and nobody is logged in to its session",
            Reason.SESSION_ENDED: "there a cookie came whose session is over",
        },
    ),
    Reason.NO_LOGIN: Meaning(
        "The visitor has a session, for a cart or a message, and no login in it: before the login, after the logout, or "
        "because the answer of the login, with the new cookie, was lost.",
        "Look for the session cookie among the Set-Cookie headers of the login's answer, and whether the browser kept it.",
        {
            Reason.NO_LOGIN_FOR_GUARD: "there somebody is logged in, for another realm",
            Reason.SECOND_FACTOR_MISSING: "there a login has begun",
        },
    ),
    Reason.SECOND_FACTOR_MISSING: Meaning(
        "A user who has enrolled a second factor gave his password, and the page went on as if that were the login; or he "
        "left the page that asks for the code.",
        "`factors` names what this user may answer with, `guard` where the login began. The answer to the password said so, "
        "too.",
        {
            Reason.NO_LOGIN: "there no login has begun in this session",
            Reason.CONFIRMATION_NEEDED: "there somebody is logged in, and proves himself once more",
        },
    ),
    Reason.SESSION_MALFORMED: Meaning(
        "A cookie of our name came, and its value is no session id: another application on the host uses the name, or "
        "something on the way rewrote, quoted or cut it.",
        "`shape` says how the value differs from ours, `cookie` the name; its value is in no log.",
        {Reason.SESSION_UNKNOWN: "there the id has our form, and the store does not know it"},
    ),
    Reason.SESSION_UNKNOWN: Meaning(
        "The id has the right form and nothing lies under it: the session ended, the store was emptied, or each process has "
        "a store of its own.",
        "Ask several times: when it comes and goes, processes do not share the store. The log has the exact code.",
        {
            Reason.SESSION_EXPIRED: "there the record was found, past its deadline",
            Reason.CSRF_KEY_UNKNOWN: "beside it in `causes`, it proves that another process handed the cookies out",
        },
    ),
    Reason.SESSION_UNREADABLE: Meaning(
        "Something lies in the store under this id, and it is no record: another writer uses our keys, or a newer version "
        "wrote it.",
        "Look at what writes to this database or file beside guardhouse, and at the versions on each machine.",
        {Reason.STORE_UNAVAILABLE: "there the store gave no answer at all"},
    ),
    Reason.SESSION_EXPIRED: Meaning(
        "A deadline passed: nobody was there for `idle`, or the session is older than `absolute`.",
        "`deadline` says which of the two; SessionPolicy() printed says how long they are.",
        {
            Reason.SESSION_UNKNOWN: "what has expired is deleted when it is asked for, so the next try says this",
            Reason.CSRF_TOKEN_INVALID: "beside it in `causes` when the page's token is as old; a fresh one came with the answer",
        },
    ),
    Reason.NO_LOGIN_FOR_GUARD: Meaning(
        "The login was written for one realm and this guard reads another: the third cause of the thread, here only where "
        "realms were set apart, or the guards have different providers.",
        "`held` names the realms with a login in this session, `realm` the one that was asked for. "
        "`house.stack(...)` printed shows the guards.",
        {Reason.NO_LOGIN: "there the session holds no login at all"},
    ),
    Reason.SESSION_DUPLICATE: Meaning(
        "Two cookies of our name with different values came: one is of another path or of a parent domain, and their order "
        "decides nothing.",
        "`values` counts them. In the browser: Application, Cookies, both lines with their Domain and Path.",
        {Reason.SESSION_MALFORMED: "there only one came, and it is none of ours"},
    ),
    Reason.USER_MISSING: Meaning(
        "The login is good and its user is gone: deleted, or looked for in another table than the one that logged in.",
        "`provider` names the users that were asked; ask them for the id yourself.",
        {
            Reason.STORE_UNAVAILABLE: "there the users could not be asked",
            Reason.USER_DISABLED: "there the user is still kept, and kept out",
        },
    ),
    Reason.USER_DISABLED: Meaning(
        "The login or the token is good, its user is there, and the provider says that he is disabled.",
        "`provider` names the users that were asked; `guardhouse users list` shows who is disabled, and since when.",
        {
            Reason.USER_MISSING: "there the user is not kept any more",
            Reason.LOGIN_FAILED: "a disabled user who tries to log in hears that, as for a wrong password",
        },
    ),
    Reason.PASSWORD_CHANGED: Meaning(
        "The password was changed after this login, here or on another device, and every login is bound to its password.",
        "Compare the moment of the change with that of the login; the stored hash is another one now.",
        {
            Reason.LOGIN_KEY_UNKNOWN: "there the password may be the same, and this process cannot tell",
            Reason.LOGIN_FORMAT_UNKNOWN: "there it cannot tell either, because of a version",
        },
    ),
    Reason.LOGIN_KEY_UNKNOWN: Meaning(
        "The login carries a fingerprint by a key that is not in this process's ring: the secret was replaced without "
        "keeping the old one, or two machines have different secrets.",
        "`key` names the key that made it, `signs` ours. Compare `signs` on every machine: the ids are public.",
        {Reason.PASSWORD_CHANGED: "there the key is known, and the password is another"},
    ),
    Reason.LOGIN_FORMAT_UNKNOWN: Meaning(
        "Another version of guardhouse wrote the login, and this one does not read its fingerprint.",
        "`format` is what was found, `reads` what this version knows. Compare the versions on every machine.",
        {Reason.SESSION_UNREADABLE: "there the whole record cannot be read"},
    ),
    Reason.REMEMBER_EXPIRED: Meaning(
        "The session is gone, and the cookie that should have brought the login back is worth nothing: it is past its end, the "
        "password was changed or a second factor added since, the device was forgotten, or the value was changed.",
        "`remembered` says which. The cookie was erased with this answer, so the next request says only that nobody is logged in.",
        {Reason.REMEMBER_STOLEN: "there the value was good once and had been replaced"},
    ),
    Reason.REMEMBER_STOLEN: Meaning(
        "The remember cookie came with a secret that was replaced more than ten seconds ago. Somebody has a copy, or the answer "
        "with the new value never arrived; nobody can tell which, so all sessions and remembered devices of this user ended.",
        "The listener of AccountChanged hears `remembered_device_stolen`, the user gets a letter. Ask him where he last logged in.",
        {
            Reason.REMEMBER_EXPIRED: "there nothing points to a copy",
            Reason.SESSION_ENDED: "that is what the other browsers of this user hear now",
        },
    ),
    Reason.CREDENTIAL_MALFORMED: Meaning(
        "The header that this guard reads came twice, empty, or with characters that no credential has.",
        "`need` says what belongs there. Send the request with `curl -v` and look at the line.",
        {Reason.CREDENTIAL_REJECTED: "there it was well formed and looked up"},
    ),
    Reason.CREDENTIAL_REJECTED: Meaning(
        "The credential was read, looked up, and is not good: wrong, ended, or taken back.",
        "Whoever issued it knows which; guardhouse does not say, so that nobody can try names out.",
        {Reason.NO_CREDENTIAL: "there nothing was sent"},
    ),
    Reason.CREDENTIAL_FOREIGN: Meaning(
        "Authorization holds a credential of another kind, such as a JWT where a personal token is read.",
        "`need` says how ours begins. It stands in a trace where another guard may know the credential.",
        {Reason.CREDENTIAL_UNKNOWN: "that becomes the answer when none of the guards knew it"},
    ),
    Reason.CREDENTIAL_UNKNOWN: Meaning(
        "Somebody put a credential there on purpose and no guard of this area reads its kind. It is final: nothing weaker "
        "is believed in its place.",
        "`need` lists the kinds that are read here.",
        {Reason.NO_CREDENTIAL: "there nothing was sent"},
    ),
    Reason.LOGIN_FAILED: Meaning(
        "There is no such account, or the password is another one. The answer and its time are the same for both.",
        "The listener of the event Failed is told the user, if there is one; never show it to the visitor.",
        {Reason.LOGIN_THROTTLED: "there nothing was checked at all"},
    ),
    Reason.LOGIN_MALFORMED: Meaning(
        "The body of the login is no object or form with a name and a password as text, each once.",
        "`fields` names what is read. Look at Content-Type and body of the request.",
        {Reason.LOGIN_FAILED: "there both were read, and are wrong"},
    ),
    Reason.LOGIN_THROTTLED: Meaning(
        "Too many tries for this account or from this network, right or wrong; the password was not looked at.",
        "Retry-After says when the next try counts; docs/throttling.md what is counted.",
        {Reason.LOGIN_FAILED: "there the password was checked"},
    ),
    Reason.FORM_INVALID: Meaning(
        "What was handed in to a way in has not its shape, or a field of it is not good enough: a password that is too short, an "
        "address that is none.",
        "`errors` in the answer lists the fields, also where explain is off; nothing that was handed in is repeated.",
        {Reason.LOGIN_MALFORMED: "that one is for login desks of an application's own"},
    ),
    Reason.LINK_INVALID: Meaning(
        "What the link carries was never signed here for this purpose: a mail program broke the line, somebody changed it, or "
        "the process has other keys than the one that sent it.",
        "`link` says forged or unknown key. Compare `guardhouse config` of both processes.",
        {Reason.LINK_SPENT: "there the link was ours once"},
    ),
    Reason.LINK_SPENT: Meaning(
        "The link was ours. It was followed before, its time is past, or what it was bound to is another by now: the password "
        "of a reset link, the address of one that verifies.",
        "The events AccountChanged tell when what it was bound to changed.",
        {Reason.LINK_INVALID: "that one was never ours"},
    ),
    Reason.FACTOR_WRONG: Meaning(
        "The second proof is wrong, or it was right once and was used. The answer is the same for both.",
        "The listener of AccountChanged hears `factor_failed`. Codes of an authenticator depend on the time.",
        {Reason.FACTOR_NOT_ASKED: "there nobody was asked for one"},
    ),
    Reason.FACTOR_NOT_ASKED: Meaning(
        "A second proof came without a first: no password was given in this browser, it was too long ago, or it was tried too "
        "often.",
        "Look for the session cookie: the first proof is kept in the visitor's session.",
        {Reason.FACTOR_WRONG: "there a login was waiting"},
    ),
    Reason.PASSKEY_REJECTED: Meaning(
        "What the browser sent proves no passkey, or makes none: another challenge, origin or user, a signature that does not "
        "fit, a passkey that is not known here, or options that were used already. The answer is the same for all of them.",
        "`fault` in the log names it. `counter_back` means that there may be a copy of the key: listen for AccountChanged "
        "with `passkey_copied`.",
        {Reason.FACTOR_NOT_ASKED: "there no login was waiting for a second proof"},
    ),
    Reason.SESSION_ENDED: Meaning(
        "The session is over, or there never was one: what an outsider is told in place of `session_expired`, "
        "`session_unknown` and `session_unreadable`, which would tell him whether an id was ever good.",
        "The log record of the refusal has the exact code, and explain='full' shows it while developing.",
        {Reason.NO_CREDENTIAL: "there no session cookie came"},
    ),
    Reason.SESSION_GONE: Meaning(
        "While this request was at work, its session ended: a logout in another tab, or a login that renewed it. What the "
        "request changed in the session was not stored.",
        "Look for a logout or a login at the same moment; a slow request that writes to the session is the usual one.",
        {Reason.SESSION_UNKNOWN: "there it was gone before the request came"},
    ),
    Reason.STORE_UNAVAILABLE: Meaning(
        "The store of the sessions, or the database of the users, gave no answer. Broken is not logged out.",
        "`trouble` says what it said. Nothing was decided about the visitor.",
        {Reason.SESSION_UNKNOWN: "there the store answered that it has no such session"},
    ),
    Reason.ISSUER_UNAVAILABLE: Meaning(
        "The keys of an issuer were never fetched since the start, so its tokens can be neither believed nor refused.",
        "`trouble` names the issuer and says what went wrong. See that this machine reaches the address of its keys.",
        {
            Reason.JWT_KEY_UNKNOWN: "there the keys are known, and the one that the token names is not among them",
            Reason.STORE_UNAVAILABLE: "there a store of this application is away",
        },
    ),
}
