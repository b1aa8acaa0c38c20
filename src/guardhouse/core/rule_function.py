"""How a function of the application is asked as a rule: what it is called, how much it takes, and whom it is for.

Whom it is for stands in its signature: a first parameter that may be None lets guests in. What cannot be read lets
nobody in.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Sequence
from types import NoneType, SimpleNamespace, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from guardhouse.errors import ConfigError

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class RuleFunction(Struct, frozen=True):
    """One function that may be asked."""

    call: Callable[..., Any]
    name: str
    guests: bool
    """Whether it wants to be asked about a visitor who is nobody."""
    clients: bool
    """Whether it wants to be asked about a program that calls in its own name."""
    least: int
    most: int | None
    """How many arguments it takes besides whoever asks; None is any number."""
    takes: str
    """Its signature, for errors."""

    def checked(self, arguments: Sequence[object]) -> Sequence[object]:
        """Refuse to call a rule with more or fewer arguments than it takes."""
        if len(arguments) < self.least or (self.most is not None and len(arguments) > self.most):
            found = f"{len(arguments)} arguments beside the user"
            fix = f"It takes {self.takes}. A class that is asked about, such as Post, is not handed on to its policy."
            raise ConfigError(self.name, found, fix)
        return arguments

    def fitting(self, arguments: Sequence[object]) -> Sequence[object]:
        """Cut the arguments to what it takes: a `before` need not name what it does not look at."""
        if len(arguments) < self.least:
            fix = f"It takes {self.takes}, and hears every rule; write *things, or give what is missing a default."
            raise ConfigError(self.name, f"{len(arguments)} arguments beside the user", fix)
        return arguments if self.most is None else arguments[: self.most]


def read_function(call: object, name: str = "", *, clients: bool = False) -> RuleFunction:
    """Read a function, a method or an object that can be called. Raise `ConfigError` where it cannot be asked."""
    name = name or name_of(call)
    if not callable(call) or inspect.isclass(call):
        raise ConfigError(f"rule {name}", name_of(call), "Hand in a function: def rule(user, post) -> bool.")
    try:
        parameters = list(inspect.signature(call).parameters.values())
    except ValueError:  # what is written in C may have no signature
        fix = "It cannot be seen what it takes; write a function around it: def rule(user, ...)."
        raise ConfigError(f"rule {name}", name_of(call), fix) from None
    takes = f"({', '.join(parameter.name for parameter in parameters)})"
    positional = [parameter for parameter in parameters if parameter.kind in _POSITIONAL]
    collects = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if named or not (positional or collects):
        fix = "It is called as rule(user, ...), by position: the first is whoever asks."
        raise ConfigError(f"rule {name}", takes, fix)
    first = positional[0] if positional else None
    required = sum(parameter.default is parameter.empty for parameter in positional)
    return RuleFunction(
        call,
        name,
        guests=first is not None and _takes_none(first, call),
        clients=clients,
        least=max(required - 1, 0),
        most=None if collects else len(positional) - 1,
        takes=takes,
    )


def name_of(call: object) -> str:
    """Name a function for people."""
    while isinstance(call, functools.partial):
        call = call.func
    name = getattr(call, "__qualname__", None) or type(call).__qualname__
    return str(name).rpartition("<locals>.")[2]


def first_hint(call: Callable[..., Any]) -> object:
    """Read the type of the first parameter; `Parameter.empty` where it says none, or none that can be evaluated."""
    first = next(iter(inspect.signature(call).parameters.values()), None)
    annotation: object = first.annotation if first is not None else inspect.Parameter.empty
    return _evaluated(annotation, call) if isinstance(annotation, str) else annotation


def _takes_none(first: inspect.Parameter, call: Callable[..., Any]) -> bool:
    if first.default is None:
        return True
    annotation: object = first.annotation
    if not isinstance(annotation, str):
        return _hint_takes_none(annotation)
    # Read before it is evaluated: a name that is there for type checkers only does not hide the None beside it.
    return _text_takes_none(annotation) or _hint_takes_none(_evaluated(annotation, call))


def _hint_takes_none(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    hint = getattr(hint, "__value__", hint)  # `type Visitor = User | None`
    if hint is None or hint is NoneType:
        return True
    origin = get_origin(hint)
    if origin is Annotated:
        return _hint_takes_none(get_args(hint)[0])
    return origin in (Union, UnionType) and any(_hint_takes_none(part) for part in get_args(hint))


def _text_takes_none(text: str) -> bool:
    try:
        return _node_takes_none(ast.parse(text, mode="eval").body)
    except SyntaxError:
        return False


def _node_takes_none(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=None):
            return True
        case ast.Constant(value=str() as inner):
            return _text_takes_none(inner)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _node_takes_none(left) or _node_takes_none(right)
        case ast.Subscript(value=ast.Name(id=form) | ast.Attribute(attr=form), slice=inside):
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            looked_at = {"Union": parts, "Annotated": parts[:1]}.get(form, [])
            return form == "Optional" or any(map(_node_takes_none, looked_at))
        case _:
            return False


def _evaluated(annotation: str, call: Callable[..., Any]) -> object:
    inner: Any = inspect.unwrap(call)
    while isinstance(inner, functools.partial):
        inner = inspect.unwrap(inner.func)
    if not hasattr(inner, "__globals__"):
        inner = type(inner).__call__
    written = SimpleNamespace(__annotations__={"it": annotation})
    try:
        return get_type_hints(written, getattr(inner, "__globals__", {}), include_extras=True)["it"]
    except (NameError, AttributeError, TypeError, SyntaxError):
        return inspect.Parameter.empty
