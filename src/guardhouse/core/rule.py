"""What a rule says about one question, and what follows from everybody who was asked: yes or no, by whom, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Literal, TypeAlias, cast, final

from msgspec import Struct
from msgspec.structs import replace

from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny
from guardhouse.errors import ConfigError

Turn: TypeAlias = Literal["before", "rule", "after"]

NOBODY = "nobody"
"""Who denies where nobody had an opinion."""

UNSAID = "nobody said yes"
NOT_FOR_GUESTS = "nobody is logged in, and this rule is for users"
NOT_FOR_CLIENTS = "a program calls in its own name, and this rule is for users"
MISSING = "there is no such thing"

_ABILITY = re.compile(r"[A-Za-z][\w.:-]*", re.ASCII)

_IDS = frozenset({"int", "str", "UUID"})
"""The types of ids by name, because the core knows no UUIDs."""

_LONGEST_ID = 64


class Question(Struct, frozen=True):
    """What was asked: the ability, and about what, in words that give away no more than a type and an id."""

    ability: str
    about: tuple[str, ...] = ()


@final
class Granted(Struct, frozen=True):
    """Yes. A rule may say so with a word for whoever asks: `Granted("as an editor")`."""

    message: str = ""
    by: str = ""
    question: Question | None = None
    asked: tuple[str, ...] = ()
    """A line for everybody who was asked, in their order."""

    def __bool__(self) -> bool:
        return True


@final
class Denied(Struct, frozen=True):
    """No, and why: `Denied("Only the author may.", code="not_author")`.

    `message` and `code` are the application's own. With `hidden` the answer is 404, the same as for what does not
    exist, so that it cannot be told which of the two it is.
    """

    message: str = ""
    code: str = ""
    hidden: bool = False
    by: str = ""
    question: Question | None = None
    asked: tuple[str, ...] = ()
    """A line for everybody who was asked, in their order."""

    def __bool__(self) -> bool:
        return False


Answer: TypeAlias = Granted | Denied


class Voice(Struct, frozen=True):
    """What one function said, when it was its turn; None is no opinion. `note` says why it was not even asked."""

    by: str
    turn: Turn
    said: Answer | None = None
    note: str = ""


def answer_of(by: str, said: object) -> Answer | None:
    """Read what a rule returned. Anything but its own words could be meant as a no, so it is an error."""
    match said:
        case None | Granted() | Denied():
            return said
        case True:
            return Granted()
        case False:
            return Denied()
        case str():
            return Denied(said)
        case _:
            fix = "A rule returns True, False, None, Granted(...), Denied(...), or a text that says why not."
            raise ConfigError(by, type(said).__name__, fix)


def settled(voices: Sequence[Voice]) -> Voice | None:
    """Find the voice that decides: the first with an opinion.

    *before* is heard before the rule and so may take its place; *after* is heard last and so may only fill a silence.
    """
    return next((voice for voice in voices if voice.said is not None), None)


def conclude(question: Question, voices: Sequence[Voice]) -> Answer:
    """Let the first opinion decide. Silence everywhere is a no."""
    decided = settled(voices)
    lines = tuple(_line(voice, decided) for voice in voices)
    if decided is None or decided.said is None:
        return Denied(UNSAID, by=NOBODY, question=question, asked=lines)
    return replace(decided.said, by=decided.by, question=question, asked=lines)


def _line(voice: Voice, decided: Voice | None) -> str:
    who = voice.by if voice.turn == "rule" else f"{voice.turn} {voice.by}"
    if voice.said is None:
        return f"{who}: {voice.note or 'no opinion'}"
    word = "yes" if voice.said else "no, hidden" if _hides(voice.said) else "no"
    said = f"{who}: {word}, {voice.said.message}" if voice.said.message else f"{who}: {word}"
    return said if voice is decided else f"{said}; it came too late to count"


def _hides(answer: Answer) -> bool:
    return isinstance(answer, Denied) and answer.hidden


def missing(question: Question, name: str) -> Denied:
    """Deny, as a hidden thing is denied, what a route parameter names and nobody finds."""
    return Denied(MISSING, hidden=True, by=f"bind {name}", question=question)


def denial(denied: Denied) -> Deny:
    """Word a no of the rules as the verdict of a gate, with all that explains it."""
    question = denied.question or Question("")
    evidence: dict[str, object] = {"rule": question.ability, "said_by": denied.by, "message": denied.message}
    if question.about:
        evidence["about"] = list(question.about)
    if denied.code:
        evidence["rule_code"] = denied.code
    if denied.asked:
        evidence["asked"] = list(denied.asked)
    reason = Reason.RULE_HIDDEN if denied.hidden else Reason.RULE_DENIED
    return Deny(f"rule {question.ability}", reason, evidence)


# -- names --------------------------------------------------------------------------------------------------------


def ability_text(ability: object) -> str:
    """Read the name of an ability: a text, or a member of an enumeration of texts."""
    text = ability.value if isinstance(ability, Enum) else ability
    if not isinstance(text, str) or not _ABILITY.fullmatch(text):
        found = text if isinstance(text, str) else type(text).__name__
        fix = "It begins with a letter; letters, digits and _ - . : may follow."
        raise ConfigError("ability", found, fix)
    return text


def key_of(ability: str) -> str:
    """Return the name by which abilities are compared: `update-post` and `update_post` are one."""
    return ability.replace("-", "_")


def shown(argument: object) -> str:
    """Name what a rule is asked about: a class, or a type with its id, never what else is in it.

    The id is read from where it lies and not asked for, because asking a model may query a database.
    """
    if isinstance(argument, type):
        return f"class {argument.__name__}"
    name = type(argument).__name__
    found = _id_of(argument)
    return name if found is None else f"{name} {found}"


def _id_of(argument: object) -> str | None:
    kept: object = getattr(argument, "__dict__", None)
    if isinstance(kept, Mapping):
        found = cast("Mapping[str, object]", kept).get("id")
    else:
        slotted = type(getattr(type(argument), "id", None)).__name__ == "member_descriptor"
        found = getattr(argument, "id", None) if slotted else None
    if type(found).__name__ not in _IDS:
        return None
    text = str(found)
    return text if text and text.isprintable() and len(text) <= _LONGEST_ID else None
