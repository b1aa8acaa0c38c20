"""The floors of the house and what each file keeps, as functions from source text to complaints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

PACKAGE = "guardhouse"
# A module stands on the floor of the longest name here that it is or lies under; it imports from its own and below.
FLOORS = {
    "guardhouse.errors": 0,
    "guardhouse.core": 1,
    "guardhouse.vault": 1,
    "guardhouse.state": 2,
    "guardhouse.templates": 2,
    # What a flow may say about mail, without knowing who writes it out and who carries it.
    "guardhouse.mail.address": 2,
    "guardhouse.mail.letter": 2,
    "guardhouse.mail.link": 2,
    "guardhouse.flows": 3,
    "guardhouse.guards": 3,
    "guardhouse.issuers": 3,
    "guardhouse.mail": 3,
    "guardhouse.stores": 3,
    "guardhouse.users": 3,
    "guardhouse.audit": 4,
    "guardhouse.auth": 4,
    "guardhouse.config": 4,
    "guardhouse.gate": 4,
    "guardhouse.desks": 4,
    "guardhouse.devices": 4,
    "guardhouse.house": 4,
    "guardhouse.limits": 4,
    "guardhouse.packages": 4,
    "guardhouse.rules": 4,
    "guardhouse.stacks": 4,
    "guardhouse.telemetry": 4,
    "guardhouse.steps": 4,
    "guardhouse.tokens": 4,
    "guardhouse.edge": 5,
    "guardhouse.fastapi": 5,
    "guardhouse.starlette": 5,
    "guardhouse.ways": 5,
    "guardhouse.demo": 6,
    "guardhouse.doctor": 6,
    "guardhouse.pytest_plugin": 6,
    "guardhouse.testing": 6,
    "guardhouse.__main__": 7,
    "guardhouse.cli": 7,
}
# Neighbours on these floors never import each other.
APART = frozenset({1, 3})

FRAMEWORKS = frozenset({"starlette", "fastapi", "pydantic", "uvicorn", "litestar", "django", "flask"})
WAITING = frozenset({"anyio", "asyncio", "concurrent", "multiprocessing", "queue", "select", "threading"})
OUTSIDE = frozenset({"http", "io", "os", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "tempfile"})
CHANCE = frozenset({"random", "secrets", "time", "uuid"})
# What may not be imported at all, by package.
FOREIGN = {
    "guardhouse.core": FRAMEWORKS | WAITING | OUTSIDE | CHANCE,
    "guardhouse.state": FRAMEWORKS | WAITING | OUTSIDE,
    "guardhouse.vault": FRAMEWORKS | WAITING | OUTSIDE,
    "guardhouse.flows": FRAMEWORKS | WAITING | OUTSIDE | CHANCE,
    "guardhouse.guards": FRAMEWORKS,
    "guardhouse.issuers": FRAMEWORKS,
    "guardhouse.templates": FRAMEWORKS | WAITING,
    "guardhouse.mail": FRAMEWORKS,
    "guardhouse.mail.address": FRAMEWORKS | WAITING | OUTSIDE,
    "guardhouse.mail.letter": FRAMEWORKS | WAITING | OUTSIDE,
    "guardhouse.mail.link": FRAMEWORKS | WAITING | OUTSIDE,
    "guardhouse.desks": FRAMEWORKS,
    "guardhouse.stores": FRAMEWORKS,
    "guardhouse.users": FRAMEWORKS,
}
NOW = frozenset({"now", "utcnow", "today"})
REQUEST_WORDS = frozenset(
    {"cookie", "csrf", "header", "headers", "request", "response", "scope", "session", "visit"}
)
# From the edge up the application's own code is run and its annotations are evaluated; both may raise anything. A net
# there still needs its reason beside it, which ruff's BLE001 asks for.
RUNS_FOREIGN_CODE = 5
LONGEST_FUNCTION = 50
LONGEST_FILE = 400


class Imported(NamedTuple):
    """One import: the line it stands on and the module it reaches for."""

    line: int
    module: str


def floor_of(module: str) -> tuple[str, int] | None:
    """Find the house's entry for `module` and its floor."""
    entry = module
    while entry:
        if entry in FLOORS:
            return entry, FLOORS[entry]
        entry = entry.rpartition(".")[0]
    return None


def imports(tree: ast.Module, module: str, *, door: bool = False) -> Iterator[Imported]:
    """Read every import in a file, also those inside of functions and those for type checkers only."""
    home = module if door else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Imported(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = home.split(".")[: len(home.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*here, *filter(None, [node.module])])
            yield from (Imported(node.lineno, _named(source, alias.name)) for alias in node.names)


def _named(source: str, name: str) -> str:
    """Tell a sub-module from a name in a module: `from guardhouse.core import events` reaches for core.events."""
    return f"{source}.{name}" if source == PACKAGE or floor_of(f"{source}.x") else source


def complaints(source: str, module: str, *, door: bool = False) -> list[str]:
    """Say what is wrong with one file; `door` where it is a package's `__init__`."""
    tree = ast.parse(source)
    checks = (_law(tree), _size(source, tree), _errors(tree, module), _floors(tree, module, door=door))
    found = [complaint for check in checks for complaint in check]
    if module.startswith("guardhouse.core"):
        found += _pure(source, tree)
    if module.startswith("guardhouse.vault"):
        found += _vault_words(tree)
    return found


def _law(tree: ast.Module) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield "1: the first statement is not a docstring that says the file's law"


def _size(source: str, tree: ast.Module) -> Iterator[str]:
    if source.count("\n") > LONGEST_FILE:
        yield f"1: the file is longer than {LONGEST_FILE} lines"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.lineno}: {node.name} is longer than {LONGEST_FUNCTION} lines"


def _errors(tree: ast.Module, module: str) -> Iterator[str]:
    place = floor_of(module)
    nets_allowed = place is not None and place[1] >= RUNS_FOREIGN_CODE
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield f"{node.lineno}: assert is for tests; raise an error that says what to do"
        if isinstance(node, ast.ExceptHandler) and not nets_allowed and _catches_everything(node):
            yield f"{node.lineno}: catches every exception and goes on"


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    """Find the net that swallows; one that ends in a raise only says it in other words."""
    caught = (
        {part.id for part in ast.walk(handler.type) if isinstance(part, ast.Name)}
        if handler.type
        else {"all"}
    )
    return bool(caught & {"all", "BaseException", "Exception"}) and not isinstance(
        handler.body[-1], ast.Raise
    )


def _floors(tree: ast.Module, module: str, *, door: bool) -> Iterator[str]:
    place = floor_of(module)
    if place is None and module != PACKAGE:
        yield f"1: {module} has no floor; give it one in tests/floors.py"
    for line, target in imports(tree, module, door=door):
        if target == PACKAGE:
            yield f"{line}: imports the package's own __init__"
        elif target.startswith(PACKAGE + "."):
            yield from (f"{line}: {complaint}" for complaint in _reach(module, target))
        elif place and target.partition(".")[0] in FOREIGN.get(place[0], ()):
            yield f"{line}: {place[0]} must not import {target}"


def _reach(module: str, target: str) -> Iterator[str]:
    here, there = floor_of(module), floor_of(target)
    if there is None:
        yield f"imports {target} from the package's own __init__, or it has no floor in tests/floors.py"
    elif here is None:
        return
    elif there[1] > here[1]:
        yield f"{here[0]} (floor {here[1]}) imports {target} (floor {there[1]})"
    elif there[1] in APART and there[1] == here[1] and there[0] != here[0]:
        yield f"{here[0]} imports its neighbour {target}"


def _pure(source: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef) and not _only_declared(node):
            yield f"{node.lineno}: the core waits for nothing"
        if isinstance(node, ast.Attribute) and node.attr in NOW:
            yield f"{node.lineno}: the core looks at no clock; take the moment as an argument"
    for number, line in enumerate(source.splitlines(), start=1):
        if "pragma: no cover" in line:
            yield f"{number}: the core is covered without pragmas"


def _only_declared(function: ast.AsyncFunctionDef) -> bool:
    """Tell a protocol's method, which somebody above will await, from one that does something."""
    return all(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        for statement in function.body
    )


def _vault_words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for name in _names(node):
            known = REQUEST_WORDS & set(name.lower().strip("_").split("_"))
            if known:
                yield f"{getattr(node, 'lineno', 1)}: the vault knows no requests, but here is {name!r}"


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case _:
            return
