"""Keys and formats: two processes, two secrets, two versions over one store."""

from __future__ import annotations

from functools import partial
from typing import Any

from guardhouse import SessionGuard
from guardhouse.stores.memory import MemoryStore
from tests.causes.applications import Shop
from tests.causes.proof import NAMED, proves
from tests.causes.seeing import refusal
from tests.doctor.conftest import Examine
from tests.houses import OTHER_SECRET

REALMS = {"web": SessionGuard(), "api": SessionGuard(realm="api")}


@proves(32, NAMED, "login_format_unknown", format="v9", reads="v1", status=401)
def test_a_login_in_the_format_of_another_version_is_named_with_both():
    store: Any = MemoryStore()
    shop = Shop("api", store=store)
    client = shop.logged_in()
    for key, body in store._bodies.items():
        store._bodies[key] = body.replace(b"v1.", b"v9.")
    return refusal(shop.house, partial(client.get, "/api"))


@proves(40, NAMED, "login_key_unknown", status=401, causes=["login_key_unknown"])
def test_a_login_of_another_key_is_named_with_both():
    first, second = two_processes()
    seen = refusal(second.house, partial(second.visitor(like=first.logged_in()).get, "/api"))
    said = seen.codes["login_key_unknown"]
    ids = [shop.house.parts.logins.key_id for shop in (first, second)]
    assert [said["key"], said["signs"]] == ids
    return seen


@proves(2, NAMED, "no_login_for_guard", realm="api", held="users")
@proves(40, NAMED, "login_key_unknown", status=401)
def test_a_login_of_another_realm_and_another_key_hears_of_both_with_the_key_first():
    first, second = two_processes(guards=REALMS)
    seen = refusal(second.house, partial(second.visitor(like=first.logged_in()).get, "/api"))
    assert seen.codes["no_login_for_guard"]["causes"] == [
        "csrf_key_unknown",
        "login_key_unknown",
        "no_login_for_guard",
    ]
    return seen


def two_processes(**changes: Any) -> tuple[Shop, Shop]:
    store = MemoryStore()
    return Shop(store=store, **changes), Shop(store=store, secret=OTHER_SECRET, **changes)


def test_mending_them_one_after_the_other_shortens_the_list_from_its_head_until_the_request_is_let_in():
    """As in the thread, each is enough alone; unlike there, each is told from the first request on."""
    told = [
        causes(strange_key=key, other_realm=realm)
        for key, realm in ((True, True), (False, True), (False, False))
    ]
    assert told == [
        ["csrf_key_unknown", "login_key_unknown", "no_login_for_guard"],
        ["no_login_for_guard"],
        [],
    ]
    assert causes(strange_key=True, other_realm=False) == ["login_key_unknown"]


def causes(*, strange_key: bool, other_realm: bool) -> list[str]:
    store = MemoryStore()
    guards = REALMS if other_realm else {"web": SessionGuard(), "api": SessionGuard()}
    first = Shop(store=store, guards=guards)
    second = Shop(store=store, guards=guards, secret=OTHER_SECRET) if strange_key else first
    answer = second.visitor(like=first.logged_in()).get("/api")
    told = answer.json() if answer.status_code == 401 else {"causes": []}
    return [cause["code"] for cause in told.get("causes", [told])]


def test_the_three_causes_of_the_thread_come_out_before_the_first_request_and_in_the_order_of_mending(
    examine: Examine,
):
    """An area that the layer does not reach, a realm that no login leads to, and a key that only this process has."""
    text = """
        house = Guardhouse(secret=key, **usual, guards={"web": SessionGuard(), "api": SessionGuard(realm="api")})
        other = Guardhouse(secret=key[::-1], **usual)
        async def thing(request: Request) -> Response:
            return PlainTextResponse("done")

        app = Starlette(routes=[Route("/login", house.public(login)), Route("/thing", thing, middleware=[other.layer("web")]),
            Route("/mine", page, middleware=[house.layer("api")]), Route("/page", page, middleware=[house.layer("web")])])
        house.install(app)
        """
    found = [finding.code for finding in examine(text)]
    assert found == ["house-elsewhere", "login-nowhere"]
