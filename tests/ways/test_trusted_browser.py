"""A browser that is not asked for the second proof again: after the password, for its user, until either is changed."""

from __future__ import annotations

import pytest

from guardhouse import CookiePolicy
from guardhouse.errors import ConfigError
from guardhouse.state.enrolment import Kind
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD
from tests.ways.houses import NEW_PASSWORD, World
from tests.ways.phones import RIGHT, Owner, log_in, switch_on

COOKIE = "__Host-gh-trusted"
DAY = 24 * 3600


@pytest.fixture
def owner(world) -> Owner:
    return switch_on(world)


def trusted(world: World, owner: Owner, **more: object):
    """A browser whose user said that it is not to be asked again, and logged out."""
    client = log_in(world)
    code = owner.phone.code(world.clock.now)
    answer = client.post("/two-factor", json={"code": code, "trust": True} | more)
    assert answer.status_code == 200
    client.post("/logout")
    world.clock.now += 60
    return client


def asked(client, user=ADA, password=PASSWORD):
    return client.post("/login", json={"email": user.email, "password": password}).json().get("next")


def test_a_trusted_browser_is_not_asked_again_for_thirty_days(world, owner):
    client = trusted(world, owner)
    assert asked(client) is None
    assert client.get("/me").status_code == 200
    client.post("/logout")
    world.clock.now += 30 * DAY - 61
    assert asked(client) is None
    client.post("/logout")
    world.clock.now += 1
    assert asked(client) == "two-factor"


def test_its_cookie_is_kept_as_safely_as_that_of_the_session(world, owner):
    client = log_in(world)
    answer = client.post("/two-factor", json={"code": owner.phone.code(world.clock.now), "trust": True})
    written = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    for part in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax", f"Max-Age={30 * DAY}"):
        assert part in written


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (CookiePolicy(insecure_plain_http=True), "gh-trusted"),
        (CookiePolicy(domain="example.com", shared_with_subdomains=True), "__Secure-gh-trusted"),
        (CookiePolicy(name="shop"), "__Host-shop-trusted"),
    ],
)
def test_its_name_promises_what_can_be_kept(policy, name):
    assert policy.trusted == name


def test_scripts_read_no_cookie_of_its_name():
    with pytest.raises(ConfigError, match="csrf"):
        CookiePolicy(insecure_plain_http=True, csrf="gh-trusted")


def test_who_does_not_ask_for_it_is_not_trusted(world, owner):
    client = trusted(world, owner, trust=False)
    assert COOKIE not in client.cookies
    assert asked(client) == "two-factor"


def test_a_person_ticks_it(world, owner):
    client = log_in(world, client=world.visitor(**NAVIGATION))
    assert "Trust this browser for 30 days" in client.get("/two-factor").text
    client.post("/two-factor", data={"code": owner.phone.code(world.clock.now), "trust": "on"})
    assert COOKIE in client.cookies
    assert "One is not asked for the code again" in client.get("/account-security").text


def test_it_stands_for_no_password(world, owner):
    client = trusted(world, owner)
    assert client.post("/login", json=RIGHT | {"password": "wrong"}).json()["code"] == "login_failed"
    assert client.get("/me").status_code == 401


def test_it_is_trusted_by_one_user_only(world, owner):
    switch_on(world, GRACE)
    assert asked(trusted(world, owner), GRACE) == "two-factor"


@pytest.mark.parametrize("value", ["", "x", "a.b", "A" * 22 + "." + "A" * 43, "é"])
def test_a_cookie_that_is_none_of_ours_is_nobodys(world, owner, value):
    client = world.visitor(Cookie=f"{COOKIE}={value}".encode())
    assert asked(client) == "two-factor"


def test_two_different_cookies_are_nobodys(world, owner):
    value = trusted(world, owner).cookies[COOKIE]
    assert asked(world.visitor(Cookie=f"{COOKIE}={value}")) is None
    assert asked(world.visitor(Cookie=f"{COOKIE}={value}; {COOKIE}={value[::-1]}")) == "two-factor"


def test_a_changed_secret_is_nobodys(world, owner):
    name, _, secret = trusted(world, owner).cookies[COOKIE].partition(".")
    assert asked(world.visitor(Cookie=f"{COOKIE}={name}.{secret[1:]}A")) == "two-factor"
    assert asked(world.visitor(Cookie=f"{COOKIE}={name}.A{secret[1:]}")) == "two-factor"


def test_it_ends_with_the_password(world, owner):
    client = trusted(world, owner)
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    world.visitor().post("/reset-password", json={"token": world.token(), "password": NEW_PASSWORD})
    assert asked(client, password=NEW_PASSWORD) == "two-factor"


def test_it_ends_with_a_password_that_the_application_changed_by_itself(world, owner):
    client = trusted(world, owner)
    hashed = world.portal.call(world.house.parts.passwords.hash, NEW_PASSWORD)
    user = world.portal.call(world.users.by_id, ADA.id)
    changed = world.portal.call(lambda: world.users.set_password(user, hashed, before=user.password_hash))
    assert changed
    assert asked(client, password=NEW_PASSWORD) == "two-factor"


def test_it_ends_with_another_app(world, owner):
    client = trusted(world, owner)
    log_in(world, client=client)
    assert client.post("/two-factor-setup").json() == {"next": "two-factor"}, (
        "trust is no proof to change it by"
    )
    client.post("/two-factor", json={"code": owner.phone.code(world.clock.now)})
    switch_on(world, client=client)
    client.post("/logout")
    assert asked(client) == "two-factor"


def test_of_its_value_only_the_hash_is_stored(world, owner):
    secret = trusted(world, owner).cookies[COOKIE].partition(".")[2]
    (kept,) = world.portal.call(world.house.parts.store.enrolments.enrolled, f"users:{ADA.id}", Kind.TRUSTED)
    assert secret.encode() not in kept.body
    assert kept.ends == world.clock.now - 60 + 30 * DAY
