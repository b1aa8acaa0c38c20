"""The step that asks a rule of the application about whoever was let in: `Can("update", "post")`, `can:update,post`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from guardhouse.config.reading import nearest_of
from guardhouse.core.area import Step
from guardhouse.core.reasons import Reason
from guardhouse.core.rule import Denied, Question, ability_text, denial, missing, shown
from guardhouse.core.verdict import Client, Deny
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit

_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True, init=False)
class Can:
    """Ask a rule. Each argument names what it is about.

    A text is the name of a path parameter, read through `rules.bind`; in quotes of its own, `"'draft'"`, it stands for
    itself; with dots, `"shop.models.Post"`, it is the class of a policy. A class stands for itself.
    """

    ability: str
    arguments: tuple[str | type, ...]

    def __init__(self, ability: object, *arguments: str | type) -> None:
        object.__setattr__(self, "ability", ability_text(ability))
        for argument in arguments:
            if not _well_written(argument):
                found = shown(argument) if not isinstance(argument, str) else argument
                fix = "Name a path parameter, a class, or a text in quotes of its own: can:update,'draft'."
                raise ConfigError(f"can:{self.ability}", found, fix)
        object.__setattr__(self, "arguments", arguments)

    @property
    def name(self) -> str:
        """Write it as an alias."""
        words = [one.__qualname__ if isinstance(one, type) else one for one in self.arguments]
        return f"can:{','.join([self.ability, *words])}"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step that asks."""
        return (Step(self.name, self, "after guards", says=(Reason.RULE_DENIED, Reason.RULE_HIDDEN)),)

    async def __call__(self, visit: Visit) -> Deny | None:
        """Ask about the caller of a visit. Raise `ConfigError` for a parameter that the route does not have."""
        caller, rules = visit.caller, visit.parts.rules
        user = caller if caller is None or isinstance(caller, Client) else await visit.user(caller)
        if isinstance(user, Deny):
            return user
        absent = unbound(self, visit.params)
        if absent:
            raise unbound_error(self, absent[0], visit.params)
        about: list[object] = []
        for argument in self.arguments:
            if isinstance(argument, type):
                about.append(argument)
            elif argument.startswith(_QUOTES):
                about.append(argument[1:-1])
            elif "." in argument:
                about.append(rules.kind_of(argument))
            else:
                thing = await rules.load(argument, visit.params[argument])
                if thing is None:
                    return denial(missing(Question(self.ability, (argument,)), argument))
                about.append(thing)
        answer = await rules.inspect(user, self.ability, *about)
        return denial(answer) if isinstance(answer, Denied) else None


def unbound(can: Can, parameters: Collection[str]) -> tuple[str, ...]:
    """Name the path parameters that the step asks for and a route with these parameters does not have."""
    return tuple(name for name in wanted(can) if name not in parameters)


def unbound_error(can: Can, name: str, there: Collection[str]) -> ConfigError:
    """Word the error for a path parameter that a route does not have."""
    fix = (
        f"The path of this route has: {', '.join(there) or 'no parameters'}. Name one of them; a class by its dotted "
        f"path; or a text in quotes: '{name}'."
    )
    return ConfigError(can.name, f"no path parameter {name!r}", fix, nearest=nearest_of(name, there))


def wanted(can: Can) -> Iterator[str]:
    """Name the path parameters that the step asks for."""
    for argument in can.arguments:
        if isinstance(argument, str) and not argument.startswith(_QUOTES) and "." not in argument:
            yield argument


def read_can(parameters: str) -> Can:
    """Read what stands behind `can:`, as in `update,post` and `update,'a, b'`."""
    ability, *arguments = _split(parameters)
    return Can(ability, *arguments)


def _split(text: str) -> Iterator[str]:
    """Cut at commas outside of quotes."""
    word, quote = "", ""
    for letter in text:
        if letter == "," and not quote:
            yield word.strip()
            word = ""
            continue
        if letter in _QUOTES and (letter == quote or (not quote and not word.strip())):
            quote = "" if quote else letter
        word += letter
    yield word.strip()


def _well_written(argument: object) -> bool:
    if isinstance(argument, type):
        return True
    if not isinstance(argument, str) or not argument:
        return False
    if argument.startswith(_QUOTES):
        return len(argument) > 1 and argument[-1] == argument[0]
    return all(part.isidentifier() for part in argument.split("."))
