"""Many come with one remember cookie at once: all are let in, the series turns once, and nobody is taken for a thief."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.remembered import GRACE
from guardhouse.stores.enrolments_behind import EnrolmentsBehind
from guardhouse.stores.memory import MemoryStore
from tests.houses import ADA, ORIGIN, PAGE, PASSWORD, SESSION
from tests.ways.houses import World

COOKIE = "__Host-gh-remember"
REMEMBERED = {"email": ADA.email, "password": PASSWORD, "remember": True}
MANY = 20


class Slow(MemoryStore):
    """A store in which everybody has read before anybody writes."""

    def __init__(self) -> None:
        super().__init__()
        self.enrolments: Any = EnrolmentsBehind(self.enrolments, self._wait)

    @staticmethod
    async def _wait(verb: str) -> None:
        for _ in range(3 * MANY if verb == "change" else 1):
            await anyio.lowlevel.checkpoint()


def remembered(world: World) -> str:
    client = world.visitor()
    assert client.post("/login", json=REMEMBERED).status_code == 200
    return client.cookies[COOKIE]


def together(worlds: Sequence[World], value: str, path: str = "/me", method: str = "GET") -> list[Any]:
    """Send the same cookie many times at once, to each world in turn."""

    async def ask(world: World, answers: list[Any]) -> None:
        transport = httpx2.ASGITransport(app=world.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            cookie = {"Cookie": f"{COOKIE}={value}"}
            answers.append(await client.request(method, path, headers=PAGE | cookie))

    async def all_of_them() -> list[Any]:
        answers: list[Any] = []
        async with anyio.create_task_group() as group:
            for number in range(MANY):
                group.start_soon(ask, worlds[number % len(worlds)], answers)
        return answers

    found: list[Any] = worlds[0].portal.call(all_of_them)
    return found


def set_cookies(answer: Any) -> set[str]:
    return {line.partition("=")[0] for line in answer.headers.get_list("set-cookie")}


def series(world: World) -> list[Enrolment]:
    store: Any = world.house.parts.store
    return list(world.portal.call(store.enrolments.enrolled, f"users:{ADA.id}", Kind.REMEMBERED))


@pytest.fixture(params=["slow", "sqlite", "two houses"])
def beside(request: Any, worlds: Callable[..., World], tmp_path: Any) -> list[World]:
    if request.param == "slow":
        return [worlds({"store": Slow()})]
    file = {"store": f"sqlite:///{tmp_path}/sessions.db"}
    return [worlds(file) for _ in range(2 if request.param == "two houses" else 1)]


def test_of_many_tabs_all_are_in_and_one_has_the_next_secret(beside):
    answers = together(beside, remembered(beside[0]))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(COOKIE in set_cookies(answer) for answer in answers) == 1
    assert all(SESSION in set_cookies(answer) for answer in answers)
    assert len({answer.cookies[SESSION] for answer in answers}) == MANY
    (one,) = series(beside[0])
    assert one.version == 2
    assert not beside[0].letters()


def test_of_many_who_come_with_a_copy_none_is_in_and_one_letter_tells_of_it(beside):
    world, value = beside[0], remembered(beside[0])
    world.visitor(Cookie=f"{COOKIE}={value}").get("/me")
    for one in beside:
        one.clock.now += GRACE
    answers = together([world], value)
    assert {answer.status_code for answer in answers} == {401}
    assert not series(world)
    assert [letter.kind for letter in world.letters()] == ["device_stolen"]


def test_of_tabs_and_a_logout_nothing_stays_logged_in(beside):
    """Whoever is faster: a tab that came before the logout has a session of its own, and no way back once that is over."""
    value = remembered(beside[0])
    together(beside, value, "/logout", "POST")
    assert not series(beside[0])
    for world in beside:
        assert world.visitor(Cookie=f"{COOKIE}={value}").get("/me").status_code == 401
