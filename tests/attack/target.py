"""What `target.json` says about an application: how to start it, what its parts are called, what it offers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

EVIL_ORIGIN = "https://evil.example"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in; `marker` is what protected_get prints for him and for nobody else."""

    username: str
    password: str
    marker: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """Where a role lives, and what this application calls the fields of its body."""

    path: str
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Target:
    """One application, as far as a black box is told. Every `${name}` in it is a variable."""

    name: str
    command: Sequence[str]
    address: Mapping[str, str]
    roles: Mapping[str, Role]
    cookies: Mapping[str, str]
    users: Mapping[str, User]
    variants: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    csrf: Mapping[str, str] = field(default_factory=dict[str, str])
    hooks: Mapping[str, Any] = field(default_factory=dict[str, Any])
    requires: Sequence[str] = ()
    known_methods: Sequence[str] = ()
    """Methods that the usual server hands on to the application; empty where it hands on all."""
    lifetimes: Mapping[str, int] = field(default_factory=dict[str, int])
    log: Mapping[str, Sequence[Mapping[str, str]]] = field(
        default_factory=dict[str, Sequence[Mapping[str, str]]]
    )
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    values_with: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Other values in cases that require something: those of a remote issuer, say, are not about our own."""
    fixtures: Mapping[str, Any] = field(default_factory=dict[str, Any])
    disputed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Cases held to be wrong here: in which fields, and why. They are played, and then skipped with that reason."""
    instead: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Cases that are about a special route of a role, and the role that is such a one here."""

    def cookie(self, role: str) -> str:
        """Return the name of a cookie; empty if the application has none for that role."""
        return self.cookies.get(role, "")

    @property
    def markers(self) -> list[str]:
        """What protected_get prints, for any user."""
        return sorted({user.marker for user in self.users.values()})


def load(path: Path, own: Mapping[str, str], given: Mapping[str, str]) -> Target:
    """Read a target. What is given replaces the file's own variables; both may name those of the runner."""
    document = json.loads(path.read_text("utf-8"))
    variables = fill(document.pop("variables", {}) | given, own)
    filled = fill(document, {**own, **variables})
    filled["roles"] = {name: Role(**role) for name, role in filled["roles"].items()}
    filled["users"] = {name: User(**user) for name, user in filled["users"].items()}
    return Target(**{key: value for key, value in filled.items() if not key.startswith("//")})


def fill(value: Any, variables: Mapping[str, str]) -> Any:
    """Put variables into every text of a JSON value; a name that is none stays, for it may be a placeholder."""
    match value:
        case str():
            return Template(value).safe_substitute(variables)
        case list():
            return [fill(one, variables) for one in value]
        case dict():
            return {key: fill(one, variables) for key, one in value.items()}
        case _:
            return value
