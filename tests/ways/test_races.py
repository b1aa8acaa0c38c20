"""What counts once, handed in twenty times at the same moment: exactly one wins, on every kind of users and store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from anyio.from_thread import BlockingPortal

from tests.houses import HASH
from tests.services.postgres import postgres_url
from tests.services.redis import single_url
from tests.stores.redis_kinds import PATIENT as PATIENT_REDIS
from tests.stores.sql_kinds import PATIENT, emptied, started
from tests.users.writable import place
from tests.ways.houses import NEW_PASSWORD, World

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("GUARDHOUSE_ROUNDS", "3"))
"""How often each is run; the long run has two thousand."""
AT_ONCE = 20
QUARTER = 900.0


class Race(NamedTuple):
    """What is raced for: what is handed in, made by asking for it, where, and what the winner hears."""

    handed: Callable[[World, str], dict[str, Any]]
    path: str
    done: str


def by_letter(path: str, **more: str) -> Callable[[World, str], dict[str, Any]]:
    """Ask for a letter, and hand in what its link carries."""

    def ask(world: World, login: str) -> dict[str, Any]:
        assert world.visitor().post(path, json={"email": login}).status_code == 200
        return {"token": world.token(login)} | more

    return ask


RACES = {
    "reset": Race(by_letter("/forgot-password", password=NEW_PASSWORD), "/reset-password", "password-reset"),
    "verification": Race(by_letter("/send-verification"), "/verify-email", "address-verified"),
    "login by mail": Race(by_letter("/send-link"), "/enter", "logged-in"),
    # Codes of an authenticator and recovery codes have a race of their own: test_factor_races.py.
}


def at_postgres() -> str:
    return f"{emptied(started(postgres_url))}?{PATIENT}"


PLACES: dict[str, tuple[str, Callable[[Path], str]]] = {
    "memory users, sqlite store": ("memory", lambda folder: f"sqlite:///{folder}/store.db"),
    "sqlite users, sqlite store": ("sqlite", lambda folder: f"sqlite:///{folder}/store.db"),
    "postgres users, postgres store": ("asyncpg", lambda _: at_postgres()),
    "memory users, redis store": ("memory", lambda _: f"{started(single_url)}?{PATIENT_REDIS}"),
}
"""Where users lie, and where what was used is kept."""


@pytest.fixture(params=PLACES)
def world(request: pytest.FixtureRequest, portal: BlockingPortal, tmp_path: Path) -> Iterator[World]:
    database, url_of = PLACES[request.param]
    url = url_of(tmp_path)
    with portal.wrap_async_context_manager(place(database, "citizen", tmp_path)) as where:
        yield World(portal, {"users": where.users, "store": url}, magic_links="any-browser")


@pytest.mark.parametrize("name", RACES)
def test_of_twenty_at_once_exactly_one_wins(world: World, portal: BlockingPortal, name: str):
    race = RACES[name]
    users: Any = world.house.parts.providers["users"]
    for number in range(ROUNDS):
        login = f"{name.replace(' ', '-')}-{number}@example.com"
        world.clock.now += QUARTER  # one network may not ask for so many letters in less
        assert portal.call(users.register, login, HASH, {})
        handed = race.handed(world, login)
        answers = world.at_once(AT_ONCE, lambda client, it=handed: client.post(race.path, json=it))  # type: ignore[misc] # the loop's own
        assert {answer.status_code for answer in answers} <= {200, 410}
        won = [answer for answer in answers if answer.json().get("done") == race.done]
        assert len(won) == 1, (number, [answer.text for answer in answers])
