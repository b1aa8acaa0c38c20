"""`guardhouse users`: people are taken in, listed, shut out, let in, verified, given a password; nothing secret is said."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from guardhouse.users.migrating import VERSION_TABLE
from guardhouse.users.models import TABLE
from guardhouse.vault.password import PasswordHasher
from tests.cli.apps.people import Base
from tests.cli.conftest import Call
from tests.services.desk import desk
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url
from tests.stores.sql_kinds import started

ADA = "ada@example.com"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def url(call: Call, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/app.db"
    assert call("migrate", "--users", url).exit_code == 0
    return url


@pytest.fixture
def own(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/own.db"
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    return url


def stored(url: str, column: str = "password_hash") -> Any:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return connection.execute(f"SELECT {column} FROM {TABLE}").fetchone()[0]  # noqa: S608 - constants


def people(call: Call, url: str, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(call("users", "list", url, "--json", *arguments).stdout)["users"]
    return found


def test_somebody_is_taken_in_by_a_password_from_stdin(call: Call, url: str):
    done = call(
        "users", "create", url, "--email", "Ada@Example.com", "--field", "name=Ada", stdin=f"{PASSWORD}\n"
    )
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("guardhouse: ada@example.com (")
    assert PASSWORD not in done.output
    assert PasswordHasher().verify(PASSWORD, stored(url)).ok
    assert stored(url, column="name") == "Ada"
    (ada,) = people(call, url)
    assert ada == {"id": ada["id"], "login": ADA, "password": True, "verified": False, "disabled": False}
    assert stored(url) not in call("users", "list", url).output


@pytest.mark.slow
def test_a_person_is_asked_twice_and_what_is_typed_is_not_shown(url: str):
    program = [sys.executable, "-m", "guardhouse", "users", "create", url, "--email", ADA]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        program, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as running:
        os.close(theirs)
        said = b""
        for asks in (b"Password", b"Once more"):
            while asks not in said:
                said += os.read(ours, 1024)
            os.write(ours, f"{PASSWORD}\n".encode())
        while b"taken in" not in said:
            said += os.read(ours, 1024)
        assert running.wait() == 0
    os.close(ours)
    assert PASSWORD.encode() not in said
    assert PasswordHasher().verify(PASSWORD, stored(url)).ok


def test_a_taken_login_is_said(call: Call, url: str):
    assert call("users", "create", url, "--email", ADA, "--no-password").exit_code == 0
    again = call("users", "create", url, "--email", " ADA@example.com", "--no-password")
    assert (again.exit_code, again.stderr) == (2, "guardhouse:  ADA@example.com is taken.\n")


def test_shut_out_and_let_in_again(call: Call, url: str):
    call("users", "create", url, "--email", ADA, "--no-password")
    (ada,) = people(call, url)
    for command, says, disabled in (
        ("disable", "shut out", True),
        ("disable", "shut out already", True),
        ("enable", "let in again", False),
        ("enable", "not shut out", False),
    ):
        done = call("users", command, url, "--id", ada["id"], "--json")
        assert json.loads(done.stdout) == ada | {"disabled": disabled, "done": says}
        assert people(call, url) == [ada | {"disabled": disabled}]


def test_an_address_is_verified_by_hand(call: Call, url: str):
    call("users", "create", url, "--email", ADA, "--no-password")
    assert "verified." in call("users", "verify", url, "--email", ADA).stderr
    assert "verified already." in call("users", "verify", url, "--email", ADA).stderr
    assert people(call, url)[0]["verified"] is True


def test_another_password_takes_the_place_of_the_first(call: Call, url: str):
    call("users", "create", url, "--email", ADA, stdin="the first one\n")
    done = call("users", "password", url, "--email", ADA, stdin=f"{PASSWORD}\r\n")
    assert (done.exit_code, "given another password" in done.stderr) == (0, True)
    assert PasswordHasher().verify(PASSWORD, stored(url)).ok


def test_a_long_list_is_told_in_parts(call: Call, url: str):
    for number in range(3):
        call("users", "create", url, "--email", f"user{number}@example.com", "--no-password")
    everybody = people(call, url)
    first = people(call, url, "--limit", "2")
    assert first + people(call, url, "--after", first[-1]["id"]) == everybody
    said = call("users", "list", url, "--limit", "2")
    assert said.stderr == f"guardhouse: there are more: --after {first[-1]['id']}\n"
    assert first[0]["id"] in said.stdout
    assert people(call, url, "--after", "nobody") == []


def test_nobody_is_said_to_be_there(call: Call, url: str):
    assert call("users", "list", url).stderr == "guardhouse: there is nobody.\n"


def test_an_application_has_a_model_of_its_own(call: Call, own: str):
    given = (own, "--model", "people:Person", "--column", "login=nick", "--column", "password=pw")
    assert "ada (1): taken in" in call("users", "create", *given, "--login", "Ada", stdin="x1\n").stderr
    assert call("users", "disable", *given, "--login", "ada").exit_code == 0
    assert json.loads(call("users", "list", *given, "--json").stdout)["users"] == [
        {"id": "1", "login": "ada", "password": True, "verified": None, "disabled": True}
    ]
    assert "-" in call("users", "list", *given).stdout
    refused = call("users", "verify", *given, "--login", "ada")
    assert (refused.exit_code, "address='...'" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ["create", "{url}", "--email", ADA, "--no-password", "--field", "roles=x"],
            "'roles'",
            id="a field",
        ),
        pytest.param(
            ["create", "{url}", "--email", " ", "--no-password"], "cannot be a login", id="a blank login"
        ),
        pytest.param(["create", "{url}", "--email", ADA], "There is no password", id="no password"),
        pytest.param(
            ["create", "{url}", "--email", ADA, "--field", "name"], "NAME=TEXT", id="a field without text"
        ),
        pytest.param(["disable", "{url}", "--email", "x\x1b[31m"], r"x\x1b[31m", id="nobody of that name"),
        pytest.param(["disable", "{url}", "--id", "1"], "no user 1", id="nobody of that id"),
        pytest.param(["disable", "{url}"], "by --id or by --email", id="nobody named"),
        pytest.param(
            ["disable", "{url}", "--id", "1", "--email", ADA], "by --id or by --email", id="named twice"
        ),
        pytest.param(
            ["list", "{url}", "--column", "login=x"], "goes with --model", id="columns of our table"
        ),
        pytest.param(["list", "{url}", "--limit", "0"], "--limit", id="none at most"),
        pytest.param(["list", "{url}", "--model", "people"], "module:Class", id="a module alone"),
        pytest.param(
            ["list", "{url}", "--model", "people:Nobody"], "no Nobody in people", id="no such class"
        ),
        pytest.param(
            ["list", "{url}", "--model", "nosuch:User"], "No module named 'nosuch'", id="no such module"
        ),
        pytest.param(
            ["list", "{url}", "--model", "raising:User"],
            "importing raising failed",
            id="a module that raises",
        ),
        pytest.param(["list", "{url}", "--model", "json:loads"], "maps to a table", id="no model"),
        pytest.param(
            ["list", "{url}", "--model", "people:Person", "--column", "name=x"],
            "WHAT is one of",
            id="no such meaning",
        ),
        pytest.param(
            ["list", "{url}", "--model", "people:Person"], "'email'. ", id="a column that is not there"
        ),
        pytest.param(
            ["create", "{url}", "--model", "people:Loose", "--email", ADA, "--no-password"],
            "unique",
            id="no unique login",
        ),
        pytest.param(["list", "{url}", "--model", "people:Loose"], "guardhouse migrate", id="no such table"),
        pytest.param(["list", "sqlite:///no/such.db"], "no file no/such.db", id="no such file"),
        pytest.param(["list", "sqlite://"], "in memory", id="in memory"),
        pytest.param(
            ["list", "postgresql://a:hunter2@127.0.0.1:1/d"], "ConnectionRefused", id="nobody listens"
        ),
        pytest.param(["list", "mariadb://a:hunter2@127.0.0.1:1/d"], "cannot be looked up", id="nor there"),
        pytest.param(["list", "nosuch+driver://a:hunter2@h/d"], "Use sqlite:///file", id="no such driver"),
        pytest.param(["list", "nonsense"], "Use sqlite:///file", id="no URL"),
        pytest.param(["list"], "Missing argument 'URL'", id="nothing"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_no_secret(call: Call, url: str, arguments: list[str], says: str):
    done = call("users", *(argument.format(url=url) for argument in arguments))
    assert done.exit_code == 2
    assert says in done.stderr
    assert "hunter2" not in done.output
    assert "Traceback" not in done.stderr
    assert (done.stdout, people(call, url)) == ("", [])


def test_the_url_may_come_from_the_environment(call: Call, url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GUARDHOUSE_USERS", url)
    assert call("users", "create", "--email", ADA, "--no-password").exit_code == 0
    assert len(json.loads(call("users", "list", "--json").stdout)["users"]) == 1


def test_the_table_is_made_once_and_its_statements_are_printed(call: Call, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/new.db"
    printed = call("migrate", "--users", "--sql", "postgresql://h/d").stdout
    assert "CREATE TABLE guardhouse_users (" in printed
    assert "id UUID" in printed
    assert len(json.loads(call("migrate", "--users", "--sql", "--json", url).stdout)["statements"]) == 3
    assert not list(tmp_path.iterdir())
    assert json.loads(call("migrate", "--users", "--json", url).stdout)["before"] is None
    assert "already" in call("migrate", "--users", url).stderr
    assert call("migrate", url).exit_code == 0  # the sessions may lie in the same file


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["postgresql://a:hunter2@127.0.0.1:1/d"], "cannot be changed"),
        (["--sql", "redis://a:hunter2@h"], "Use sqlite:///file"),
        (["redis://a:hunter2@h"], "Use sqlite:///file"),
        (["--from", "1", "--sql", "sqlite:///x.db"], "--from goes without --users"),
        (["sqlite:////no/such/folder/x.db"], "unable to open"),
        (["memory:"], "Use sqlite:///file"),
    ],
)
def test_what_is_in_the_way_of_the_table_is_one_line(call: Call, arguments: list[str], says: str):
    done = call("migrate", "--users", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "hunter2" not in done.output
    assert "Traceback" not in done.stderr


@pytest.fixture(params=[postgres_url, mariadb_url], ids=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of a server, without our table before and after."""
    url = started(request.param)
    for table in (TABLE, VERSION_TABLE):
        desk(url)(f"DROP TABLE IF EXISTS {table}")
    yield url
    for table in (TABLE, VERSION_TABLE):
        desk(url)(f"DROP TABLE IF EXISTS {table}")


@pytest.mark.slow
def test_all_of_it_works_on_a_server_too(call: Call, server: str):
    assert "guardhouse migrate" in call("users", "list", server).stderr, "what is missing is said"
    assert call("migrate", "--users", server).exit_code == 0
    assert "already" in call("migrate", "--users", server).stderr
    grace = call("users", "create", server, "--email", "grace@example.com", "--no-password")
    done = call("users", "create", server, "--email", ADA, "--field", "name=Ada", stdin=f"{PASSWORD}\n")
    assert (grace.exit_code, done.exit_code) == (0, 0)
    taken = call("users", "create", server, "--email", ADA.upper(), "--no-password")
    assert (taken.exit_code, taken.stderr) == (2, f"guardhouse: {ADA.upper()} is taken.\n")
    ada = next(person for person in people(call, server) if person["login"] == ADA)
    assert ada == {"id": ada["id"], "login": ADA, "password": True, "verified": False, "disabled": False}
    first = people(call, server, "--limit", "1")
    assert first + people(call, server, "--after", first[0]["id"]) == people(call, server)
    for command, says in (
        ("disable", "shut out"),
        ("disable", "shut out already"),
        ("enable", "let in again"),
        ("verify", "verified"),
        ("verify", "verified already"),
    ):
        assert json.loads(call("users", command, server, "--email", ADA, "--json").stdout)["done"] == says
    hash_of_ada = f"SELECT password_hash FROM {TABLE} WHERE name = 'Ada'"  # noqa: S608 - constants
    (before,) = desk(server)(hash_of_ada)
    assert call("users", "password", server, "--id", ada["id"], stdin="another one of hers\n").exit_code == 0
    (after,) = desk(server)(hash_of_ada)
    assert PasswordHasher().verify(PASSWORD, before[0]).ok
    assert PasswordHasher().verify("another one of hers", after[0]).ok
    for nobody in ("ad\u00e1@example.com", "\U0001f984"):
        refused = call("users", "disable", server, "--email", nobody)
        assert (refused.exit_code, "Traceback" in refused.stderr) == (2, False)
    assert not any(person["disabled"] for person in people(call, server))
