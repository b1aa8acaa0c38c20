"""Another password from within, over HTTP: the present login goes on, everything else of before is over, and a crash leaves one password."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guardhouse import SessionGuard, User
from guardhouse.desks import perform as performing
from guardhouse.flows import plan as to
from guardhouse.guards.token import TokenGuard
from guardhouse.state import remembered, trusted
from guardhouse.state.enrolment import DEVICES
from guardhouse.state.record import Record, opened
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, SESSION, said
from tests.ways.houses import NEW_PASSWORD, World

RIGHT = {"email": ADA.email, "password": PASSWORD}
CHANGE = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
OWNER = f"users:{ADA.id}"


@pytest.fixture
def world(worlds: Callable[..., World]) -> World:
    return worlds({"guards": {"web": SessionGuard(), "token": TokenGuard()}})


def logged_in(world: World, password: str = PASSWORD, **headers: str) -> TestClient:
    client = world.visitor(**headers)
    assert client.post("/login", json=RIGHT | {"password": password}).status_code == 200
    return client


def test_the_present_login_goes_on_under_a_new_id_and_all_others_end(world):
    here, phone = logged_in(world), logged_in(world)
    before = here.cookies[SESSION]
    assert here.post("/change-password", json=CHANGE).json() == {"done": "password-changed"}
    assert here.cookies[SESSION] != before
    assert here.get("/me").json() == {"email": ADA.email}
    assert phone.get("/me").status_code == 401
    here.cookies.set(SESSION, before, domain="testserver.local", path="/")
    assert here.get("/me").status_code == 401, "the id of before is dead"
    assert world.visitor().post("/login", json=RIGHT).status_code == 422
    logged_in(world, NEW_PASSWORD)
    assert world.letter().kind == "password_changed"


def test_it_is_the_body_of_the_attack_case():
    cases = json.loads((Path(__file__).parents[1] / "attack" / "open_cases.json").read_text())["cases"]
    body = next(case for case in cases if case["id"] == "logout-014")["request"]["body"]
    assert (body["kind"], set(body["value"])) == ("json", set(CHANGE))


def test_it_counts_as_a_proof_and_does_not_move_the_deadline(world):
    client = logged_in(world)
    ends = stored(world).ends
    world.clock.now += 600
    client.post("/change-password", json=CHANGE)
    login = stored(world).logins["users"]
    assert (stored(world).ends, login.at, login.proofs) == (ends, world.clock.now - 600, "password")


def test_a_login_by_two_factors_keeps_both(world):
    client = world.enter(ADA.id, "password", "totp")
    client.post("/change-password", json=CHANGE)
    assert stored(world).logins["users"].proofs == "password totp"


def test_devices_that_know_the_user_are_forgotten(world):
    store = world.ways.kit.enrolments
    for _, enrolment in (
        remembered.begin(OWNER, "web", None, bytes(range(remembered.CHANCE)), world.clock.now),
        trusted.trust(OWNER, None, bytes(range(trusted.CHANCE)), world.clock.now),
    ):
        world.portal.call(store.enrol, enrolment)
    logged_in(world).post("/change-password", json=CHANGE)
    assert world.portal.call(lambda: store.enrolled(OWNER, *DEVICES)) == []


@pytest.mark.parametrize(("tokens", "left"), [(False, 1), (True, 0)])
def test_tokens_are_taken_back_by_wish(world, tokens, left):
    desk = world.house.tokens()
    world.portal.call(desk.issue, ADA, "laptop")
    world.portal.call(desk.issue, GRACE, "hers")
    logged_in(world).post("/change-password", json=CHANGE | {"tokens": tokens})
    assert len(world.portal.call(desk.list, ADA)) == left
    assert len(world.portal.call(desk.list, GRACE)) == 1


@pytest.mark.parametrize(
    ("handed", "field"),
    [
        pytest.param(CHANGE | {"current_password": "wrong"}, "current_password", id="the wrong one of now"),
        pytest.param({"new_password": NEW_PASSWORD}, "current_password", id="none of now"),
        pytest.param(CHANGE | {"new_password": "short"}, "new_password", id="a weak one"),
        pytest.param(CHANGE | {"new_password": PASSWORD}, "new_password", id="the one of now"),
        pytest.param(
            CHANGE | {"new_password": "acme acme acme acme"}, "new_password", id="the name of the service"
        ),
        pytest.param(CHANGE | {"new_password": ""}, "new_password", id="none"),
        pytest.param(CHANGE | {"new_password": None}, "new_password", id="null"),
        pytest.param(CHANGE | {"new_password": [NEW_PASSWORD]}, "new_password", id="a list"),
        pytest.param(CHANGE | {"tokens": "true"}, "tokens", id="a flag as text"),
        pytest.param({"current_password": PASSWORD}, "new_password", id="no new one"),
    ],
)
def test_what_cannot_be_taken_names_its_field_and_changes_nothing(world, handed, field):
    client, phone = logged_in(world), logged_in(world)
    before = client.cookies[SESSION]
    answer = client.post("/change-password", json=handed)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert NEW_PASSWORD not in answer.text
    assert PASSWORD not in answer.text
    assert client.cookies[SESSION] == before
    assert phone.get("/me").status_code == 200
    logged_in(world)


def test_a_person_does_it_without_scripts(world):
    client = logged_in(world, **NAVIGATION)
    page = client.get("/change-password")
    for name, kind in (("current_password", "current-password"), ("new_password", "new-password")):
        assert f'name="{name}" type="password" autocomplete="{kind}"' in page.text
    wrong = client.post("/change-password", data=CHANGE | {"current_password": "mistyped"})
    assert (wrong.status_code, "mistyped" in wrong.text, NEW_PASSWORD in wrong.text) == (422, False, False)
    assert 'id="current_password-wrong" role="alert"' in wrong.text
    done = client.post("/change-password", data=CHANGE)
    assert (done.url.path, "Your password is changed" in done.text) == ("/done", True)
    assert client.get("/me").status_code == 200


def test_a_guest_and_another_site_change_nothing(world):
    assert said(world.visitor().post("/change-password", json=CHANGE))[0] == 401
    client = logged_in(world)
    answer = client.post("/change-password", json=CHANGE, headers={"Sec-Fetch-Site": "cross-site"})
    assert said(answer) == (403, "csrf_cross_site")
    logged_in(world)


def test_a_login_that_lost_its_password_says_so(world):
    here, phone = logged_in(world), logged_in(world)
    here.post("/change-password", json=CHANGE)
    assert phone.post("/change-password", json=CHANGE).status_code == 401


def test_of_two_who_change_it_at_once_one_wins(world, monkeypatch):
    client = logged_in(world)
    set_password = world.users.set_password

    async def too_late(user: User, password_hash: str, *, before: str | None) -> bool:
        await set_password(user, "the hash of somebody faster", before=before)
        return bool(await set_password(user, password_hash, before=before))

    monkeypatch.setattr(world.users, "set_password", too_late)
    assert said(client.post("/change-password", json=CHANGE)) == (401, "password_changed")


# -- who has no password yet ----------------------------------------------------------------------------------------

KEY = User(id="3", email="key@example.com")


def test_who_has_none_sets_one_if_he_proved_himself_a_moment_ago(world):
    world.users.add(KEY)
    here, phone = world.enter(KEY.id, "passkey"), world.enter(KEY.id, "passkey")
    assert 'name="current_password"' not in here.get("/change-password", headers=NAVIGATION).text
    assert here.post("/change-password", json={"new_password": NEW_PASSWORD}).json() == {
        "done": "password-changed"
    }
    assert here.get("/me").status_code == 200
    assert phone.get("/me").status_code == 401, "although no password bound it"
    assert stored(world).logins["users"].fingerprint is not None
    logged = world.visitor().post("/login", json={"email": KEY.email, "password": NEW_PASSWORD})
    assert logged.status_code == 200


@pytest.mark.parametrize(("proof", "minutes"), [("passkey", 15), ("remembered", 0)])
def test_otherwise_he_is_asked_for_a_proof(world, proof, minutes):
    world.users.add(KEY)
    client = world.enter(KEY.id, proof)
    world.clock.now += 60 * minutes
    assert said(client.post("/change-password", json={"new_password": NEW_PASSWORD})) == (
        403,
        "confirmation_needed",
    )
    for send in (
        lambda: client.get("/change-password", headers=NAVIGATION, follow_redirects=False),
        lambda: client.post(
            "/change-password",
            data={"new_password": NEW_PASSWORD},
            headers=NAVIGATION,
            follow_redirects=False,
        ),
    ):
        led = send()
        assert (led.status_code, led.headers["location"]) == (
            303,
            "/confirm-password?next=%2Fchange-password",
        )


# -- a crash between two effects ------------------------------------------------------------------------------------

EFFECTS = [to.SetPassword, to.WithdrawAll, to.EndSessions, to.Rebind, to.RevokeTokens, to.Forgive, to.Tell]


@pytest.mark.parametrize("last", EFFECTS, ids=lambda kind: kind.__name__)
def test_after_a_crash_the_account_has_the_new_password_and_nobody_is_in_with_the_old(
    world, monkeypatch, last
):
    client, phone = logged_in(world), logged_in(world)
    cut_after(monkeypatch, last)
    with pytest.raises(RuntimeError, match="the machine went down"):
        client.post("/change-password", json=CHANGE | {"tokens": True})
    monkeypatch.undo()
    assert phone.get("/me").status_code == 401
    assert world.visitor().post("/login", json=RIGHT).status_code == 422
    assert logged_in(world, NEW_PASSWORD).get("/me").status_code == 200


def cut_after(monkeypatch: pytest.MonkeyPatch, last: type) -> None:
    """Let the machine go down right after this effect was written."""
    own = performing._EFFECTS[last]

    async def cut(desk: object, effect: object) -> bool:
        await own(desk, effect)  # type: ignore[arg-type] # a desk
        raise RuntimeError("the machine went down")

    monkeypatch.setattr(performing, "_EFFECTS", {**performing._EFFECTS, last: cut})


def stored(world: World) -> Record:
    """The session that was written last, of all that there are."""
    store: Any = world.house.parts.store
    return opened(list(store._bodies.values())[-1])
