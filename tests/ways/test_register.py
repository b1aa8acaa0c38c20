"""Opening an account over HTTP: free and taken look alike, one address has one account, and nobody makes himself more."""

from __future__ import annotations

import pytest

from guardhouse import ConfigError, MemoryUsers, Passwords
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher
from tests.houses import ADA, NAVIGATION, PASSWORD, SESSION
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import NEW_PASSWORD, alike

NEW = "new@example.com"
FILLED = {"email": NEW, "password": NEW_PASSWORD}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_somebody_opens_an_account_and_logs_in(world):
    client = world.visitor()
    assert client.post("/register", json=FILLED).json() == {"done": "registered"}
    assert client.get("/me").status_code == 401, "to be logged in would tell that the address was free"
    assert world.letter(NEW).kind == "verify_address"
    assert client.post("/login", json=FILLED).json() == {"done": "logged-in"}
    assert world.steps() == ["registered"]


def test_free_and_taken_are_answered_alike(world):
    answers = [
        world.visitor().post("/register", json=FILLED | {"email": email}) for email in (NEW, ADA.email)
    ]
    assert alike(*answers)
    assert world.letter(NEW).kind == "verify_address"
    assert world.letter(ADA.email).kind == "already_registered"
    assert world.steps() == ["registered"]


def test_free_and_taken_are_alike_for_people_too(world):
    answers = [
        world.visitor(**NAVIGATION).post("/register", data=FILLED | {"email": email}, follow_redirects=False)
        for email in (NEW, ADA.email)
    ]
    assert alike(*answers)
    assert answers[0].headers["location"] == "/done?what=registered"


def test_a_weak_password_is_told_for_free_and_taken_alike(world):
    answers = [
        world.visitor().post("/register", json={"email": email, "password": "short"})
        for email in (NEW, ADA.email)
    ]
    assert alike(*answers)
    assert answers[0].json()["errors"][0]["field"] == "password"
    assert world.letters(NEW) == world.letters(ADA.email) == ()


@pytest.mark.parametrize("email", [NEW, ADA.email])
def test_the_password_is_hashed_in_both_cases(worlds, email):
    counted: list[str] = []

    class Counting(PasswordHasher):
        def hash(self, password: str) -> str:
            counted.append(password)
            return super().hash(password)

    world = worlds({"passwords": Passwords(Counting(ARGON2_CHEAPEST))})
    counted.clear()  # the house makes one to compare with
    world.visitor().post("/register", json=FILLED | {"email": email})
    assert counted == [NEW_PASSWORD]


def test_the_letter_to_who_is_there_goes_to_the_stored_address(world):
    world.visitor().post("/register", json=FILLED | {"email": "ADA@Example.COM"})
    assert [(letter.kind, letter.to) for letter in world.letters()] == [("already_registered", ADA.email)]
    assert world.letter().values["link"] == "https://testserver/login"


def test_who_is_there_keeps_his_password(world):
    world.visitor().post("/register", json=FILLED | {"email": ADA.email})
    login = world.visitor().post("/login", json={"email": ADA.email, "password": PASSWORD})
    assert login.status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        "new@example.com,evil@evil.example",
        '"x" <new@example.com>',
        "new@example.com\r\nBcc: evil@evil.example",
        "nëw@example.com",
        " new@example.com ",
        "new@example.com\0",
        "new@localhost",
        "",
        "@",
        "x" * 300 + "@example.com",
    ],
)
def test_a_login_is_one_address_and_nothing_else(world, email):
    answer = world.visitor().post("/register", json=FILLED | {"email": email})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "email")
    assert world.letters(email) == ()
    assert world.steps() == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        pytest.param({"roles": "admin"}, "body", id="a field that nobody listed"),
        pytest.param({"more": {"roles": "admin"}}, "body", id="the shape's own word"),
        pytest.param({"id": "1"}, "body", id="the key"),
        pytest.param({"email_verified_at": "1"}, "body", id="verified by himself"),
        pytest.param({"password_hash": "x"}, "body", id="a hash of his"),
        pytest.param({"x" * 5000: "1"}, "body", id="a long name"),
        pytest.param({"name": ["Ada"]}, "name", id="no text"),
        pytest.param({"name": None}, "name", id="null"),
        pytest.param({"name": "a\0b"}, "name", id="what no column holds"),
    ],
)
def test_only_listed_fields_are_taken(worlds, sent, field):
    world = worlds({"users": MemoryUsers([ADA], registers=("name",))}, register_fields=("name",))
    answer = world.visitor().post("/register", json=FILLED | sent)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert len(answer.content) < 600, "a stranger's words are repeated in part only"
    assert world.letters(NEW) == ()


def test_a_listed_field_is_kept_and_nothing_is_asked_about_what_is_not_listed(worlds):
    users = MemoryUsers([ADA], registers=("name",))
    world = worlds({"users": users}, register_fields=("name",))
    assert world.visitor().post("/register", json=FILLED | {"name": "Nova"}).status_code == 200
    assert {user.name for user in users._by_id.values()} == {"", "Nova"}


def test_the_password_may_not_be_the_name(worlds):
    world = worlds({"users": MemoryUsers([ADA], registers=("name",))}, register_fields=("name",))
    handed = FILLED | {"name": "Wilhelmina Featherstone", "password": "Wilhelmina Featherstone"}
    answer = world.visitor().post("/register", json=handed)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "password")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 422),
        ({"json": {"email": NEW}}, 422),
        ({"json": {"email": NEW, "password": 1}}, 422),
        ({"json": {"email": [NEW], "password": NEW_PASSWORD}}, 422),
        ({"json": [FILLED]}, 422),
        ({"content": b"email=a&email=b&password=c", "headers": FORM}, 422),
        ({"content": b"", "headers": FORM}, 422),
        ({"content": b"\xff", "headers": FORM}, 422),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"json": {"email": NEW, "password": "p" * 70_000}}, 413),
        ({"json": {"email": NEW, "password": "p" * 30_000}}, 422),
    ],
)
def test_what_cannot_be_read_opens_nothing(world, sent, status):
    assert world.visitor().post("/register", **sent).status_code == status
    assert world.steps() == []


def test_ten_at_once_make_one_account(world):
    answers = world.at_once(10, lambda client: client.post("/register", json=FILLED))
    assert {answer.status_code for answer in answers} == {200}
    assert alike(*answers)
    assert world.steps() == ["registered"]
    assert [letter.kind for letter in world.letters(NEW)].count("verify_address") == 1


def test_a_long_passphrase_of_any_letters_is_taken(world):
    handed = FILLED | {"password": "correct horse battery staple üö ☃ " + "qvxjzkwy" * 4}
    client = world.visitor()
    assert client.post("/register", json=handed).status_code == 200
    assert client.post("/login", json=handed).status_code == 200


def test_another_site_opens_no_account(world):
    for sent in ({"json": FILLED}, {"data": FILLED}):
        answer = world.visitor(**{"Sec-Fetch-Site": "cross-site"}).post("/register", **sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")
    assert world.steps() == []


@pytest.mark.parametrize("effects", [0, 1])
def test_an_account_whose_letter_was_never_sent_is_usable(worlds, monkeypatch, effects):
    world = worlds(must_verify=True)
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            world.visitor().post("/register", json=FILLED)
    assert world.letters(NEW) == ()
    client = world.visitor()
    assert client.post("/login", json=FILLED).json() == {"next": "verify-email"}
    assert client.post("/verify-email", json={"token": world.token(NEW)}).status_code == 200
    assert client.post("/login", json=FILLED).json() == {"done": "logged-in"}


def test_a_house_may_log_in_who_registers_and_then_tells_who_has_an_account(worlds):
    world = worlds(register_logs_in=True)
    client = world.visitor()
    assert client.post("/register", json=FILLED).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": NEW}
    assert world.letter(NEW).kind == "verify_address"
    taken = world.visitor().post("/register", json=FILLED | {"email": ADA.email})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (422, "email")
    assert world.letters(ADA.email) == ()


def test_nobody_is_logged_in_before_he_is_verified_where_that_is_asked(worlds):
    world = worlds(register_logs_in=True, must_verify=True)
    client = world.visitor()
    assert client.post("/register", json=FILLED).json() == {"next": "verify-email"}
    assert SESSION not in client.cookies
    assert [letter.kind for letter in world.letters(NEW)] == ["verify_address"]


def test_without_mail_nobody_can_be_answered_alike_and_the_way_is_left_out(worlds):
    assert worlds(mail=None).visitor().post("/register", json=FILLED).status_code == 404
    chosen = worlds(mail=None, register_logs_in=True)
    assert chosen.visitor().post("/register", json=FILLED).json() == {"done": "logged-in"}


def test_a_person_does_it_without_scripts(worlds):
    world = worlds({"users": MemoryUsers([ADA], registers=("name",))}, register_fields=("name",))
    client = world.visitor(**NAVIGATION)
    assert 'href="/register"' in client.get("/login").text
    form = client.get("/register").text
    for part in ('name="email" type="email"', 'autocomplete="new-password"', 'name="name"'):
        assert part in form
    weak = client.post("/register", data=FILLED | {"name": "Nova", "password": "short"})
    assert weak.status_code == 422
    assert 'value="Nova"' in weak.text
    assert f'value="{NEW}"' in weak.text
    assert weak.text.count("autofocus") == 1, "what is wrong has the focus"
    strange = client.post("/register", data=FILLED | {"roles": "admin"})
    assert 'role="alert">There is no field' in strange.text
    assert "Look into your mail" in client.post("/register", data=FILLED | {"name": "Nova"}).text


@pytest.mark.parametrize("wrong", ["name", ("password",), ("email",), ("_token",)])
def test_fields_that_cannot_be_stop_the_start(worlds, wrong):
    with pytest.raises(ConfigError, match="register_fields"):
        worlds(register_fields=wrong)


def test_who_tries_again_and_again_waits(world):
    client = world.visitor()
    answers = [client.post("/register", json=FILLED) for _ in range(12)]
    assert answers[-1].status_code == 429


def test_a_letter_that_would_lead_nowhere_stops_the_start(worlds):
    with pytest.raises(ConfigError, match="verify-email"):
        worlds(without=["verify-email"])
    with pytest.raises(ConfigError, match="must_verify"):
        worlds(mail=None, must_verify=True)


def test_an_address_may_be_typed_in_the_letters_of_its_domain(world):
    typed = FILLED | {"email": "nova@bücher.example"}
    client = world.visitor()
    assert client.post("/register", json=typed).status_code == 200
    assert world.letter("nova@xn--bcher-kva.example").kind == "verify_address"
    assert client.post("/login", json=typed).json() == {"done": "logged-in"}
    assert client.post("/login", json=typed | {"email": "nova@xn--bcher-kva.example"}).status_code == 200
    assert client.post("/forgot-password", json={"email": "nova@bücher.example"}).status_code == 200
    assert world.letter("nova@xn--bcher-kva.example").kind == "reset_password"
    assert client.post("/login", json=typed | {"email": "nova@büchér.example"}).status_code == 422
