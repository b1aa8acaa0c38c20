"""The second proof over HTTP: after the password nobody is in, one code lets one in once, and every wrong one is counted."""

from __future__ import annotations

from base64 import b32decode
from typing import Any

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.desks.otp_app import FirstCode, PerhapsCode, TurnOff
from guardhouse.desks.second_factor import CodeOfApp, RecoveryCode
from guardhouse.state.pending import LIFETIME, TRIES
from tests.houses import ADA, GRACE, NAVIGATION, OTHER_SECRET, PASSWORD, SECRET, SESSION
from tests.ways.houses import NEW_PASSWORD
from tests.ways.phones import RIGHT, Phone, log_in, stored, switch_on

REMEMBER = "__Host-gh-remember"
WRONG = (422, "factor_wrong")
NOT_ASKED = (401, "factor_not_asked")


def give(client, code, **more):
    return client.post("/two-factor", json={"code": code} | more)


def recover(client, code):
    return client.post("/two-factor-recovery", json={"code": code})


def no(answer):
    return answer.status_code, answer.json().get("code")


@pytest.fixture
def owner(world):
    return switch_on(world)


@pytest.mark.parametrize(
    ("moment", "eight"), [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")]
)
def test_the_phone_of_these_tests_shows_what_the_rfc_says(moment, eight):
    phone = Phone("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert phone.code(moment) == eight[2:]


def test_a_program_gives_password_and_code(world, owner):
    client = world.visitor()
    answer = client.post("/login", json=RIGHT)
    assert answer.json() == {"next": "two-factor", "factors": ["totp", "recovery"]}
    assert client.get("/me").status_code == 401
    half_way = client.cookies[SESSION]
    assert give(client, owner.phone.code(world.clock.now)).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": ADA.email}
    assert client.cookies[SESSION] != half_way


def test_the_session_of_half_way_is_dead_after_the_second_proof(world, owner):
    client, thief = log_in(world), world.visitor()
    thief.cookies.set(SESSION, client.cookies[SESSION], domain="testserver.local", path="/")
    assert give(client, owner.phone.code(world.clock.now)).status_code == 200
    assert thief.get("/me").status_code == 401
    world.clock.now += 30
    assert no(give(thief, owner.phone.code(world.clock.now))) == NOT_ASKED


def test_a_person_does_it_without_scripts_and_is_where_he_wanted_to_be(world, owner):
    client = world.visitor(**NAVIGATION)
    page = client.post("/login", data=RIGHT | {"next": "/me?a=1"})
    assert page.url.path == "/two-factor"
    for part in ('autocomplete="one-time-code"', 'inputmode="numeric"', 'name="next" value="/me?a=1"'):
        assert part in page.text
    again = client.post("/two-factor", data={"code": "000000", "next": "/me?a=1"})
    assert (again.status_code, 'role="alert"' in again.text, "000000" in again.text) == (422, True, False)
    assert 'name="next" value="/me?a=1"' in again.text
    code = owner.phone.code(world.clock.now)
    done = client.post("/two-factor", data={"code": code, "next": "/me?a=1"}, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/me?a=1")
    assert client.get("/me").json() == {"email": ADA.email}


@pytest.mark.parametrize(
    "code",
    ["12345", "1234567", "١٢٣٤٥٦", "", " ", "123 45", "-12345", "+12345", "1e5", "12345\0", "x" * 5000],
)
def test_what_is_no_code_is_wrong(world, owner, code):
    client = log_in(world)
    before = client.cookies[SESSION]
    assert no(give(client, code)) == WRONG
    assert client.cookies[SESSION] == before
    assert client.get("/me").status_code == 401


@pytest.mark.parametrize("code", [123456, None, ["123456"], {"a": 1}, True, 1.5])
def test_what_is_no_text_is_named(world, owner, code):
    answer = give(log_in(world), code)
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["field"]) == (
        422,
        "form_invalid",
        "code",
    )


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_one_step_off(world, owner, steps):
    assert give(log_in(world), owner.phone.code(world.clock.now + 30 * steps)).status_code == 200


@pytest.mark.parametrize("steps", [-1000, -2, 2, 1000])
def test_and_no_more(world, owner, steps):
    assert no(give(log_in(world), owner.phone.code(world.clock.now + 30 * steps))) == WRONG


def test_the_time_that_a_client_claims_is_not_asked_for(world, owner):
    answer = give(log_in(world), owner.phone.code(0), time=0)
    assert no(answer) == WRONG


@pytest.mark.parametrize("steps", [0, -1])
def test_a_used_step_and_the_one_before_are_used(world, owner, steps):
    now = world.clock.now
    used, before = owner.phone.code(now), owner.phone.code(now + 30 * steps)
    assert give(log_in(world), used).status_code == 200
    assert no(give(log_in(world), before)) == WRONG


def test_a_clock_that_is_set_back_makes_no_code_good_again(world, owner):
    assert give(log_in(world), owner.phone.code(world.clock.now)).status_code == 200
    world.clock.now -= 300
    assert no(give(log_in(world), owner.phone.code(world.clock.now))) == WRONG


def test_the_code_that_switched_it_on_is_used(world):
    owner = switch_on(world)
    world.clock.now -= 60
    assert no(give(log_in(world), owner.phone.code(world.clock.now))) == WRONG


def test_the_code_of_another_user_is_wrong(world, owner):
    assert no(give(log_in(world, GRACE), owner.phone.code(world.clock.now))) == NOT_ASKED
    other = switch_on(world, GRACE)
    assert no(give(log_in(world), other.phone.code(world.clock.now))) == WRONG
    assert no(recover(log_in(world), other.codes[0])) == WRONG


def test_who_comes_without_a_password_is_sent_back_to_it(world, owner):
    for client in (world.visitor(), log_in(world, GRACE)):
        assert no(give(client, owner.phone.code(world.clock.now))) == NOT_ASKED
        assert no(recover(client, owner.codes[0])) == NOT_ASKED
    person = world.visitor(**NAVIGATION)
    for path in ("/two-factor", "/two-factor-recovery"):
        assert person.get(path).url.path == "/login"
        assert person.post(path, data={"code": "123456"}).url.path == "/login"


def test_five_tries_and_then_the_password_again(world, owner):
    client = log_in(world)
    for _ in range(TRIES):
        assert no(give(client, "000000")) == WRONG
    assert no(give(client, owner.phone.code(world.clock.now))) == NOT_ASKED
    log_in(world, client=client)
    assert give(client, owner.phone.code(world.clock.now)).status_code == 200


def test_guesses_are_counted_over_all_windows_and_whoever_has_come_before(world, owner):
    heard = []
    for _ in range(4):
        client = log_in(world)
        heard += [give(client, "000000").status_code for _ in range(4)]
    assert 429 in heard
    right = give(log_in(world), owner.phone.code(world.clock.now))
    assert right.status_code == 429, "not weighed"
    assert int(right.headers["retry-after"]) > 0
    world.clock.now += 24 * 3600 + 1
    assert give(log_in(world), owner.phone.code(world.clock.now)).status_code == 200


def test_recovery_codes_and_codes_of_the_app_are_counted_as_one(world, owner):
    for _ in range(4):
        client = log_in(world)
        for _ in range(2):
            give(client, "000000")
            recover(client, "nothing")
    assert recover(log_in(world), owner.codes[0]).status_code == 429


def test_ten_minutes_are_enough(world, owner):
    client = log_in(world)
    world.clock.now += LIFETIME
    assert no(give(client, owner.phone.code(world.clock.now))) == NOT_ASKED


def test_a_password_that_is_changed_half_way_ends_it(world, owner):
    client = log_in(world)
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    world.visitor().post("/reset-password", json={"token": world.token(), "password": NEW_PASSWORD})
    assert no(give(client, owner.phone.code(world.clock.now))) == NOT_ASKED


def test_another_site_gives_no_code(world, owner):
    client = log_in(world)
    for path in ("/two-factor", "/two-factor-recovery", "/two-factor-required"):
        answer = client.post(path, json={"code": "123456"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert no(answer) == (403, "csrf_cross_site")


def test_a_browser_stays_logged_in_from_the_second_proof_on_and_not_before(world, owner):
    client = log_in(world, remember=True)
    assert REMEMBER not in client.cookies
    assert give(client, owner.phone.code(world.clock.now)).status_code == 200
    kept = client.cookies[REMEMBER]
    back = world.visitor()
    back.cookies.set(REMEMBER, kept, domain="testserver.local", path="/")
    assert back.get("/me").json() == {"email": ADA.email}
    assert "recovery_codes" not in back.post("/recovery-codes").json(), (
        "who only came back changes nothing of it"
    )


# -- recovery codes ---------------------------------------------------------------------------------------------------


def test_a_recovery_code_lets_in_once_and_its_owner_is_told(world, owner):
    heard: list[Any] = []
    with world.house.overheard(heard.append):
        assert recover(log_in(world), owner.codes[3].upper().replace("-", " ")).json() == {
            "done": "logged-in"
        }
    assert world.letter().kind == "recovery_code_used"
    assert world.letter().values["left"] == 9
    used = [event for event in heard if isinstance(event, AccountChanged)]
    assert [(event.step, event.about) for event in used] == [("recovery_code_used", "9 left")]
    assert no(recover(log_in(world), owner.codes[3])) == WRONG
    assert recover(log_in(world), owner.codes[4]).status_code == 200
    assert world.letter().values["left"] == 8


def test_all_ten_count_and_then_none(world, owner):
    for code in owner.codes:
        assert recover(log_in(world), code).status_code == 200
        world.clock.now += 60
    assert [no(recover(log_in(world), code)) for code in owner.codes[:3]] == [WRONG] * 3


def test_a_recovery_code_makes_no_browser_trusted(world, owner):
    answer = log_in(world).post("/two-factor-recovery", json={"code": owner.codes[0], "trust": True})
    assert answer.status_code == 200
    assert "trusted" not in answer.headers.get("set-cookie", "")


# -- one more proof by who is logged in ------------------------------------------------------------------------------


def test_who_is_logged_in_by_one_proof_adds_the_second(world):
    client = log_in(world)
    owner = switch_on(world, client=log_in(world))
    before = client.cookies[SESSION]
    assert client.post("/recovery-codes").json() == {"next": "two-factor"}, "a password alone renews no codes"
    assert no(give(client, "000000")) == WRONG
    assert give(client, owner.phone.code(world.clock.now)).json() == {"done": "factor-given"}
    assert client.cookies[SESSION] != before
    assert client.get("/me").status_code == 200
    assert client.post("/recovery-codes").json()["done"] == "recovery-codes"


def test_a_person_who_adds_it_goes_on_to_where_he_was_asked(world):
    person = world.visitor(**NAVIGATION)
    person.post("/login", data=RIGHT)
    owner = switch_on(world)
    asked = person.get("/two-factor-setup")
    assert (asked.url.path, asked.url.params["next"]) == ("/two-factor", "/two-factor-setup")
    done = person.post(
        "/two-factor", data={"code": owner.phone.code(world.clock.now), "next": "/two-factor-setup"}
    )
    assert (done.status_code, done.url.path) == (200, "/two-factor-setup")


def test_an_added_proof_makes_a_login_no_younger(world):
    client = log_in(world)
    owner = switch_on(world)
    world.clock.now += 1000
    give(client, owner.phone.code(world.clock.now))
    assert client.post("/recovery-codes").json()["code"] == "confirmation_needed"


# -- what is told to nobody -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "handed",
    [
        CodeOfApp("314159"),
        RecoveryCode("314159"),
        FirstCode("314159"),
        PerhapsCode("314159"),
        TurnOff("314159", "314159"),
    ],
)
def test_what_is_handed_in_is_in_no_repr(handed):
    assert "314159" not in repr(handed)


def test_a_seed_that_cannot_be_opened_is_no_error(worlds):
    world = worlds({"secret": [SECRET]})
    owner = switch_on(world)
    other = worlds({"secret": [OTHER_SECRET], "store": world.house.parts.store})
    other.clock.now = world.clock.now
    assert no(give(log_in(other), owner.phone.code(world.clock.now))) == WRONG


def test_a_seed_is_sealed_anew_when_the_key_was_changed(worlds):
    world = worlds({"secret": [SECRET]})
    owner = switch_on(world)
    both = worlds({"secret": [OTHER_SECRET, SECRET], "store": world.house.parts.store})
    both.clock.now = world.clock.now
    assert give(log_in(both), owner.phone.code(world.clock.now)).status_code == 200
    new = worlds({"secret": [OTHER_SECRET], "store": world.house.parts.store})
    new.clock.now = world.clock.now + 60
    assert give(log_in(new), owner.phone.code(new.clock.now)).status_code == 200


def test_neither_seed_nor_code_is_in_a_log_or_a_page(world, owner, caplog):
    caplog.set_level(0)
    client, code = log_in(world), owner.phone.code(world.clock.now)
    answers = [give(client, "314159"), recover(client, "wrong-code-here"), give(client, code)]
    said = caplog.text + "".join(answer.text for answer in answers)
    for secret in (owner.phone.secret, "314159", "wrong-code-here", code, PASSWORD, *owner.codes):
        assert secret not in said


def test_what_lies_in_the_store_half_way_opens_nothing(world, owner):
    log_in(world)
    kept = stored(world)
    seed = b32decode(owner.phone.secret).decode("latin-1")
    assert "totp" in kept, "it was looked at"
    assert "_pending" in kept
    for secret in (
        PASSWORD,
        owner.phone.secret,
        seed,
        *owner.codes,
        *(c.replace("-", "") for c in owner.codes),
    ):
        assert secret not in kept
