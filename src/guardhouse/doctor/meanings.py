"""What every code means to whoever looks it up: its cause, how to see it, how to mend it, and what it is not."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from guardhouse.core.answer import FOLDED, URN
from guardhouse.core.reason import Reason
from guardhouse.core.reasons import REASONS
from guardhouse.core.reasons_of_requests import REVEALED
from guardhouse.doctor.meaning import Meaning
from guardhouse.doctor.meanings_of_callers import OF_CALLERS
from guardhouse.doctor.meanings_of_foreign_logins import OF_FOREIGN_LOGINS
from guardhouse.doctor.meanings_of_origins import OF_ORIGINS
from guardhouse.doctor.meanings_of_requests import OF_REQUESTS
from guardhouse.doctor.meanings_of_rules import OF_RULES
from guardhouse.doctor.meanings_of_tokens import OF_TOKENS

__all__ = ["MEANINGS", "Meaning", "found_by", "meaning_document", "nearest_code"]

MEANINGS: Mapping[Reason, Meaning] = MappingProxyType(
    OF_CALLERS | OF_TOKENS | OF_ORIGINS | OF_RULES | OF_REQUESTS | OF_FOREIGN_LOGINS
)


def found_by(text: str) -> Reason | None:
    """Find the reason that is meant: its code in any case, with hyphens or not, or the type of a problem document."""
    code = text.strip().lower().removeprefix(URN).replace("-", "_")
    return Reason(code) if code in _CODES else None


def nearest_code(text: str) -> str | None:
    """Name the code that was probably meant."""
    return next(
        iter(get_close_matches(text.strip().lower().removeprefix(URN), _CODES, n=1, cutoff=0.5)), None
    )


def kind_of(reason: Reason) -> str:
    """Say where the code can be met: most are codes of answers."""
    if reason in REVEALED:
        return "a cause beside a refusal: in `causes`, in the log, and never the code of an answer"
    if reason in FOLDED.values():
        return "what an answer says in place of a code that outsiders must not be told"
    if REASONS[reason].status == _OK:
        return "in a trace only: the check has no objection"
    if reason in FOLDED:
        return f"the code in the log and with explain='full'; an outsider is told {FOLDED[reason]}"
    return "the code of a refusal"


def meaning_document(reason: Reason) -> dict[str, object]:
    """Write it for programs."""
    entry, meaning = REASONS[reason], MEANINGS.get(reason)
    return {
        "code": str(reason),
        "type": f"{URN}{reason}",
        "status": entry.status,
        "title": entry.title,
        "where": kind_of(reason),
        "cause": meaning.cause if meaning else None,
        "see": meaning.see if meaning else None,
        "mend": entry.hint or None,
        "is_not": {str(other): text for other, text in meaning.is_not.items()} if meaning else {},
    }


_OK = 200
_CODES = tuple(str(reason) for reason in Reason)
