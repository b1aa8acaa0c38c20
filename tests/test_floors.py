"""The house stands: no floor leans on a higher one, and every file keeps the rules of its floor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .floors import FLOORS, PACKAGE, complaints, floor_of

SOURCE = Path(__file__).parent.parent / "src"
FILES = sorted((SOURCE / PACKAGE).rglob("*.py"))

# What a door may bring with it. Everything else that a user installs by choice is imported where it is used.
OPTIONAL = {
    "aiosqlite",
    "bcrypt",
    "click",
    "cryptography",
    "fastapi",
    "httpx2",
    "joserfc",
    "limits",
    "pydantic",
    "pytest",
    "rich",
    "segno",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "webauthn",
}
DOORS = {
    "guardhouse": set(),
    "guardhouse.starlette": {"starlette"},
    "guardhouse.fastapi": {"fastapi", "pydantic", "starlette"},
    "guardhouse.users.sqlalchemy": {"sqlalchemy"},
}


def module_of(file: Path) -> str:
    """Name the module that lies in `file`."""
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE / PACKAGE)))
def test_every_file_keeps_the_rules_of_its_floor(file: Path):
    found = complaints(file.read_text(), module_of(file), door=file.name == "__init__.py")
    assert not found, "\n".join(f"{file.relative_to(SOURCE.parent)}:{complaint}" for complaint in found)


def test_the_house_is_inhabited():
    """Were the sources looked for in the wrong place, every rule above would hold."""
    places = [floor_of(module_of(file)) for file in FILES]
    assert {place[1] for place in places if place} == set(FLOORS.values())


@pytest.mark.parametrize("door", DOORS)
def test_no_door_brings_what_the_user_did_not_ask_for(door: str):
    """In a process of its own, because this one has already imported everything."""
    program = f"import sys, {door}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert set(ran.stdout.split()) & OPTIONAL <= DOORS[door]


def test_every_folder_stands_in_the_table_for_contributors():
    told = (SOURCE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = [file.parent.name for file in (SOURCE / PACKAGE).glob("*/__init__.py")]
    assert [name for name in folders if f"`{name}/`" not in told] == []


LAW = '"""A law."""\n'


@pytest.mark.parametrize(
    ("module", "planted", "complaint"),
    [
        pytest.param("guardhouse.core.gate", "import os", "core must not import os", id="the core looks outside"),
        pytest.param("guardhouse.core.gate", "from guardhouse.state import x", "(floor 2)", id="core leans on state"),
        pytest.param("guardhouse.core.gate", "from ..state import csrf", "(floor 2)", id="by a relative import"),
        pytest.param("guardhouse.core.gate", "from ..state.csrf import x", "(floor 2)", id="by a longer one"),
        pytest.param("guardhouse.core.gate", "def f():\n    import guardhouse.cli", "(floor 7)", id="in a function"),
        pytest.param("guardhouse.core.gate", "if TYPE_CHECKING:\n    from guardhouse.gate.visit import V", "(floor 4)",
                     id="for type checkers only"),
        pytest.param("guardhouse.core.gate", "from guardhouse.vault import seal", "neighbour", id="core uses vault"),
        pytest.param("guardhouse.guards.jwt", "from guardhouse.stores.memory import M", "neighbour",
                     id="a guard knows a store"),
        pytest.param("guardhouse.users.ldap", "import guardhouse.guards.session", "neighbour",
                     id="a provider knows a guard"),
        pytest.param("guardhouse.flows.reset", "from guardhouse.users.memory import M", "neighbour",
                     id="a flow knows a provider"),
        pytest.param("guardhouse.house", "import guardhouse", "own __init__", id="imports the door"),
        pytest.param("guardhouse.house", "from guardhouse import Guardhouse", "own __init__", id="a name by the door"),
        pytest.param("guardhouse.house", "from . import Guardhouse", "own __init__", id="by the relative door"),
        pytest.param("guardhouse.mystery", "x = 1", "has no floor", id="a module without a floor"),
        pytest.param("guardhouse.house", "import guardhouse.mystery", "no floor", id="imports one"),
        pytest.param("guardhouse.state.csrf", "from starlette.requests import Request", "must not import",
                     id="state knows a framework"),
        pytest.param("guardhouse.vault.seal", "import fastapi", "must not import", id="vault knows a framework"),
        pytest.param("guardhouse.core.gate", "from time import time", "must not import", id="the core has a clock"),
        pytest.param("guardhouse.core.gate", "import random", "must not import", id="the core throws dice"),
        pytest.param("guardhouse.core.gate", "import secrets", "must not import", id="the core makes secrets"),
        pytest.param("guardhouse.core.gate", "x = datetime.now(UTC)", "no clock", id="the core asks the time"),
        pytest.param("guardhouse.core.gate", "async def f(): return 1", "waits for nothing", id="the core is async"),
        pytest.param("guardhouse.core.gate", "x = 1  # pragma: no cover", "without pragmas", id="uncovered core"),
        pytest.param("guardhouse.vault.seal", "def seal(cookie): ...", "no requests", id="the vault has a cookie"),
        pytest.param("guardhouse.vault.seal", "x = message.session_key", "no requests", id="and a session"),
        pytest.param("guardhouse.house", "assert x", "assert", id="assert on input"),
        pytest.param("guardhouse.house", "try: ...\nexcept Exception: ...", "every exception", id="except Exception"),
        pytest.param("guardhouse.house", "try: ...\nexcept (OSError, Exception): ...", "every exception",
                     id="among others"),
        pytest.param("guardhouse.house", "try: ...\nexcept: ...", "every exception", id="a bare except"),
        pytest.param("guardhouse.house", "try: ...\nexcept BaseException: ...", "every exception", id="BaseException"),
        pytest.param("guardhouse.house", "def f():\n" + "    x = 1\n" * 50, "longer than 50", id="a long function"),
        pytest.param("guardhouse.house", "x = 1\n" * 400, "longer than 400", id="a long file"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(module: str, planted: str, complaint: str):
    found = complaints(LAW + planted, module)
    assert len(found) == 1
    assert complaint in found[0]


def test_a_file_without_a_law_is_found():
    assert complaints("x = 1\n", "guardhouse.house") != []


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        pytest.param("guardhouse.state.csrf", "from guardhouse.core import facts", id="downwards"),
        pytest.param("guardhouse.edge.openapi", "from . import routes", id="a module beside it"),
        pytest.param("guardhouse.users.sql", "import anyio, sqlalchemy", id="a driver where it is used"),
        pytest.param(
            "guardhouse.house", "try: ...\nexcept BaseException:\n    close()\n    raise", id="raised again"
        ),
        pytest.param(
            "guardhouse.house", "try: ...\nexcept Exception as e:\n    raise X from e", id="said otherwise"
        ),
        pytest.param(
            "guardhouse.doctor.sending", "try: ...\nexcept Exception: ...", id="a whole application is run"
        ),
        pytest.param("guardhouse.house", "try: ...\nexcept StoreError: ...", id="an error with a name"),
        pytest.param("guardhouse.core.gate", "from datetime import timedelta", id="time as a value"),
        pytest.param(
            "guardhouse.core.gate", "async def by_id(): ...", id="a protocol that is awaited elsewhere"
        ),
        pytest.param("guardhouse.vault.seal", "def seal(message, purpose): ...", id="bytes and secrets"),
    ],
)
def test_what_is_allowed_is_not_complained_about(module: str, allowed: str):
    assert complaints(LAW + allowed, module) == []


def test_the_door_of_the_package_may_import_what_it_offers():
    assert complaints(LAW + "from guardhouse.house import Guardhouse", PACKAGE, door=True) == []
    assert complaints(LAW + "from .house import Guardhouse", PACKAGE, door=True) == []
