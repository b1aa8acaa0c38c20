"""Middleware groups, written as the system of the thread writes them, read as areas: who is asked, and what else runs.

A group is a list of names. `auth` names guards; what guardhouse derives by itself becomes a note; another group stands
for its lines; everything else is a step that the application hands in. No name is passed over in silence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

from guardhouse.config.reading import nearest_of
from guardhouse.core.area import Answers, Area, Note, Phase, Stacked, Step
from guardhouse.core.guard import Guard
from guardhouse.errors import ConfigError
from guardhouse.guards.session import SessionGuard
from guardhouse.steps.aliases import ALIASES, read_alias
from guardhouse.steps.basic import BasicLogin, with_basic
from guardhouse.steps.guest import Guest

StepPart: TypeAlias = Step | Callable[..., Any]

AUTH = ("auth", "Authenticate")

_SESSION = "loaded when a guard reads it"
_COOKIES = "they leave with the response"
_CSRF = "the origin check, wherever a guard trusts what browsers send by themselves"
_BINDINGS = "the framework reads path parameters"
_BOUND = "a login is bound to its password"

DERIVED: Mapping[str, str] = {
    "web": "session, cookies and the origin check follow from the guards",
    "api": "what the guards need follows from the guards",
    "session": _SESSION,
    "StartSession": _SESSION,
    "cookies": _COOKIES,
    "AddQueuedCookiesToResponse": _COOKIES,
    "EncryptCookies": "a cookie holds a random id and nothing to hide",
    "ShareErrorsFromSession": "flashed values lie in the session",
    "csrf": _CSRF,
    "VerifyCsrfToken": _CSRF,
    "ValidateCsrfToken": _CSRF,
    "PreventRequestForgery": _CSRF,
    "EnsureFrontendRequestsAreStateful": "CSRF follows the proof, not the caller's address",
    "bindings": _BINDINGS,
    "SubstituteBindings": _BINDINGS,
    "auth.session": _BOUND,
    "AuthenticateSession": _BOUND,
}
"""What is there without being named, and how."""

_ELSEWHERE: Mapping[str, str] = {
    "HandleCors": "CORS is Starlette's: app.add_middleware(CORSMiddleware, ...)",
    "TrustProxies": "Proxies are the setting `trusted_proxies`",
}
"""Names of the field that mean something which stands elsewhere."""

BASIC = ("auth.basic", "AuthenticateWithBasicAuth")
"""Asks the login of a session, and where there is none name and password, which it then keeps as a login."""

GUESTS = ("guest", "RedirectIfAuthenticated")
"""Asks who is logged in, to send him away."""


@dataclass(frozen=True, slots=True)
class Line:
    r"""One line of a group: `\App\Http\Middleware\Authenticate::class` is `Authenticate`; `auth:web,api` takes parameters."""

    key: str
    text: str

    @property
    def _halves(self) -> tuple[str, str, str]:
        return self.text.strip().replace("::class", "").rpartition("\\")[2].partition(":")

    @property
    def name(self) -> str:
        """The name, without namespace and parameters."""
        return self._halves[0]

    @property
    def parameters(self) -> tuple[str, ...]:
        """What stands behind the colon."""
        _, colon, rest = self._halves
        return tuple(part.strip() for part in rest.split(",")) if colon else ()


@dataclass(frozen=True)
class Groups:
    """The groups of a configuration, with all that their lines may name."""

    lines: Mapping[str, Sequence[Line]]
    guards: Mapping[str, Guard]
    default: str
    steps: Mapping[str, StepPart]

    def areas(self, answers: Mapping[str, Answers], asked: Mapping[str, tuple[str, ...]]) -> dict[str, Area]:
        """Read every group that asks somebody as an area; `asked` names the guards of areas that say so themselves."""
        self._refuse_unused_steps()
        found = {name: self._area(name, answers.get(name, "auto"), asked.get(name)) for name in self.lines}
        return {name: area for name, area in found.items() if area is not None}

    def _area(self, name: str, answers: Answers, asked: tuple[str, ...] | None) -> Area | None:
        lines = list(self._expanded(name, ()))
        auth = [line for line in lines if line.name in (*AUTH, *BASIC)]
        auth = auth or [line for line in lines if line.name in GUESTS]
        guards = self._guards(name, auth, asked)
        phase: Phase = "after guards" if asked and not auth else "before guards"
        steps: list[Step | Stacked] = []
        notes: list[Note] = []
        for line in lines:
            if line.name in AUTH:
                phase = "after guards"
                notes += self._auth_note(line, guards)
            elif line.name in BASIC:
                phase = "after guards"
                steps.append(self._basic_login(line))
            elif (step := self._step(line, phase)) is not None:
                steps.append(step)
            else:
                notes.append(_derived(line))
        if guards:
            return Area(guards=guards, answers=answers, steps=tuple(steps), notes=tuple(notes))
        self._refuse_idle_steps(name, steps)
        return None

    # -- lines --------------------------------------------------------------------------------------------------

    def _expanded(self, name: str, above: tuple[str, ...]) -> Iterator[Line]:
        """Replace the names of groups by their lines; a line that was there already is not run twice."""
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for line in self.lines[name]:
            for inner in self._inner(line, (*above, name)):
                if (inner.name, inner.parameters) not in seen:
                    seen.add((inner.name, inner.parameters))
                    yield inner

    def _inner(self, line: Line, above: tuple[str, ...]) -> Iterator[Line]:
        if line.text in above:
            fix = "A group cannot hold itself; take the name out of the list."
            raise ConfigError(line.key, " -> ".join((*above, line.text)), fix)
        if line.text in self.lines:
            yield from self._expanded(line.text, above)
        else:
            yield line

    # -- who is asked -------------------------------------------------------------------------------------------

    def _guards(self, area: str, auth: Sequence[Line], asked: tuple[str, ...] | None) -> tuple[str, ...]:
        """Find the guards of a group: its `auth` line, or those the area names, or the guard of the same name."""
        named = [self._named(line) for line in auth]
        for line, guards in zip(auth, named, strict=True):
            if set(guards) != set(asked or named[0]):
                fix = f"It asks {', '.join(asked or named[0])} too: one `auth` line with all of which any may answer."
                raise ConfigError(line.key, line.text, fix)
        found = asked or (named[0] if named else ())
        if area not in self.guards:
            return found
        different = [guard for guard in found if not self._alike(area, guard)]
        if different:
            raise self._ambiguous(area, found, auth)
        return (area,)

    def _named(self, line: Line) -> tuple[str, ...]:
        if line.name in BASIC:
            return self._with_basic(line)
        for name in line.parameters:
            if name not in self.guards:
                nearest = nearest_of(name, self.guards)
                fix = f"The guards are: {', '.join(sorted(self.guards))}."
                raise ConfigError(line.key, line.text, fix, nearest=f"auth:{nearest}" if nearest else None)
        return tuple(dict.fromkeys(line.parameters)) or (self.default,)

    def _with_basic(self, line: Line) -> tuple[str, ...]:
        """Name the session guard of an `auth.basic` line, and the Basic guards over the same users."""
        session = line.parameters[0] if line.parameters and line.parameters[0] else self.default
        return with_basic(self.guards, session, line.key, line.text)

    def _basic_login(self, line: Line) -> Stacked:
        session = self.guards[self._with_basic(line)[0]]
        return BasicLogin(cast("SessionGuard", session))

    def _alike(self, one: str, other: str) -> bool:
        """Whether two guards believe the same logins, so that it does not matter which is asked."""
        a, b = self.guards[one], self.guards[other]
        if not (isinstance(a, SessionGuard) and isinstance(b, SessionGuard)):
            return one == other
        return (a.provider, a.realm) == (b.provider, b.realm)

    def _ambiguous(self, area: str, found: tuple[str, ...], auth: Sequence[Line]) -> ConfigError:
        key, text = (auth[0].key, auth[0].text) if auth else (f"areas.{area}.guards", ", ".join(found))
        fix = (
            f"It asks {', '.join(found)}, and there is a guard {area} too, which believes other credentials: "
            f"write auth:{area}, or give the group another name."
        )
        return ConfigError(key, text, fix)

    def _auth_note(self, line: Line, guards: tuple[str, ...]) -> Iterator[Note]:
        """Say what an `auth` line came to, where that is not what stands there."""
        named = self._named(line)
        folded = f"; guard {guards[0]} believes the same logins" if named != guards else ""
        if not line.parameters:
            yield Note(line.name, f"{line.key} asks the default guard, {self.default}{folded}")
        elif folded:
            yield Note(line.name, f"{line.key} asks {', '.join(named)}{folded}")

    # -- what else runs -----------------------------------------------------------------------------------------

    def _step(self, line: Line, phase: Phase) -> Step | Stacked | None:
        """Find the step that a line names; None where guardhouse does the same by itself.

        Steps that come with guardhouse stand at the phase that they need, wherever they are in the list.
        """
        for name in (line.text, line.name):
            if name in self.steps:
                parameters = line.parameters if name == line.name else ()
                return _as_step(line, self.steps[name], phase, parameters)
        if line.name in DERIVED and not line.parameters:
            return None
        if line.name in GUESTS:
            return Guest()
        try:
            known = read_alias(f"{line.name}:{','.join(line.parameters)}")
        except ConfigError as error:
            raise ConfigError(line.key, line.text, error.fix) from None
        if known is None:
            raise self._unknown(line)
        return known

    def _unknown(self, line: Line) -> ConfigError:
        give = f'hand in a step of that name: from_config(..., steps={{"{line.name}": function}})'
        if line.name in DERIVED:
            return ConfigError(
                line.key, line.text, f"{line.name} takes no parameters here; take them away, or {give}."
            )
        if line.name in _ELSEWHERE:
            return ConfigError(line.key, line.text, f"{_ELSEWHERE[line.name]}: take the line out, or {give}.")
        nearest = nearest_of(line.name, [*AUTH, *BASIC, *ALIASES, *DERIVED, *self.lines, *self.steps])
        return ConfigError(line.key, line.text, f"Nothing here has that name: {give}.", nearest=nearest)

    @cached_property
    def _used(self) -> frozenset[str]:
        every = [line for lines in self.lines.values() for line in lines]
        return frozenset(line.text for line in every) | frozenset(line.name for line in every)

    def _refuse_unused_steps(self) -> None:
        for name in self.steps:
            if name in AUTH or name in self.lines:
                raise ConfigError(
                    f"steps.{name}", name, "That name means guards or a group; name the step otherwise."
                )
            if name not in self._used:
                nearest = nearest_of(name, self._used)
                raise ConfigError(
                    f"steps.{name}", name, "No middleware group names this step.", nearest=nearest
                )

    def _refuse_idle_steps(self, name: str, steps: Sequence[Step | Stacked]) -> None:
        """Refuse steps that would never run: a group that asks nobody is at work only inside another group."""
        if steps and name not in self._used:
            fix = f"The group asks no guard, so {steps[0].name} would never run: add `auth`."
            raise ConfigError(f"middleware.{name}", [line.text for line in self.lines[name]], fix)


def _as_step(line: Line, part: StepPart, phase: Phase, parameters: tuple[str, ...]) -> Step:
    if isinstance(part, Step):
        if parameters:
            fix = f"A Step takes no parameters: name it {line.text!r} among the steps, or hand in a function."
            raise ConfigError(line.key, line.text, fix)
        return part
    try:
        inspect.signature(part).bind(None, *parameters)
    except (TypeError, ValueError) as error:
        fix = f"Its function must take the visit and what stands behind the colon: {error}."
        raise ConfigError(line.key, line.text, fix) from None
    name = f"{line.name}:{','.join(parameters)}" if parameters else line.name
    return Step(name, _With(part, parameters) if parameters else part, phase)


@dataclass(frozen=True, slots=True)
class _With:
    """A step's function with what stands behind the colon."""

    function: Callable[..., Any]
    parameters: tuple[str, ...]

    def __call__(self, visit: object) -> Any:  # noqa: ANN401 - a step's own answer
        return self.function(visit, *self.parameters)


def _derived(line: Line) -> Note:
    return Note(line.name, f"{line.key} names it; derived anyway: {DERIVED[line.name]}")
