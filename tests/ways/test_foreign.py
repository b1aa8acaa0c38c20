"""Logging in at somebody else's login server, over HTTP: there and back, linked and unlinked, and all that must not work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardhouse import ConfigError, CookiePolicy
from guardhouse.core.events import Refused
from guardhouse.flows.foreign import ForeignPolicy
from guardhouse.issuers.providers import OpenIdProvider
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state.enrolment import Enrolment, Kind
from tests.houses import ADA, GRACE, PASSWORD, SESSION
from tests.services.issuer import ForeignServer, Raw, foreign_server
from tests.ways.crash import CrashError, crash_after
from tests.ways.elsewhere import CALLBACK, RETURNING, Elsewhere
from tests.ways.houses import NEW_PASSWORD
from tests.ways.phones import log_in, set_up

LINK = "/linked-logins/with/partner"
NEWCOMER = {"sub": "3003", "id": 3003, "email": "joan@example.com", "email_verified": True, "name": "Joan"}


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with foreign_server() as running:
        running.people["joan"] = dict(NEWCOMER)
        yield running


@pytest.fixture
def worlds(portal: Any, server: ForeignServer) -> Any:
    return partial(Elsewhere, portal, server)


@pytest.fixture
def world(worlds: Any) -> Elsewhere:
    made: Elsewhere = worlds()
    return made


def where(answer: Any) -> tuple[str, str | None]:
    """To which page a redirect leads, and with which reason."""
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert not parts.netloc
    return parts.path, parse_qs(parts.query).get("reason", [None])[0]


@pytest.fixture
def hearing(world: Elsewhere) -> Iterator[Elsewhere]:
    world.heard.clear()
    with world.house.overheard(
        lambda event: world.heard.append(event) if isinstance(event, Refused) else None
    ):
        yield world


# -- there and back ---------------------------------------------------------------------------------------------------


def test_who_linked_a_login_comes_in_by_it_and_is_where_he_wanted_to_be(hearing):
    answer = hearing.through(hearing.inside(), path=LINK)
    assert where(answer) == ("/done", None)
    assert "linked" in hearing.person().get(answer.headers["location"]).text
    assert hearing.steps() == ["foreign_linked"]
    assert hearing.letter().kind == LetterKind.FOREIGN_LOGIN_LINKED

    other = hearing.person()
    answer = hearing.through(other, next="/me?a=1")
    assert answer.headers["location"] == "/me?a=1"
    assert hearing.who(other) == ADA.email
    assert hearing.linked()[0].used is not None
    assert [one.version for one in hearing.linked()] == [2]


def test_nothing_of_the_answer_stays_in_the_address_bar_or_goes_on(world):
    browser = world.person()
    answer = world.through(browser, "joan")
    assert answer.status_code == 303
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]
    assert "code" not in answer.headers["location"]


def test_the_way_there_is_a_page_of_its_own_because_a_form_may_lead_no_further_than_here(world):
    browser = world.person()
    page = browser.post("/login/with/partner", data={"_token": ""})
    assert page.status_code == 200
    assert f'<meta http-equiv="refresh" content="0;url={world.server.url}/authorize?' in page.text
    assert "form-action 'self';" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


def test_a_program_is_told_where_to_go(world):
    told = world.visitor().post("/login/with/partner", json={"next": "/me"}).json()
    assert told["next"] == "leave"
    assert told["url"].startswith(f"{world.server.url}/authorize?")


def test_the_session_id_is_another_after_every_login(world):
    world.through(world.inside(), path=LINK)
    browser = world.person()
    url = world.begin(browser)
    before = browser.cookies[SESSION]
    world.bring(browser, world.visit(url))
    assert browser.cookies[SESSION] != before
    thief = world.visitor()
    thief.cookies.set(SESSION, before, domain="testserver.local", path="/")
    assert world.who(thief) is None


def test_the_login_page_has_a_button_for_each(world):
    page = world.person().get("/login?next=/me").text
    assert 'action="/login/with/partner"' in page
    assert 'action="/login/with/hub"' in page
    assert page.count('name="next" value="/me"') == 3


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"]
)
def test_nobody_is_sent_to_another_site(world, wanted):
    world.through(world.inside(), path=LINK)
    assert world.through(world.person(), next=wanted).headers["location"] == "/"


# -- newcomers --------------------------------------------------------------------------------------------------------


def test_somebody_new_gets_an_account_without_a_password(hearing):
    browser = hearing.person()
    assert where(hearing.through(browser, "joan")) == ("/", None)
    assert hearing.who(browser) == "joan@example.com"
    assert hearing.steps() == ["registered", "foreign_linked"]
    joan = hearing.portal.call(hearing.users.by_credentials, {"email": "joan@example.com"})
    assert joan.password_hash is None
    assert hearing.users.verified(joan)

    again = hearing.person()
    hearing.through(again, "joan")
    assert hearing.who(again) == "joan@example.com"


def test_a_user_without_a_password_gets_in_by_none_until_he_sets_one(world):
    world.through(world.person(), "joan")
    program = world.visitor()
    for password in ("", "None", PASSWORD):
        answer = program.post("/login", json={"email": "joan@example.com", "password": password})
        assert answer.status_code == 422
    program.post("/forgot-password", json={"login": "joan@example.com"})
    token = world.token("joan@example.com")
    assert program.post("/reset-password", json={"token": token, "password": NEW_PASSWORD}).status_code == 200
    done = program.post("/login", json={"email": "joan@example.com", "password": NEW_PASSWORD})
    assert done.json() == {"done": "logged-in"}


def test_who_has_no_password_proves_himself_anew_by_logging_in_again(world):
    browser = world.person()
    world.through(browser, "joan")
    world.later(1000.0)
    assert where(browser.post(LINK, data={"_token": ""}, follow_redirects=False))[0] != "/done"
    world.through(browser, "joan")
    assert world.begin(browser, LINK)


def test_what_the_policy_fills_in_stands_in_the_account(worlds):
    world = worlds(foreign_policy=ForeignPolicy(fields=lambda one: {"nickname": one.name or ""}))
    assert where(world.through(world.person(), "joan")) == ("/login", "foreign_unknown")


def test_an_address_that_the_policy_does_not_believe_is_verified_as_everybodys(worlds):
    world = worlds(foreign_policy=ForeignPolicy(verifies=False))
    world.through(world.person(), "joan")
    joan = world.portal.call(world.users.by_credentials, {"email": "joan@example.com"})
    assert not world.users.verified(joan)


# -- who is refused, and what he reads --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        pytest.param("ada", "foreign_unlinked", id="the address has an account"),
        pytest.param("grace", "foreign_email", id="the address is not verified"),
    ],
)
def test_an_account_is_not_entered_by_its_address(world, who, reason):
    browser = world.person()
    answer = world.through(browser, who, next="/me")
    assert where(answer) == ("/login", reason)
    assert answer.headers["guardhouse-reason"] == reason
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert 'value="/me"' in page.text
    assert world.who(browser) is None
    assert not world.linked()
    assert not world.linked("users:2")


def test_nobody_new_comes_in_where_nobody_is_taken_in(worlds):
    world = worlds(foreign_policy=ForeignPolicy(register=False))
    assert where(world.through(world.person(), "joan")) == ("/login", "foreign_unknown")


def test_who_says_no_there_reads_a_friendly_sentence(world):
    browser = world.person()
    state = dict(world.visit(world.begin(browser)))["state"]
    answer = world.bring(
        browser,
        [
            ("error", "access_denied"),
            ("error_description", "<b>no"),
            ("state", state),
            ("iss", world.server.url),
        ],
    )
    assert where(answer) == ("/login", "foreign_denied")
    page = browser.get(answer.headers["location"]).text
    assert "or you said no there" in page
    assert "<b>" not in page


def test_the_page_says_no_text_that_stands_in_its_address(world):
    page = world.person().get("/login?reason=Call+0900+now").text
    assert "0900" not in page
    assert 'role="alert"' not in page


def test_a_login_server_that_is_away_is_a_sentence_on_the_login_page(world):
    world.server.answers["/.well-known/openid-configuration"] = Raw(503)
    browser = world.person()
    answer = browser.post("/login/with/partner", data={"_token": ""}, follow_redirects=False)
    assert where(answer) == ("/login", "foreign_unavailable")
    program = world.visitor().post("/login/with/partner", json={})
    assert (program.status_code, program.json()["code"]) == (503, "foreign_unavailable")


def test_a_code_is_good_once(world):
    world.through(world.inside(), path=LINK)
    browser = world.person()
    params = world.visit(world.begin(browser))
    assert where(world.bring(browser, params)) == ("/", None)
    assert where(world.bring(world.person(), params)) == ("/login", "foreign_state")
    assert world.bring(browser, params).headers["guardhouse-reason"] == "foreign_state"
    assert world.who(browser) == ADA.email


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=a",
        "?state=b",
        "?code=a&state=b",
        "?code=a&code=b&state=c",
        "?state=%00&code=%ff",
        "?error=x&state=y",
        "?response=x",
        "?" + "a=b&" * 2000,
        "?state=" + "s" * 3000,
    ],
)
def test_whatever_a_stranger_brings_is_a_sentence_and_no_session(world, query):
    browser = world.person()
    answer = browser.get(CALLBACK + query, headers=RETURNING, follow_redirects=False)
    assert where(answer)[0] == "/login"
    assert SESSION not in browser.cookies
    program = world.visitor().get(CALLBACK + query)
    assert program.status_code == 400


def test_nothing_secret_is_told_to_listeners(hearing):
    browser = hearing.person()
    url = hearing.begin(browser)
    params = dict(hearing.visit(url))
    hearing.bring(browser, [*params.items(), ("state", params["state"])])
    hearing.bring(hearing.person(), list(params.items()))
    told = repr(hearing.heard)
    assert "foreign_malformed" in told
    assert "foreign_state" in told
    assert not [secret for secret in (params["code"], params["state"]) if secret in told]


@pytest.mark.parametrize(
    "path", ["/login/with/nobody", "/login/with/nobody/callback", "/linked-logins/with/nobody"]
)
def test_a_login_server_that_nobody_named_is_not_found(world, path):
    browser = world.inside()
    answer = browser.get(path) if path.endswith("callback") else browser.post(path, json={})
    assert answer.status_code == 404


def test_the_answer_comes_by_get_and_by_nothing_else(world):
    browser = world.person()
    params = dict(world.visit(world.begin(browser)))
    assert browser.post(CALLBACK, data=params).status_code == 405
    assert browser.head(CALLBACK, params=params).status_code == 405
    assert where(world.bring(browser, list(params.items()))) == ("/login", "foreign_unlinked")


def test_another_site_begins_nothing(world):
    for path in ("/login/with/partner", LINK):
        answer = world.visitor(**{"Sec-Fetch-Site": "cross-site"}).post(path, json={})
        assert answer.status_code in (401, 403)
    answer = world.visitor(**{"Sec-Fetch-Site": "cross-site"}).post("/login/with/partner", json={})
    assert answer.json()["code"] == "csrf_cross_site"


def test_a_network_begins_so_many_logins_and_no_more(world):
    browser = world.visitor()
    answers = [browser.post("/login/with/hub", json={}).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
    assert world.visitor().post("/login", json={"email": ADA.email, "password": PASSWORD}).status_code == 200


# -- one browser, one login -------------------------------------------------------------------------------------------


def test_two_tabs_at_once_both_come_back(world):
    world.through(world.inside(), path=LINK)
    browser = world.person()
    one, other = world.begin(browser, next="/me?tab=1"), world.begin(browser, next="/me?tab=2")
    assert world.bring(browser, world.visit(one)).headers["location"] == "/me?tab=1"
    assert world.bring(browser, world.visit(other)).headers["location"] == "/me?tab=2"


def test_two_tabs_of_somebody_new_make_one_account(world):
    browser = world.person()
    one, other = world.begin(browser), world.begin(browser)
    assert where(world.bring(browser, world.visit(one, "joan"))) == ("/", None)
    assert where(world.bring(browser, world.visit(other, "joan"))) == ("/", None)
    assert world.who(browser) == "joan@example.com"


def test_the_login_of_another_browser_is_none_here(world):
    attacker, victim = world.person(), world.person()
    params = world.visit(world.begin(attacker), "joan")
    world.begin(victim)
    assert where(world.bring(victim, params)) == ("/login", "foreign_state")
    assert world.who(victim) is None
    assert world.portal.call(world.users.by_credentials, {"email": "joan@example.com"}) is None


def test_the_link_of_another_browser_links_nothing_here(world):
    params = world.visit(world.begin(world.inside(), LINK), "joan")
    victim = world.inside()
    assert world.bring(victim, params).headers["guardhouse-reason"] == "foreign_state"
    assert not world.linked()


def test_a_login_that_comes_back_too_late_is_none(world):
    browser = world.person()
    params = world.visit(world.begin(browser), "joan")
    world.ahead = 601.0
    assert where(world.bring(browser, params)) == ("/login", "foreign_state")


def test_an_answer_of_one_login_server_is_none_of_another(world):
    browser = world.person()
    params = world.visit(world.begin(browser), "joan")
    assert where(world.bring(browser, params, "/login/with/hub/callback")) == ("/login", "foreign_state")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["state", "code", "error", "iss", "response", "next", "reason"])
            | st.text(max_size=4),
            st.text(max_size=8),
        ),
        max_size=5,
    )
)
def test_whatever_comes_back_is_an_answer_of_the_fourth_hundred_and_no_login(world, pairs):
    answer = world.visitor().get(f"{CALLBACK}?{urlencode(pairs, errors='surrogatepass')}")
    assert answer.status_code == 400
    assert answer.json()["code"] in ("foreign_malformed", "foreign_state")
    assert not answer.headers.get("set-cookie")


@pytest.mark.parametrize("effects", range(5))
def test_a_crash_leaves_a_new_account_that_can_be_used(world, monkeypatch, effects):
    browser = world.person()
    params = world.visit(world.begin(browser), "joan")
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with suppress(CrashError):
            world.bring(browser, params)
    again = world.person()
    answer = world.through(again, "joan")
    if effects:
        assert world.who(again) == "joan@example.com"
        return
    # It is there without its login, and without an address that anybody has shown to be his: he sets a password by mail.
    assert where(answer) == ("/login", "foreign_unlinked")
    program = world.visitor()
    program.post("/forgot-password", json={"login": "joan@example.com"})
    program.post("/reset-password", json={"token": world.token("joan@example.com"), "password": NEW_PASSWORD})
    done = program.post("/login", json={"email": "joan@example.com", "password": NEW_PASSWORD})
    assert done.json() == {"done": "logged-in"}
    told = program.post(LINK, json={}).json()
    world.bring(program, world.visit(told["url"], "joan"))
    world.through(again, "joan")
    assert world.who(again) == "joan@example.com"


@pytest.mark.parametrize("effects", range(4))
def test_a_crash_leaves_a_login_that_is_linked_or_is_not(world, monkeypatch, effects):
    browser = world.inside()
    params = world.visit(world.begin(browser, LINK))
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with suppress(CrashError):
            world.bring(browser, params)
    assert where(world.through(world.inside(), path=LINK)) == ("/done", None)
    other = world.person()
    world.through(other)
    assert world.who(other) == ADA.email


def test_two_tabs_that_unlink_one_each_leave_one(worlds):
    world = worlds(mail=None, public_url="https://testserver")
    browser = world.person()
    world.through(browser, "joan")
    owner = f"users:{world.portal.call(world.users.by_credentials, {'email': 'joan@example.com'}).id}"
    world.through(browser, "ada", LINK)
    names = [one.name for one in world.linked(owner)]
    assert len(names) == 2
    tabs = [world.person() for _ in names]
    for tab in tabs:
        tab.cookies.update(browser.cookies)

    def unlink(tab: Any, name: str) -> int:
        return int(tab.post("/linked-logins/unlink", json={"id": name}).status_code)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(unlink, tabs, names))
    assert world.linked(owner)
    assert set(said) <= {200, 409}


# -- linking ----------------------------------------------------------------------------------------------------------


def test_nobody_links_who_is_not_inside(world):
    answer = world.person().post(LINK, data={"_token": ""}, follow_redirects=False)
    assert answer.headers["location"].startswith("/login")


def test_who_logged_in_long_ago_is_asked_first(world):
    browser = world.inside()
    world.later(901.0)
    program = {"Accept": "application/json", "Sec-Fetch-Mode": "cors"}
    assert browser.post(LINK, json={}, headers=program).json()["code"] == "confirmation_needed"


def test_who_logged_in_long_ago_when_he_comes_back_is_asked_first(world):
    browser = world.inside()
    world.later(600.0)
    url = world.begin(browser, LINK)
    world.later(1000.0)
    answer = world.bring(browser, world.visit(url))
    assert answer.headers["location"] == "/confirm-password?next=%2Flinked-logins"
    assert not world.linked()


def test_a_login_that_is_anothers_links_to_nobody_else(world):
    world.through(world.inside(), path=LINK)
    grace = world.person()
    grace.post("/login", data={"email": GRACE.email, "password": PASSWORD}, follow_redirects=False)
    answer = world.through(grace, path=LINK)
    assert where(answer) == ("/linked-logins", "foreign_taken")
    assert "linked to another account" in grace.get(answer.headers["location"]).text
    assert not world.linked("users:2")


def test_linking_twice_is_linking_once(world):
    browser = world.inside()
    for _ in range(2):
        assert where(world.through(browser, path=LINK)) == ("/done", None)
    assert len(world.linked()) == 1


def test_a_verified_address_of_a_trusted_domain_links_and_is_written_about(worlds):
    world = worlds(trusted_domains=frozenset({"example.com"}))
    world.users.replace(replace(ADA, email_verified_at=1.0))
    browser = world.person()
    assert where(world.through(browser)) == ("/", None)
    assert world.who(browser) == ADA.email
    assert world.letter().kind == LetterKind.FOREIGN_LOGIN_LINKED


def test_an_account_that_is_closed_is_neither_linked_nor_entered(worlds):
    world = worlds(trusted_domains=frozenset({"example.com"}))
    world.users.replace(replace(ADA, email_verified_at=1.0, disabled=True))
    browser = world.person()
    assert where(world.through(browser)) == ("/login", "login_failed")
    assert not world.linked()
    world.users.replace(ADA)
    world.through(world.inside(), path=LINK)
    world.users.replace(replace(ADA, disabled=True))
    assert where(world.through(browser)) == ("/login", "login_failed")
    world.users.remove(ADA.id)
    assert where(world.through(browser)) == ("/login", "foreign_unknown")


def test_a_linked_login_is_listed_and_unlinked(hearing):
    browser = hearing.inside()
    hearing.through(browser, path=LINK)
    page = browser.get("/linked-logins").text
    assert f"<b>Partner</b> {ADA.email}" in page
    name = hearing.linked()[0].name
    answer = browser.post("/linked-logins/unlink", data={"id": name}, follow_redirects=False)
    assert where(answer) == ("/done", None)
    assert not hearing.linked()
    assert hearing.letter().kind == LetterKind.FOREIGN_LOGIN_UNLINKED
    assert hearing.steps() == ["foreign_linked", "foreign_unlinked"]
    assert where(browser.post("/linked-logins/unlink", data={"id": name}, follow_redirects=False)) == (
        "/linked-logins",
        "foreign_unknown",
    )
    assert where(hearing.through(hearing.person())) == ("/login", "foreign_unlinked")


def test_nobody_unlinks_what_is_anothers(world):
    world.through(world.inside(), path=LINK)
    grace = world.visitor()
    grace.post("/login", json={"email": GRACE.email, "password": PASSWORD})
    answer = grace.post("/linked-logins/unlink", json={"id": world.linked()[0].name})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_unknown")
    assert len(world.linked()) == 1


def test_the_last_way_in_stays(worlds):
    world = worlds(mail=None, public_url="https://testserver")
    browser = world.person()
    world.through(browser, "joan")
    joan = world.portal.call(world.users.by_credentials, {"email": "joan@example.com"})
    name = world.linked(f"users:{joan.id}")[0].name
    answer = browser.post("/linked-logins/unlink", data={"id": name}, follow_redirects=False)
    assert where(answer) == ("/linked-logins", "last_way_in")
    assert world.linked(f"users:{joan.id}")


# -- two factors ------------------------------------------------------------------------------------------------------


def with_totp(world: Elsewhere) -> None:
    enrolment = Enrolment(kind=Kind.TOTP, name="phone", owner="users:1", created=1.0)
    assert world.portal.call(world.enrolments.enrol, enrolment)


def test_who_has_a_second_factor_is_asked_for_it(world):
    world.through(world.inside(), path=LINK)
    with_totp(world)
    browser = world.person()
    world.through(browser)
    assert world.who(browser) is None


def test_a_login_elsewhere_and_a_code_let_in_to_where_he_wanted_to_be(world):
    world.through(world.inside(), path=LINK)
    program = log_in(world)
    phone = set_up(world, program)
    program.post("/two-factor-confirm", json={"code": phone.code(world.now)})
    world.later(60.0)
    browser = world.person()
    answer = world.through(browser, next="/me?a=1")
    assert answer.headers["location"] == "/two-factor?next=%2Fme%3Fa%3D1"
    answer = browser.post(
        "/two-factor", data={"code": phone.code(world.now), "next": "/me?a=1"}, follow_redirects=False
    )
    assert answer.headers["location"] == "/me?a=1"
    assert world.who(browser) == ADA.email


@pytest.mark.parametrize(
    ("claims", "inside"),
    [
        pytest.param({"amr": ["pwd", "mfa"]}, True, id="it says so as amr"),
        pytest.param({"acr": "mfa"}, True, id="it says so as acr"),
        pytest.param({"amr": ["pwd"]}, False, id="it says that it asked for one"),
        pytest.param({"amr": "mfa"}, False, id="that is no list"),
        pytest.param({}, False, id="it says nothing"),
    ],
)
def test_two_factors_elsewhere_are_two_here_where_that_is_believed(worlds, claims, inside):
    world = worlds(trusted_factors=frozenset({"mfa"}))
    world.through(world.inside(), path=LINK)
    with_totp(world)
    world.server.claims = claims
    browser = world.person()
    world.through(browser)
    assert (world.who(browser) == ADA.email) is inside


def test_two_factors_elsewhere_are_one_here_where_nobody_said_to_believe_it(world):
    world.through(world.inside(), path=LINK)
    with_totp(world)
    world.server.claims = {"amr": ["mfa"]}
    browser = world.person()
    world.through(browser)
    assert world.who(browser) is None


# -- an application with pages of its own -----------------------------------------------------------------------------


def test_an_application_with_its_own_pages_is_led_back_to_them(worlds):
    world = worlds(pages=False)
    browser = world.person()
    told = browser.post("/login/with/partner", json={"next": "/me"}).json()
    assert world.bring(browser, world.visit(told["url"], "joan")).headers["location"] == "/me"
    told = browser.post("/login/with/partner", json={"next": "/me"}).json()
    assert where(world.bring(browser, world.visit(told["url"], "grace"))) == ("/login", "foreign_email")
    assert world.visitor().get(CALLBACK).json()["code"] == "foreign_malformed"


def test_a_second_factor_is_asked_for_on_the_applications_own_page(worlds):
    world = worlds(pages=False)
    program = world.visitor()
    program.post("/login", json={"email": ADA.email, "password": PASSWORD})
    told = program.post(LINK, json={}).json()
    assert where(world.bring(program, world.visit(told["url"]))) == ("/", None)
    with_totp(world)
    browser = world.person()
    told = browser.post("/login/with/partner", json={"next": "/me"}).json()
    answer = world.bring(browser, world.visit(told["url"]))
    assert answer.headers["location"] == "/login?way=two-factor&next=%2Fme"


# -- what cannot work -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("house", "ways", "said"),
    [
        pytest.param({"cookie": CookiePolicy(same_site="Strict")}, {}, "Strict", id="a cookie that does not come back"),
        pytest.param({}, {"paths": {"foreign-callback": "/back"}}, "{provider}", id="one address for all"),
        pytest.param({}, {"login_field": "username"}, "register=False", id="logins that no login server names"),
        pytest.param({}, {"foreign_policy": ForeignPolicy(needs_address=False)}, "needs_address", id="accounts without a name"),
        pytest.param({"public_url": None}, {"mail": None}, "Logins elsewhere need one address", id="no address to come back to"),
        pytest.param({}, {"public_url": "http://shop.example.com"}, "https", id="an address that anybody reads"),
        pytest.param({}, {"foreign": [OpenIdProvider("partner", "https://a.example", "x")] * 2}, "Two of one name", id="two of one name"),
        pytest.param({}, {"without": ["foreign-callback"]}, "foreign-callback", id="no way back"),
    ],
)  # fmt: skip
def test_what_could_not_work_is_an_error_at_the_start(worlds, house, ways, said):
    with pytest.raises(ConfigError, match=said.replace("{", r"\{")):
        worlds(house, **ways)


def test_without_login_servers_there_are_no_such_ways(worlds):
    world = worlds(foreign=[])
    assert not [name for name in world.ways.paths if name.startswith("foreign")]
    assert "or log in with" not in world.person().get("/login").text
