"""The command line itself: help, exit codes, applications that cannot be loaded, colours, and missing extras."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from guardhouse.cli.output import plain
from guardhouse.cli.program import program
from guardhouse.vault.keyring import Keyring
from tests.cli.conftest import APPS, Call
from tests.documents import ROOT

COMMANDS = (
    *(
        "compare",
        "config",
        "demo",
        "doctor",
        "explain",
        "matrix",
        "migrate",
        "reason",
        "routes",
        "secret",
        "sessions",
        "tokens",
        "users",
    ),
)


def run(*arguments: str, code: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the command line as a program."""
    start = ["-c", code] if code else ["-m", "guardhouse"]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=APPS,
        env={**os.environ, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_commands_are_listed_without_being_imported():
    code = "import sys; from guardhouse.cli import main\ntry: main()\nfinally: print(*(n for n in sys.modules if n.startswith('guardhouse.cli.')))"
    done = run("--help", code=code)
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert done.stdout.splitlines()[-1].split() == ["guardhouse.cli.program"]


@pytest.mark.parametrize("name", ["explain", "reason", "routes"])
def test_help_documents_the_exit_codes(call: Call, name):
    for result in (call("--help"), call(name, "-h")):
        assert "Exit codes:\n    0  all is well" in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 80


def test_every_command_can_be_imported():
    context = click.Context(program)
    assert tuple(program.list_commands(context)) == COMMANDS
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_every_command_is_in_the_documents():
    told = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"\n## `guardhouse {name}" not in told] == []
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines() if line.startswith("| [Command line]")]
    assert [name for name in COMMANDS if f"`{name}`" not in row] == []


def test_secrets_are_usable_and_differ(call: Call):
    first, second = call("secret").stdout, json.loads(call("secret", "--json").stdout)["secret"]
    assert first.strip() != second
    Keyring([first.strip(), second])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        pytest.param(
            "shop", "APP is 'shop'; write module:attribute, such as myapp.main:app.", id="no attribute"
        ),
        pytest.param("shop.py:app", "there is no module 'shop.py', neither here in apps/ nor", id="a file"),
        pytest.param("./shop:app", "write module:attribute", id="a path"),
        pytest.param("shop:", "write module:attribute or module:factory()", id="an empty attribute"),
        pytest.param("shop:app(1)", "write module:attribute or module:factory()", id="arguments"),
        pytest.param("nowhere:app", "there is no module 'nowhere'", id="no module"),
        pytest.param("nowhere.deep:app", "there is no module 'nowhere'", id="no package"),
        pytest.param("shop:ap", "shop:ap: there is no 'ap' in it. Did you mean 'app'?", id="nearly"),
        pytest.param("shop:zzz", "shop:zzz: there is no 'zzz' in it.", id="not at all"),
        pytest.param("shop:house.zzz", "there is no 'zzz' in it.", id="below an attribute"),
        pytest.param("shop:make", "is a function, no Starlette", id="a factory that is not called"),
        pytest.param("shop:make", "If it makes the application, write shop:make().", id="and what to do"),
        pytest.param("shop:make_later()", "async function", id="an async factory"),
        pytest.param("shop:make_badly()", "OSError: no database here (shop.py:", id="a factory that fails"),
        pytest.param("shop:KEYS", "shop:KEYS is a dict, no Starlette", id="no application"),
        pytest.param("shop:houseless", "call house.install(app) where it is made", id="no house"),
        pytest.param(
            "raising:app",
            "importing raising failed: ValueError: a line and another (raising.py:3)",
            id="error",
        ),
        pytest.param(
            "missing:app",
            "ModuleNotFoundError: No module named 'no_such_package' (missing.py:5)",
            id="import",
        ),
        pytest.param("leaving:app", "importing leaving failed: SystemExit: bye", id="exit"),
    ],
)
@pytest.mark.parametrize("command", [["routes"], ["explain"]])
def test_an_application_that_cannot_be_loaded_is_one_clear_line(call: Call, command, target, said):
    result = call(*command, target, *(["GET", "/"] if command == ["explain"] else []))
    lines = [line for line in result.stderr.splitlines() if not line.startswith("what an application")]
    assert said in lines[0]
    assert lines[0].startswith("guardhouse: ")
    assert (len(lines), result.exit_code, result.stdout) == (1, 2, "")


@pytest.mark.parametrize("target", ["shop:make()", "shop:wrapped", "shop:app"])
def test_applications_are_found_behind_factories_and_middleware(call: Call, target):
    assert json.loads(call("routes", target, "--json").stdout)["undecided"] == 3


def test_the_whole_error_is_shown_when_asked_for(call: Call):
    shown = call("routes", "raising:app", "--traceback").stderr
    assert "Traceback (most recent call last)" in shown
    assert "--traceback shows" not in shown


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": ""}, True, id="a terminal"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param({"FORCE_COLOR": "", "NO_COLOR": ""}, False, id="a pipe"),
    ],
)
def test_colours(environment, coloured):
    done = run("routes", "shop:app", **environment, TERM="xterm-256color")
    assert ("\x1b[1;31mUNDECIDED" in done.stdout) is coloured
    assert " \n" not in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_one_line_names_it(missing):
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom guardhouse.cli import main\nmain()"
    done = run("secret", code=code)
    assert done.stderr == f"guardhouse: the command line needs {missing}: pip install 'guardhouse[cli]'\n"
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("plain", "plain", id="text"),
        pytest.param(["a", "b"], "a, b", id="list"),
        pytest.param([], "none", id="empty list"),
        pytest.param(3, "3", id="number"),
        pytest.param("a\x1b[2Jb\r", "a\\x1b[2Jb\\r", id="what would steer the terminal"),
    ],
)
def test_values_stay_on_their_line(value, shown):
    assert plain(value) == shown
