"""An application's own table of users, whatever its key, its login and its database: one walk through the ways, from the first letter on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from anyio.from_thread import BlockingPortal
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from tests.houses import SESSION
from tests.users.writable import URLS, place
from tests.ways.houses import NEW_PASSWORD, World
from tests.ways.phones import Phone

FIRST = "the first horse of many staples"
LAST = "the last horse of many staples"
MAIL, OTHER_MAIL = "nova@example.com", "nova@else.example"
DATABASES = ("sqlite", "asyncpg", "asyncmy")


class Table(NamedTuple):
    """How people log in there, and what the ways must be told of it."""

    field: str
    login: str
    newcomer: dict[str, str]
    ways: dict[str, Any]

    def __str__(self) -> str:
        return self.field

    @property
    def by_name(self) -> bool:
        """Whether the login is a name."""
        return self.login != MAIL


TABLES = {
    "citizen": Table("email", MAIL, {"name": "Nova"}, {"register_fields": ("name",)}),
    "flagged": Table("email", MAIL, {"name": "Nova"}, {"register_fields": ("name",)}),
    "counted": Table("email", MAIL, {}, {}),
    "named": Table(
        "login",
        "nova",
        {"mail": MAIL, "name": "Nova"},
        {"login_field": "login", "address_field": "mail", "register_fields": ("mail", "name")},
    ),
}
"""Integer key, UUID key with flags, text key with epoch seconds, a name as login with the address beside it."""


class Tabled(World):
    """A world whose users are rows."""

    async def _me(self, request: Request) -> Response:
        user = await self.house.user(request)
        return JSONResponse({"address": self.ways.kit.house.parts.providers["users"].address_of(user)})  # type: ignore[attr-defined] # these know


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> tuple[str, Table]:
    return request.param, TABLES[request.param]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param in URLS:
        URLS[request.param](tmp_path)  # a server ends with the thread that started it, so not in the portal's
    return str(request.param)


@pytest.fixture
def world(
    database: str, table: tuple[str, Table], portal: BlockingPortal, tmp_path: Path
) -> Iterator[Tabled]:
    kind, told = table
    with portal.wrap_async_context_manager(place(database, kind, tmp_path)) as where:
        yield Tabled(
            portal, {"users": where.users}, must_verify=True, magic_links="same-browser", **told.ways
        )


def test_one_walk_through_the_ways(world: Tabled, table: tuple[str, Table]):
    told = table[1]
    client = world.visitor()
    who = {told.field: told.login}
    assert client.post("/register", json=who | told.newcomer | {"password": FIRST}).json() == {
        "done": "registered"
    }
    assert client.post("/login", json=who | {"password": FIRST}).json() == {"next": "verify-email"}
    assert client.post("/send-verification", json=who).status_code == 200
    assert [letter.kind for letter in world.letters(MAIL)] == ["verify_address"] * 3
    assert client.post("/verify-email", json={"token": world.token(MAIL)}).json() == {
        "done": "address-verified"
    }
    assert client.post("/verify-email", json={"token": world.token(MAIL)}).json() == {
        "done": "already-verified"
    }

    assert client.post("/forgot-password", json=who).status_code == 200
    reset = {"token": world.token(MAIL), "password": NEW_PASSWORD}
    assert client.post("/reset-password", json=reset).json() == {"done": "password-reset"}
    assert client.post("/reset-password", json=reset).status_code == 410
    assert client.post("/login", json=who | {"password": FIRST}).status_code == 422
    assert client.post("/login", json=who | {"password": NEW_PASSWORD}).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"address": MAIL}

    assert client.post("/change-email", json={"email": OTHER_MAIL}).status_code == 200
    confirm = {"token": world.token(OTHER_MAIL)}
    assert world.visitor().post("/confirm-email", json=confirm).json() == {"done": "address-changed"}
    assert world.visitor().post("/confirm-email", json=confirm).status_code == 410
    assert client.get("/me").json() == {"address": OTHER_MAIL}

    who = who if told.by_name else {told.field: OTHER_MAIL}
    other = world.visitor()
    assert other.post("/send-link", json=who).status_code == 200
    assert other.post("/enter", json={"token": world.token(OTHER_MAIL)}).json() == {"done": "logged-in"}
    assert other.get("/me").json() == {"address": OTHER_MAIL}

    inside(world, client, other, who)


def inside(world: Tabled, client: TestClient, other: TestClient, who: dict[str, str]) -> None:
    """Walk on through what who is logged in does with his account, in the browser `client`."""
    assert client.post("/confirm-password", json={"password": NEW_PASSWORD}).json() == {"done": "confirmed"}
    phone = Phone(client.post("/two-factor-setup").json()["uri"])
    first = client.post("/two-factor-confirm", json={"code": phone.code(world.clock.now)}).json()
    assert first["done"] == "two-factor-on"

    change = {"current_password": NEW_PASSWORD, "new_password": LAST}
    assert client.post("/change-password", json=change).json() == {"done": "password-changed"}
    assert other.get("/me").status_code == 401, "the other login ended with the password"
    assert client.post("/devices", json={"others": True}).status_code == 200

    world.clock.now += 60
    again = world.visitor()
    assert again.post("/login", json=who | {"password": NEW_PASSWORD}).status_code == 422
    right = who | {"password": LAST, "remember": True}
    assert again.post("/login", json=right).json()["next"] == "two-factor"
    code = {"code": phone.code(world.clock.now)}
    assert again.post("/two-factor", json=code).json() == {"done": "logged-in"}
    del again.cookies[SESSION]
    assert again.get("/me").json() == {"address": OTHER_MAIL}, "the browser is remembered"
    third = world.visitor()
    third.post("/login", json=right)
    code = {"code": first["recovery_codes"][0]}
    assert third.post("/two-factor-recovery", json=code).json()["done"] == "logged-in"


STRANGERS = (
    "n\u00f3va",
    "nov\u00e5",
    "\uff4eova",
    "n\u03bfva",
    "nov\u0430",
    "n\U0001d428va",
    "nova\u0301",
    "\U0001f984",
)
"""Nova, but for one letter; a collation takes most of them for her. The last is four bytes of UTF-8, and no letter at all."""


def test_whom_a_collation_takes_for_another_is_nobody(world: Tabled, table: tuple[str, Table]):
    told = table[1]
    handed = {told.field: told.login, "password": FIRST}
    assert world.visitor().post("/register", json=handed | told.newcomer).status_code == 200
    who = {told.field: told.login.upper()}
    assert world.visitor().post("/login", json=who | {"password": FIRST}).json() == {"next": "verify-email"}
    sent = len(world.letters(MAIL))
    for stranger in STRANGERS:
        who = {told.field: told.login.replace("nova", stranger)}
        client = world.visitor()
        answer = client.post("/login", json=who | {"password": FIRST})
        assert (answer.status_code, answer.json()["code"]) == (422, "login_failed"), stranger
        for way in ("/forgot-password", "/send-link", "/send-verification"):
            assert client.post(way, json=who).status_code == 200
        world.clock.now += 3600
    assert len(world.letters(MAIL)) == sent, "none of them has her sent a letter"


def test_who_is_spelled_nearly_like_another_is_taken_in_beside_him_or_not_at_all(
    world: Tabled, table: tuple[str, Table]
):
    told = table[1]
    handed = {told.field: told.login, "password": FIRST} | told.newcomer
    assert world.visitor().post("/register", json=handed).status_code == 200
    own = {**handed, "password": NEW_PASSWORD}
    own |= {name: value.replace("nova", "n\u00f3va") for name, value in own.items() if name != "name"}
    assert world.visitor().post("/register", json=own | {"password": NEW_PASSWORD}).status_code in (200, 422)
    login = {told.field: told.login, "password": FIRST}
    assert world.visitor().post("/login", json=login).json() == {"next": "verify-email"}
    stolen = {told.field: told.login, "password": NEW_PASSWORD}
    assert world.visitor().post("/login", json=stolen).status_code == 422


def test_somebody_is_invited(world: Tabled, table: tuple[str, Table]):
    told = table[1]
    assert world.portal.call(world.ways.invite, MAIL)
    chosen = {"token": world.token(MAIL), "password": FIRST} | (
        {told.field: told.login} if told.by_name else {}
    )
    assert world.visitor().post("/accept-invitation", json=chosen).json() == {"done": "invitation-accepted"}
    assert world.visitor().post("/accept-invitation", json=chosen).status_code in (410, 422)
    login = {told.field: told.login, "password": FIRST}
    assert world.visitor().post("/login", json=login).json() == {"done": "logged-in"}


def test_ten_at_once_make_one_row(world: Tabled, table: tuple[str, Table]):
    told = table[1]
    handed = {told.field: told.login, "password": FIRST} | told.newcomer
    answers = world.at_once(10, lambda client: client.post("/register", json=handed))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == ([200] + [422] * 9 if told.by_name else [200] * 10)
    assert world.steps().count("registered") == 1


@pytest.mark.parametrize("mail", ["", "@", f"{MAIL},e@evil.example", f"{MAIL}\r\nBcc: e@evil.example"])
def test_an_address_beside_a_name_is_exactly_one(portal: BlockingPortal, tmp_path: Path, mail: str):
    told = TABLES["named"]
    with portal.wrap_async_context_manager(place("sqlite", "named", tmp_path)) as where:
        world = Tabled(portal, {"users": where.users}, **told.ways)
        handed = {"login": "nova", "mail": mail, "password": FIRST}
        answer = world.visitor().post("/register", json=handed)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "mail")
        assert world.steps() == []
