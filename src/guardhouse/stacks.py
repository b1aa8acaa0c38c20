"""Every stack of a house: asked for by names, aliases and steps, derived once, and never two under one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, cast

from guardhouse.config import settings
from guardhouse.config.reading import nearest_of
from guardhouse.core.area import Area, Stacked, Step, is_step, shown
from guardhouse.core.guard import Guard
from guardhouse.core.stack import Stack, derive
from guardhouse.errors import ConfigError
from guardhouse.gate.parts import Parts
from guardhouse.guards.session import SessionGuard
from guardhouse.steps.aliases import ALIASES, read_alias
from guardhouse.steps.basic import BasicLogin, with_basic

AUTH, BASIC = "auth", "auth.basic"

Asked: TypeAlias = str | Stacked | Step
"""What a stack is asked for by: the name of an area or of guards, an alias such as `can:admin`, or a step."""


class Stacks:
    """The stacks of one house."""

    def __init__(self, guards: Mapping[str, Guard], areas: Mapping[str, Area], default: str) -> None:
        self._guards = guards
        self._areas = areas
        self._default = default
        self._asked: dict[tuple[Asked, ...], Stack] = {}
        self._named: dict[str, Stack] = {}
        self._made_of: dict[str, Area] = {}
        for name in guards.keys() | areas.keys():
            self.of(name)

    def of(self, *asked: Asked) -> Stack:
        """Return the stack of an area or of guards, with these steps besides."""
        return self.of_all(asked)

    def of_all(self, asked: tuple[Asked, ...]) -> Stack:
        """Do so for names that are one value already, as they are at every request."""
        try:
            known = self._asked.get(asked)
        except TypeError:  # a list, where several names are meant
            raise _no_name(next(one for one in asked if not isinstance(one, str))) from None
        if known is None:
            known = self._asked[asked] = self._made(asked)
        return known

    def add(self, name: str, area: Area) -> Stack:
        """Add an area after the house was built, as a package that is mounted does."""
        if name in self._guards or name in self._areas or name in self._named:
            raise ConfigError(
                "area", name, "That name is taken in this house: mount it under another, name='...'."
            )
        settings.checked_areas({name: area}, self._guards)
        self._areas = {**self._areas, name: area}
        return self.of(name)

    def known(self, name: str) -> Stack | None:
        """Return the stack of that name; None where there is none."""
        return self._named.get(name)

    def check(self, parts: Parts) -> None:
        """Let every step that relies on something of the house say what is missing: its `check(parts)` raises."""
        for _, error in self.faults(parts):
            raise error

    def faults(self, parts: Parts) -> Iterator[tuple[Stack, ConfigError]]:
        """Find every step that could not work, with the stack that runs it."""
        for stack in self._named.values():
            for step in (*stack.before, *stack.after, *stack.refused):
                ready = getattr(step.run, "check", None)
                try:
                    if ready is not None:
                        ready(parts)
                except ConfigError as error:
                    yield stack, error

    def of_guard(self, name: str) -> Stack:
        """Return the stack that asks this guard and no other, although an area of the same name asks more."""
        if name not in self._areas or self._areas[name] == Area(guards=(name,)):
            return self.of(name)
        key = f"guard:{name}"
        return self._named.get(key) or self._kept(key, Area(guards=(name,)))

    def _made(self, asked: Sequence[Asked]) -> Stack:
        names: list[str] = []
        steps: list[Stacked | Step] = []
        for one in asked:
            if not isinstance(one, str):
                steps.append(_checked(one))
            elif (said := self._names(one)) is not None:
                names += said
            elif one.partition(":")[0] == BASIC:
                names += (kept := self._with_basic(one))
                steps.append(BasicLogin(cast("SessionGuard", self._guards[kept[0]])))
            else:
                steps.append(self._alias(one))
        key = ",".join(names or [self._default])
        if not steps:
            return self._named.get(key) or self._kept(key, self._area(key))
        area = self._area(key)
        area = replace(area, steps=(*area.steps, *steps))
        return self._numbered(" ".join([key, *(step.name for step in steps)]), area)

    def _names(self, text: str) -> list[str] | None:
        """Read what names an area or guards: `api`, `web,token`, `auth:web,token`; None where it names neither."""
        if text in self._areas or text in self._guards:
            return [text]
        head, colon, rest = text.partition(":")
        if head == AUTH:
            return rest.split(",") if colon else [self._default]
        return None if colon else self._several(text)

    def _several(self, text: str) -> list[str] | None:
        names = text.split(",")
        return names if len(names) > 1 else None

    def _with_basic(self, text: str) -> tuple[str, ...]:
        """Read `auth.basic:web`: the login of that guard, and where there is none name and password."""
        return with_basic(self._guards, text.partition(":")[2] or self._default, "stack", text)

    def _alias(self, text: str) -> Stacked | Step:
        found = read_alias(text)
        if found is not None:
            return found
        known = [*self._guards, *self._areas, AUTH, BASIC, *ALIASES]
        nearest = nearest_of(text.partition(":")[0], known)
        fix = f"The names are: {', '.join(sorted({*self._guards, *self._areas}))}; the aliases: {', '.join((AUTH, BASIC, *ALIASES))}."
        raise ConfigError("guard or area", text, fix, nearest=nearest)

    def _area(self, key: str) -> Area:
        if key in self._areas:
            return self._areas[key]
        names = tuple(dict.fromkeys(key.split(",")))
        for name in names:
            if name in self._areas and name not in self._guards:
                fix = "An area is asked alone; name guards here, or give the area one more guard."
                raise ConfigError("stack", key, fix)
            if name not in self._guards:
                raise settings.unknown("guard or area", name, [*self._guards, *self._areas])
        return Area(guards=names)

    def _numbered(self, name: str, area: Area) -> Stack:
        """Keep a stack under a name that no other has: decisions are kept by it, and two stacks must not share one."""
        free, number = name, 1
        while free in self._named and self._made_of.get(free) != area:
            number += 1
            free = f"{name} #{number}"
        self._made_of[free] = area
        return self._named.get(free) or self._kept(free, area)

    def _kept(self, name: str, area: Area) -> Stack:
        stack = self._named[name] = derive(name, area, self._guards)
        return stack


def _checked(one: Stacked | Step) -> Stacked | Step:
    """Refuse what is no step: a class that was not called, a function, a name that is no text."""
    if not is_step(one):
        raise _no_name(one)
    return one


def _no_name(one: object) -> ConfigError:
    fix = "Write names as text, 'web', 'token', and steps as text or as values: 'can:admin', Can('admin'), Step('mine', function)."
    return ConfigError("guard or area", shown(one), fix)
