"""`guardhouse matrix` shows who is let in, remembers it in a file, and fails when a change opens a route."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call

WIDE = """\
right:app

route        guest              user     other                   token              cross-site
POST /login  public             public   public                  public             public
GET /me      401 no credential  allowed  401 no login for guard  401 no credential  allowed

"""

NARROW = """\
right:app

POST /login
  guest, user, other, token, cross-site  public
GET /me
  guest, token                           401 no credential
  user, cross-site                       allowed
  other                                  401 no login for guard

"""


@pytest.mark.parametrize(("columns", "listed"), [(110, WIDE), (80, NARROW)])
def test_no_word_is_broken_however_narrow_the_terminal_is(
    call: Call, monkeypatch: pytest.MonkeyPatch, columns: int, listed: str
):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = call("matrix", "right:app")
    assert result.stdout.startswith(listed)
    assert max(map(len, result.stdout.splitlines())) <= columns
    assert result.exit_code == 0


def test_json_says_all(call: Call):
    told = json.loads(call("matrix", "right:app", "--json").stdout)
    assert (told["app"], told["changes"]) == ("right:app", None)
    assert [(row["method"], row["path"]) for row in told["routes"]] == [("POST", "/login"), ("GET", "/me")]
    assert told["routes"][1]["outcomes"]["guest"] == {
        "allowed": False,
        "says": "401 no_credential",
        "conditions": [],
    }


def test_what_was_written_is_no_change(call: Call, tmp_path: Path):
    file = str(tmp_path / "matrix.json")
    assert "wrote 2 routes" in call("matrix", "right:app", "--write", file).stderr
    result = call("matrix", "right:app", "--check", file)
    assert result.exit_code == 0
    assert result.stdout.endswith("Nothing has changed.\n")


def test_a_change_that_opens_a_route_fails_and_says_which(call: Call, tmp_path: Path):
    file = tmp_path / "matrix.json"
    call("matrix", "right:app", "--write", str(file))
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace('"guest": "+ public"', '"guest": "- 401 no_credential"'), encoding="utf-8")
    result = call("matrix", "right:app", "--check", str(file))
    assert result.exit_code == 1
    assert "OPENS   POST /login\n" in result.stdout
    assert "  - 401 no_credential\n  + public\n" in result.stdout
    assert "1 opened. If that is meant, write the file again: --write" in result.stdout
    assert (
        json.loads(call("matrix", "right:app", "--check", str(file), "--json").stdout)["changes"][0]["kind"]
        == "opens"
    )


def test_a_change_that_closes_one_does_not(call: Call, tmp_path: Path):
    file = tmp_path / "matrix.json"
    call("matrix", "right:app", "--write", str(file))
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace('"guest": "- 401 no_credential"', '"guest": "+ public"'), encoding="utf-8")
    result = call("matrix", "right:app", "--check", str(file))
    assert result.exit_code == 0
    assert "closes  GET /me" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--check", "nowhere.json"],
            "nowhere.json cannot be read: No such file or directory. Write it first",
        ),
        (["--check", "right.py"], "--check: found 'right.py'. That is no matrix."),
        (["--write", "nowhere/matrix.json"], "nowhere/matrix.json cannot be written"),
    ],
)
def test_a_file_that_is_none_is_one_clear_line(call: Call, arguments, said):
    result = call("matrix", "right:app", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["doctor", "config"])
def test_an_application_that_breaks_when_it_is_looked_at_is_one_clear_line(call: Call, command):
    result = call(command, "breaking:app")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "guardhouse: examining breaking:app failed: RuntimeError: no key today (breaking.py:"
    )
    assert result.stderr.count("\n") == 1
