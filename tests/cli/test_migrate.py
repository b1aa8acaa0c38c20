"""`guardhouse migrate` makes what a store needs, prints what that takes, and says what is in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guardhouse.stores.server_schema import VERSIONS
from tests.cli.conftest import Call


def test_it_makes_the_tables_once(call: Call, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/sessions.db"
    first, second = call("migrate", url), call("migrate", url)
    assert (first.exit_code, first.stdout, first.stderr) == (0, "", f"guardhouse: {url} has schema 2 now.\n")
    assert (second.exit_code, second.stderr) == (0, f"guardhouse: {url} has schema 2 already.\n")
    assert json.loads(call("migrate", "--json", url).stdout) == {"store": url, "before": 2, "now": 2}


def test_it_prints_the_statements_and_makes_nothing(call: Call, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/sessions.db"
    printed = call("migrate", "--sql", url).stdout
    assert (printed[:12], printed[-2:]) == ("CREATE TABLE", ";\n")
    assert not list(tmp_path.iterdir())
    assert len(json.loads(call("migrate", "--sql", "--json", "postgresql://h/d").stdout)["statements"]) > 10
    assert call("migrate", "--sql", "--from", str(len(VERSIONS)), "postgresql://h/d").stdout == ""


@pytest.mark.parametrize(
    "url", ["postgresql://h/d", "mariadb://h/d", "sqlite:///x.db", "sqlite+aiosqlite:///x.db"]
)
def test_it_prints_what_the_former_version_lacks(call: Call, url: str):
    printed = call("migrate", "--sql", "--from", "1", url).stdout
    assert "guardhouse_enrolments" in printed
    assert "guardhouse_epochs" in printed
    assert "guardhouse_sessions" not in printed


def test_the_url_may_come_from_the_environment(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GUARDHOUSE_STORE", f"sqlite:///{tmp_path}/sessions.db")
    assert call("migrate").exit_code == 0
    assert (tmp_path / "sessions.db").exists()


def test_a_store_without_tables_has_nothing_to_migrate(call: Call):
    done = call("migrate", "memory:")
    assert (done.exit_code, done.stderr) == (
        0,
        "guardhouse: memory: keeps no tables: there is nothing to migrate.\n",
    )
    assert json.loads(call("migrate", "--json", "memory:").stdout) == {
        "store": "memory:",
        "before": None,
        "now": None,
    }


def test_behind_sealed_sessions_the_store_of_epochs_is_migrated(call: Call, tmp_path: Path):
    url = f"sealed:sqlite:///{tmp_path}/epochs.db"
    done = call("migrate", url)
    assert (done.exit_code, "has schema" in done.stderr) == (0, True)
    assert (tmp_path / "epochs.db").exists()
    assert "nothing to migrate" in call("migrate", "sealed:").stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["potsgresql://h/d"], "Did you mean 'postgresql'"),
        (["postgresql://a:hunter2@127.0.0.1:1/d"], "ConnectionRefusedError"),
        (["mariadb://a:hunter2@127.0.0.1:1/d"], "Can't connect"),
        (["mariadb://a:hunter2@127.0.0.1:1/d?foo=bar"], "foo"),
        (["sqlite:////no/such/folder/x.db"], "create it first"),
        (["nosuch+driver://a:hunter2@h/d"], "nosuch"),
        (["--from", "1", "memory:"], "--from goes with --sql"),
        ([], "Missing argument 'URL'"),
    ],
)
def test_what_is_in_the_way_is_one_line_and_no_secret(call: Call, arguments: list[str], says: str):
    done = call("migrate", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
