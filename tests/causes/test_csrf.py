"""The proof of origin: what tells it, the token of last resort, and that its failure is never told as 'not logged in'."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from urllib.parse import quote

from guardhouse import SessionPolicy
from guardhouse.testing import FixedClock
from tests.causes.applications import SILENT, SPA, Shop
from tests.causes.proof import CANNOT_ARISE, FOUND, NAMED, proves
from tests.causes.seeing import findings, instead, refusal
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import GUARDED
from tests.houses import log_in

TOKEN = "X-XSRF-TOKEN"


@proves(7, FOUND, "house-twice", where="house.install at /below", says="/below")
def test_a_house_that_stands_around_itself_is_found(examine: Examine):
    text = """
        below = Starlette(routes=[Route("/page", page, middleware=[house.layer()]), Route("/login", house.public(login))])
        house.install(below)
        app = Starlette(routes=[Mount("/below", below)])
        house.install(app)
        """
    return findings(examine(GUARDED + text))


@proves(
    7,
    CANNOT_ARISE,
    why="a token stays good for as long as its session, whichever of them was handed out last",
)
def test_every_token_of_a_session_is_good():
    shop = Shop("api")
    client = shop.logged_in()
    tokens = [client.cookies["XSRF-TOKEN"]]
    client.get("/csrf-cookie")
    tokens.append(client.cookies["XSRF-TOKEN"])
    old = shop.visitor(SILENT, like=client)
    return instead([old.post("/api", headers={TOKEN: token}).status_code for token in tokens], [200, 200])


@proves(12, NAMED, "csrf_token_missing", token="none came", cookies="__Host-gh")
def test_a_request_that_says_nothing_of_its_origin_is_named():
    shop = Shop("api")
    quiet = shop.visitor(SILENT | {"Cookie": f"__Host-gh={shop.logged_in().cookies['__Host-gh']}"})
    return refusal(shop.house, partial(quiet.post, "/api"))


@proves(12, CANNOT_ARISE, why="no Referer is needed: Sec-Fetch-Site or Origin tells, and each is enough")
def test_no_referer_is_needed():
    shop = Shop("api")
    client = shop.logged_in()
    said = ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://api.example.com"})
    return instead([shop.visitor(one, like=client).post("/api").status_code for one in said], [200, 200])


@proves(14, NAMED, "csrf_cookie_without_header", cookie="XSRF-TOKEN")
def test_a_client_that_keeps_the_cookie_to_itself_is_named():
    shop = Shop("api")
    client = shop.visitor(SILENT, like=shop.logged_in())
    seen = refusal(shop.house, partial(client.post, "/api"))
    assert "withXSRFToken: true" in str(seen.codes["csrf_cookie_without_header"]["hint"])
    return seen


@proves(14, CANNOT_ARISE, why="a trusted origin that says so needs no token: the header may stay away")
def test_a_trusted_origin_needs_no_token():
    shop = Shop("api", trusted_origins=["https://spa.example.com"])
    answer = shop.visitor(SPA, like=shop.logged_in()).post("/api")
    return instead(answer.status_code, 200)


@proves(15, NAMED, "csrf_header_unreadable", header="x-xsrf-token", form="in quotes")
def test_a_token_in_quotes_is_named():
    return sent_as(lambda token: f'"{token}"')


@proves(15, NAMED, "csrf_header_unreadable", header="x-xsrf-token", form="percent-encoded")
def test_an_encoded_token_is_named():
    return sent_as(lambda token: quote(token + "=="))


def sent_as(change):
    shop = Shop("api")
    client = shop.visitor(SILENT, like=shop.logged_in())
    headers = {TOKEN: change(client.cookies["XSRF-TOKEN"])}
    return refusal(shop.house, partial(client.post, "/api", headers=headers))


@proves(16, NAMED, "csrf_cookie_duplicate", cookie="XSRF-TOKEN", different=2)
def test_two_csrf_cookies_are_named():
    shop, neighbour = Shop("api"), Shop("api")
    own, other = shop.logged_in().cookies, neighbour.logged_in().cookies["XSRF-TOKEN"]
    pairs = f"XSRF-TOKEN={other}; XSRF-TOKEN={own['XSRF-TOKEN']}; __Host-gh={own['__Host-gh']}"
    page = shop.visitor(SILENT | {"Cookie": pairs, TOKEN: other})
    return refusal(shop.house, partial(page.post, "/api"))


@proves(37, NAMED, "session_expired", deadline="idle", status=401)
def test_an_idle_tab_hears_that_the_session_expired():
    shop, client = idle()
    return refusal(shop.house, partial(client.post, "/api"))


@proves(37, NAMED, "session_expired", deadline="idle", causes=["session_expired"])
def test_an_idle_tab_of_an_old_browser_hears_the_same_and_nothing_of_its_token():
    shop, client = idle()
    old = shop.visitor(SILENT | {TOKEN: client.cookies["XSRF-TOKEN"]}, like=client)
    return refusal(shop.house, partial(old.post, "/api"))


def idle():
    clock = FixedClock()
    shop = Shop("api", clock=clock, sessions=SessionPolicy(idle=timedelta(hours=1)))
    client = shop.logged_in()
    clock.advance(timedelta(hours=2))
    return shop, client


@proves(51, NAMED, "csrf_origin_untrusted", status=403, origin="https://spa.example.com")
def test_a_failure_of_csrf_is_a_403_of_its_own_and_not_a_missing_login():
    shop = Shop("api")
    page = shop.visitor(SPA, like=log_in(shop.visitor()))
    seen = refusal(shop.house, partial(page.post, "/api"))
    assert seen.codes["csrf_origin_untrusted"]["causes"] == ["csrf_origin_untrusted"]
    return seen
