"""What a refusal is told with: every cause that the request and the house reveal, and a name for the request.

Nothing here runs for a request that may pass, and nothing here changes what was decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from re import compile as pattern
from secrets import token_hex

from msgspec.structs import replace

from guardhouse.core.answer import Refusal
from guardhouse.core.caller import sender_of
from guardhouse.core.causes import Cause, causes_of
from guardhouse.core.clues import Setting, clues
from guardhouse.core.cookies import cookie_names, shown
from guardhouse.core.facts import CookieState
from guardhouse.core.guard import SESSION
from guardhouse.core.origin import CHECK, OF_TOKENS, STALE, TOKEN_HEADERS
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Abstain, Deny, Verdict
from guardhouse.errors import StoreError
from guardhouse.gate.lookup import unfit
from guardhouse.gate.outage import unavailable
from guardhouse.gate.parts import Parts, resolve
from guardhouse.gate.visit import Visit
from guardhouse.state import csrf, fingerprint

__all__ = ["reasoned", "route_of"]

_REQUEST_ID = pattern(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,127}").fullmatch
_UNKNOWN_SESSION = frozenset({Reason.SESSION_UNKNOWN, Reason.NO_LOGIN_FOR_GUARD, Reason.NO_LOGIN})


async def reasoned(visit: Visit, refusal: Refusal, stack: Stack | None = None) -> Refusal:
    """Add to a refusal what can be found out about it, and offer a fresh CSRF token where a stale one was sent."""
    beyond = await _beyond(visit, refusal, stack)
    denied = Deny(refusal.by, refusal.reason, refusal.evidence)
    told: Sequence[Verdict] = (denied, *refusal.trace, *beyond)
    evidence = {**refusal.evidence, **_seen(visit, refusal.reason)}
    refusal = replace(refusal, evidence=evidence, request_id=refusal.request_id or _request_id(visit))
    if not visit.facts.safe and any(verdict.reason in STALE for verdict in told):
        visit.carried.renew_token()
    revealed = [*_keys(visit, told), *clues(visit.facts, _setting(visit.parts), told, _forms(visit))]
    causes = causes_of(refusal, (*refusal.trace, *beyond), revealed)
    return replace(refusal, causes=tuple(_with_endpoint(visit.parts, cause) for cause in causes))


def route_of(visit: Visit) -> str:
    """Write the path of the route with the names of its parameters in place of their values; empty where none is known.

    Counters take it as a label, so it must not grow with what visitors ask for.
    """
    if visit.route is None:
        return ""
    if not hasattr(visit.route, "endpoint"):  # a mount, whose own routes are not looked at yet
        return f"{getattr(visit.route, 'path', '')}/{{path}}"
    path, begin = visit.facts.path, 0
    for name, value in visit.params.items():
        place = path.find(f"/{value}", begin)
        if place < 0:
            return ""
        path = f"{path[:place]}/{{{name}}}{path[place + 1 + len(str(value)) :]}"
        begin = place + len(name) + 3
    return path


def _request_id(visit: Visit) -> str:
    """Take the name that a front server gave the request, when it is one; otherwise make one."""
    said = visit.facts.lines(b"x-request-id")
    return said[0].decode("ascii") if len(said) == 1 and _REQUEST_ID(said[0]) else token_hex(8)


def _setting(parts: Parts) -> Setting:
    policy = parts.cookie
    return Setting(
        session=policy.session,
        csrf=policy.csrf,
        name=policy.name,
        same_site=policy.same_site,
        secure=not policy.insecure_plain_http,
        endpoint=parts.csrf_url,
    )


def _with_endpoint(parts: Parts, cause: Cause) -> Cause:
    """Name the endpoint that hands out CSRF tokens also where the check only stayed silent: its hint leads there."""
    if cause.reason not in OF_TOKENS:
        return cause
    return Cause(cause.reason, {"endpoint": parts.csrf_url, **cause.evidence})


async def _beyond(visit: Visit, refusal: Refusal, stack: Stack | None) -> Sequence[Verdict]:
    """Ask, for a developer only, what the session guards behind the origin check would have said.

    Visitors are told no more by it, and nobody is let in; but the next cause need not wait for the next try.
    """
    if stack is None or refusal.by != CHECK or visit.parts.explain != "full":
        return ()
    said: list[Verdict] = []
    for guard in stack.ambient:
        claim = guard.claim(visit.facts) if guard.needs == (SESSION,) else None
        if claim is None or isinstance(claim, Abstain | Deny):
            continue
        try:
            said.append(guard.judge(claim, await resolve(guard.fetch(claim, visit))))
        except StoreError as error:
            return (unavailable(error),)
        visit.carried.leave_untouched()
    return said


def _seen(visit: Visit, reason: Reason) -> Mapping[str, object]:
    """Say more about what was found, where the check that found it did not need to know."""
    facts, parts = visit.facts, visit.parts
    if reason is Reason.NO_CREDENTIAL:
        return {"caller": str(sender_of(facts))}
    if reason in (Reason.SESSION_MALFORMED, Reason.SESSION_DUPLICATE):
        values = parts.session_cookie.values(facts.lines(b"cookie"))
        shapes = ", ".join(dict.fromkeys(map(parts.session_cookie.shape_of, values)))
        return {"cookie": parts.cookie.session, "values": len(values), "shape": shapes}
    if reason is Reason.SESSION_UNREADABLE:
        return parts.keeper.seen(visit.carried.presented.key)
    if reason is Reason.CSRF_KEY_UNKNOWN:
        return _key_seen(parts, _unknown_keys(visit))
    if reason in OF_TOKENS:
        return {"token": _token_seen(visit, reason), "cookies": shown(cookie_names(facts))}
    return {}


def _token_seen(visit: Visit, reason: Reason) -> str:
    if reason is Reason.CSRF_TOKEN_MISSING:
        return "none came"
    forms = [form for _, form in _forms(visit)]
    if forms:
        return forms[0]
    if visit.facts.presented.state is not CookieState.PRESENT:
        return "of another visitor, or of a login that has ended"
    return "of another session: of before the login, of an older one, or of another tab"


def _forms(visit: Visit) -> Sequence[tuple[str, str]]:
    """Say which of the headers for a CSRF token hold something else, and what, as far as it can be said."""
    found = (
        (name.decode(), csrf.form_of(value)) for name in TOKEN_HEADERS for value in visit.facts.lines(name)
    )
    return [(name, form) for name, form in found if form is not None]


def _keys(visit: Visit, told: Sequence[Verdict]) -> Iterator[Cause]:
    """Find what was made with a key that this process does not have; whoever meets one of these meets them all."""
    reasons = {verdict.reason for verdict in told}
    if not reasons & (_UNKNOWN_SESSION | OF_TOKENS):
        return
    for login in visit.carried.logins:
        fit = (
            fingerprint.legible(visit.parts.logins, login.fingerprint or "") if login.fingerprint else "fits"
        )
        if fit != "fits":
            yield Cause(*unfit(visit.parts, fit, login.fingerprint or ""))
    keys = _unknown_keys(visit)
    if keys:
        yield Cause(Reason.CSRF_KEY_UNKNOWN, _key_seen(visit.parts, keys))


def _key_seen(parts: Parts, keys: Sequence[str]) -> dict[str, object]:
    """Name the keys, by their ids, which are public. A token in a form is not read again for it."""
    return {
        "key": ", ".join(keys) or "of the form's token",
        "signs": parts.csrf.key_id,
        "endpoint": parts.csrf_url,
    }


def _unknown_keys(visit: Visit) -> Sequence[str]:
    """Name the keys that are not ours and made the CSRF tokens that came, in headers and in the cookie of scripts."""
    facts, parts = visit.facts, visit.parts
    tokens = [value for name in TOKEN_HEADERS for value in facts.lines(name)]
    tokens += parts.csrf_cookie.values(facts.lines(b"cookie"))
    named = (csrf.unknown_key(parts.csrf, token) for token in tokens)
    return list(dict.fromkeys(key for key in named if key is not None))
