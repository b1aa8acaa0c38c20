"""A program that asks for a page hears what it may send and where, in JSON; a sentence for people is in their language."""

from __future__ import annotations

from gettext import NullTranslations
from html import unescape

import pytest

from guardhouse.core.reasons import REASONS, Reason
from guardhouse.templates.environment import Templates
from tests.houses import ADA, NAVIGATION, PASSWORD
from tests.ways.phones import RIGHT, log_in, switch_on

JSON = {"Accept": "application/json"}


def test_a_program_that_asks_for_the_login_hears_its_fields_and_where_all_ways_lie(world):
    answer = world.visitor().get("/login", headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["way"] == "login"
    assert {field["name"]: (field["type"], field["required"]) for field in told["fields"]} == {
        "email": ("text", True),
        "password": ("text", True),
        "remember": ("boolean", False),
        "next": ("text", False),
    }
    assert told["ways"] == dict(world.ways.paths)


def test_every_page_has_a_document_or_says_what_comes_first(world):
    client = log_in(world)
    for way in world.ways.ways:
        if way.page is None or "{" in world.ways.paths[way.name]:
            continue
        answer = client.get(world.ways.paths[way.name], headers=JSON)
        assert answer.status_code == 200, way.name
        told = answer.json()
        assert told.get("way") == way.name or "next" in told or "done" in told, told


def test_nobody_hears_of_a_page_inside_from_outside(world):
    answer = world.visitor().get("/devices", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "no_credential")


def test_a_program_lists_its_trusted_browsers_and_forgets_one(world):
    phone, _ = switch_on(world)
    client = world.visitor()
    client.post("/login", json=RIGHT)
    world.clock.now += 60
    client.post("/two-factor", json={"code": phone.code(world.clock.now), "trust": True})
    (trusted,) = client.get("/devices", headers=JSON).json()["shown"]["devices"]
    assert client.post("/devices", json={"device": trusted["id"]}).json() == {"done": "device-forgotten"}
    assert client.get("/devices", headers=JSON).json()["shown"]["devices"] == []
    assert world.visitor().post("/login", json=RIGHT).json()["next"] == "two-factor"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/html,application/json;q=0.9", ""])
def test_whoever_takes_a_page_gets_it(world, accept):
    answer = world.visitor().get("/login", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/html")


class Loud(NullTranslations):
    """A catalogue in which every sentence is the same in capitals."""

    def gettext(self, message: str) -> str:
        return message.upper()


def test_what_is_wrong_is_said_in_the_language_of_the_visitor(worlds):
    world = worlds(templates=Templates(translations={"de": Loud()}))
    for language, said in (("en", "It is missing."), ("de", "IT IS MISSING.")):
        client = world.visitor(**NAVIGATION, **{"Accept-Language": language})
        assert said in client.post("/login", data={"email": ADA.email}).text
    client = world.visitor(**NAVIGATION, **{"Accept-Language": "de"})
    wrong = client.post("/login", data={"email": ADA.email, "password": f"not {PASSWORD}"})
    assert REASONS[Reason.LOGIN_FAILED].title.upper() in unescape(wrong.text)
    strange = client.post("/login", data={"email": "a", "password": "b", "%(x)s<b>": "c"})
    assert (strange.status_code, "<B>" in strange.text) == (422, False)
