"""`guardhouse tokens` works on the application's own store: what it issues is good, what it takes back is not."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.cli.conftest import Call

ADA = ("keeper:app", "--id", "1")


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEEPER_STORE", f"sqlite:///{tmp_path / 'keeper.db'}")


def status(plain: str) -> int:
    app = importlib.import_module("keeper").app
    answer = TestClient(app, base_url="https://testserver").get(
        "/me", headers={"Authorization": f"Bearer {plain}"}
    )
    return answer.status_code


def test_a_token_is_printed_alone_and_is_good_until_it_is_taken_back(call: Call):
    issued = call("tokens", "issue", *ADA, "--name", "laptop")
    assert issued.exit_code == 0
    plain = issued.stdout.strip()
    assert plain.startswith("ghpat_")
    assert issued.stderr == "guardhouse: laptop: everything, for ever; it is not shown again.\n"
    assert status(plain) == 200
    revoked = call("tokens", "revoke", *ADA, plain.split("_")[1])
    assert (revoked.exit_code, revoked.stderr) == (0, "guardhouse: 1 token taken back.\n")
    assert status(plain) == 401


def test_a_token_may_be_good_for_less_and_end(call: Call):
    options = (
        "--email",
        "ada@example.com",
        "--name",
        "x",
        "--ability",
        "read",
        "--ability",
        "write",
        "--days",
        "1",
    )
    document = json.loads(call("tokens", "issue", "keeper:app", *options, "--json").stdout)
    assert document["abilities"] == ["read", "write"]
    assert document["expires"] - document["created"] == 86400


def test_the_list_shows_what_is_there_and_no_secret(call: Call):
    assert call("tokens", "list", *ADA).stderr == "guardhouse: this user has no tokens.\n"
    plain = call("tokens", "issue", *ADA, "--name", "laptop", "--ability", "read").stdout.strip()
    _, token_id, secret = plain.split("_")
    listed = call("tokens", "list", *ADA).stdout
    assert [word in listed for word in (token_id, "laptop", "read", "never", secret)] == [True] * 4 + [False]
    (shown,) = json.loads(call("tokens", "list", *ADA, "--json").stdout)["tokens"]
    assert (shown["id"], shown["name"]) == (token_id, "laptop")


def test_all_tokens_go_at_once(call: Call):
    for name in ("one", "other"):
        call("tokens", "issue", *ADA, "--name", name)
    assert json.loads(call("tokens", "revoke", *ADA, "--all", "--json").stdout) == {"revoked": 2}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("issue", "keeper:app", "--id", "404", "--name", "x"), "there is no user 404"),
        (("issue", "keeper:app", "--email", "nobody@example.com", "--name", "x"), "there is no user nobody@"),
        (("issue", "keeper:app", "--name", "x"), "Name the user, by --id or by --email"),
        (("issue", *ADA, "--email", "ada@example.com", "--name", "x"), "Name the user"),
        (("issue", *ADA), "Missing option '--name'"),
        (("issue", *ADA, "--name", ""), "name: call it something"),
        (("issue", *ADA, "--name", "x", "--ability", "two words"), "abilities: at most"),
        (("issue", *ADA, "--name", "x", "--days", "0"), "Invalid value for '--days'"),
        (("issue", *ADA, "--name", "x", "--days", "nan"), "write how many days"),
        (("issue", *ADA, "--name", "x", "--days", "1e300"), "write how many days"),
        (("issue", *ADA, "--name", "x", "--days", "99999999"), "after the year 9999"),
        (("issue", *ADA, "--name", "x", "--guard", "web"), "Name a token guard: token"),
        (("revoke", *ADA), "Name one TOKEN_ID, or say --all"),
        (("revoke", *ADA, "x", "--all"), "Name one TOKEN_ID, or say --all"),
        (("revoke", *ADA, "x"), "this user has no token x"),
        (("list", "nowhere:app", "--id", "1"), "nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(call: Call, arguments, said):
    result = call("tokens", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_tokens_in_memory_would_help_nobody(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KEEPER_STORE", "memory:")
    result = call("tokens", "issue", *ADA, "--name", "x")
    assert (result.exit_code, "keeps its tokens in memory" in result.stderr) == (2, True)
