"""The page of what a user has elsewhere: he sees his own and nobody else's, and ends each of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from guardhouse import SessionGuard, User
from guardhouse.guards.token import TokenGuard
from guardhouse.state import trusted as trust
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.remembered import public_name
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, said
from tests.ways.houses import World

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
OWNER = f"users:{ADA.id}"


@pytest.fixture
def world(worlds: Callable[..., World]) -> World:
    return worlds({"guards": {"web": SessionGuard(), "token": TokenGuard()}})


def logged_in(world: World, user: User = ADA, headers: Mapping[str, str] | None = None) -> TestClient:
    client = world.visitor(**NAVIGATION, **(headers or {}))
    client.post("/login", data={"email": user.email, "password": PASSWORD})
    return client


def buttons(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


def trusted(world: World, user: User = ADA, number: int = 0, label: str = "Firefox on Windows") -> Enrolment:
    chance = bytes(range(number, number + trust.CHANCE))
    _, made = trust.trust(f"users:{user.id}", None, chance, world.clock.now)
    kept = Enrolment(made.kind, made.name, made.owner, made.created, made.body, label, made.used, made.ends)
    store: Any = world.ways.kit.enrolments
    world.portal.call(store.enrol, kept)
    return kept


def test_a_user_sees_his_sessions_and_which_is_this_one(world):
    logged_in(world, headers={"User-Agent": FIREFOX})
    logged_in(world, GRACE)
    page = logged_in(world).get("/devices").text
    assert len(buttons(page, "session")) == 2
    assert page.count("this device") == 1
    assert "Firefox on Windows" in page
    assert "2027-01-15" in page


def test_he_ends_one_and_is_told_so(world):
    phone, here = logged_in(world), logged_in(world)
    page = here.get("/devices").text
    own, other = buttons(page, "session")
    answer = here.post("/devices", data={"session": other})
    assert (answer.url.path, "The device is logged out." in answer.text) == ("/devices", True)
    assert phone.get("/me", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401
    assert buttons(answer.text, "session") == [own]


def test_to_end_this_one_is_to_log_out(world):
    here = logged_in(world)
    (own,) = buttons(here.get("/devices").text, "session")
    answer = here.post("/devices", data={"session": own})
    assert "You are logged out" in answer.text
    assert here.get("/me", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_he_ends_all_others_and_what_is_trusted_with_them(world):
    phone, here = logged_in(world), logged_in(world)
    grace = logged_in(world, GRACE)
    trusted(world)
    hers = trusted(world, GRACE, 1)
    answer = here.post("/devices", data={"others": "true"})
    assert "All other devices are logged out." in answer.text
    assert buttons(answer.text, "device") == []
    assert phone.get("/me", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401
    assert grace.get("/me").status_code == 200
    assert world.portal.call(world.ways.kit.enrolments.enrolled, hers.owner, Kind.TRUSTED) == [hers]


def test_a_device_that_stays_logged_in_is_in_the_list_while_it_sleeps_and_ends_from_there(world):
    phone, here = world.visitor(**NAVIGATION), logged_in(world)
    phone.post("/login", data={"email": ADA.email, "password": PASSWORD, "remember": "on"})
    phone.cookies.delete("__Host-gh")
    page = here.get("/devices").text
    assert page.count("stays logged in") == 1
    assert len(buttons(page, "session")) == 2
    answer = here.post("/devices", data={"session": buttons(page, "session")[1]})
    assert len(buttons(answer.text, "session")) == 1
    assert phone.get("/me", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_this_one_stays_logged_in_when_all_others_end(world):
    here, phone = world.visitor(**NAVIGATION), world.visitor(**NAVIGATION)
    for client in (here, phone):
        client.post("/login", data={"email": ADA.email, "password": PASSWORD, "remember": "on"})
    here.post("/devices", data={"others": "true"})
    for client, status in ((here, 200), (phone, 401)):
        client.cookies.delete("__Host-gh")
        assert client.get("/me", headers={"Sec-Fetch-Mode": "cors"}).status_code == status


def test_he_forgets_one_device_whose_own_name_stays_here(world):
    kept, other = trusted(world), trusted(world, number=1, label="Safari on iPhone")
    here = logged_in(world)
    page = here.get("/devices").text
    assert set(buttons(page, "device")) == {public_name(kept.name), public_name(other.name)}
    assert kept.name not in page
    assert "Safari on iPhone" in page
    answer = here.post("/devices", data={"device": public_name(other.name)})
    assert buttons(answer.text, "device") == [public_name(kept.name)]
    assert "The device is forgotten." in answer.text


def test_a_device_that_has_expired_is_not_shown(world):
    trusted(world)
    world.clock.now += timedelta(days=31).total_seconds()
    assert buttons(logged_in(world).get("/devices").text, "device") == []


def test_he_takes_tokens_back_one_or_all(world):
    desk = world.house.tokens()
    issued = [world.portal.call(desk.issue, ADA, name) for name in ("laptop", "robot <b>", "third")]
    world.portal.call(desk.issue, GRACE, "hers")
    here = logged_in(world)
    page = here.get("/devices").text
    assert set(buttons(page, "token")) == {one.record.id for one in issued}
    assert "robot &lt;b&gt;" in page
    assert not any(one.plain in page for one in issued)
    page = here.post("/devices", data={"token": issued[0].record.id}).text
    assert len(buttons(page, "token")) == 2
    page = here.post("/devices", data={"tokens": "true"}).text
    assert "All tokens are revoked." in page
    assert len(world.portal.call(desk.list, GRACE)) == 1


def test_what_belongs_to_somebody_else_is_not_ended(world):
    grace, here = logged_in(world, GRACE), logged_in(world)
    hers = trusted(world, GRACE)
    token = world.portal.call(world.house.tokens().issue, GRACE, "hers")
    (session,) = buttons(grace.get("/devices").text, "session")
    for handed in ({"session": session}, {"device": public_name(hers.name)}, {"token": token.record.id}):
        assert here.post("/devices", data=handed).status_code == 200, "and nothing is said of whose it is"
    assert grace.get("/me").status_code == 200
    page = grace.get("/devices").text
    assert buttons(page, "device") == [public_name(hers.name)]
    assert buttons(page, "token") == [token.record.id]


def test_what_is_gone_already_is_no_matter(world):
    here = logged_in(world)
    for handed in ({"session": "none"}, {"device": "none"}, {"token": "none"}):
        assert here.post("/devices", data=handed).status_code == 200


def test_nothing_named_is_an_error(world):
    answer = logged_in(world).post("/devices", json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "form_invalid")


def test_a_program_hears_what_was_ended(world):
    logged_in(world)
    here = logged_in(world)
    _, other = buttons(here.get("/devices").text, "session")
    assert here.post("/devices", json={"session": other}).json() == {"done": "session-ended"}
    assert here.post("/devices", json={"others": True}).json() == {"done": "others-ended"}


def test_who_was_remembered_proves_himself_first(world):
    client = world.enter(ADA.id, "remembered")
    assert client.get("/devices", headers=NAVIGATION).url.path == "/confirm-password"
    assert said(client.post("/devices", json={"others": True})) == (403, "confirmation_needed")


def test_a_guest_and_another_site_end_nothing(world):
    assert said(world.visitor().post("/devices", json={"others": True}))[0] == 401
    phone, here = logged_in(world), logged_in(world)
    answer = here.post("/devices", data={"others": "true"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert phone.get("/me").status_code == 200


@pytest.mark.parametrize("guards", [{"web": SessionGuard()}, {"web": SessionGuard(), "token": TokenGuard()}])
def test_a_house_without_tokens_has_no_list_of_them(worlds, guards):
    world = worlds({"guards": guards})
    assert "Tokens of programs" not in logged_in(world).get("/devices").text
