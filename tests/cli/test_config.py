"""`guardhouse config` prints what is in effect, where it came from, and what follows; never a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import APPS, Call


def told(call: Call, target: str, *options: str) -> dict[str, dict[str, Any]]:
    document = json.loads(call("config", target, "--json", *options).stdout)
    return {one["key"]: one for one in document["settings"]}


@pytest.mark.parametrize(
    ("key", "value", "source"),
    [
        ("store", "MemoryStore", "house.toml: store"),
        ("trusted_origins", ["https://app.example.com"], "house.toml: trusted_origins"),
        ("login_url", "/sign-in", "constructor"),
        ("users.users", "MemoryUsers", "house.toml: providers.users"),
        ("guards.web", "SessionGuard, over users, sent by browsers themselves", "house.toml: guards.web"),
        ("areas.nova", "web, answers auto", "house.toml: middleware.nova"),
        ("sessions.idle", "1:00:00", "house.toml: sessions.idle"),
        ("sessions.absolute", "1 day, 0:00:00", "default"),
        ("cookie.same_site", "Lax", "default"),
        ("debug", False, "default"),
    ],
)
def test_a_setting_says_where_it_came_from(call: Call, key, value, source):
    one = told(call, "configured:app")[key]
    assert (one["value"], one["source"]) == (value, source)


def test_what_follows_is_said_and_what_the_doctor_found(call: Call):
    settings = told(call, "configured:app")
    assert settings["store"]["risk"].startswith("Lost at every restart")
    assert settings["trusted_origins"]["risk"].startswith(
        "Each may act for whoever is logged in. cors-absent: "
    )
    assert settings["login_url"]["risk"] == "login-url-nowhere: No GET route answers /sign-in."
    assert settings["cookie.same_site"]["risk"] == ""


def test_only_what_is_not_as_it_comes(call: Call):
    assert {one["source"] == "default" for one in told(call, "configured:app", "--changed").values()} == {
        False
    }


def test_a_table_for_people(call: Call):
    result = call("config", "configured:app")
    assert result.exit_code == 0
    assert "house.toml: providers.users" in " ".join(result.stdout.split())
    assert "What follows\n" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_key_is_hidden_and_its_id_is_not(call: Call):
    secret = (APPS / "configured.py").read_text(encoding="utf-8").partition('SECRET = "')[2].partition('"')[0]
    for options in ([], ["--json"], ["--changed"]):
        shown = call("config", "configured:app", *options).output
        assert secret not in shown
        assert "(hidden) key " in shown


def test_what_is_given_to_the_constructor_says_so(call: Call):
    settings = told(call, "right:app")
    assert settings["debug"]["source"] == settings["secret"]["source"] == "constructor"
    assert settings["store"]["source"] == "default"
