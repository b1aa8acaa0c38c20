"""All that stands between a refused request and its answer, in the order in which a developer must mend it.

A refusal keeps one code, the first no. But causes come stacked, each enough alone, and mending one of them changes
nothing that can be seen; so the others are told with it, as far as the request and the trace reveal them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.reasons_to_refuse import MAY_NOT
from guardhouse.core.verdict import NO_EVIDENCE, Abstain, Allow, Deny, Verdict

__all__ = ["ORDER", "Cause", "Told", "cause_document", "causes_of", "hint_of"]


class Told(Protocol):
    """Whatever names a reason and what was found."""

    @property
    def reason(self) -> Reason:
        """The reason."""
        ...

    @property
    def evidence(self) -> Mapping[str, object]:
        """What was found; never a secret."""
        ...


class Cause(Struct, frozen=True):
    """One thing to mend: its reason and what was found."""

    reason: Reason
    evidence: Mapping[str, object] = NO_EVIDENCE

    @property
    def says(self) -> str:
        """What is wrong, in one sentence."""
        return REASONS[self.reason].title

    @property
    def hint(self) -> str:
        """What to change."""
        return hint_of(self)


_ARRIVAL = (
    Reason.STORE_UNAVAILABLE,
    Reason.ISSUER_UNAVAILABLE,
    Reason.COOKIE_COSTLY,
    Reason.HOST_UNLISTED,
    Reason.PROXY_UNDECLARED,
    Reason.CSRF_DUPLICATE_HEADER,
)
"""Nothing that is read of the request can be relied on before these."""

_NOT_SENT = (
    Reason.HOSTS_MIXED,
    Reason.COOKIE_NEEDS_HTTPS,
    Reason.COOKIE_KEPT_BACK,
    Reason.COOKIE_THIRD_PARTY,
    Reason.CREDENTIALS_OMITTED,
    Reason.COOKIE_OTHER_NAME,
    Reason.CALLER_IS_PROGRAM,
    Reason.AUTHORIZATION_STRIPPED,
)
"""What proves somebody does not arrive."""

_FROM_WHERE = (
    Reason.CSRF_ORIGIN_MALFORMED,
    Reason.CSRF_ORIGIN_NULL,
    Reason.CSRF_ORIGIN_UNTRUSTED,
    Reason.CSRF_CROSS_SITE,
    Reason.CSRF_REFERER_FOREIGN,
    Reason.CSRF_SCHEME_MISMATCH,
    Reason.WEBSOCKET_ORIGIN,
)
"""It arrives from a page that is not trusted."""

_KEYS = (
    Reason.CSRF_KEY_UNKNOWN,
    Reason.LOGIN_KEY_UNKNOWN,
    Reason.LOGIN_FORMAT_UNKNOWN,
    Reason.URL_KEY_UNKNOWN,
    Reason.JWT_KEY_UNKNOWN,
)
"""It cannot be opened here; what it would say is unknown until it can."""

_TOKEN = (
    Reason.FETCH_METADATA_ABSENT,
    Reason.CSRF_COOKIE_DUPLICATE,
    Reason.CSRF_COOKIE_WITHOUT_HEADER,
    Reason.CSRF_HEADER_UNREADABLE,
    Reason.CSRF_TOKEN_MISSING,
    Reason.CSRF_TOKEN_INVALID,
)
"""The proof of last resort, where the headers do not tell the origin."""

_UNREADABLE = (
    Reason.SESSION_DUPLICATE,
    Reason.SESSION_MALFORMED,
    Reason.CREDENTIAL_MALFORMED,
    Reason.CREDENTIAL_FOREIGN,
    Reason.CREDENTIAL_UNKNOWN,
    Reason.TOKEN_MALFORMED,
    Reason.JWT_MALFORMED,
)
"""It is no credential of this house."""

_FIRST = (*_ARRIVAL, *_NOT_SENT, *_FROM_WHERE, *_KEYS, *_TOKEN, *_UNREADABLE)

_LAST = (
    Reason.SECOND_FACTOR_MISSING,
    Reason.NO_LOGIN_FOR_GUARD,
    Reason.USER_MISSING,
    Reason.USER_DISABLED,
    Reason.PASSWORD_CHANGED,
    Reason.REMEMBER_STOLEN,
    Reason.REMEMBER_EXPIRED,
    Reason.NO_LOGIN,
    Reason.SESSION_UNREADABLE,
    Reason.SESSION_UNKNOWN,
    Reason.SESSION_EXPIRED,
    Reason.NO_CREDENTIAL,
)
"""Whoever calls is nobody yet; to log in is the last thing that helps."""

ORDER: Mapping[Reason, int] = {
    reason: place
    for place, reason in enumerate(
        (*_FIRST, *(reason for reason in Reason if reason not in {*_FIRST, *_LAST}), *_LAST)
    )
}
"""From what must be mended first to what is left when all else is right."""

_EXPLAINED: Mapping[Reason, frozenset[Reason]] = {
    Reason.CSRF_TOKEN_MISSING: frozenset({Reason.CSRF_COOKIE_WITHOUT_HEADER}),
    Reason.CSRF_TOKEN_INVALID: frozenset({Reason.CSRF_HEADER_UNREADABLE, Reason.CSRF_COOKIE_DUPLICATE}),
    Reason.CSRF_SCHEME_MISMATCH: frozenset({Reason.PROXY_UNDECLARED}),
    Reason.CSRF_CROSS_SITE: frozenset({Reason.COOKIE_KEPT_BACK, Reason.COOKIE_THIRD_PARTY}),
}
"""Reasons that say nothing more where one of these says why."""

_OF_ANOTHER_GUARD = frozenset({Reason.NO_CREDENTIAL, Reason.CREDENTIAL_FOREIGN})
"""What a guard says that has no part in the matter: any one of them would do."""


_WHO = 401

_KNOWN = frozenset(MAY_NOT) | {Reason.STEP_REFUSED}
"""Said about somebody who is known: what other guards did not find is no matter then."""


def causes_of(refused: Told, trace: Sequence[Verdict], revealed: Iterable[Told] = ()) -> tuple[Cause, ...]:
    """Put in order what was refused, what the trace says besides, and what the request reveals; each once."""
    found = {refused.reason: Cause(refused.reason, refused.evidence)}
    known = refused.reason in _KNOWN or any(isinstance(verdict, Allow) for verdict in trace)
    said = [] if known else [verdict for verdict in trace if isinstance(verdict, Deny | Abstain)]
    for verdict in said:
        if verdict.reason not in _OF_ANOTHER_GUARD:
            found.setdefault(verdict.reason, Cause(verdict.reason, verdict.evidence))
    if all(
        REASONS[reason].status != _WHO for reason in found
    ):  # only where it comes from was said, not from whom
        silent = next((verdict for verdict in said if verdict.reason is Reason.NO_CREDENTIAL), None)
        found |= {silent.reason: Cause(silent.reason, silent.evidence)} if silent else {}
    for cause in revealed:
        found.setdefault(cause.reason, Cause(cause.reason, cause.evidence))
    kept = [cause for cause in found.values() if not _EXPLAINED.get(cause.reason, frozenset()) & found.keys()]
    return tuple(sorted(kept, key=lambda cause: ORDER[cause.reason]))


def hint_of(told: Told) -> str:
    """Fill the evidence into the hint; what the evidence does not say stays a plain word."""
    return REASONS[told.reason].hint.format_map(_Evidence(told.evidence))


def cause_document(causes: Sequence[Cause]) -> list[dict[str, object]]:
    """Write causes for programs."""
    return [
        {
            "code": str(cause.reason),
            "says": cause.says,
            "hint": cause.hint,
            "evidence": dict(cause.evidence),
        }
        for cause in causes
    ]


class _Evidence(dict[str, object]):
    def __missing__(self, key: str) -> _Word:
        return _Word(key)


class _Word(str):
    """An evidence that is not there, shown as its own name, with or without `!r`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
