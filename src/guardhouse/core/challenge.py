"""What WWW-Authenticate says: every way in that a stack knows, derived from its guards like all the rest (RFC 9110 11.6.1)."""

from __future__ import annotations

from guardhouse.core.answer import Refusal
from guardhouse.core.guard import Guard, ambient, scheme_of
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack

REALM = "guardhouse"

COOKIE, KEY = "Cookie", "ApiKey"
"""Schemes of our own naming, since a 401 must have one: what browsers do not know opens no prompt."""


def challenges(stack: Stack | None, refusal: Refusal) -> tuple[str, ...]:
    """Write one challenge for each way in; outside of any stack there is only the login."""
    guards = (*stack.explicit, *stack.ambient) if stack is not None else ()
    said = [_challenge(scheme, bad=_is_bad(guard, refusal)) for guard in guards for scheme in _ways_in(guard)]
    return tuple(dict.fromkeys(said)) or (_challenge(COOKIE, bad=False),)


def scope_challenges(refusal: Refusal) -> tuple[str, ...]:
    """Say which abilities a token would need (RFC 6750 3.1)."""
    needed = refusal.evidence.get("needed", "")
    return (f'Bearer realm="{REALM}", error="insufficient_scope", scope="{needed}"',)


def _ways_in(guard: Guard) -> tuple[str, ...]:
    """Name the schemes of a guard; one that takes bound and unbound tokens has two (RFC 9449 7.2), as `schemes`."""
    schemes: tuple[str, ...] = getattr(guard, "schemes", ())
    return schemes or (scheme_of(guard) or (COOKIE if ambient(guard) else KEY),)


def _is_bad(guard: Guard, refusal: Refusal) -> bool:
    """Whether this guard was shown a credential, and would not have it."""
    return refusal.by == guard.name and refusal.reason is not Reason.NO_CREDENTIAL


def _challenge(scheme: str, *, bad: bool) -> str:
    """Write one. Bearer has a word for a token that came and is no good, whatever the reason (RFC 6750 3.1)."""
    if scheme.lower() == "basic":
        return f'{scheme} realm="{REALM}", charset="UTF-8"'  # RFC 7617 2.1
    error = ', error="invalid_token"' if bad and scheme.lower() in ("bearer", "dpop") else ""
    return f'{scheme} realm="{REALM}"{error}'
