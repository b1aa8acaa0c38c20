"""What a browser brings back from a login server: read from the query of a GET, each parameter once, nothing believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from guardhouse.core.reason import Reason
from guardhouse.issuers.discovery import Endpoints
from guardhouse.state.foreign import ForeignRefusal
from guardhouse.state.started import Started

__all__ = ["Answer", "Params", "judge_answer", "read_answer"]

Params: TypeAlias = Iterable[tuple[str, str]]
"""Names and values as they came, decoded, in their order, doubles included."""

LONGEST = 2048
_ASKED = frozenset({"state", "code", "error", "iss", "response"})
_DENIED = frozenset(
    {
        "access_denied",
        "login_required",
        "consent_required",
        "interaction_required",
        "account_selection_required",
    }
)
_AWAY = frozenset({"server_error", "temporarily_unavailable"})


class Answer(Struct, frozen=True):
    """An answer of a login server, as the browser says."""

    state: str
    code: str | None = None
    error: str | None = None
    issuer: str | None = None

    def __repr__(self) -> str:
        return f"Answer({'a code' if self.error is None else 'an error'})"


def read_answer(params: Params) -> Answer | ForeignRefusal:
    """Read it. An empty value is none; others than those we know are passed over (RFC 6749 4.1.2, 3.1)."""
    asked = [(name, value) for name, value in params if name in _ASKED]
    doubled = sorted(name for name, times in Counter(name for name, _ in asked).items() if times > 1)
    if doubled:
        return ForeignRefusal(Reason.FOREIGN_MALFORMED, {"problem": f"{doubled[0]} came twice"})
    said = {name: value for name, value in asked if value}
    if any(len(value) > LONGEST or not value.isprintable() for value in said.values()):
        return ForeignRefusal(Reason.FOREIGN_MALFORMED, {"problem": "a value is too long, or no text"})
    if "response" in said:  # JARM, which was not asked for
        return ForeignRefusal(
            Reason.FOREIGN_MALFORMED, {"problem": "an answer in a form that was not asked for"}
        )
    if "state" not in said:
        return ForeignRefusal(Reason.FOREIGN_MALFORMED, {"problem": "state is missing"})
    if ("code" in said) is ("error" in said):
        return ForeignRefusal(Reason.FOREIGN_MALFORMED, {"problem": "neither or both of code and error"})
    return Answer(said["state"], said.get("code"), said.get("error"), said.get("iss"))


def judge_answer(answer: Answer, started: Started, endpoints: Endpoints) -> ForeignRefusal | None:
    """Refuse what another login server answered (RFC 9207), then what is no; the code of another is never sent anywhere."""
    if answer.issuer is None and endpoints.names_issuer:
        return ForeignRefusal(
            Reason.FOREIGN_ISSUER, {"problem": "iss is missing, and this login server always says it"}
        )
    if answer.issuer is not None and answer.issuer != started.issuer:
        return ForeignRefusal(Reason.FOREIGN_ISSUER, {"problem": "iss names another login server"})
    if answer.error is None:
        return None
    return _said_no(answer.error)


def _said_no(error: str) -> ForeignRefusal:
    if error in _DENIED:
        return ForeignRefusal(Reason.FOREIGN_DENIED)
    if error in _AWAY:
        return ForeignRefusal(
            Reason.FOREIGN_UNAVAILABLE, {"trouble": "it says itself that it is out of order"}
        )
    return ForeignRefusal(
        Reason.FOREIGN_CLIENT, {"problem": "It refused to let anybody log in for this application"}
    )
