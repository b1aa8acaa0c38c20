"""Passkeys over HTTP: every lie of an authenticator is one refusal, a challenge counts once, and who proves one is in."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from guardhouse import User
from guardhouse.core.events import AccountChanged, Login, Refused
from guardhouse.desks.own_passkeys import NewPasskey
from guardhouse.desks.passkeys import PER_NETWORK, Proof
from guardhouse.errors import ConfigError
from guardhouse.flows.passkey import MOST
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.limit import network_of
from guardhouse.state.passkey import HANDLE_BYTES, Passkey, name_of
from tests.authenticator import BACKED_UP, PRESENT, SHARED, VERIFIED, Authenticator, b64
from tests.houses import ADA, GRACE, HASHER, NAVIGATION, ORIGIN, PASSWORD
from tests.services.postgres import postgres_url
from tests.services.redis import single_url
from tests.stores.redis_kinds import PATIENT as PATIENT_REDIS
from tests.stores.sql_kinds import PATIENT, emptied, started
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import World

HOST = {"public_url": [ORIGIN, "https://example.com"]}
RIGHT = {"email": ADA.email, "password": PASSWORD}


@pytest.fixture
def world(worlds: Any) -> Iterator[World]:
    """A house that authenticators know as example.com."""
    made: World = worlds(HOST, public_url=ORIGIN, rp_id="example.com")
    made.heard = []
    with made.house.overheard(made.heard.append):
        yield made


def together(work: Callable[[Any], int], things: Sequence[Any]) -> list[int]:
    """Do it with all of them at the same time."""
    with ThreadPoolExecutor(len(things)) as threads:
        return list(threads.map(work, things))


PLACES: Mapping[str, Callable[[Path], str]] = {
    "memory": lambda _: "memory:",
    "sqlite": lambda folder: f"sqlite:///{folder}/store.db",
    "postgres": lambda _: f"{emptied(started(postgres_url))}?{PATIENT}",
    "redis": lambda _: f"{started(single_url)}?{PATIENT_REDIS}",
}


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def challenge(client: TestClient, purpose: str = "login") -> bytes:
    answer = client.post("/passkey-options", json={"purpose": purpose})
    assert answer.status_code == 200, answer.text
    return unpadded(answer.json()["options"]["challenge"])


def prove(client: TestClient, device: Authenticator, purpose: str = "login", /, **lies: Any):
    return client.post("/passkey", json={"credential": device.prove(challenge(client, purpose), **lies)})


def made_by(client: TestClient, device: Authenticator, label: str = "", /, **lies: Any):
    answer = client.post("/passkey-register-options")
    assert answer.status_code == 200, answer.text
    options = answer.json()["options"]
    device.handle = unpadded(options["user"]["id"])
    credential = device.make(unpadded(options["challenge"]), **lies)
    return client.post("/passkey-register", json={"credential": credential, "label": label})


def logged_in(world: World, user: User = ADA) -> TestClient:
    client = world.visitor()
    assert client.post("/login", json={"email": user.email, "password": PASSWORD}).status_code == 200
    return client


def has_one(world: World, user: User = ADA, **settings: Any) -> Authenticator:
    """Let a user add a passkey, and return the device on which it lies."""
    device = Authenticator(**settings)
    answer = made_by(logged_in(world, user), device)
    assert answer.json() == {"done": "passkey-added", "id": name_of(device.id), "label": ""} | {
        "label": answer.json()["label"]
    }
    return device


def kept(world: World, device: Authenticator) -> Enrolment:
    enrolments = world.ways.kit.enrolments
    assert enrolments is not None
    found: Enrolment | None = world.portal.call(enrolments.enrolment, Kind.PASSKEY, name_of(device.id))
    assert found is not None
    return found


def steps(world: World) -> list[str]:
    return [one.step for one in world.heard if isinstance(one, AccountChanged)]


def fault(world: World) -> object:
    return [one for one in world.heard if isinstance(one, Refused)][-1].evidence.get("fault")


# -- coming in ---------------------------------------------------------------------------------------------------------


def test_a_user_adds_a_passkey_and_comes_in_by_it_without_a_name(world):
    device, client = has_one(world), world.visitor()
    assert world.letter().kind == "passkey_added"
    assert steps(world) == ["passkey_added"]
    assert prove(client, device).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": ADA.email}
    assert kept(world, device).used == world.clock.now


def test_a_passkey_is_two_factors_by_itself(world):
    device, client = has_one(world), world.visitor()
    assert client.post("/login", json=RIGHT).json() == {"next": "two-factor", "factors": ["passkey"]}
    assert client.get("/me").status_code == 401
    assert prove(world.visitor(), device).json() == {"done": "logged-in"}


def test_who_wants_to_be_remembered_is(world):
    device, client = has_one(world), world.visitor()
    credential = device.prove(challenge(client))
    assert client.post("/passkey", json={"credential": credential, "remember": True}).status_code == 200
    assert [one.remember for one in world.heard if isinstance(one, Login)][-1]


def test_the_options_of_a_login_name_no_account(world):
    has_one(world)
    options = world.visitor().post("/passkey-options", json={}).json()["options"]
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert options["rpId"] == "example.com"


def test_who_is_half_way_in_gives_a_passkey_as_his_second_proof(world):
    device, client = has_one(world), world.visitor()
    client.post("/login", json=RIGHT)
    options = client.post("/passkey-options", json={"purpose": "second"}).json()["options"]
    assert [one["id"] for one in options["allowCredentials"]] == [b64(device.id)]
    credential = device.prove(unpadded(options["challenge"]), handle=None)
    assert client.post("/passkey", json={"credential": credential}).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": ADA.email}


def test_the_passkey_of_another_user_is_no_second_proof(world):
    has_one(world)
    of_grace, client = has_one(world, GRACE, id=b"of grace"), world.visitor()
    client.post("/login", json=RIGHT)
    answer = prove(client, of_grace, "second")
    assert (answer.status_code, answer.json()["code"]) == (422, "passkey_rejected")
    assert fault(world) == "another_user"
    assert client.get("/me").status_code == 401


def test_a_second_proof_without_a_first_says_so(world):
    answer = world.visitor().post("/passkey-options", json={"purpose": "second"})
    assert (answer.status_code, answer.json()["code"]) == (401, "factor_not_asked")


def test_a_first_proof_that_was_given_too_long_ago_is_none(world):
    device, client = has_one(world), world.visitor()
    client.post("/login", json=RIGHT)
    world.clock.now += 400
    asked = challenge(client, "second")
    world.clock.now += 250
    answer = client.post("/passkey", json={"credential": device.prove(asked)})
    assert (answer.status_code, answer.json()["code"]) == (401, "factor_not_asked")


def test_a_new_password_ends_what_is_half_way(world):
    device, client = has_one(world), world.visitor()
    client.post("/login", json=RIGHT)
    asked = challenge(client, "second")
    world.users.replace(User(id=ADA.id, email=ADA.email, password_hash=HASHER.hash("another one")))
    answer = client.post("/passkey", json={"credential": device.prove(asked)})
    assert (answer.status_code, answer.json()["code"]) == (401, "factor_not_asked")


def test_a_disabled_user_hears_what_everybody_hears(world):
    device = has_one(world)
    world.portal.call(world.users.disable, ADA)
    answer = prove(world.visitor(), device)
    assert (answer.status_code, answer.json()["code"]) == (422, "login_failed")


def test_a_user_who_is_gone_has_no_passkey(world):
    device = has_one(world)
    world.users.remove(ADA.id)
    answer = prove(world.visitor(), device)
    assert (answer.status_code, fault(world)) == (422, "unknown_credential")


# -- proving oneself once more -----------------------------------------------------------------------------------------


def test_a_user_without_a_password_confirms_with_his_passkey(world):
    device = has_one(world)
    world.users.replace(User(id=ADA.id, email=ADA.email, password_hash=None))
    client = world.visitor()
    prove(client, device)
    world.clock.now += 3600
    assert client.post("/passkey-register-options").json()["code"] == "confirmation_needed"
    assert prove(client, device, "confirm").json() == {"done": "confirmed"}
    assert client.post("/passkey-register-options").status_code == 200
    assert steps(world)[-1] == "confirmed"


def test_nobody_confirms_for_another(world):
    of_grace = has_one(world, GRACE, id=b"of grace")
    device, client = has_one(world), world.visitor()
    prove(client, device)
    world.clock.now += 3600
    answer = prove(client, of_grace, "confirm")
    assert (answer.status_code, fault(world)) == (422, "another_user")
    assert client.post("/passkey-register-options").json()["code"] == "confirmation_needed"


def test_a_guest_has_nothing_to_confirm(world):
    answer = world.visitor().post("/passkey-options", json={"purpose": "confirm"})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_login")


def test_a_user_without_passkeys_is_asked_for_none(world):
    answer = logged_in(world).post("/passkey-options", json={"purpose": "confirm"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "purpose")


def test_what_was_asked_for_one_purpose_serves_no_other(world):
    """A question to confirm, answered after the logout, is no login."""
    device, client = has_one(world), world.visitor()
    prove(client, device)
    asked = challenge(client, "confirm")
    client.post("/logout")
    answer = client.post("/passkey", json={"credential": device.prove(asked)})
    assert answer.status_code in (401, 422)
    assert client.get("/me").status_code == 401


# -- lies --------------------------------------------------------------------------------------------------------------

LIES: Mapping[str, tuple[dict[str, Any], str]] = {
    "another challenge": ({"client": {"challenge": b64(b"x" * 32)}}, "wrong_challenge"),
    "an origin below ours": ({"client": {"origin": "https://evil.example.com"}}, "wrong_origin"),
    "another origin": ({"client": {"origin": "https://evil.example"}}, "wrong_origin"),
    "an origin with a port": ({"client": {"origin": "https://example.com:444"}}, "wrong_origin"),
    "a frame of another site": ({"client": {"crossOrigin": True}}, "cross_origin"),
    "the site around the frame": ({"client": {"topOrigin": "https://evil.example"}}, "cross_origin"),
    "what makes one": ({"client": {"type": "webauthn.create"}}, "wrong_type"),
    "another relying party": ({"rp_id": "evil.example"}, "wrong_relying_party"),
    "nobody there": ({"flags": VERIFIED}, "user_absent"),
    "nobody known": ({"flags": PRESENT}, "user_unverified"),
    "backed up without being shared": ({"flags": PRESENT | VERIFIED | BACKED_UP}, "impossible_flags"),
    "shared all at once": ({"flags": PRESENT | VERIFIED | SHARED}, "impossible_flags"),
    "an unknown id": ({"id": b"nobody's"}, "unknown_credential"),
    "the handle of another": ({"handle": b"g" * 32}, "wrong_handle"),
    "no handle": ({"handle": None}, "wrong_handle"),
    "a signature of something else": ({"signature": b"x" * 70}, "wrong_signature"),
    "an empty signature": ({"signature": b""}, "unreadable"),
    "no data": ({"data": b""}, "unreadable"),
    "data that was cut off": ({"data": b"x" * 36}, "unreadable"),
    "client data that is no JSON": ({"client_bytes": b"{"}, "unreadable"),
    "client data that is no object": ({"client_bytes": b"[]"}, "unreadable"),
    "another type of credential": ({"credential": {"type": "password"}}, "unreadable"),
    "two ids": ({"credential": {"rawId": "b3RoZXI"}}, "unreadable"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_all_of_them_are_one(world, lie):
    lies, expected = LIES[lie]
    device, client = has_one(world), world.visitor()
    before = client.get("/me").status_code
    answer = prove(client, device, **lies)
    assert (answer.status_code, answer.json()["code"]) == (422, "passkey_rejected")
    assert fault(world) == expected
    assert client.get("/me").status_code == before == 401


@pytest.mark.parametrize("lie", LIES)
def test_what_was_wrong_is_told_to_nobody(worlds, lie):
    world = worlds(HOST | {"debug": False}, public_url=ORIGIN, rp_id="example.com", mail=None)
    device, client = has_one(world), world.visitor()
    lies, expected = LIES[lie]
    wrong, unknown = prove(client, device, **lies), prove(world.visitor(), device, id=b"nobody's")
    assert wrong.content == unknown.content
    assert expected not in wrong.text
    assert "This passkey was not accepted." in wrong.text


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 1},
        {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": []},
        {"response": {"clientDataJSON": "!"}, "id": "é", "rawId": "é", "type": "public-key"},
        "not JSON",
        "[" * 40_000,
        "null",
    ],
)
def test_rubbish_is_a_rejected_passkey(world, credential):
    for path, client in (("/passkey", world.visitor()), ("/passkey-register", logged_in(world))):
        answer = client.post(path, json={"credential": credential})
        assert (answer.status_code, answer.json()["code"]) == (422, "passkey_rejected")


@pytest.mark.parametrize("body", [{}, {"credential": None}, {"credential": 1}, {"credential": []}])
def test_a_body_of_another_shape_names_its_field(world, body):
    answer = world.visitor().post("/passkey", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "credential")


def test_an_unknown_purpose_says_so(world):
    answer = world.visitor().post("/passkey-options", json={"purpose": "everything"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "purpose")


MAKING_LIES: Mapping[str, tuple[dict[str, Any], str]] = {
    "another challenge": ({"client": {"challenge": b64(b"x" * 32)}}, "wrong_challenge"),
    "another origin": ({"client": {"origin": "https://evil.example"}}, "wrong_origin"),
    "a frame of another site": ({"client": {"crossOrigin": True}}, "cross_origin"),
    "what proves one": ({"client": {"type": "webauthn.get"}}, "wrong_type"),
    "another relying party": ({"rp_id": "evil.example"}, "wrong_relying_party"),
    "nobody known": ({"flags": PRESENT}, "user_unverified"),
    "a key on no curve": ({"cose": {-2: b"\x01" * 32}}, "unusable_key"),
    "an id within that is another": ({"attested_id": b"another"}, "unreadable"),
    "no CBOR": ({"object": b"\xff"}, "unreadable"),
}


@pytest.mark.parametrize("lie", MAKING_LIES)
def test_no_passkey_is_made_of_a_lie(world, lie):
    lies, expected = MAKING_LIES[lie]
    client, device = logged_in(world), Authenticator()
    answer = made_by(client, device, **lies)
    assert (answer.status_code, answer.json()["code"]) == (422, "passkey_rejected")
    assert fault(world) == expected
    assert "passkey_added" not in steps(world)


# -- once --------------------------------------------------------------------------------------------------------------


def test_an_answer_counts_once(world):
    device, client = has_one(world), world.visitor()
    credential = device.prove(challenge(client))
    assert client.post("/passkey", json={"credential": credential}).status_code == 200
    again = client.post("/passkey", json={"credential": credential})
    assert (again.status_code, fault(world)) == (422, "wrong_challenge")


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1], ids=["shared by devices", "counting"])
@pytest.mark.parametrize("place", ["memory", "sqlite", "postgres", "redis"])
def test_of_twenty_who_bring_one_answer_at_once_one_is_in(worlds, tmp_path, place, count):
    world = worlds(HOST | {"store": PLACES[place](tmp_path)}, public_url=ORIGIN, rp_id="example.com")
    world.portal.call(world.ways.kit.enrolments.withdraw_all, "users:1")  # a server keeps what was there
    device, client = has_one(world, count=count), world.visitor()
    credential = device.prove(challenge(client))
    jar = dict(client.cookies)

    def one(visitor: TestClient) -> int:
        visitor.cookies.update(jar)
        return int(visitor.post("/passkey", json={"credential": credential}).status_code)

    with world.house.overheard(world.heard.append):
        answers = together(one, [world.visitor() for _ in range(20)])
    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 422}, "409 is a session that the winner has renewed meanwhile"
    assert len([one for one in world.heard if isinstance(one, Login)]) == 1
    assert "passkey_copied" not in steps(world), "who comes too late has made no copy"


def test_two_different_answers_with_one_count_let_one_in(world):
    """A copy that answers at the same moment as its original has the same counter."""
    device = has_one(world, count=7)
    visitors = [world.visitor() for _ in range(2)]
    asked = [challenge(visitor) for visitor in visitors]
    credentials = [device.prove(one, count=9) for one in asked]

    def one(pair: Any) -> int:
        return int(pair[0].post("/passkey", json={"credential": pair[1]}).status_code)

    assert sorted(together(one, list(zip(visitors, credentials, strict=True)))) == [200, 422]


def test_the_challenge_of_another_session_proves_nothing(world):
    device, other = has_one(world), world.visitor()
    credential = device.prove(challenge(other))
    answer = world.visitor().post("/passkey", json={"credential": credential})
    assert (answer.status_code, fault(world)) == (422, "wrong_challenge")


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 422), (10**6, 422)])
def test_a_challenge_is_good_for_five_minutes(world, seconds, status):
    device, client = has_one(world), world.visitor()
    credential = device.prove(challenge(client))
    world.clock.now += seconds
    assert client.post("/passkey", json={"credential": credential}).status_code == status


def test_a_wrong_answer_uses_its_challenge_up(world):
    device, client = has_one(world), world.visitor()
    asked = challenge(client)
    bad, good = device.prove(asked, signature=b"x" * 70), device.prove(asked)
    assert client.post("/passkey", json={"credential": bad}).status_code == 422
    assert client.post("/passkey", json={"credential": good}).status_code == 422


def test_a_login_renews_the_session(world):
    device, client = has_one(world), world.visitor()
    asked = challenge(client)
    before = client.cookies["__Host-gh"]
    client.post("/passkey", json={"credential": device.prove(asked)})
    assert client.cookies["__Host-gh"] != before


# -- crashes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effects", [0, 1])
@pytest.mark.parametrize("count", [0, 3], ids=["shared by devices", "counting"])
def test_a_crash_in_a_login_costs_one_try(world, monkeypatch, effects, count):
    device, client = has_one(world, count=count), world.visitor()
    asked = challenge(client)
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            client.post("/passkey", json={"credential": device.prove(asked)})
    assert client.get("/me").status_code == 401
    assert prove(world.visitor(), device).status_code == 200


@pytest.mark.parametrize("effects", [0, 1, 2])
def test_a_crash_while_one_is_added_or_removed_leaves_it_there_or_not(world, monkeypatch, effects):
    device, client = Authenticator(), logged_in(world)
    options = client.post("/passkey-register-options").json()["options"]
    device.handle = unpadded(options["user"]["id"])
    credential = device.make(unpadded(options["challenge"]))
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            client.post("/passkey-register", json={"credential": credential})
    if client.post("/passkey-register-options").json() == {"next": "two-factor"}:
        assert prove(client, device, "confirm").status_code == 200, "it is there, and its owner proves it"
    assert made_by(client, Authenticator(id=b"another")).status_code == 200
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            client.post("/passkey-remove", json={"id": name_of(b"another")})
    there = client.post("/passkey-register-options").json()["options"]["excludeCredentials"]
    assert (b64(b"another") in [one["id"] for one in there]) is (effects == 0)


@pytest.mark.parametrize(
    ("path", "handed"),
    [
        ("/passkey-register-options", {}),
        ("/passkey-register", {"credential": {}}),
        ("/passkey-rename", {"id": "any", "label": "mine"}),
        ("/passkey-remove", {"id": "any"}),
    ],
)
def test_a_password_alone_changes_no_passkey_where_there_is_a_second_factor(world, path, handed):
    """Whoever stole a password before, and is inside still, would make a way in of his own that counts for two."""
    thief, owner = logged_in(world), logged_in(world)
    device = Authenticator()
    assert made_by(owner, device).status_code == 200
    assert thief.post(path, json=handed).json() == {"next": "two-factor"}
    assert owner.post("/passkey-register-options").json()["done"] == "passkey-options"
    assert prove(thief, device, "confirm").status_code == 200, "who has the device is whole again"
    assert "next" not in thief.post(path, json=handed).json()


def test_the_page_of_passkeys_leads_a_password_alone_to_the_second_step_and_back(world):
    person = world.visitor(**NAVIGATION)
    person.post("/login", data={"email": ADA.email, "password": PASSWORD})
    assert person.get("/passkeys").url.path == "/passkeys"
    has_one(world)
    led = person.get("/passkeys", follow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (303, "/two-factor?next=%2Fpasskeys")


# -- the counter -------------------------------------------------------------------------------------------------------


def test_a_copy_of_a_key_is_refused_and_its_owner_hears_of_it(world):
    device = has_one(world, count=5)
    assert prove(world.visitor(), device).status_code == 200
    counted = device.count
    client = world.visitor()
    answer = prove(client, device, count=counted)
    assert (answer.status_code, answer.json()["code"], fault(world)) == (
        422,
        "passkey_rejected",
        "counter_back",
    )
    assert client.get("/me").status_code == 401
    assert world.letter().kind == "passkey_copied"
    assert [one.about for one in world.heard if isinstance(one, AccountChanged)][-1] == name_of(device.id)
    assert prove(world.visitor(), device, count=counted + 1).status_code == 200, "its owner is not locked out"


def test_who_makes_a_counter_up_frightens_nobody(world):
    device = has_one(world, count=5)
    prove(world.visitor(), device, count=1, signature=b"x" * 70)
    assert "passkey_copied" not in steps(world)


def test_what_an_authenticator_counts_to_is_kept(world):
    device = has_one(world, count=5)
    prove(world.visitor(), device, count=90)
    passkey = Passkey.of(kept(world, device))
    assert passkey is not None
    assert passkey.sign_count == 90


# -- one's own passkeys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["passkey-register-options", "passkey-register", "passkey-rename", "passkey-remove"]
)
def test_a_guest_changes_nothing(world, path):
    assert world.visitor().post(f"/{path}", json={}).status_code == 401


@pytest.mark.parametrize(
    "path", ["passkey-register-options", "passkey-register", "passkey-rename", "passkey-remove"]
)
def test_who_logged_in_long_ago_proves_himself_first(world, path):
    client = logged_in(world)
    world.clock.now += 3600
    answer = client.post(f"/{path}", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_needed")


@pytest.mark.parametrize(
    "path", ["passkey-options", "passkey", "passkey-register", "passkey-rename", "passkey-remove"]
)
def test_another_site_can_do_nothing(world, path):
    client = logged_in(world)
    client.headers["Sec-Fetch-Site"] = "cross-site"
    answer = client.post(f"/{path}", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")


def test_a_device_makes_no_second_passkey_for_one_user(world):
    device, client = Authenticator(), logged_in(world)
    made_by(client, device)
    options = client.post("/passkey-register-options").json()["options"]
    assert [one["id"] for one in options["excludeCredentials"]] == [b64(device.id)]
    assert unpadded(options["user"]["id"]) == device.handle, "all devices call the user the same"
    assert len(device.handle) == HANDLE_BYTES
    other = logged_in(world, GRACE).post("/passkey-register-options").json()["options"]
    assert unpadded(other["user"]["id"]) != device.handle


@pytest.mark.parametrize("owner", [ADA, GRACE])
def test_a_passkey_is_enrolled_once_whoever_brings_it(world, owner):
    device = has_one(world)
    client = logged_in(world, GRACE) if owner is GRACE else world.visitor()
    if owner is ADA:
        prove(client, device)
    handle = device.handle
    answer = made_by(client, device)
    assert (answer.status_code, answer.json()["code"], fault(world)) == (422, "passkey_rejected", "overtaken")
    device.handle = handle
    visitor = world.visitor()
    prove(visitor, device)
    assert visitor.get("/me").json() == {"email": ADA.email}


def test_an_account_has_so_many_and_no_more(world):
    client = logged_in(world)
    for number in range(MOST):
        assert made_by(client, Authenticator(id=f"passkey {number}".encode())).status_code == 200
    answer = client.post("/passkey-register-options")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "credential")


@pytest.mark.parametrize(
    ("label", "kept_as"),
    [
        ("My key", "My key"),
        ("  two\n lines\t", "two lines"),
        ("x" * 200, "x" * 200),
        ("x" * 201, None),
        ("a\u202eb", None),
        ("\0", None),
        ("<b>&\"'", "<b>&\"'"),
    ],
)
def test_a_label_is_one_line_of_text(world, label, kept_as):
    device, client = Authenticator(), logged_in(world)
    answer = made_by(client, device, label)
    if kept_as is None:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "label")
    else:
        assert kept(world, device).label == kept_as


def test_a_passkey_without_a_label_is_called_after_what_it_was_made_with(world):
    device, client = Authenticator(), logged_in(world)
    client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    made_by(client, device)
    assert "Firefox" in kept(world, device).label


def test_a_passkey_is_renamed(world):
    device, client = Authenticator(), logged_in(world)
    made_by(client, device)
    answer = client.post("/passkey-rename", json={"id": name_of(device.id), "label": "Mine"})
    assert answer.json() == {"done": "passkey-renamed", "id": name_of(device.id), "label": "Mine"}
    assert kept(world, device).label == "Mine"


def test_a_passkey_is_removed_and_opens_nothing_any_more(world):
    device, client = Authenticator(), logged_in(world)
    made_by(client, device)
    assert client.post("/passkey-remove", json={"id": name_of(device.id)}).json()["done"] == "passkey-removed"
    assert world.letter().kind == "passkey_removed"
    assert steps(world)[-1] == "passkey_removed"
    assert prove(world.visitor(), device).status_code == 422


@pytest.mark.parametrize("path", ["passkey-rename", "passkey-remove"])
def test_nobody_touches_the_passkey_of_another(world, path):
    device = has_one(world)
    answer = logged_in(world, GRACE).post(f"/{path}", json={"id": name_of(device.id), "label": "mine now"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "id")
    assert kept(world, device).label != "mine now"


def test_the_last_way_in_stays(worlds):
    world = worlds(HOST, public_url=ORIGIN, rp_id="example.com", mail=None)
    one, other, client = Authenticator(), Authenticator(id=b"other"), logged_in(world)
    made_by(client, one)
    made_by(client, other)
    world.users.replace(User(id=ADA.id, email=ADA.email, password_hash=None))
    client = world.visitor()
    prove(client, one)
    assert client.post("/passkey-remove", json={"id": name_of(other.id)}).status_code == 200
    answer = client.post("/passkey-remove", json={"id": name_of(one.id)})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_way_in")
    assert prove(world.visitor(), one).status_code == 200


def test_of_two_last_ways_that_are_taken_off_at_once_one_stays(worlds):
    world = worlds(HOST, public_url=ORIGIN, rp_id="example.com", mail=None)
    one, other, client = Authenticator(), Authenticator(id=b"other"), logged_in(world)
    made_by(client, one)
    made_by(client, other)
    world.users.replace(User(id=ADA.id, email=ADA.email, password_hash=None))
    visitors = [world.visitor() for _ in range(2)]
    for visitor in visitors:
        prove(visitor, one)

    def removed(pair: Any) -> int:
        return int(pair[0].post("/passkey-remove", json={"id": name_of(pair[1].id)}).status_code)

    answers = together(removed, list(zip(visitors, (one, other), strict=True)))
    assert set(answers) <= {200, 409}
    assert any(prove(world.visitor(), device).status_code == 200 for device in (one, other))


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_person_sees_renames_and_removes_without_scripts(world):
    device, client = Authenticator(), logged_in(world)
    made_by(client, device, "<b>phone</b>")
    client.headers.update(NAVIGATION)
    page = client.get("/passkeys")
    assert "&lt;b&gt;phone" in page.text
    assert "<b>phone" not in page.text
    done = client.post("/passkey-rename", data={"id": name_of(device.id), "label": "Telephone"})
    assert "Your passkey is renamed" in done.text
    wrong = client.post("/passkey-rename", data={"id": name_of(device.id), "label": "x" * 201})
    assert wrong.status_code == 422
    assert "It has 200 letters at most." in wrong.text
    assert "Your passkey is removed" in client.post("/passkey-remove", data={"id": name_of(device.id)}).text
    assert "You have none yet." in client.get("/passkeys").text


def test_a_form_that_a_script_filled_is_a_login_like_any_other(world):
    device, client = has_one(world), world.visitor(**NAVIGATION)
    page = client.get("/login?next=/me")
    assert 'data-passkey="login"' in page.text
    credential = json.dumps(device.prove(challenge(client)))
    answer = client.post("/passkey", data={"credential": credential, "next": "/me"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")


def test_a_person_whose_passkey_is_refused_reads_it_on_a_page(world):
    device, client = has_one(world), world.visitor(**NAVIGATION)
    credential = json.dumps(device.prove(challenge(client), signature=b"x" * 70))
    answer = client.post("/passkey", data={"credential": credential})
    assert (answer.status_code, answer.headers["guardhouse-reason"]) == (422, "passkey_rejected")
    assert 'role="alert">This passkey was not accepted.' in answer.text
    assert b64(device.id) not in answer.text, "what was handed in is not repeated"


def test_who_is_led_to_confirm_finds_the_way_by_passkey_and_back(world):
    device, client = has_one(world), world.visitor(**NAVIGATION)
    prove(client, device)
    world.clock.now += 3600
    asked = client.get("/passkeys")
    assert asked.url.path == "/confirm-password"
    link = asked.text.partition('href="/passkey')[2].partition('"')[0]
    page = client.get(f"/passkey{link}")
    assert 'data-passkey="confirm"' in page.text
    wanted = page.text.partition('name="next" value="')[2].partition('"')[0]
    credential = json.dumps(device.prove(challenge(client, "confirm")))
    done = client.post("/passkey", data={"credential": credential} | ({"next": wanted} if wanted else {}))
    assert (done.url.path, done.status_code) == ("/passkeys", 200)


@pytest.mark.parametrize(
    ("state", "purpose"), [("guest", "login"), ("half-way", "second"), ("inside", "confirm")]
)
def test_the_page_asks_for_what_is_wanted(world, state, purpose):
    device, client = has_one(world), world.visitor()
    if state == "half-way":
        client.post("/login", json=RIGHT)
    if state == "inside":
        prove(client, device)
    assert f'data-passkey="{purpose}"' in client.get("/passkey", headers=NAVIGATION).text


def test_the_script_comes_with_the_right_headers_and_once(world):
    client = world.visitor()
    script = client.get("/passkeys.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in script.headers
    again = client.get("/passkeys.js", headers={"If-None-Match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "script-src 'self'" in client.get("/login").headers["content-security-policy"]


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_stranger_gets_so_many_options_and_no_more(world):
    assert world.visitor().post("/passkey-options", json={}).status_code == 200

    async def spend_the_rest() -> None:
        for _ in range(PER_NETWORK.count - 2):
            await world.house.limits.hit(PER_NETWORK, network_of("testclient"))

    world.portal.call(spend_the_rest)
    assert world.visitor().post("/passkey-options", json={}).status_code == 200
    answer = world.visitor().post("/passkey-options", json={})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer.headers["retry-after"]) > 0
    assert world.visitor().post("/passkey", json={"credential": {}}).status_code == 429


def test_rubbish_costs_no_session(world):
    client = world.visitor()
    client.post("/passkey", json={"credential": {}})
    assert not client.cookies


# -- where it is offered -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("urls", "rp_id", "known_as"),
    [
        (["https://example.com"], None, "example.com"),
        (["https://app.example.com", "https://example.com"], None, "example.com"),
        (["http://127.0.0.1:8000", "http://localhost:8000"], None, "localhost"),
        (["http://127.0.0.1:8000"], None, None),
        (["http://example.com"], None, None),
        (["https://one.example", "https://two.example"], None, None),
        (["https://one.example", "https://two.example"], "two.example", "two.example"),
        (["https://app.example.com"], "example.com", "example.com"),
    ],
)
def test_passkeys_are_offered_where_browsers_have_them(worlds, urls, rp_id, known_as):
    world = worlds({"public_url": urls}, public_url=urls[0], rp_id=rp_id)
    party = world.ways.kit.party
    assert (party and party.id) == known_as
    assert ("passkey" in world.ways.paths) is (known_as is not None)


@pytest.mark.parametrize("rp_id", ["evil.example", "com", "127.0.0.1", ""])
def test_an_id_that_browsers_would_refuse_is_refused_at_the_start(worlds, rp_id):
    with pytest.raises(ConfigError):
        worlds(HOST, public_url=ORIGIN, rp_id=rp_id)


def test_what_is_handed_in_is_in_no_repr():
    assert "SECRET" not in repr(Proof("SECRET")) + repr(NewPasskey({"SECRET": 1}))


# -- who must have a second factor ------------------------------------------------------------------------------------


@pytest.fixture
def strict(worlds: Any) -> World:
    """A house in which ADA must have a second factor, and has none."""
    made: World = worlds(
        HOST, public_url=ORIGIN, rp_id="example.com", require_second_factor=lambda user: user.id == ADA.id
    )
    return made


def options_of_first(client: TestClient) -> Any:
    answer = client.post("/passkey-required-options")
    assert answer.status_code == 200, answer.text
    return answer.json()["options"]


def first(client: TestClient, device: Authenticator, options: Any = None) -> Any:
    options = options or options_of_first(client)
    device.handle = unpadded(options["user"]["id"])
    credential = device.make(unpadded(options["challenge"]))
    return client.post("/passkey-required", json={"credential": credential, "label": "My key"})


def test_who_must_have_a_second_factor_keeps_his_last_one(strict):
    client, device = logged_in(strict), Authenticator()
    first(client, device)
    answer = client.post("/passkey-remove", json={"id": name_of(device.id)})
    assert (answer.status_code, "must have a second step" in answer.text) == (422, True)
    assert made_by(client, Authenticator(id=b"another")).status_code == 200
    assert client.post("/passkey-remove", json={"id": name_of(device.id)}).json()["done"] == "passkey-removed"


def test_who_must_have_a_second_factor_is_in_as_soon_as_he_has_made_a_passkey(strict):
    client, device = logged_in(strict), Authenticator()
    assert client.get("/me").status_code == 401
    half_way = dict(client.cookies)
    done = first(client, device)
    assert done.json() == {"done": "logged-in", "id": name_of(device.id), "label": "My key"}
    assert dict(client.cookies) != half_way, "the session goes on under a new id"
    assert client.get("/me").json() == {"email": ADA.email}
    assert strict.letter().kind == "passkey_added"
    assert client.post("/passkey-rename", json={"id": name_of(device.id), "label": "x"}).status_code == 200
    assert strict.visitor().post("/login", json=RIGHT).json()["next"] == "two-factor"


@pytest.mark.parametrize("who", ["a stranger", "logged in, and not asked"])
def test_nobody_else_makes_a_passkey_half_way(strict, who):
    client = strict.visitor() if who == "a stranger" else logged_in(strict, GRACE)
    for path in ("/passkey-required-options", "/passkey-required"):
        handed: dict[str, Any] = {"credential": {}} if path == "/passkey-required" else {}
        answer = client.post(path, json=handed)
        assert (answer.status_code, answer.json()["code"]) == (401, "factor_not_asked")


def test_who_got_a_factor_meanwhile_adds_no_passkey_by_his_password(strict):
    thief, owner = logged_in(strict), logged_in(strict)
    options = options_of_first(thief)
    assert first(owner, Authenticator()).status_code == 200
    answer = first(thief, Authenticator(), options)
    assert (answer.status_code, answer.json()["code"]) == (401, "factor_not_asked")
    assert thief.get("/me").status_code == 401


def test_of_many_who_make_a_first_passkey_at_once_never_two_have_one(strict):
    clients = [logged_in(strict) for _ in range(8)]
    asked = [(client, options_of_first(client)) for client in clients]
    answers = together(lambda one: first(one[0], Authenticator(), one[1]).status_code, asked)
    assert answers.count(200) <= 1
    enrolments = strict.ways.kit.enrolments
    assert enrolments is not None
    found = strict.portal.call(enrolments.enrolled, f"users:{ADA.id}", Kind.PASSKEY)
    assert len(found) == answers.count(200)


def test_the_page_of_who_must_have_one_offers_both(strict):
    client = strict.visitor(**NAVIGATION)
    page = client.post("/login", data=RIGHT | {"next": "/me?a=1"})
    assert page.url.path == "/two-factor-required"
    assert 'data-options="/passkey-required-options"' in page.text
    assert 'src="/passkeys.js"' in page.text
    assert 'class="seed"' in page.text
    device, options = Authenticator(), options_of_first(client)
    device.handle = unpadded(options["user"]["id"])
    credential = json.dumps(device.make(unpadded(options["challenge"])))
    wrong = client.post("/passkey-required", data={"credential": "{}", "next": "/me?a=1"})
    assert (wrong.status_code, 'action="/two-factor-required"' in wrong.text) == (422, True)
    handed = {"credential": credential, "next": "/me?a=1"}
    done = client.post("/passkey-required", data=handed, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/me?a=1")


# -- where passkeys are left out --------------------------------------------------------------------------------------

PASSKEY_WAYS = (
    "passkey",
    "passkey-options",
    "passkeys",
    "passkey-register",
    "passkey-register-options",
    "passkey-required",
    "passkey-required-options",
    "passkey-rename",
    "passkey-remove",
)


def test_a_passkey_that_is_left_out_later_is_owed_still_and_the_log_says_what_to_do(worlds, world, caplog):
    device = has_one(world)
    after = worlds(HOST, public_url=ORIGIN, rp_id="example.com", without=PASSKEY_WAYS)
    enrolments = after.ways.kit.enrolments
    assert enrolments is not None
    after.portal.call(enrolments.enrol, kept(world, device))
    client = after.visitor()
    answer = client.post("/login", json=RIGHT)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_missing")
    assert client.get("/me").status_code == 401
    (told,) = [one.getMessage() for one in caplog.records if "cannot log in" in one.getMessage()]
    assert told.startswith(f"user {ADA.id} cannot log in: he has as a second factor only passkey")
    assert "Offer passkey again" in told
    wrong = client.post("/login", json=RIGHT | {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "login_failed")
    person = after.visitor(**NAVIGATION).post("/login", data=RIGHT)
    assert (person.status_code, "waits for its second factor" in person.text) == (401, True)


def test_nobody_makes_a_passkey_that_he_could_not_give(worlds):
    with pytest.raises(ConfigError, match="could not give it"):
        worlds(HOST, public_url=ORIGIN, rp_id="example.com", without=["passkey"])
