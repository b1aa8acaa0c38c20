"""The audit trail: which words stand for what happened, and what is never written."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any, get_args

import pytest
from starlette.applications import Starlette

from guardhouse import ConfigError, MemoryUsers, User
from guardhouse.audit import NOBODY, keep_audit
from guardhouse.core.events import (
    AccountChanged,
    AccountStep,
    Authenticated,
    Event,
    Failed,
    Login,
    Logout,
    Refused,
    SessionsEnded,
    Throttled,
    TokenIssued,
    TokenRevoked,
)
from guardhouse.core.verdict import Identity
from tests.houses import ADA, GRACE, PASSWORD, browser, desk, starlette_house

Lines = list[str]
NUMBER: dict[str, Any] = {"email": 7}  # as a visitor's JSON may have it
WHO = Identity(ADA.id, "users", "web", "session")


def refusal(status: int, code: str = "forbidden", route: str = "/posts/{id}") -> Refused:
    return Refused(code, "web", "web", "POST", "/posts/7?t=hidden", status, {}, route=route, request_id="r1")


@pytest.fixture
def lines() -> Lines:
    return []


async def written(event: Event, lines: Lines) -> dict[str, Any] | None:
    house = starlette_house(clock=lambda: 1_800_000_000.25)
    keep_audit(house, "shop", lines.append)
    await house.parts.emit(event)
    return json.loads(lines[-1]) if lines else None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("event", "words", "level"),
    [
        pytest.param(Login("web", ADA), "authn_login_success:1", "INFO", id="a login"),
        pytest.param(Failed("web", ADA, {"email": "x"}), "authn_login_fail:1", "WARN", id="a wrong password"),
        pytest.param(
            Failed("web", None, {"email": "x"}), "authn_login_fail:-", "WARN", id="nobody of that name"
        ),
        pytest.param(
            Failed("web", None, NUMBER),
            "authn_login_fail:-",
            "WARN",
            id="a number for a name",
        ),
        pytest.param(Failed("web", ADA, {}), "authn_login_fail:1", "WARN", id="a wrong confirmation"),
        pytest.param(
            Throttled("ada@example.com", "network", 30),
            "authn_login_fail_max:-,network",
            "WARN",
            id="too many",
        ),
        pytest.param(Logout("web", WHO), "session_expired:1,logout", "INFO", id="a logout"),
        pytest.param(Logout("web", None), "session_expired:-,logout", "INFO", id="a logout of nobody"),
        pytest.param(
            AccountChanged("web", ADA, "password_changed"),
            "authn_password_change:1,password_changed",
            "INFO",
            id="another password",
        ),
        pytest.param(
            AccountChanged("web", ADA, "factor_added", "totp"),
            "user_updated:1,1,factor_added",
            "WARN",
            id="a second factor",
        ),
        pytest.param(
            AccountChanged("web", ADA, "factor_failed", "totp"),
            "authn_login_fail:1,factor_failed",
            "WARN",
            id="a wrong code",
        ),
        pytest.param(
            AccountChanged("web", ADA, "remembered_device_stolen"),
            "authn_token_reuse:1,remembered_device_stolen",
            "CRITICAL",
            id="a copied cookie",
        ),
        pytest.param(
            AccountChanged("web", ADA, "impersonated", GRACE.id),
            "authz_admin:2,impersonated,1",
            "WARN",
            id="both who act and in whose place",
        ),
        pytest.param(
            SessionsEnded("web", ADA, "ab", 1), "session_expired:1,revoked", "INFO", id="one session"
        ),
        pytest.param(
            SessionsEnded("web", ADA, None, 3), "session_expired:1,revoked", "INFO", id="all sessions"
        ),
        pytest.param(
            SessionsEnded("web", ADA, None, None), "session_expired:1,revoked", "INFO", id="all in cookies"
        ),
        pytest.param(TokenIssued("web", ADA, "t1", "ci"), "authn_token_created:1,t1", "INFO", id="a token"),
        pytest.param(TokenRevoked("web", ADA, "t1"), "authn_token_revoked:1,t1", "INFO", id="one token back"),
        pytest.param(
            TokenRevoked("web", ADA, None), "authn_token_revoked:1,all", "INFO", id="all tokens back"
        ),
        pytest.param(refusal(403), "authz_fail:-,/posts/{id}", "CRITICAL", id="forbidden"),
        pytest.param(refusal(403, route=""), "authz_fail:-,-", "CRITICAL", id="forbidden where no route is"),
        pytest.param(
            refusal(429), "excess_rate_limit_exceeded:-,/posts/{id}", "WARN", id="one request too many"
        ),
        pytest.param(
            Login("web", User(id="a,b:c%", email="x@example.com")),
            "authn_login_success:a%2Cb%3Ac%25",
            "INFO",
            id="an id with what stands between values",
        ),
    ],
)
async def test_what_stands_for_what_happened(event: Event, words: str, level: str, lines: Lines) -> None:
    entry = await written(event, lines)
    assert entry is not None
    assert (entry["event"], entry["level"], entry["appid"]) == (words, level, "shop")
    assert datetime.fromisoformat(entry["datetime"]).timestamp() == 1_800_000_000.25
    assert entry["datetime"].endswith("+00:00")
    assert "hidden" not in lines[0]
    assert "\n" not in lines[0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(refusal(401, "no_login"), id="a guest"),
        pytest.param(refusal(429, "login_throttled"), id="what Throttled tells already"),
        pytest.param(Authenticated("web", ADA), id="every request of a user"),
    ],
)
async def test_what_is_no_matter_of_a_trail(event: Event, lines: Lines) -> None:
    assert await written(event, lines) is None


@pytest.mark.anyio
@pytest.mark.parametrize("step", get_args(AccountStep))
async def test_every_step_of_an_account_has_its_words(step: AccountStep, lines: Lines) -> None:
    told = await written(AccountChanged("web", ADA, step, GRACE.id), lines)
    assert told is not None
    assert step in told["event"].split(",")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("about", "kept"),
    [
        ("totp", True),
        ("", False),
        ("ada@example.com", False),
        ("My phone", False),
        ("line\nbreak", False),
        ("x" * 40, False),
    ],
)
async def test_what_somebody_typed_is_not_told_of_an_account(about: str, kept: bool, lines: Lines) -> None:
    told = await written(AccountChanged("web", ADA, "factor_added", about), lines)
    assert told is not None
    assert told.get("about") == (about if kept else None)
    assert kept or not about or about not in lines[-1]


@pytest.mark.anyio
async def test_a_logout_names_who_acted_in_whose_place(lines: Lines) -> None:
    acted = Identity(ADA.id, "users", "web", "session", behind=Identity(GRACE.id, "users", "web", "session"))
    told = await written(Logout("web", acted), lines)
    assert told is not None
    assert (told["event"], told["impersonator"]) == ("session_expired:1,logout", GRACE.id)


@pytest.mark.anyio
async def test_what_was_typed_as_a_name_is_not_written_and_the_same_name_is_recognised(lines: Lines) -> None:
    typed = "hunter2-typed-into-the-wrong-field"
    first = await written(Failed("web", None, {"email": typed}), lines)
    second = await written(Throttled(f" {typed.upper()} ", "account", 30), lines)
    other = await written(Failed("web", None, {"email": "somebody"}), lines)
    assert first is not None
    assert second is not None
    assert other is not None
    assert first["account"] == second["account"] != other["account"]
    assert "hunter2" not in "".join(lines).lower()


@pytest.mark.anyio
async def test_without_a_place_to_write_lines_go_to_the_log_at_their_level(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = starlette_house()
    keep_audit(house, "shop")
    with caplog.at_level(logging.INFO, logger="guardhouse.audit"):
        await house.parts.emit(Login("web", ADA))
        await house.parts.emit(Failed("web", ADA, {}))
    assert [record.levelno for record in caplog.records] == [logging.INFO, logging.WARNING]
    assert json.loads(caplog.records[0].getMessage())["event"] == "authn_login_success:1"


def test_a_real_login_leaves_a_trail_without_password_or_cookie(lines: Lines) -> None:
    house = starlette_house(users=MemoryUsers([ADA]))
    keep_audit(house, "shop", lines.append)
    app = Starlette(routes=desk(house))
    house.install(app)
    with browser(app) as page:
        page.post("/login", json={"email": ADA.email, "password": "wrong horse"})
        page.post("/login", json={"email": ADA.email, "password": PASSWORD})
        cookies = list(page.cookies.values())
        page.post("/logout")
    assert [json.loads(line)["event"] for line in lines] == [
        "authn_login_fail:1",
        "authn_login_success:1",
        "session_expired:1,logout",
    ]
    assert not any(secret in "".join(lines) for secret in [*cookies, PASSWORD, "wrong horse", ADA.email])


def test_an_application_without_a_name_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="appid"):
        keep_audit(starlette_house(), " ")
    assert NOBODY == "-"
