"""Whatever a stranger hands in to a way, the answer is his mistake and never ours; nobody comes in by it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from guardhouse import MemoryUsers
from tests.houses import ADA
from tests.ways.houses import World

pytestmark = pytest.mark.slow

PATHS = (
    "/login",
    "/register",
    "/verify-email",
    "/send-verification",
    "/forgot-password",
    "/reset-password",
    "/change-email",
    "/confirm-email",
    "/send-link",
    "/enter",
    "/accept-invitation",
)
NAMES = some.sampled_from(["email", "login", "password", "token", "name", "more", "next", "remember"])
TEXTS = some.text(some.characters(codec=None), max_size=40) | some.sampled_from(
    [ADA.email, "new@example.com", "a.b.c"]
)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
LOOSE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def world(worlds: Any) -> World:
    """Where every way is offered."""
    users = MemoryUsers([ADA], registers=("name",))
    made: World = worlds({"users": users}, register_fields=("name",), magic_links="any-browser")
    return made


def harmless(world: World, answer: Any) -> None:
    """Whether it was answered as a mistake, or as everybody is, and nobody is in by it."""
    assert answer.status_code < 500
    assert answer.status_code in range(200, 500)
    assert "__Host-gh=" not in answer.headers.get("set-cookie", "")
    world.clock.now += 86_400.0  # the next one is not throttled


@pytest.mark.parametrize("path", PATHS)
@LOOSE
@given(handed=some.dictionaries(NAMES | TEXTS, VALUES, max_size=6) | VALUES)
def test_any_json(world: World, path: str, handed: Any):
    body = json.dumps(handed).encode("utf-8")
    answer = world.visitor().post(path, content=body, headers={"Content-Type": "application/json"})
    harmless(world, answer)


@pytest.mark.parametrize("path", PATHS)
@LOOSE
@given(
    body=some.binary(max_size=60)
    | some.builds(
        lambda pairs: "&".join(f"{name}={value!r}" for name, value in pairs).encode("utf-8", "replace"),
        some.lists(some.tuples(NAMES, TEXTS), max_size=6),
    )
)
def test_any_form(world: World, path: str, body: bytes):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    harmless(world, world.visitor().post(path, content=body, headers=form, follow_redirects=False))
