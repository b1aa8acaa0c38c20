"""The test hooks do what they say, and without their token they are not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from guardhouse.demo.app import build
from guardhouse.demo.settings import Settings
from tests.demo.conftest import ADA, GRACE, browser, logged_in

TOKEN = "of-this-test"
HOOK = {"Test-Controls": TOKEN}


@pytest.fixture(params=["memory:", "sqlite"])
def client(request, tmp_path) -> Iterator[TestClient]:
    store = f"sqlite:///{tmp_path}/demo.db" if request.param == "sqlite" else request.param
    with browser(build(Settings(tls=True, store=store, controls=TOKEN))) as client:
        yield client


def hook(client: TestClient, name: str, body: object = None, method: str = "POST"):
    response = client.request(method, f"/__test__/{name}", json=body, headers=HOOK)
    assert response.status_code == 200, response.text
    return response.json()


def code(client: TestClient) -> str | None:
    return client.get("/api/me").headers.get("guardhouse-reason")


@pytest.mark.parametrize("headers", [{}, {"Test-Controls": "guessed"}])
def test_without_the_token_there_is_nothing(client: TestClient, headers):
    assert client.get("/__test__/state", headers=headers).json() == {"detail": "Not Found"}
    assert client.post("/__test__/reset", headers=headers).status_code == 404


def test_a_demo_that_was_not_asked_has_no_hooks(fresh_client: TestClient):
    assert fresh_client.get("/__test__/state", headers={"Test-Controls": ""}).status_code == 404


@pytest.mark.parametrize(("offset", "reason"), [(3600, None), (2 * 3600 + 1, "session_expired")])
def test_the_clock_moves_sessions_to_their_end(client: TestClient, offset, reason):
    logged_in(client)
    hook(client, "clock", {"offset": offset})
    assert code(client) == reason


def test_what_has_expired_stays_dead_when_the_clock_goes_back(client: TestClient):
    logged_in(client)
    hook(client, "clock", {"offset": 3 * 3600})
    assert code(client) == "session_expired"
    hook(client, "clock", {"offset": 0})
    assert code(client) == "session_unknown"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("down", "store_unavailable"), ("corrupt", "session_unreadable"), ("slow", None), ("read-only", None)],
)
def test_the_store_fails_as_it_is_told_and_recovers(client: TestClient, fault, reason):
    logged_in(client)
    assert hook(client, "store", {"fault": fault, "seconds": 0.01})["fault"] == fault
    assert code(client) == reason
    hook(client, "store")
    assert code(client) is None


def test_a_store_that_cannot_write_lets_nobody_in(client: TestClient):
    hook(client, "store", {"fault": "read-only"})
    response = client.post("/login", json=ADA)
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
    assert "__Host-gh" not in response.cookies


def test_reads_writes_rows_and_things_done_are_counted(client: TestClient):
    hook(client, "reset")
    logged_in(client)
    before = hook(client, "state", method="GET")
    client.post("/api/do_thing")
    after = hook(client, "state", method="GET")
    assert after["store"]["rows"] == 1
    assert after["store"]["reads"] == before["store"]["reads"] + 1
    assert after["store"]["writes"] == before["store"]["writes"]
    assert after["done"] == {"1": 1}


def test_users_come_and_go_and_reset_brings_them_back(client: TestClient):
    handed = {"email": "new@example.com", "password": "a password of fifteen"}
    made = hook(client, "users", handed)["id"]
    logged_in(client, handed)
    hook(client, f"users/{made}", method="DELETE")
    assert code(client) == "user_missing"
    logged_in(client)
    hook(client, "users/1", method="DELETE")
    assert code(client) == "user_missing"
    hook(client, "users", {"email": "foreign@example.com", "password_hash": "x"})
    hook(client, "reset")
    assert logged_in(client, ADA).get("/api/me").status_code == 200
    assert client.post("/login", json=handed).status_code == 422


def test_a_password_changed_elsewhere_ends_the_login_until_reset(client: TestClient):
    logged_in(client, GRACE)
    hook(client, "password", {"email": GRACE["email"], "password": "quite another password"})
    assert code(client) == "password_changed"
    hook(client, "reset")
    logged_in(client, GRACE)


def test_reset_forgets_sessions_and_tries(client: TestClient):
    guesses = [client.post("/login", json={**ADA, "password": "wrong"}) for _ in range(11)]
    assert guesses[-1].status_code == 429
    logged_in(client, GRACE)
    hook(client, "reset")
    assert code(client) == "session_unknown"
    logged_in(client)


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("POST", "clock", {"offset": "later"}, 422),
        ("POST", "store", {"fault": "on fire"}, 422),
        ("POST", "users", {"email": "ada@example.com", "password": "x"}, 422),
        ("POST", "password", {"email": "nobody@example.com", "password": "x"}, 404),
        ("DELETE", "users/nobody", None, 404),
    ],
)
def test_a_hook_that_cannot_be_followed_says_so(client: TestClient, method, name, body, status):
    assert client.request(method, f"/__test__/{name}", json=body, headers=HOOK).status_code == status


def test_who_came_by_the_ways_in_is_gone_after_a_reset_and_what_was_changed_is_as_before(client: TestClient):
    before = hook(client, "state", method="GET")["users"]
    new = {"email": "nova@example.com", "password": "a staple that no horse corrects"}
    assert client.post("/register", json=new).status_code == 200
    assert client.post("/forgot-password", json={"email": ADA["email"]}).status_code == 200
    token = client.get("/mailbox").text.partition("/reset-password?token=")[2].partition('"')[0]
    handed = {"token": token, "password": new["password"]}
    assert client.post("/reset-password", json=handed).status_code == 200
    assert hook(client, "state", method="GET")["users"] == before + 1
    assert hook(client, "reset")["users"] == before
    logged_in(client)


def test_letters_are_shown_to_the_tests_until_a_reset(client: TestClient):
    hook(client, "reset")
    client.post("/forgot-password", json={"email": ADA["email"]})
    [letter] = hook(client, "letters", method="GET")["letters"]
    assert (letter["kind"], letter["to"]) == ("reset_password", ADA["email"])
    assert letter["link"] in client.get("/mailbox").text
    hook(client, "reset")
    assert hook(client, "letters", method="GET") == {"letters": []}


def test_a_user_who_comes_disabled_is_let_in_nowhere(client: TestClient):
    handed = {"email": "off@example.com", "password": "a password of fifteen"}
    hook(client, "users", {**handed, "disabled": True})
    refused = [client.post("/login", json=one) for one in (handed, {**ADA, "password": "wrong"})]
    assert [one.status_code for one in refused] == [422, 422]
    assert refused[0].json() == refused[1].json()


def test_keys_are_renewed_where_they_outlive_a_restart(tmp_path):
    settings = Settings(tls=True, store=f"sqlite:///{tmp_path}/demo.db", controls=TOKEN)
    with browser(build(settings)) as first:
        kept = logged_in(first).cookies
        hook(first, "keys", {"keep_old": True})
        assert code(first) is None, "the keys of a demo that runs stay"
    with browser(build(settings)) as second:
        second.cookies.update(kept)
        assert code(second) is None
        hook(second, "keys", {"keep_old": False})
    with browser(build(settings)) as third:
        third.cookies.update(kept)
        assert third.get("/api/me").status_code == 401


def test_keys_of_a_demo_in_memory_are_not_renewed():
    with browser(build(Settings(tls=True, controls=TOKEN))) as client:
        answer = client.post("/__test__/keys", json={"keep_old": True}, headers=HOOK)
    assert (answer.status_code, "lie in memory" in answer.text) == (422, True)
