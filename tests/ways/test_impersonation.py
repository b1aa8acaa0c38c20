"""To act in a user's place, over HTTP: for whom a rule allows it, seen, written down, closed where it must be, and over in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import ConfigError, SessionGuard, User
from guardhouse.core.events import AccountChanged
from guardhouse.desks.desk import Desk
from guardhouse.edge.asgi import visit_of
from guardhouse.edge.session_routes import session_routes
from guardhouse.edge.token_routes import token_routes
from guardhouse.flows import plan as to
from guardhouse.guards.token import TokenGuard
from guardhouse.state import remembered
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, SESSION, said
from tests.ways.houses import NEW_PASSWORD, World

BOSS = replace(ADA, id="9", email="boss@example.com")
CHIEF = replace(ADA, id="8", email="chief@example.com")


def may(admin: User, user: User) -> bool:
    return admin.id == BOSS.id and user.id != CHIEF.id


class Office(World):
    """A world in which the boss may act in everybody's place but the chief's."""

    def __init__(self, portal: Any, house: dict[str, Any] | None = None, **ways: Any) -> None:
        guards = {"web": SessionGuard(), "token": TokenGuard()}
        self._rule = ways.pop("rule", None)
        super().__init__(portal, {"guards": guards} | (house or {}), **({"may_impersonate": may} | ways))
        self.users.add(BOSS)
        self.users.add(CHIEF)
        fresh = self.house.requires("web", fresh=timedelta(hours=1))(self._fresh)
        self.app.router.routes += [
            Route("/who", self.house.requires("web")(self._who)),
            Route("/vault", fresh),
            Route("/two", self.house.requires("web", factors=2)(self._two)),
            *token_routes(self.house, "web"),
            *session_routes(self.house, "web"),
        ]

    def defined(self) -> None:
        if self._rule is not None:
            self.house.rules.define("impersonate", self._rule)

    async def _who(self, request: Request) -> Response:
        behind = await self.house.auth(request).impersonator()
        return JSONResponse([(await self.house.user(request)).email, behind and behind.email])

    async def _fresh(self, _: Request) -> Response:
        return JSONResponse({})

    async def _two(self, _: Request) -> Response:
        return JSONResponse({})


@pytest.fixture
def office(portal) -> Office:
    return Office(portal)


def boss(office: Office, **headers: str) -> TestClient:
    client = office.visitor(**headers)
    client.post("/login", json={"email": BOSS.email, "password": PASSWORD})
    return client


def acting(office: Office, user: User = ADA, **headers: str) -> TestClient:
    client = boss(office, **headers)
    assert client.post("/impersonate", json={"user": user.id}).json() == {"done": "impersonated"}
    return client


def test_the_boss_acts_for_ada_and_is_himself_again(office):
    client = boss(office)
    ids = [client.cookies[SESSION]]
    client.post("/impersonate", json={"user": ADA.id})
    ids.append(client.cookies[SESSION])
    assert client.get("/who").json() == [ADA.email, BOSS.email]
    assert client.post("/stop-impersonating").json() == {"done": "impersonation-ended"}
    ids.append(client.cookies[SESSION])
    assert client.get("/who").json() == [BOSS.email, None]
    assert len(set(ids)) == 3, "each under a new id"


@pytest.mark.parametrize(
    ("who", "whom", "code"),
    [
        pytest.param(ADA, GRACE, "rule_denied", id="who may not"),
        pytest.param(BOSS, CHIEF, "rule_denied", id="in whose place nobody acts"),
        pytest.param(BOSS, replace(ADA, id="404"), "rule_denied", id="nobody there"),
        pytest.param(ADA, replace(ADA, id="404"), "rule_denied", id="nobody there, by who may not"),
    ],
)
def test_a_no_is_the_same_whoever_is_there(office, who, whom, code):
    client = office.enter(who.id, "password")
    answer = client.post("/impersonate", json={"user": whom.id})
    assert said(answer) == (403, code)
    assert client.get("/who").json() == [who.email, None]


@pytest.mark.parametrize("handed", [{}, {"user": None}, {"user": 1}, {"user": [ADA.id]}, []])
def test_what_names_nobody_says_so(office, handed):
    assert boss(office).post("/impersonate", json=handed).status_code == 422


def test_nobody_acts_in_his_own_place_or_a_disabled_users(office):
    client = boss(office)
    assert client.post("/impersonate", json={"user": BOSS.id}).status_code == 422
    office.portal.call(office.users.disable, ADA)
    assert client.post("/impersonate", json={"user": ADA.id}).status_code == 422
    assert client.get("/who").json() == [BOSS.email, None]


def test_it_is_off_unless_it_is_asked_for(worlds):
    world = worlds()
    assert world.enter(ADA.id, "password").post("/impersonate", json={"user": GRACE.id}).status_code == 404
    assert "impersonate" not in world.ways.paths


def test_a_rule_of_the_house_can_decide(portal):
    office = Office(portal, may_impersonate="impersonate", rule=may)
    client = boss(office)
    assert said(client.post("/impersonate", json={"user": CHIEF.id})) == (403, "rule_denied")
    assert client.post("/impersonate", json={"user": ADA.id}).status_code == 200


def test_a_rule_that_nobody_defined_stops_the_start(portal):
    with pytest.raises(ConfigError, match="impersonnate"):
        Office(portal, may_impersonate="impersonnate")


@pytest.mark.parametrize("minutes", [14, 15])
def test_it_asks_for_a_proof_of_a_moment_ago(office, minutes):
    client = boss(office)
    office.clock.now += 60 * minutes
    answer = client.post("/impersonate", json={"user": ADA.id})
    assert said(answer) == ((200, None) if minutes < 15 else (403, "confirmation_needed"))


def test_a_remembered_boss_proves_himself_first(office):
    client = office.enter(BOSS.id, "remembered")
    assert said(client.post("/impersonate", json={"user": ADA.id})) == (403, "confirmation_needed")


def test_another_site_lets_nobody_act(office):
    client = boss(office)
    sent: tuple[dict[str, Any], ...] = ({"json": {"user": ADA.id}}, {"data": {"user": ADA.id}})
    for send in sent:
        answer = client.post("/impersonate", headers={"Sec-Fetch-Site": "cross-site"}, **send)
        assert said(answer) == (403, "csrf_cross_site")


# -- what is closed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "handed"),
    [
        pytest.param(
            "POST",
            "/change-password",
            {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
            id="password",
        ),
        pytest.param("POST", "/confirm-password", {"password": PASSWORD}, id="a proof in his name"),
        pytest.param("POST", "/devices", {"others": True}, id="devices"),
        pytest.param("POST", "/impersonate", {"user": GRACE.id}, id="no further"),
        pytest.param("GET", "/vault", None, id="what asks for a proof of a moment ago"),
        pytest.param("DELETE", "/sessions", None, id="sessions of the application's page"),
    ],
)
def test_what_is_the_users_own_is_closed(office, method, path, handed):
    client = acting(office)
    assert said(client.request(method, path, json=handed)) == (403, "impersonated")
    assert client.get("/who").json() == [ADA.email, BOSS.email]
    assert office.visitor().post("/login", json={"email": ADA.email, "password": PASSWORD}).status_code == 200


def test_every_way_inside_is_closed_but_the_way_back(office):
    client = acting(office)
    inside = {way.name for way in office.ways.ways if way.inside and way.act is not None}
    back = office.ways.paths["stop-impersonating"]
    closed = {
        name
        for name in inside - {"stop-impersonating"}
        if said(client.post(office.ways.paths[name]))[1] == "impersonated"
    }
    assert inside - closed == {"stop-impersonating"}
    assert client.post(back).status_code == 200


@pytest.mark.parametrize(
    "effect",
    [
        to.SetPassword(ADA, "hash", ADA.password_hash),
        to.SetAddress(ADA, "other@example.com", ADA.email),
        to.Verify(ADA, ADA.email),
        to.WithdrawAll("users:1", ()),
        to.Enrol(remembered.begin("users:1", "web", None, bytes(remembered.CHANCE), 0.0)[1]),
    ],
    ids=lambda effect: type(effect).__name__,
)
def test_no_effect_on_an_account_is_had_whatever_way_leads_to_it(office, effect):
    async def act(request: Request) -> Response:
        desk: Desk[User] = Desk(office.ways.kit, visit_of(request, office.house))
        return JSONResponse(str(await desk.perform(to.Plan(to.Done("done"), (effect,)))))

    office.app.router.routes.append(Route("/act", act, methods=["POST"]))
    assert "IMPERSONATED" in acting(office).post("/act").text
    assert office.users._by_id[ADA.id] == ADA


def test_no_token_is_made_in_his_name(office):
    client = acting(office)
    assert client.post("/tokens", json={"name": "mine"}).status_code == 403
    assert client.post("/stop-impersonating").status_code == 200
    assert client.post("/tokens", json={"name": "mine"}).status_code == 201


def test_the_factors_that_count_are_those_of_who_acts(office):
    client = acting(office)
    assert said(client.get("/two")) == (403, "factors_missing")
    strong = office.enter(BOSS.id, "password", "totp")
    strong.post("/impersonate", json={"user": ADA.id})
    assert strong.get("/two").status_code == 200


def test_nothing_that_one_left_in_the_session_is_found_by_the_other(office):
    async def keep(request: Request) -> Response:
        session = await office.house.session(request)
        before = session.get("left", "nothing")
        session["left"] = request.query_params["what"]
        return JSONResponse(before)

    office.app.router.routes.append(Route("/keep", keep))
    client = boss(office)
    assert client.get("/keep?what=boss").json() == "nothing"
    client.post("/impersonate", json={"user": ADA.id})
    assert client.get("/keep?what=ada").json() == "nothing"
    client.post("/stop-impersonating")
    assert client.get("/keep?what=boss").json() == "nothing"


# -- how it ends ----------------------------------------------------------------------------------------------------


async def changed(office: Office, user: User) -> None:
    assert await office.users.set_password(user, "another hash", before=user.password_hash)


async def gone(office: Office, user: User) -> None:
    office.users.remove(user.id)


async def disabled(office: Office, user: User) -> None:
    await office.users.disable(user)


async def ended(office: Office, user: User) -> None:
    await office.house.devices("web").end_all(user)


@pytest.mark.parametrize("whose", [BOSS, ADA], ids=["of who acts", "of the user"])
@pytest.mark.parametrize("happens", [changed, gone, disabled, ended])
def test_it_ends_with_either_login(office, happens, whose):
    client = acting(office)
    office.portal.call(happens, office, whose)
    assert client.get("/who").status_code == 401
    assert client.post("/stop-impersonating").status_code == 401


def test_no_deadline_moves(office):
    client = boss(office)
    office.clock.now += 600
    client.post("/impersonate", json={"user": ADA.id})
    ends = deadline(office)
    client.post("/stop-impersonating")
    assert deadline(office) == ends
    client.post("/impersonate", json={"user": ADA.id})
    office.clock.now = ends
    assert client.get("/who").status_code == 401


def deadline(office: Office) -> float:
    store: Any = office.house.parts.store
    (record,) = office.portal.call(store.owned, f"users:{BOSS.id}")
    return float(record.ends)


def test_to_log_out_ends_both(office):
    client = acting(office)
    client.post("/logout")
    assert client.get("/who").status_code == 401


def test_who_is_remembered_and_logs_out_while_he_acts_does_not_come_back(office):
    client = boss(office)
    client.post("/login", json={"email": BOSS.email, "password": PASSWORD, "remember": True})
    client.post("/impersonate", json={"user": ADA.id})
    client.post("/logout")
    assert client.get("/who").status_code == 401


def test_who_is_remembered_comes_back_as_himself(office):
    client = office.visitor()
    client.post("/login", json={"email": BOSS.email, "password": PASSWORD, "remember": True})
    client.post("/impersonate", json={"user": ADA.id})
    office.portal.call(ended, office, ADA)
    assert client.get("/who").json() == [BOSS.email, None]
    assert said(client.post("/impersonate", json={"user": ADA.id})) == (403, "confirmation_needed")


def test_to_stop_twice_is_no_matter(office):
    client = acting(office)
    for _ in range(2):
        assert client.post("/stop-impersonating").json() == {"done": "impersonation-ended"}
    assert client.get("/who").json() == [BOSS.email, None]


def test_both_see_the_session_among_their_devices(office):
    acting(office)
    for user in (BOSS, ADA):
        assert len(office.portal.call(office.house.devices("web").list, user)) == 1


# -- what is seen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "to"),
    [("/who?a=1", "/who?a=1"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("", "/")],
)
def test_a_person_goes_on_to_where_he_wanted_on_this_origin_only(office, wanted, to):
    client = boss(office, **NAVIGATION)
    handed = {"user": ADA.id, "next": wanted}
    began = client.post("/impersonate", data=handed, follow_redirects=False)
    assert (began.status_code, began.headers["location"]) == (303, to)
    ended = client.post("/stop-impersonating", data={"next": wanted}, follow_redirects=False)
    assert (ended.status_code, ended.headers["location"]) == (303, to)


def test_a_person_sees_it_and_has_a_way_back(office):
    client = boss(office, **NAVIGATION)
    began = client.post("/impersonate", data={"user": ADA.id}, follow_redirects=False)
    assert (began.status_code, began.headers["location"]) == (303, "/")
    page = client.get("/stop-impersonating")
    assert f"You act as {ADA.email}" in page.text
    assert 'action="/stop-impersonating"' in page.text
    assert "You act in another" in client.get("/done").text
    client.post("/stop-impersonating", data={})
    assert client.get("/who").json() == [BOSS.email, None]
    assert 'class="banner"' not in client.get("/done").text
    assert client.get("/stop-impersonating", follow_redirects=False).status_code == 303


def test_listeners_hear_of_both(office):
    heard: list[Any] = []
    with office.house.overheard(heard.append):
        acting(office).post("/stop-impersonating")
    told = [(one.user.id, one.step, one.about) for one in heard if isinstance(one, AccountChanged)]
    assert told == [(ADA.id, "impersonated", BOSS.id), (ADA.id, "impersonation_ended", BOSS.id)]
