"""What stands between browser and application: TLS that ends early, headers that are taken away, programs in the way."""

from __future__ import annotations

from functools import partial

from guardhouse import TokenGuard
from tests.causes.applications import SILENT, Shop
from tests.causes.proof import FOUND, NAMED, proves
from tests.causes.seeing import findings, refusal
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import PUBLIC, THROTTLED, house

CHROME = {"User-Agent": "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}
NODE = {"User-Agent": "node"}


@proves(13, NAMED, "caller_is_program", program="node")
def test_a_server_that_renders_a_page_is_told_to_hand_on_the_cookie():
    shop = Shop("api")
    seen = refusal(shop.house, partial(shop.visitor(NODE).get, "/api"))
    assert "hand on the Cookie header" in str(seen.codes["caller_is_program"]["hint"])
    return seen


@proves(22, NAMED, "proxy_undeclared", peer="testclient", x_forwarded_proto="https", scheme="http")
def test_a_proxy_that_ends_tls_and_was_not_declared_is_named():
    shop = Shop("api")
    behind = CHROME | {"Origin": "https://api.example.com", "X-Forwarded-Proto": "https"}
    client = shop.visitor(behind, like=shop.logged_in(), at="http://api.example.com")
    return refusal(shop.house, partial(client.post, "/api"))


@proves(22, FOUND, "proxies-undeclared", where="trusted_proxies", says="trusted_proxies")
def test_a_public_https_address_without_a_declared_proxy_is_found(examine: Examine):
    return findings(examine(THROTTLED + house(PUBLIC) + "throttle = LoginThrottle(house.limits)\n"))


@proves(22, FOUND, "public-url-insecure", where="public_url", says="http://api.example.com")
def test_a_public_address_without_tls_is_found(examine: Examine):
    return findings(examine(house(PUBLIC.replace("https://", "http://")) + THROTTLED))


@proves(22, NAMED, "cookie_needs_https", cookie="__Host-gh", host="api.example.com")
def test_a_link_to_http_that_loses_the_cookie_is_named():
    shop = Shop("api")
    client = shop.visitor(CHROME, like=shop.logged_in(), at="http://api.example.com")
    return refusal(shop.house, partial(client.get, "/api"))


@proves(54, NAMED, "authorization_stripped", through="via, x-forwarded-for")
def test_a_front_server_that_takes_authorization_away_is_named():
    shop = Shop("token", guards={"token": TokenGuard()})
    behind = {"User-Agent": "curl/8", "Via": "1.1 front", "X-Forwarded-For": "192.0.2.4"}
    return refusal(shop.house, partial(shop.visitor(behind).get, "/token"))


@proves(60, NAMED, "fetch_metadata_absent", scheme="http", host="intranet.example.com")
def test_plain_http_where_browsers_do_not_say_the_site_is_named_with_scheme_and_host():
    shop = Shop("api")
    page = shop.visitor(CHROME, like=shop.logged_in(), at="http://intranet.example.com")
    return refusal(shop.house, partial(page.post, "/api"))


@proves(60, NAMED, "caller_is_program", program="curl")
def test_a_program_that_never_says_the_site_is_named():
    shop = Shop("api")
    program = shop.visitor(SILENT | {"User-Agent": "curl/8.5.0"}, like=shop.logged_in())
    return refusal(shop.house, partial(program.post, "/api"))
