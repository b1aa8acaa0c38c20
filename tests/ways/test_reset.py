"""A forgotten password over HTTP: one link, one new password, and everything of before is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from guardhouse.state.enrolment import Enrolment, Kind
from tests.houses import ADA, NAVIGATION, OTHER_SECRET, PASSWORD, SECRET
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import NEW_PASSWORD

RIGHT = {"email": ADA.email, "password": PASSWORD}


def ask(client: TestClient, email: str = ADA.email):
    return client.post("/forgot-password", json={"email": email})


def test_a_new_password_by_link(world):
    old, client = world.visitor(), world.visitor()
    old.post("/login", json=RIGHT)
    assert ask(client).json() == {"done": "reset-link-sent"}
    assert world.letter().kind == "reset_password"
    answer = client.post("/reset-password", json={"token": world.token(), "password": NEW_PASSWORD})
    assert answer.json() == {"done": "password-reset"}
    assert old.get("/me").status_code == 401, "who was logged in with the old one is not any more"
    assert client.get("/me").status_code == 401, "a link by mail is no login"
    assert client.post("/login", json=RIGHT).status_code == 422
    assert client.post("/login", json=RIGHT | {"password": NEW_PASSWORD}).status_code == 200
    assert world.letter().kind == "password_changed"


def test_who_has_no_account_is_answered_alike_and_nothing_is_sent(world):
    answers = [ask(world.visitor(), email) for email in (ADA.email, "nobody@example.com")]
    assert answers[0].content == answers[1].content
    assert {*answers[0].headers.items()} == {*answers[1].headers.items()}
    assert [letter.to for letter in world.letters()] == [ADA.email]


@pytest.mark.parametrize(
    "email",
    [
        f"{ADA.email},evil@evil.example",
        f'"x" <{ADA.email}>',
        f"{ADA.email}\r\nBcc: evil@evil.example",
        "adä@example.com",
        f" {ADA.email.upper()} ",
        f"{ADA.email}\0",
        "",
        "@",
    ],
)
def test_a_letter_goes_to_the_stored_address_or_nowhere(world, email):
    assert ask(world.visitor(), email).status_code == 200
    assert {letter.to for letter in world.mailer.letters} <= {ADA.email}


def test_a_link_counts_once(world):
    client = world.visitor()
    ask(client)
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    assert client.post("/reset-password", json=handed).status_code == 200
    again = client.post("/reset-password", json=handed)
    assert (again.status_code, again.json()["code"]) == (410, "link_spent")


def test_two_links_are_both_spent_by_one(world):
    client = world.visitor()
    ask(client)
    first = world.token()
    ask(client)
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    assert client.post("/reset-password", json=handed).status_code == 200
    assert client.post("/reset-password", json=handed | {"token": first}).status_code == 410


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 410), (10**6, 410)])
def test_a_link_is_good_for_half_an_hour(world, minutes, status):
    client = world.visitor()
    ask(client)
    world.clock.now += timedelta(minutes=minutes).total_seconds()
    answer = client.post("/reset-password", json={"token": world.token(), "password": NEW_PASSWORD})
    assert answer.status_code == status


def test_a_weak_password_leaves_the_link_good(world):
    client = world.visitor()
    ask(client)
    weak = client.post("/reset-password", json={"token": world.token(), "password": "short"})
    assert weak.status_code == 422
    assert weak.json()["errors"][0]["field"] == "password"
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    assert client.post("/reset-password", json=handed).status_code == 200


def test_the_link_leads_to_the_configured_address_whatever_host_is_asked(world):
    world.visitor().post(
        "/forgot-password", json={"email": ADA.email}, headers={"X-Forwarded-Host": "evil.example"}
    )
    assert str(world.letter().values["link"]).startswith("https://testserver/reset-password?token=")


def test_a_link_of_another_key_says_so(worlds):
    other, world = worlds({"secret": OTHER_SECRET}), worlds({"secret": SECRET})
    ask(other.visitor())
    answer = world.visitor().post("/reset-password", json={"token": other.token(), "password": NEW_PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (400, "link_invalid")


def test_a_person_does_it_without_scripts(world):
    client = world.visitor(**NAVIGATION)
    assert 'action="/forgot-password"' in client.get("/forgot-password").text
    sent = client.post("/forgot-password", data={"email": ADA.email})
    assert sent.url.path == "/done"
    assert "Look into your mail" in sent.text
    form = client.get(f"/reset-password?token={world.token()}")
    assert f'name="token" value="{world.token()}"' in form.text
    done = client.post("/reset-password", data={"token": world.token(), "password": NEW_PASSWORD})
    assert "Your password is set" in done.text


def test_opening_the_link_changes_nothing(world):
    ask(world.visitor())
    link = str(world.letter().values["link"])
    for _ in range(3):
        world.visitor(**NAVIGATION).get(link)
        world.visitor(**NAVIGATION).head(link)
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    assert world.visitor().post("/reset-password", json=handed).status_code == 200


def test_twenty_at_once_set_one_password(world):
    ask(world.visitor())
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    answers = world.at_once(20, lambda client: client.post("/reset-password", json=handed))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert world.steps() == ["reset_asked", "password_reset"]


@pytest.mark.parametrize("effects", range(6))
def test_a_crash_leaves_one_password_or_the_other_and_no_login_of_before(world, monkeypatch, effects):
    old, client = world.visitor(), world.visitor()
    old.post("/login", json=RIGHT)
    ask(client)
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            client.post("/reset-password", json=handed)
    assert old.get("/me").status_code == (401 if effects else 200)
    again = client.post("/reset-password", json=handed)
    assert again.status_code == (410 if effects else 200)
    assert client.post("/login", json=RIGHT | {"password": NEW_PASSWORD}).status_code == 200
    assert client.post("/login", json=RIGHT).status_code == 422


def test_what_else_lets_in_stays_and_the_letter_says_how_much_it_is(world):
    enrolments = world.ways.kit.enrolments
    assert enrolments is not None
    owner = f"users:{ADA.id}"
    stay = [Kind.PASSKEY, Kind.FOREIGN, Kind.TOTP, Kind.RECOVERY]
    for kind in (*stay, Kind.REMEMBERED, Kind.TRUSTED):
        assert world.portal.call(enrolments.enrol, Enrolment(kind, kind.value, owner, 1.0))
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    handed = {"token": world.token(ADA.email), "password": NEW_PASSWORD}
    assert world.visitor().post("/reset-password", json=handed).json() == {"done": "password-reset"}
    left = world.portal.call(enrolments.enrolled, owner)
    assert {one.kind for one in left} == set(stay)
    letter = world.letter()
    assert letter.kind == "password_changed"
    assert (letter.values["passkeys"], letter.values["foreign_logins"]) == (1, 1)
