"""Switching the second step on, over and off: nothing counts before its first code, and what is shown is shown once."""

from __future__ import annotations

from base64 import b32decode
from typing import Any

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.state.enrolment import Kind
from guardhouse.state.otp_app import LIFETIME
from guardhouse.vault import codes as recovery_codes
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, SESSION
from tests.ways.phones import RIGHT, Phone, log_in, set_up, stored, switch_on

OFF = {"done": "two-factor-off"}


def confirm(client, code):
    return client.post("/two-factor-confirm", json={"code": code})


def factors(world):
    return world.portal.call(world.house.parts.store.enrolments.enrolled, f"users:{ADA.id}")


def asks(world):
    """Whether a login asks for a second proof now."""
    return world.visitor().post("/login", json=RIGHT).json().get("next")


def test_a_program_switches_it_on(world):
    client = log_in(world)
    shown = client.post("/two-factor-setup").json()
    assert shown["next"] == "two-factor-confirm"
    assert shown["uri"].startswith("otpauth://totp/Acme:ada%40example.com?secret=")
    assert shown["secret"].replace(" ", "") == Phone(shown["uri"]).secret
    assert shown["qr"].startswith("<svg")
    assert asks(world) is None, "what was only shown is asked of nobody"
    before = client.cookies[SESSION]
    heard: list[Any] = []
    with world.house.overheard(heard.append):
        done = confirm(client, Phone(shown["uri"]).code(world.clock.now)).json()
    assert done["done"] == "two-factor-on"
    assert len(set(done["recovery_codes"])) == recovery_codes.COUNT
    assert client.cookies[SESSION] != before
    assert client.get("/me").status_code == 200
    assert world.letter().kind == "second_factor_added"
    assert [one.step for one in heard if isinstance(one, AccountChanged)] == ["factor_added"]
    assert asks(world) == "two-factor"


def test_what_is_shown_is_the_same_until_it_is_confirmed_and_then_another(world):
    client = log_in(world)
    first = set_up(world, client)
    assert set_up(world, client).secret == first.secret
    assert set_up(world, log_in(world)).secret != first.secret, "another session has another"
    confirm(client, first.code(world.clock.now))
    assert set_up(world, client).secret != first.secret, "it is never shown again"


@pytest.mark.parametrize("code", ["000000", "", "12345", "١٢٣٤٥٦", "x" * 2000])
def test_a_wrong_code_switches_nothing_on(world, code):
    client = log_in(world)
    set_up(world, client)
    answer = confirm(client, code)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "code")
    assert not factors(world)
    assert asks(world) is None


def test_after_a_wrong_code_the_right_one_counts(world):
    client = log_in(world)
    phone = set_up(world, client)
    confirm(client, "000000")
    assert confirm(client, phone.code(world.clock.now)).status_code == 200


def test_a_code_without_a_seed_leads_to_one(world):
    client = log_in(world)
    assert confirm(client, "123456").json() == {"next": "two-factor-setup"}
    phone = set_up(world, client)
    world.clock.now += LIFETIME - 1
    client.post("/login", json=RIGHT)
    world.clock.now += 1
    assert confirm(client, phone.code(world.clock.now)).json() == {"next": "two-factor-setup"}


def test_the_seed_of_one_user_is_none_of_the_next_in_the_same_browser(world):
    client = log_in(world)
    phone = set_up(world, client)
    log_in(world, GRACE, client)
    assert confirm(client, phone.code(world.clock.now)).json() == {"next": "two-factor-setup"}


@pytest.mark.parametrize(
    "path", ["/two-factor-setup", "/two-factor-confirm", "/two-factor-off", "/recovery-codes"]
)
def test_only_who_is_logged_in_and_was_so_a_moment_ago_comes_here(world, path):
    handed = {"code": "123456", "password": PASSWORD}
    assert world.visitor().post(path, json=handed).status_code == 401
    client = log_in(world)
    world.clock.now += 15 * 60
    assert client.post(path, json=handed).json()["code"] == "confirmation_needed"
    cross = log_in(world).post(path, json=handed, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403


def test_a_person_does_it_without_scripts(world):
    client = world.visitor(**NAVIGATION)
    client.post("/login", data=RIGHT)
    page = client.get("/two-factor-setup")
    assert page.headers["cache-control"] == "no-store"
    secret = page.text.partition('class="seed">')[2].partition("<")[0].replace(" ", "")
    phone = Phone(f"otpauth://totp/x?secret={secret}")
    assert f"secret={secret}" in page.text, "the link that opens the app"
    assert '<svg viewBox="0 0 ' in page.text
    again = client.post("/two-factor-confirm", data={"code": "000000"})
    assert (again.status_code, again.text.count('role="alert"')) == (422, 1)
    assert secret in again.text.replace(" ", ""), "the square is still there to be scanned"
    done = client.post("/two-factor-confirm", data={"code": phone.code(world.clock.now)})
    assert (done.status_code, done.text.count("<li>"), done.url.path) == (200, 10, "/two-factor-confirm")
    assert secret not in done.text.replace(" ", "")
    shown = [part.partition("<")[0] for part in done.text.split("<li>")[1:]]
    assert client.get("/two-factor-confirm").url.path == "/two-factor-confirm", "it shows another seed"
    for path in ("/account-security", "/two-factor-setup", "/two-factor-confirm", "/recovery-codes"):
        text = client.get(path).text
        assert not any(code in text for code in shown)
        assert secret not in text.replace(" ", "")


def test_another_app_takes_the_place_of_the_first(world):
    owner = switch_on(world)
    client = log_in(world)
    client.post("/two-factor", json={"code": owner.phone.code(world.clock.now)})
    world.clock.now += 60
    other = set_up(world, client)
    assert len(factors(world)) == 2, "the old one stays until the new one has shown a code"
    assert asks(world) == "two-factor"
    new = confirm(client, other.code(world.clock.now)).json()["recovery_codes"]
    assert sorted(one.kind.value for one in factors(world)) == ["recovery", "totp"]
    world.clock.now += 60
    now = world.clock.now
    assert log_in(world).post("/two-factor", json={"code": owner.phone.code(now)}).status_code == 422
    assert log_in(world).post("/two-factor-recovery", json={"code": owner.codes[0]}).status_code == 422
    assert log_in(world).post("/two-factor", json={"code": other.code(now)}).status_code == 200
    assert log_in(world).post("/two-factor-recovery", json={"code": new[0]}).status_code == 200


@pytest.mark.parametrize(
    ("path", "handed"),
    [
        ("/two-factor-setup", {}),
        ("/two-factor-confirm", {"code": "123456"}),
        ("/recovery-codes", {}),
        ("/two-factor-off", {"password": PASSWORD}),
    ],
)
def test_a_password_alone_changes_nothing_where_there_is_a_second_factor(world, path, handed):
    client = log_in(world)
    switch_on(world, client=log_in(world))
    assert client.post(path, json=handed).json() == {"next": "two-factor"}
    assert asks(world) == "two-factor"


def test_who_is_half_way_in_reaches_nothing_of_it(world):
    switch_on(world)
    client = log_in(world)
    for path in ("/two-factor-setup", "/two-factor-confirm", "/recovery-codes", "/two-factor-off"):
        answer = client.post(path, json={"code": "123456", "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_missing")
    assert client.post("/two-factor-required", json={}).json()["code"] == "factor_not_asked"


# -- recovery codes ---------------------------------------------------------------------------------------------------


def test_codes_are_renewed_and_those_of_before_are_dead(world):
    client = log_in(world)
    owner = switch_on(world, client=client)
    answer = client.post("/recovery-codes")
    assert answer.json()["done"] == "recovery-codes"
    new = answer.json()["recovery_codes"]
    assert (len(set(new)), set(new) & set(owner.codes)) == (10, set())
    assert world.letter().kind == "recovery_codes_renewed"
    tried = [
        log_in(world).post("/two-factor-recovery", json={"code": code}).status_code
        for code in owner.codes[:3]
    ]
    assert tried == [422] * 3
    assert log_in(world).post("/two-factor-recovery", json={"code": new[9]}).status_code == 200


def test_a_person_renews_them(world):
    client = log_in(world, client=world.visitor(**NAVIGATION))
    switch_on(world, client=client)
    assert "10 of your codes are good still" in client.get("/recovery-codes").text
    page = client.post("/recovery-codes", data={"_token": ""})
    assert (page.status_code, page.text.count("<li>")) == (200, 10)
    assert "They are shown only now" in page.text


def test_without_a_second_factor_there_is_nothing_to_recover(world):
    client = log_in(world)
    assert client.post("/recovery-codes").json() == {"next": "two-factor-setup"}
    person = log_in(world, client=world.visitor(**NAVIGATION))
    for path in ("/recovery-codes", "/two-factor-off"):
        assert person.get(path).url.path == "/account-security"


# -- off --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["code", "password"])
def test_it_is_switched_off_with_all_that_belongs_to_it(world, by):
    client = log_in(world)
    owner = switch_on(world, client=client)
    world.clock.now += 60
    trusting = log_in(world)
    trusting.post("/two-factor", json={"code": owner.phone.code(world.clock.now), "trust": True})
    world.clock.now += 60
    handed = {"code": owner.phone.code(world.clock.now)} if by == "code" else {"password": PASSWORD}
    assert client.post("/two-factor-off", json=handed).json() == OFF
    assert not factors(world)
    assert world.letter().kind == "second_factor_removed"
    assert asks(world) is None


@pytest.mark.parametrize(
    "handed",
    [
        {},
        {"code": "000000"},
        {"password": "wrong"},
        {"code": "", "password": ""},
        {"code": "000000", "password": "x"},
    ],
)
def test_it_stays_on_for_who_proves_nothing(world, handed):
    client = log_in(world)
    switch_on(world, client=client)
    answer = client.post("/two-factor-off", json=handed)
    assert (answer.status_code, answer.json()["code"]) == (422, "form_invalid")
    assert asks(world) == "two-factor"


def test_guesses_to_switch_it_off_are_counted(world):
    client = log_in(world)
    switch_on(world, client=client)
    heard = [client.post("/two-factor-off", json={"code": "000000"}).status_code for _ in range(12)]
    assert heard[-1] == 429


def test_a_person_switches_it_off(world):
    client = log_in(world, client=world.visitor(**NAVIGATION))
    switch_on(world, client=client)
    assert 'name="password"' in client.get("/two-factor-off").text
    done = client.post("/two-factor-off", data={"password": PASSWORD})
    assert "The second step is off" in done.text


def test_recovery_codes_stay_where_passkeys_do(world):
    from guardhouse.state.enrolment import Enrolment  # noqa: PLC0415 - for this test alone

    client = log_in(world)
    switch_on(world, client=client)
    passkey = Enrolment(Kind.PASSKEY, "key", f"users:{ADA.id}", 1.0)
    world.portal.call(world.house.parts.store.enrolments.enrol, passkey)
    assert client.post("/two-factor-off", json={"password": PASSWORD}).json() == OFF
    assert sorted(one.kind.value for one in factors(world)) == ["passkey", "recovery"]


# -- the page of what is enrolled ---------------------------------------------------------------------------------------


def test_a_user_sees_what_he_has_enrolled(world):
    client = log_in(world, client=world.visitor(**NAVIGATION))
    assert "Off: your password alone" in client.get("/account-security").text
    switch_on(world, client=client)
    page = client.get("/account-security").text
    for part in ("On since 2027-01-15 08:00 UTC", "10 are left", "/two-factor-off", "/recovery-codes"):
        assert part in page
    assert world.visitor(**NAVIGATION).get("/account-security").url.path == "/login"


# -- what is told to nobody -------------------------------------------------------------------------------------------


def test_what_lies_in_the_store_opens_nothing(world, caplog):
    caplog.set_level(0)
    client = log_in(world)
    phone = set_up(world, client)
    seed = b32decode(phone.secret).decode("latin-1")
    half = stored(world)
    assert "_otp_app" in half
    shown = confirm(client, phone.code(world.clock.now)).json()["recovery_codes"]
    kept = stored(world)
    for secret in (PASSWORD, phone.secret, seed, *shown, *(code.replace("-", "") for code in shown)):
        assert secret not in half
        assert secret not in kept
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "ways", [{"mail": None}, {"without": ["forgot-password"]}], ids=["no mail", "no reset"]
)
def test_it_is_switched_on_where_no_letter_is_sent_or_leads_to_the_login(worlds, ways):
    world = worlds(**ways)
    assert len(switch_on(world).codes) == 10
    assert [letter.values["link"] for letter in world.letters()] == ["https://testserver/login"] * len(
        world.letters()
    )
