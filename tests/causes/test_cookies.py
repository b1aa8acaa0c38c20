"""Cookies that are not stored, not sent, or not ours: each is stopped at the start, found, or named."""

from __future__ import annotations

from functools import partial

from guardhouse import CookiePolicy
from tests.browser.journeys.applications import application
from tests.causes.applications import API, SPA, STRANGER, Shop, cookie
from tests.causes.proof import CANNOT_ARISE, FOUND, NAMED, PREVENTED, Seen, proves
from tests.causes.seeing import findings, hop, instead, refusal, stopped
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import PUBLIC, THROTTLED, house
from tests.houses import ADA, OTHER_SECRET, PASSWORD, log_in

PAGES = "https://spa.example.com"
FAR = "https://app.other-site.test"


def journey(at: str, page: str, cookie: str = "host", cors: str = "right", **how: str) -> Seen:
    app = application(at, page, cookie, cors, trusted=True)
    installed = next(item.kwargs["house"] for item in app.user_middleware if "house" in item.kwargs)
    return hop(app, installed, at, page, **how)


@proves(6, NAMED, "session_malformed", cookie="__Host-gh", shape="percent-encoded")
def test_a_cookie_that_another_application_encrypted_is_told_from_no_cookie():
    shop = Shop("api")
    foreign = shop.visitor(cookie("__Host-gh", "eyJpdiI6Ik5vdGhpbmciLCJ2YWx1ZSI6IngifQ%3D%3D"))
    return refusal(shop.house, partial(foreign.get, "/api"))


@proves(
    6,
    CANNOT_ARISE,
    why="no layer opens a cookie for another one: the id is not encrypted, and one layer reads it",
)
def test_every_request_finds_the_session_of_the_one_before():
    shop = Shop("api")
    client = shop.logged_in()
    answers = [client.get("/api") for _ in range(3)]
    return instead([(one.status_code, "set-cookie" in one.headers) for one in answers], [(200, False)] * 3)


@proves(10, PREVENTED, "cookie.domain", says="Write a plain host name such as 'example.com', no IP.")
def test_an_address_is_no_cookie_domain():
    return stopped(lambda: CookiePolicy(domain="127.0.0.1", shared_with_subdomains=True))


@proves(10, PREVENTED, "cookie.domain", says="found '.localhost'")
def test_a_dot_in_front_is_no_cookie_domain():
    return stopped(lambda: CookiePolicy(domain=".localhost", shared_with_subdomains=True))


@proves(10, FOUND, "cookie-domain-foreign", where="cookie.domain", says="example.org")
def test_a_domain_of_somebody_else_is_found(examine: Examine):
    foreign = ', cookie=CookiePolicy(domain="example.org", shared_with_subdomains=True)'
    return findings(examine(house(PUBLIC + foreign) + THROTTLED))


@proves(10, FOUND, "domain_public_suffix", hop="login", by="browser", says="Domain=co.uk")
def test_a_suffix_as_domain_breaks_the_journey():
    return journey("https://shop.co.uk", "https://shop.co.uk", "public suffix")


@proves(17, NAMED, "csrf_key_unknown", status=401)
def test_a_neighbour_of_the_same_cookie_name_has_logged_the_visitor_out():
    first, second = Shop("api"), Shop("api", secret=OTHER_SECRET)
    client = log_in(second.visitor(like=first.logged_in()))
    seen = refusal(first.house, partial(first.visitor(like=client).get, "/api"))
    assert seen.codes["session_unknown"]["causes"] == ["csrf_key_unknown", "session_unknown"]
    for code in ("csrf_key_unknown", "session_unknown"):
        assert "another application on this host" in str(seen.codes[code]["hint"])
    return seen


@proves(17, FOUND, "cookie-name-taken", where="cookie.name", says="__Host-gh")
def test_another_session_layer_of_the_same_cookie_name_is_found(examine: Examine):
    taken = (
        ', middleware=[Middleware(SessionMiddleware, secret_key="another key", session_cookie="__Host-gh")]'
    )
    return findings(examine(house("", taken)))


@proves(18, FOUND, "cookie-cross-site", where="trusted_origins", says="alice.github.io")
def test_two_names_below_a_public_suffix_are_two_sites(examine: Examine):
    front = "https://alice.github.io"
    middleware = (
        f', middleware=[Middleware(CORSMiddleware, allow_origins=["{front}"], allow_credentials=True)]'
    )
    options = f'{PUBLIC}, login_url=None, trusted_origins=["{front}"]'.replace(
        "api.example.com", "bob.github.io"
    )
    return findings(examine(house(options, middleware) + THROTTLED))


@proves(18, FOUND, "same_site_set_cross_site", hop="login", by="browser", says="another site")
def test_the_journey_from_another_site_breaks_at_the_login():
    return journey(API, FAR, withCredentials="true")


@proves(18, NAMED, "cookie_kept_back", page="https://shop.other.org", host="api.example.com", same_site="Lax")
def test_the_refusal_says_that_the_cookie_stayed_at_home():
    shop = Shop("api")
    return refusal(shop.house, partial(shop.visitor(STRANGER).get, "/api"))


@proves(19, PREVENTED, "cookie.same_site", says="Browsers drop SameSite=None without Secure")
def test_a_cookie_for_frames_needs_tls():
    return stopped(lambda: CookiePolicy(same_site="None", insecure_plain_http=True))


@proves(20, NAMED, "cookie_third_party", storage_access="none", page="https://shop.other.org")
def test_a_blocked_third_party_cookie_is_named():
    shop = Shop("api", cookie=CookiePolicy(same_site="None", partitioned=True))
    inside = shop.visitor(STRANGER | {"Sec-Fetch-Storage-Access": "none"})
    return refusal(shop.house, partial(inside.get, "/api"))


@proves(20, FOUND, "third_party_blocked", hop="login", by="browser")
def test_the_journey_of_a_browser_that_blocks_them_breaks_at_the_login():
    return journey(API, FAR, "partitioned", browser="safari", withCredentials="true")


@proves(52, NAMED, "cookie_other_name", cookie="__Host-gh", came="gh")
def test_a_cookie_of_older_settings_is_named():
    shop = Shop("api")
    return refusal(shop.house, partial(shop.visitor(cookie("gh", "x" * 43)).get, "/api"))


@proves(52, NAMED, "session_malformed", values=1)
def test_a_cookie_of_an_older_form_is_named():
    shop = Shop("api")
    return refusal(shop.house, partial(shop.visitor(cookie("__Host-gh", "v0." + "x" * 40)).get, "/api"))


@proves(53, NAMED, "credentials_omitted", page=PAGES, host="api.example.com", site="same-site")
def test_a_call_without_credentials_is_named():
    shop = Shop("api", trusted_origins=[PAGES])
    return refusal(shop.house, partial(shop.visitor(SPA).get, "/api"))


@proves(53, FOUND, "no_credentials", hop="login", by="browser", says="axios.defaults.withCredentials = true")
def test_the_journey_of_a_client_that_omits_them_breaks_at_the_login():
    return journey(API, PAGES)


@proves(
    59,
    CANNOT_ARISE,
    why="whatever depends on who asks, or sets a cookie, is no-store, also for the back button",
)
def test_answers_about_a_person_and_answers_with_cookies_are_kept_by_nobody():
    shop = Shop("api")
    client = shop.visitor()
    login = client.post("/login", json={"email": ADA.email, "password": PASSWORD})
    answers = [login, client.get("/api"), shop.visitor().get("/api")]
    told = [
        (one.status_code, one.headers["cache-control"], "Cookie" in one.headers["vary"]) for one in answers
    ]
    return instead(told, [(status, "no-store", True) for status in (200, 200, 401)])
