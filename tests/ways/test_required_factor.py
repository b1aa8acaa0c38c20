"""Who must have a second factor and has none enrols it half-way in, and reaches nothing else before."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from guardhouse.errors import ConfigError
from guardhouse.state.pending import LIFETIME
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, SESSION
from tests.ways.houses import World
from tests.ways.phones import RIGHT, Phone, log_in, set_up, switch_on

NOT_ASKED = (401, "factor_not_asked")


@pytest.fixture
def strict(worlds) -> World:
    """A house in which ADA must have a second factor."""
    made: World = worlds(require_second_factor=lambda user: user.id == ADA.id)
    return made


def scan(client: TestClient) -> Phone:
    answer = client.post("/two-factor-required", json={})
    assert answer.json()["next"] == "two-factor-required", answer.text
    return Phone(answer.json()["uri"])


def test_a_program_is_led_to_it_and_is_in_when_it_is_done(strict):
    client = strict.visitor()
    assert client.post("/login", json=RIGHT | {"remember": True}).json() == {"next": "two-factor-required"}
    half_way = client.cookies[SESSION]
    phone = scan(client)
    wrong = client.post("/two-factor-required", json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "form_invalid")
    done = client.post("/two-factor-required", json={"code": phone.code(strict.clock.now)})
    assert done.json()["done"] == "two-factor-on"
    assert len(done.json()["recovery_codes"]) == 10
    assert "Max-Age" in done.headers["set-cookie"], "remembered, as was asked for at the password"
    assert client.cookies[SESSION] != half_way
    assert client.get("/me").json() == {"email": ADA.email}
    assert strict.letter().kind == "second_factor_added"
    assert client.post("/recovery-codes").json()["done"] == "recovery-codes", "the login has both proofs"


def test_he_reaches_nothing_else_before(strict):
    client = log_in(strict)
    for method, path in [
        ("GET", "/me"),
        ("GET", "/account-security"),
        ("POST", "/two-factor-setup"),
        ("POST", "/two-factor-confirm"),
        ("POST", "/two-factor-off"),
        ("POST", "/recovery-codes"),
    ]:
        answer = client.request(method, path, json={"code": "123456"})
        assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_missing")
    for path in ("/two-factor", "/two-factor-recovery"):
        answer = client.post(path, json={"code": "123456"})
        assert (answer.status_code, answer.json()["code"]) == NOT_ASKED


def test_a_person_does_it_without_scripts_and_is_where_he_wanted_to_be(strict):
    client = strict.visitor(**NAVIGATION)
    page = client.post("/login", data=RIGHT | {"next": "/me?a=1"})
    assert page.url.path == "/two-factor-required"
    secret = page.text.partition('class="seed">')[2].partition("<")[0].replace(" ", "")
    code = Phone(f"otpauth://totp/x?secret={secret}").code(strict.clock.now)
    done = client.post("/two-factor-required", data={"code": code, "next": "/me?a=1"})
    assert (done.status_code, done.text.count("<li>")) == (200, 10)
    assert 'href="/me?a=1"' in done.text
    assert client.get("/me").status_code == 200


def test_others_are_not_asked(strict):
    assert log_in(strict, GRACE).get("/me").status_code == 200


def test_who_has_one_gives_it(strict):
    owner_client = log_in(strict)
    phone = scan(owner_client)
    owner_client.post("/two-factor-required", json={"code": phone.code(strict.clock.now)})
    assert strict.visitor().post("/login", json=RIGHT).json()["next"] == "two-factor"


def test_who_got_one_meanwhile_gives_that_and_adds_none_by_the_password(strict):
    thief, owner = log_in(strict), log_in(strict)
    his, phone = scan(thief), scan(owner)
    owner.post("/two-factor-required", json={"code": phone.code(strict.clock.now)})
    late = thief.post("/two-factor-required", json={"code": his.code(strict.clock.now)})
    assert (late.status_code, late.json()["code"]) == NOT_ASKED
    assert thief.get("/me").status_code == 401
    assert thief.post("/login", json=RIGHT).json()["next"] == "two-factor"


def test_ten_minutes_later_the_password_comes_first(strict):
    client = log_in(strict)
    phone = scan(client)
    strict.clock.now += LIFETIME
    answer = client.post("/two-factor-required", json={"code": phone.code(strict.clock.now)})
    assert (answer.status_code, answer.json()["code"]) == NOT_ASKED


def test_nobody_comes_here_who_was_not_sent(strict, world):
    for client in (strict.visitor(), log_in(strict, GRACE), log_in(world)):
        answer = client.post("/two-factor-required", json={"code": "123456"})
        assert (answer.status_code, answer.json()["code"]) == NOT_ASKED
    assert strict.visitor(**NAVIGATION).get("/two-factor-required").url.path == "/login"


def test_who_must_have_one_does_not_switch_it_off_but_may_replace_it(strict):
    client = log_in(strict)
    client.post("/two-factor-required", json={"code": scan(client).code(strict.clock.now)})
    answer = client.post("/two-factor-off", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "code")
    assert "/two-factor-off" not in client.get("/account-security", headers=NAVIGATION).text
    strict.clock.now += 60
    other = set_up(strict, client)
    code = {"code": other.code(strict.clock.now)}
    assert client.post("/two-factor-confirm", json=code).json()["done"] == "two-factor-on"


def test_all_must_have_one(worlds):
    everybody = worlds(require_second_factor=True)
    assert everybody.visitor().post("/login", json=RIGHT).json() == {"next": "two-factor-required"}


@pytest.mark.parametrize("without", ["two-factor", "two-factor-required"])
def test_what_nobody_could_give_stops_the_start(worlds, without):
    with pytest.raises(ConfigError, match=rf"require_second_factor.*without {without}"):
        worlds(require_second_factor=True, without=[without])


def test_what_says_neither_yes_nor_no_stops_the_start(worlds):
    with pytest.raises(ConfigError, match="require_second_factor: found 'str'"):
        worlds(require_second_factor="no")


@pytest.mark.parametrize("name", ["", " ", ":", "a\0b"])
def test_a_name_that_no_app_could_show_stops_the_start(worlds, name):
    with pytest.raises(ConfigError, match="issuer"):
        worlds(app_name=name)


def test_a_colon_in_the_name_is_left_out_for_the_app(worlds):
    world = worlds(app_name="Acme: Shop")
    assert "/Acme%20Shop:ada" in log_in(world).post("/two-factor-setup").json()["uri"]


def test_switching_on_is_the_same_for_who_need_not(world):
    assert len(switch_on(world).codes) == 10
