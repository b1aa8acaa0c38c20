"""The rules of an application: what its users may do with its own things, asked by name, and told why not."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NoReturn, TypeAlias, TypeVar, overload

from msgspec import Struct

from guardhouse.config.reading import nearest_of
from guardhouse.core.answer import Refusal
from guardhouse.core.rule import (
    NOT_FOR_CLIENTS,
    NOT_FOR_GUESTS,
    Answer,
    Denied,
    Granted,
    Question,
    Turn,
    Voice,
    ability_text,
    answer_of,
    conclude,
    denial,
    key_of,
    settled,
    shown,
)
from guardhouse.core.rule_function import RuleFunction, first_hint, read_function
from guardhouse.core.rule_policy import Policy, read_policy
from guardhouse.core.verdict import Client, Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.users.values import READERS, Reader

F = TypeVar("F", bound=Callable[..., Any])

Named: TypeAlias = object
"""The name of an ability: a text, or a member of an enumeration of texts."""


class _Found(Struct, frozen=True):
    """Whom to ask, and about what."""

    rule: RuleFunction
    before: RuleFunction | None
    arguments: Sequence[object]


class _Binder(Struct, frozen=True):
    load: Callable[[Any], Any]
    read: Reader | None


class Rules:
    """The rules of one application.

    Every function is called with whoever asks and then with what it is about; it may be plain or async, and returns
    True, False, None for no opinion, `Granted`, `Denied`, or a text that says why not. What it raises is raised:
    a rule that breaks grants nothing.

    A visitor who is nobody is handed to a function only if its first parameter may be None (`user: User | None`), and
    a program that calls in its own name (`Client`) only if that was said with `clients`. Otherwise a rule denies them
    without being called, and *before* and *after* are passed over.
    """

    def __init__(self) -> None:
        self._defined: dict[str, tuple[str, RuleFunction]] = {}
        self._policies: dict[type, Policy] = {}
        self._before: list[RuleFunction] = []
        self._after: list[RuleFunction] = []
        self._binders: dict[str, _Binder] = {}
        self._frozen = False

    def __repr__(self) -> str:
        return f"Rules({', '.join(self._abilities())})"

    # -- writing them down --------------------------------------------------------------------------------------

    @overload
    def define(self, ability: Named, rule: F, *, clients: bool = ..., replace: bool = ...) -> F: ...

    @overload
    def define(
        self, ability: Named, rule: None = None, *, clients: bool = ..., replace: bool = ...
    ) -> Callable[[F], F]: ...

    def define(
        self, ability: Named, rule: F | None = None, *, clients: bool = False, replace: bool = False
    ) -> F | Callable[[F], F]:
        """Define what an ability needs: `define("view-admin", is_admin)`, or as a decorator.

        A dash and an underscore are the same. An ability is defined once, unless `replace` says that the rule of
        somebody else, such as a package, is meant to give way. Raises `ConfigError`.
        """
        text = ability_text(ability)
        key = key_of(text)

        def define(function: F) -> F:
            self._refuse_late(f"define({text!r})")
            if (key in self._defined) is not replace:
                fix = (
                    "There is no such rule to replace; define it without replace=True."
                    if replace
                    else "It has a rule; take one of them away, or say define(..., replace=True)."
                )
                raise ConfigError("rules.define", text, fix)
            self._defined[key] = text, read_function(function, f"rule {text}", clients=clients)
            return function

        return define if rule is None else define(rule)

    def policy(self, kind: type, policy: object, *, clients: Collection[str] = ()) -> None:
        """Let an object answer for a class of things and what is derived from it: `policy(Post, PostPolicy())`.

        Its methods are named after abilities: `update` for `can(user, "update", post)`. Asked about the class itself,
        `can(user, "create", Post)`, a method gets the user alone. Its `before(user, ability, *things)` is heard
        before its methods. `clients` names the methods that programs may be judged by. Raises `ConfigError`.
        """
        self._refuse_late(f"policy({kind.__name__})")
        read = read_policy(policy, frozenset(clients))
        if kind in self._policies:
            fix = f"{self._policies[kind].name} answers for it; a class has one policy."
            raise ConfigError("rules.policy", f"{read.name} for {kind.__name__}", fix)
        for asked in clients:
            if asked not in read.methods:
                nearest = nearest_of(asked, read.methods)
                fix = f"Its methods are: {', '.join(read.methods) or 'none'}."
                raise ConfigError(f"policy {read.name}, clients", asked, fix, nearest=nearest)
        self._policies[kind] = read

    def before(self, function: F, *, clients: bool = False) -> F:
        """Hear a function before every rule: `before(user, ability, *things)`; its first opinion is final."""
        self._refuse_late("before")
        self._before.append(read_function(function, clients=clients))
        return function

    def after(self, function: F, *, clients: bool = False) -> F:
        """Hear a function after every rule: `after(user, ability, answer, *things)`.

        `answer` is `Granted`, `Denied`, or None while nobody had an opinion; only then does its own count.
        """
        self._refuse_late("after")
        self._after.append(read_function(function, clients=clients))
        return function

    @overload
    def bind(self, parameter: str, load: F) -> F: ...

    @overload
    def bind(self, parameter: str, load: None = None) -> Callable[[F], F]: ...

    def bind(self, parameter: str, load: F | None = None) -> F | Callable[[F], F]:
        """Say what a route parameter stands for: `bind("post", load_post)`, for `Can("update", "post")`.

        `load` takes what the route hands over and returns the thing, or None where there is none. Where its parameter
        is an `int`, a `UUID` or a `bool`, a text that is not exactly one is None without a call. Raises `ConfigError`.
        """

        def bind(function: F) -> F:
            self._refuse_late(f"bind({parameter!r})")
            if parameter in self._binders:
                raise ConfigError("rules.bind", parameter, "It is bound; a parameter stands for one thing.")
            read_function(function, f"bind {parameter}")
            hint = first_hint(function)
            reader = READERS.get(hint) if isinstance(hint, type) and hint is not str else None
            self._binders[parameter] = _Binder(function, reader)
            return function

        return bind if load is None else bind(load)

    @property
    def hooked(self) -> bool:
        """Whether a function is heard before or after every rule."""
        return bool(self._before or self._after)

    def functions(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """List what was defined, for those who look at it without asking."""
        return ((text, rule.call) for text, rule in self._defined.values())

    def freeze(self) -> None:
        """Take no more rules: the house is at work."""
        self._frozen = True

    # -- asking -------------------------------------------------------------------------------------------------

    async def inspect(self, user: object, ability: Named, /, *about: Any) -> Answer:  # noqa: ANN401 - any things
        """Ask, and return the answer with all who were asked: `Granted` is true, `Denied` is not.

        `user` is the application's own user, a `Client`, or None for nobody. Raises `ConfigError` for an ability that
        nobody knows, and whatever the rule raises.
        """
        _refuse_no_user(user)
        text = ability_text(ability)
        found = self._find(text, about)
        question = Question(text, tuple(map(shown, about)))
        hooks = [*self._before, found.before] if found.before is not None else self._before
        voices: list[Voice] = []
        for hook in hooks:
            voices.append(await _hear("before", hook, user, (text, *about)))
            if voices[-1].said is not None:
                break
        else:
            voices.append(await _hear("rule", found.rule, user, found.arguments))
        for hook in self._after:
            decided = settled(voices)
            so_far = None if decided is None else decided.said
            voices.append(await _hear("after", hook, user, (text, so_far, *about)))
        return conclude(question, voices)

    async def can(self, user: object, ability: Named, /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether somebody may."""
        return bool(await self.inspect(user, ability, *about))

    async def cannot(self, user: object, ability: Named, /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether somebody may not."""
        return not await self.inspect(user, ability, *about)

    async def any(self, user: object, abilities: Iterable[Named], /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether somebody may do at least one of these."""
        for ability in _several(abilities):
            if await self.inspect(user, ability, *about):
                return True
        return False

    async def none(self, user: object, abilities: Iterable[Named], /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether somebody may do not one of these."""
        return not await self.any(user, abilities, *about)

    async def authorize(self, user: object, ability: Named, /, *about: Any) -> Granted:  # noqa: ANN401 - any things
        """Ask, and raise `Refused` for a no: 403, or 404 where the rule hides the thing.

        Where there is a request, `house.authorize(request, ...)` does the same and tells the listeners and the log.
        """
        answer = await self.inspect(user, ability, *about)
        if isinstance(answer, Denied):
            _refuse(answer)
        return answer

    def for_user(self, user: object) -> RulesFor:
        """Return the same questions about one user."""
        _refuse_no_user(user)
        return RulesFor(self, user)

    async def load(self, parameter: str, value: object) -> Any:  # noqa: ANN401 - the application's own things
        """Find what a route parameter stands for; None where there is no such thing. Unbound, it is its value."""
        binder = self._binders.get(parameter)
        if binder is None:
            return value
        if binder.read is not None and isinstance(value, str):
            value = binder.read(value)
            if value is None:
                return None
        return await _awaited(binder.load(value))

    # -- what there is ------------------------------------------------------------------------------------------

    def known(self, ability: Named) -> str:
        """Return the ability as text, if anybody answers for it; raise `ConfigError` naming the nearest if not."""
        text = ability_text(ability)
        key = key_of(text)
        if key not in self._defined and not any(key in policy.methods for policy in self._policies.values()):
            raise self._unknown(text, "Nobody answers for it", self._abilities())
        return text

    def kind_of(self, path: str) -> type:
        """Find the class of a policy by its dotted path, such as `shop.models.Post`; nothing is imported."""
        kinds = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in self._policies}
        if path not in kinds:
            fix = f"No policy answers for such a class; they answer for: {', '.join(kinds) or 'none'}."
            raise ConfigError("class of a rule", path, fix, nearest=nearest_of(path, kinds))
        return kinds[path]

    def _find(self, ability: str, about: Sequence[object]) -> _Found:
        """Find whom to ask: the policy of the first thing if it has the method, or else what was defined."""
        key = key_of(ability)
        policy = self._policy_for(about[0]) if about else None
        if policy is not None and key in policy.methods:
            # The class itself only says which policy is meant.
            arguments = about[1:] if isinstance(about[0], type) else about
            return _Found(policy.methods[key], policy.before, arguments)
        if key in self._defined:
            return _Found(self._defined[key][1], None, about)
        if policy is not None:
            raise self._unknown(ability, f"{policy.name} has no such method", policy.methods)
        what = (
            f"No rule of that name, and no policy for {shown(about[0])}" if about else "No rule of that name"
        )
        raise self._unknown(ability, what, self._abilities())

    def _policy_for(self, thing: object) -> Policy | None:
        kinds = thing.__mro__ if isinstance(thing, type) else type(thing).__mro__
        return next((self._policies[kind] for kind in kinds if kind in self._policies), None)

    def _abilities(self) -> list[str]:
        methods = (method for policy in self._policies.values() for method in policy.methods)
        return list(dict.fromkeys([*(text for text, _ in self._defined.values()), *methods]))

    def _unknown(self, ability: str, what: str, there: Iterable[str]) -> ConfigError:
        names = [*there, *(text for text, _ in self._defined.values())]
        fix = f"{what}. There are: {', '.join(dict.fromkeys(names)) or 'none'}."
        return ConfigError("ability", ability, fix, nearest=nearest_of(ability, names))

    def _refuse_late(self, verb: str) -> None:
        if self._frozen:
            fix = "The house is installed; write rules down before house.install(app)."
            raise ConfigError("rules", verb, fix)


class RulesFor:
    """The questions of `Rules`, about one user."""

    __slots__ = ("_rules", "_user")

    def __init__(self, rules: Rules, user: object) -> None:
        self._rules = rules
        self._user = user

    def __repr__(self) -> str:
        return f"RulesFor({shown(self._user)})"

    async def inspect(self, ability: Named, /, *about: Any) -> Answer:  # noqa: ANN401 - any things
        """Ask, and return the answer with all who were asked."""
        return await self._rules.inspect(self._user, ability, *about)

    async def can(self, ability: Named, /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether this user may."""
        return await self._rules.can(self._user, ability, *about)

    async def cannot(self, ability: Named, /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether this user may not."""
        return await self._rules.cannot(self._user, ability, *about)

    async def any(self, abilities: Iterable[Named], /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether this user may do at least one of these."""
        return await self._rules.any(self._user, abilities, *about)

    async def none(self, abilities: Iterable[Named], /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether this user may do not one of these."""
        return await self._rules.none(self._user, abilities, *about)

    async def authorize(self, ability: Named, /, *about: Any) -> Granted:  # noqa: ANN401 - any things
        """Ask, and raise `Refused` for a no."""
        return await self._rules.authorize(self._user, ability, *about)


async def _hear(turn: Turn, function: RuleFunction, user: object, arguments: Sequence[object]) -> Voice:
    unwelcome = _unwelcome(function, user)
    if unwelcome:
        denied = Denied(unwelcome) if turn == "rule" else None
        return Voice(function.name, turn, denied, f"not asked, {unwelcome}")
    handed = function.checked(arguments) if turn == "rule" else function.fitting(arguments)
    said = answer_of(function.name, await _awaited(function.call(user, *handed)))
    return Voice(function.name, turn, said)


def _unwelcome(function: RuleFunction, user: object) -> str:
    if user is None and not function.guests:
        return NOT_FOR_GUESTS
    return NOT_FOR_CLIENTS if isinstance(user, Client) and not function.clients else ""


async def _awaited(value: Any | Awaitable[Any]) -> Any:  # noqa: ANN401 - what a function of the application gave
    return await value if inspect.isawaitable(value) else value


def _several(abilities: Iterable[Named]) -> Iterable[Named]:
    """Take one name for one name; a text is a sequence of letters too."""
    return [abilities] if isinstance(abilities, str) else abilities


def _refuse_no_user(user: object) -> None:
    """Refuse what stands for a user and is none: a rule that looks at nothing would grant it."""
    if isinstance(user, Identity | Deny):
        fix = "Ask about the application's own user, such as `await house.user(request)` returns."
        raise ConfigError("rules, user", type(user).__name__, fix)


def _refuse(denied: Denied) -> NoReturn:
    # Imported here because a house's parts hold its rules, and a refusal the parts.
    from guardhouse.gate.refused import Refused  # noqa: PLC0415

    deny = denial(denied)
    raise Refused(Refusal(deny.reason, deny.by, deny.evidence, trace=(deny,)))
