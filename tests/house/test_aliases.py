"""Drivers and middleware groups as the thread writes them: every guard and every alias of the field becomes what it means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from guardhouse import (
    Abilities,
    BasicGuard,
    Can,
    ConfigError,
    Confirmed,
    Guest,
    JWTGuard,
    LegacyTokenGuard,
    MemoryUsers,
    SessionGuard,
    Signed,
    Throttle,
    TokenGuard,
    Verified,
)
from guardhouse.starlette import Guardhouse
from guardhouse.steps.basic import BasicLogin
from tests.houses import SECRET

SESSION = {"driver": "session", "provider": "users"}


def house(config: dict[str, Any], **parts: Any) -> Any:
    return Guardhouse.from_config({"secret": SECRET, **config}, **({"users": MemoryUsers()} | parts))


def guard(section: dict[str, Any]) -> Any:
    return house({"guards": {"api": section}}).guards["api"]


# -- drivers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ({"driver": "token"}, TokenGuard),
        ({"driver": "token", "provider": "users"}, TokenGuard),
        ({"driver": "sanctum"}, TokenGuard),
        ({"driver": "basic"}, BasicGuard),
        ({"driver": "token", "provider": "users", "hash": False}, LegacyTokenGuard),
        ({"driver": "token", "storage_key": "api_token"}, LegacyTokenGuard),
        ({"driver": "jwt", "issuer": "https://login.example.com/", "audience": "api", "subject": "user_id",
          "jwks_url": "https://login.example.com/keys"}, JWTGuard),
    ],
)  # fmt: skip
def test_a_driver_is_a_guard(section, kind):
    assert type(guard(section)) is kind


def test_the_column_of_the_thread_is_read_with_its_keys():
    made = guard(
        {"driver": "token", "storage_key": "token", "hash": True, "input_key": "key", "insecure_query": True}
    )
    assert (made.field, made.hashed, made.insecure_query) == ("token", True, "key")
    assert guard({"driver": "token", "hash": False}).hashed is False


def test_personal_tokens_take_a_prefix_and_a_lifetime():
    made = guard({"driver": "token", "prefix": "shop", "lifetime": "90d"})
    assert (made.policy.prefix, made.policy.lifetime) == ("shop", timedelta(days=90))


@pytest.mark.parametrize("audience", ["api", ["api", "other"]])
def test_the_audience_may_be_one_or_several(audience):
    section = {
        "driver": "jwt",
        "issuer": "us",
        "audience": audience,
        "subject": "user_id",
        "jwks_url": "https://us.example/k",
    }
    assert guard(section).policy.audience[0] == "api"


@pytest.mark.parametrize(
    "section",
    [{"driver": "basic", "prefix": "x"}, {"driver": "token", "audience": "x"}, {"driver": "jwt", "hash": True},
     {"driver": "token", "prefix": "UP"}, {"driver": "token", "lifetime": "soon"}],
)  # fmt: skip
def test_a_key_of_another_driver_is_an_error(section):
    with pytest.raises(ConfigError):
        guard(section)


# -- groups ---------------------------------------------------------------------------------------------------------


def area(*lines: str, guards: Any = None) -> Any:
    config = {"guards": guards or {"web": SESSION, "api": SESSION}, "middleware": {"group": list(lines)}}
    return house(config).areas["group"]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("throttle:60,1", Throttle(60, timedelta(minutes=1))),
        (r"\Illuminate\Routing\Middleware\ThrottleRequests::class", Throttle(60)),
        ("can:view-admin", Can("view-admin")),
        ("can:update,post", Can("update", "post")),
        (r"\Illuminate\Auth\Middleware\Authorize:update,post", Can("update", "post")),
        ("signed", Signed()),
        ("signed:relative", Signed()),
        (r"\App\Http\Middleware\ValidateSignature::class", Signed()),
        ("verified", Verified()),
        ("EnsureEmailIsVerified::class", Verified()),
        ("password.confirm", Confirmed()),
        ("password.confirm:/confirm,60", Confirmed(timedelta(seconds=60), "/confirm")),
        ("abilities:read,write", Abilities("read", "write")),
        ("CheckAbilities:read", Abilities("read")),
    ],
)
def test_an_alias_in_a_group_is_the_step_it_means(line, step):
    assert area("auth", line).steps == (step,)


def test_the_order_of_a_group_is_kept_and_the_phase_is_derived():
    made = area("throttle:60,1", "can:one", "auth", "signed", "can:two")
    stack = house(
        {"guards": {"web": SESSION}, "middleware": {"group": ["can:one", "auth", "signed", "can:two"]}}
    ).stack("group")
    assert [step.name for step in made.steps] == ["throttle:60,1", "can:one", "signed", "can:two"]
    assert [(check.name, check.phase) for check in stack.checks if check.name.startswith("step")] == [
        ("step signed", "before guards"), ("step can:one", "after guards"), ("step can:two", "after guards"),
    ]  # fmt: skip


def test_guests_are_a_group_of_their_own():
    made = area("guest:web")
    assert (made.guards, made.steps) == (("web",), (Guest(),))
    assert area("guest").guards == ("web",)


def test_basic_keeps_a_login_as_the_thread_does():
    made = area("auth.basic", guards={"web": SESSION, "basic": {"driver": "basic"}})
    assert made.guards == ("web", "basic")
    (step,) = made.steps
    assert isinstance(step, BasicLogin)
    assert isinstance(step.guard, SessionGuard)
    assert step.guard.name == "web"


@pytest.mark.parametrize("line", ["auth.basic", "auth.basic:token", "auth.basic:nobody"])
def test_basic_without_a_basic_guard_says_what_is_missing(line):
    with pytest.raises(ConfigError, match="It needs a session guard, and a guard of driver"):
        area(line, guards={"web": SESSION, "token": {"driver": "token"}})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("abilities", "Name at least one"),
        ("password.confirm:/x,soon", "whole seconds"),
        ("can", ""),
        ("throtle:60,1", "Did you mean"),
    ],
)
def test_a_line_with_parameters_that_mean_nothing_names_its_place(line, said):
    with pytest.raises(ConfigError, match=r"middleware\.group\[1\]") as raised:
        area("auth", line)
    assert said in str(raised.value)
