"""What the source of an application says: where it asks for a login, and where it writes a key down. Nothing is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from guardhouse.edge.routes import RouteInfo, inner_of

_DEPTH = 2
"""How many imports away from an endpoint a module of the same package is still read."""

_NO_LOGIN = frozenset({"logout", "check", "user", "identity", "validate", "guest", "once"})
"""What is asked of a desk without logging anybody in."""

_OURS, _OUR_APPLICATION = "guardhouse", "guardhouse.demo"


@dataclass(frozen=True, slots=True)
class DeskCall:
    """One `house.auth(request, guard)`: None is the default guard; `written` is whether the name is written out."""

    where: str
    guard: str | None
    written: bool
    asks: str
    """The verb that is called on it at once, empty where it is kept."""

    @property
    def logs_in(self) -> bool:
        """Whether somebody may be logged in by it."""
        return self.asks not in _NO_LOGIN


@dataclass(frozen=True, slots=True)
class Sources:
    """The modules that were read, each as a tree."""

    trees: Mapping[str, ast.Module] = field(default_factory=dict[str, ast.Module])
    """By the name of the file."""
    whole: bool = True
    """Whether every endpoint's module could be read."""
    bindings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What the names of each file stand for."""

    def desk_calls(self, house: object) -> Iterator[DeskCall]:
        """Find every place that asks for the desk of a session guard of this house."""
        for file, tree in self.trees.items():
            verbs = {id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and self._asks_desk(node, self.bindings.get(file, {}), house):
                    guard, written = _guard_of(node)
                    yield DeskCall(f"{file}:{node.lineno}", guard, written, verbs.get(id(node), ""))

    def _asks_desk(self, call: ast.Call, names: Mapping[str, Any], house: object) -> bool:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in ("auth", "desk") or not call.args:
            return False
        owner = names.get(function.value.id) if isinstance(function.value, ast.Name) else None
        return owner is None or owner is house

    def mentions(self, name: str) -> bool:
        """Whether a name is used anywhere, as a call, an import or an attribute."""
        return any(name in _names(node) for tree in self.trees.values() for node in ast.walk(tree))

    def keyword_constants(self, function: str, keyword: str) -> Iterator[tuple[str, str]]:
        """Find calls of that name whose keyword is a text in the source: its place, and the text."""
        for file, tree in self.trees.items():
            constants = dict(_constants(tree))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and function in _names(node.func):
                    for given in node.keywords:
                        text = _text(given.value, constants) if given.arg == keyword else None
                        if text is not None:
                            yield f"{file}:{given.value.lineno}", text


def read_sources(routes: Iterable[RouteInfo], more: Iterable[str] = ()) -> Sources:
    """Read the modules of the endpoints, and what they import of their own package."""
    wanted = {_module_of(info.endpoint) for info in routes if info.kind != "mount"} | set(more)
    trees: dict[str, ast.Module] = {}
    bindings: dict[str, Mapping[str, Any]] = {}
    whole = True
    for name in sorted(_with_imported({name for name in wanted if name and _of_application(name)})):
        file = getattr(sys.modules.get(name), "__file__", None)
        tree = _parsed(file)
        if tree is None:
            whole = whole and name not in wanted
        else:
            trees[str(file)], bindings[str(file)] = tree, vars(sys.modules[name])
    return Sources(trees, whole, bindings)


def _parsed(file: str | None) -> ast.Module | None:
    try:
        return None if file is None else ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _module_of(endpoint: Any) -> str:  # noqa: ANN401 - any callable
    while (deeper := inner_of(endpoint)) is not None:
        endpoint = deeper
    return str(getattr(endpoint, "__module__", "") or type(endpoint).__module__)


def _of_application(name: str) -> bool:
    ours = name == _OURS or name.startswith(f"{_OURS}.")
    demo = name.startswith(_OUR_APPLICATION)
    return demo or not (ours or name.partition(".")[0] in ("starlette", "fastapi"))


def _with_imported(names: set[str]) -> set[str]:
    """Add the modules of the same packages that these refer to, as far as they are loaded."""
    seen, edge = set(names), set(names)
    for _ in range(_DEPTH):
        edge = {other for name in edge for other in _imported(name)} - seen
        seen |= edge
    return seen


def _imported(name: str) -> Iterator[str]:
    package = name.partition(".")[0]
    for value in list(vars(sys.modules[name]).values()) if name in sys.modules else ():
        other = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(other, str) and other.partition(".")[0] == package and _of_application(other):
            yield other


def _guard_of(call: ast.Call) -> tuple[str | None, bool]:
    """Read the guard of `auth(request, guard)`, and whether it is written out."""
    said = [*call.args[1:2], *(given.value for given in call.keywords if given.arg in ("name", None))]
    if not said:
        return None, True
    value = said[0].value if isinstance(said[0], ast.Constant) else ...
    return (value, True) if value is None or isinstance(value, str) else (None, False)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """List the texts that a module gives a name to."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                    yield target.id, node.value.value


def _text(node: ast.expr, constants: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _names(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return frozenset({name})
        case ast.Subscript(value=value):
            return _names(value)
        case _:
            return frozenset()


def names_in(function: Any) -> frozenset[str]:  # noqa: ANN401 - any callable
    """List the names that a function uses, those inside of it included; empty where it has no code to look at."""
    while (deeper := inner_of(function)) is not None:
        function = deeper
    called: Any = function if hasattr(function, "__code__") else getattr(function, "__call__", None)  # noqa: B004 - an object that can be called is meant
    code = getattr(called, "__code__", None)
    return frozenset(_names_of_code(code)) if code is not None else frozenset()


def _names_of_code(code: Any) -> Iterator[str]:  # noqa: ANN401 - a code object
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from _names_of_code(constant)
