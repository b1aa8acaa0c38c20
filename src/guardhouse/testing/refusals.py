"""What an answer says about itself, and assertions whose failure is the explanation."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from msgspec import Struct

from guardhouse.core.answer import FOLDED, REASON_HEADER, Refusal, problem
from guardhouse.core.causes import hint_of
from guardhouse.core.events import Event, Refused
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import NO_EVIDENCE
from guardhouse.gate.recent import Noted
from guardhouse.house import Guardhouse

REFUSED = "guardhouse.refused"
"""Under which extension of an answer `Client` keeps the event of its refusal."""

_ERROR = 400
_SHOWN = 200


class Answer(Protocol):
    """A response of httpx, of a test client, or of anything alike."""

    @property
    def status_code(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whatever the case of their names."""
        ...

    @property
    def text(self) -> str:
        """The body."""
        ...


class Told(Struct, frozen=True):
    """A refusal as its answer tells it. `code` is None where the house says nothing (`explain="off"`)."""

    status: int
    code: str | None
    hint: str | None = None
    evidence: Mapping[str, Any] = NO_EVIDENCE
    trace: Sequence[Mapping[str, Any]] = ()

    def __str__(self) -> str:
        lines = [f"{self.status} {self.code or '(it does not say why)'}"]
        lines += [f"  hint      {self.hint}"] if self.hint else []
        lines += [f"  evidence  {name}: {value}" for name, value in self.evidence.items()]
        lines += [f"  trace     {_line(verdict)}" for verdict in self.trace]
        return "\n".join(lines)


def refusal_of(answer: Answer) -> Told | None:
    """Read the refusal that an answer is; None when it is none of the house's."""
    document: dict[str, Any] = {}
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        with suppress(ValueError):
            document = json.loads(answer.text)
    code = answer.headers.get(REASON_HEADER) or document.get("code")
    if code is None and not document:
        return None
    return _told(answer.status_code, _exact(answer, code), document)


def _exact(answer: Answer, code: str | None) -> str | None:
    """Name the reason that the house had, where the answer names the one that outsiders are told in its place."""
    event = getattr(answer, "extensions", {}).get(REFUSED)
    known = event.code if isinstance(event, Refused) and event.status == answer.status_code else None
    return known if known and code and code == FOLDED.get(Reason(known)) else code


def read(refusal: Refusal) -> Told:
    """Read a refusal that has not become an answer; nothing of it is kept back."""
    return _told(refusal.status, str(refusal.reason), problem(refusal, "full"))


def assert_refused(answer: Answer, code: str, *, status: int | None = None) -> Told:
    """Hold that the gate refused for this reason; return what it told. Otherwise say what happened instead."""
    __tracebackhide__ = True  # pytest points at the line of the test
    told = refusal_of(answer)
    expected = f"a refusal {f'{status} ' if status else ''}{code}"
    if told is None:
        raise AssertionError(f"expected {expected}, but the answer is {shown(answer)}")
    if told.code != code or (status is not None and told.status != status):
        raise AssertionError(f"expected {expected}, but the refusal is {told}")
    return told


def assert_admitted(answer: Answer) -> None:
    """Hold that the gate let the request in and the application answered without an error. Otherwise say why not."""
    __tracebackhide__ = True  # pytest points at the line of the test
    told = refusal_of(answer)
    if told is not None:
        raise AssertionError(f"expected to be let in, but was refused: {told}")
    if answer.status_code >= _ERROR:
        raise AssertionError(
            f"expected an answer, and the gate let the request in, but it is {shown(answer)}"
        )


@contextmanager
def recorded(house: Guardhouse[Any]) -> Generator[list[Event]]:
    """Write down what a house tells its listeners, for as long as the block lasts, also when it is at work."""
    events: list[Event] = []
    with house.overheard(events.append):
        yield events


def last_refusal(house: Guardhouse[Any]) -> Noted | None:
    """Return what a house refused last, with its exact code, whatever the answer told; None for nothing yet."""
    return house.recent.last


def shown(answer: Answer) -> str:
    """Say what an answer is: the refusal with all that it tells, else its status, where it leads and how it begins."""
    told = refusal_of(answer)
    if told is not None:
        return str(told)
    leads = f" to {answer.headers['location']}" if "location" in answer.headers else ""
    return f"{answer.status_code}{leads}: {answer.text[:_SHOWN]}"


def _told(status: int, code: str | None, document: Mapping[str, Any]) -> Told:
    hint = document.get("hint") or _hint(code)
    return Told(status, code, hint, document.get("evidence", {}), document.get("trace", ()))


def _hint(code: str | None) -> str | None:
    """Look the hint up that an answer of a house in production keeps to itself, without its evidence."""
    return hint_of(Refusal(Reason(code), "")) if code in {reason.value for reason in Reason} else None


def _line(verdict: Mapping[str, Any]) -> str:
    evidence = ", ".join(f"{name}: {value}" for name, value in verdict.get("evidence", {}).items())
    said = f"{verdict.get('by')} {verdict.get('verdict')} {verdict.get('code')}"
    return f"{said} ({evidence})" if evidence else said
