"""What breaks a journey is named, with everything that stands behind it; and nothing secret is told."""

from __future__ import annotations

import json
import time
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse.doctor.browser.browsers import BROWSERS
from guardhouse.doctor.browser.clients import client_with
from guardhouse.doctor.browser.document import document_of
from guardhouse.doctor.browser.journey import Journey, Plan, journey
from guardhouse.doctor.browser.login import LoginError
from guardhouse.doctor.browser.roles import Role, RoleError
from guardhouse.doctor.browser.sites import bare_origin
from guardhouse.guards.function import FunctionGuard
from guardhouse.starlette import Guardhouse
from guardhouse.testing.doubles import fake_users, fast_passwords
from guardhouse.users.memory import MemoryUsers, User
from tests.browser.journeys.applications import CREDENTIALS, application
from tests.houses import SECRET

API, SPA, FAR = "https://api.example.com", "https://spa.example.com", "https://app.other-site.test"
HTTP_API, LOCAL, LOOPBACK = "http://api.example.com", "http://localhost:8000", "http://127.0.0.1:8000"
WITH = ("withCredentials=true",)
TOKEN = (*WITH, "withXSRFToken=true")


def played(
    at: str = API,
    page: str = API,
    *,
    cookie: str = "host",
    cors: str = "right",
    client: str = "axios",
    settings: tuple[str, ...] = (),
    browser: str = "chrome",
    trusted: bool = True,
    app: Starlette | None = None,
    **plan: Any,
) -> Journey:
    app = app or application(at, page, cookie, cors, trusted=trusted)
    house: Any = next(item.kwargs["house"] for item in app.user_middleware if "house" in item.kwargs)
    rest: dict[str, Any] = {"credentials": CREDENTIALS} | plan
    wanted = Plan(
        at=bare_origin(at),
        page=bare_origin(page),
        client=client_with(client, settings),
        browser=BROWSERS[browser],
        **rest,
    )
    return anyio.run(journey, app, app, house, wanted, time.time())


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({}, id="axios on its own origin"),
        pytest.param({"client": "fetch"}, id="fetch on its own origin"),
        pytest.param({"client": "angular"}, id="Angular on its own origin"),
        pytest.param({"client": "form"}, id="a form on its own origin"),
        pytest.param({"browser": "safari"}, id="Safari over https"),
        pytest.param({"browser": "firefox"}, id="Firefox over https"),
        pytest.param({"at": LOCAL, "page": LOCAL}, id="Chrome on loopback"),
        pytest.param({"at": LOCAL, "page": LOCAL, "browser": "firefox"}, id="Firefox on loopback"),
        pytest.param(
            {"at": LOCAL, "page": LOCAL, "cookie": "plain", "browser": "safari"}, id="Safari, plain cookies"
        ),
        pytest.param({"page": SPA, "settings": WITH}, id="a sub-domain, trusted"),
        pytest.param({"page": SPA, "settings": TOKEN, "cookie": "shared"}, id="a shared token"),
        pytest.param({"page": SPA, "settings": WITH, "browser": "safari"}, id="Safari, a sub-domain"),
        pytest.param(
            {"page": FAR, "settings": WITH, "cookie": "partitioned"}, id="another site, partitioned"
        ),
        pytest.param(
            {"page": FAR, "settings": WITH, "cookie": "partitioned", "browser": "firefox"},
            id="Firefox, another site",
        ),
    ],
)
def test_what_is_right_passes(how: dict[str, Any]):
    found = played(**how)
    assert found.broken is None
    assert [hop.part for hop in found.hops if hop.fetched is None] == []


@pytest.mark.parametrize(
    ("how", "part", "codes"),
    [
        pytest.param(
            {"page": SPA, "cors": "none"},
            "csrf cookie",
            ["cors_no_allow_origin", "no_credentials"],
            id="no CORS",
        ),
        pytest.param({"page": SPA}, "login", ["no_credentials"], id="withCredentials forgotten"),
        pytest.param(
            {"page": SPA, "client": "fetch"}, "login", ["no_credentials"], id="credentials: include forgotten"
        ),
        pytest.param(
            {"page": FAR},
            "login",
            ["no_credentials", "same_site_set_cross_site"],
            id="stacked: credentials, then SameSite",
        ),
        pytest.param(
            {"page": SPA, "settings": WITH, "cors": "no credentials"},
            "csrf cookie",
            ["cors_no_allow_credentials"],
            id="allow_credentials forgotten",
        ),
        pytest.param(
            {"page": SPA, "settings": WITH, "cors": "wildcard"},
            "csrf cookie",
            ["cors_wildcard_with_credentials"],
            id="a star with credentials",
        ),
        pytest.param(
            {"page": SPA, "settings": WITH, "cors": "wrong origin"},
            "csrf cookie",
            ["cors_no_allow_origin"],
            id="other origin",
        ),
        pytest.param(
            {"page": SPA, "settings": TOKEN, "cookie": "shared", "cors": "missing header"},
            "login",
            ["preflight_status"],
            id="the token's header is not allowed",
        ),
        pytest.param(
            {"page": SPA, "settings": WITH, "trusted": False},
            "login",
            ["csrf_origin_untrusted"],
            id="not in trusted_origins",
        ),
        pytest.param(
            {"page": FAR, "settings": WITH}, "login", ["same_site_set_cross_site"], id="another site, Lax"
        ),
        pytest.param(
            {"page": FAR, "client": "form", "cookie": "strict"},
            "read",
            ["same_site_strict", "no_credential"],
            id="a form of another site, Strict",
        ),
        pytest.param(
            {"page": FAR, "client": "form"},
            "write",
            ["same_site_lax_post", "no_credential"],
            id="a form of another site, Lax",
        ),
        pytest.param(
            {"page": FAR, "settings": WITH, "cookie": "partitioned", "browser": "safari"},
            "login",
            ["third_party_blocked"],
            id="Safari blocks third parties",
        ),
        pytest.param(
            {"at": LOCAL, "page": LOCAL, "browser": "safari"},
            "login",
            ["secure_on_loopback"],
            id="Safari, Secure on http",
        ),
        pytest.param(
            {"at": HTTP_API, "page": HTTP_API},
            "login",
            ["secure_only"],
            id="http: no Secure cookies",
        ),
        pytest.param(
            {"at": HTTP_API, "page": SPA}, "csrf cookie", ["mixed_content"], id="https page, http API"
        ),
        pytest.param(
            {"at": HTTP_API, "page": SPA, "client": "form"},
            "login",
            ["insecure_form"],
            id="https page, http form",
        ),
        pytest.param(
            {"at": LOCAL, "page": LOOPBACK, "settings": WITH},
            "login",
            ["same_site_set_cross_site"],
            id="localhost, 127.0.0.1",
        ),
        pytest.param({"cookie": "insecure"}, "login", ["prefix_host"], id="a proxy cuts Secure off"),
        pytest.param({"cookie": "foreign domain"}, "login", ["domain_foreign"], id="Domain of somebody else"),
        pytest.param(
            {"at": "https://a.shop.co.uk", "page": "https://a.shop.co.uk", "cookie": "public suffix"},
            "login",
            ["domain_public_suffix"],
            id="Domain is a public suffix",
        ),
        pytest.param(
            {"client": "curl"}, "login", ["csrf_token_missing"], id="curl sends no origin and copies no token"
        ),
        pytest.param(
            {"credentials": {"email": "x", "password": "y"}}, "login", ["status"], id="wrong credentials"
        ),
        pytest.param(
            {"client": "fetch", "settings": ("credentials=omit",)}, "login", ["no_credentials"], id="omit"
        ),
        pytest.param({"told": {"read": Role("GET", "/nowhere")}}, "read", ["no_route"], id="no such route"),
    ],
)
def test_what_breaks_is_named_with_what_stands_behind_it(how: dict[str, Any], part: str, codes: list[str]):
    broken = played(**how).broken
    assert broken is not None
    assert (broken.part, [cause.code for cause in broken.causes]) == (part, codes)
    for cause in broken.causes:
        assert cause.says
        assert cause.fix
        assert "{" not in cause.says


def test_curl_passes_when_it_asks_an_api_by_its_own_means():
    found = played(client="curl", settings=("headers=Origin: https://api.example.com",))
    assert found.broken is None


def test_without_credentials_the_house_hands_out_a_login_at_the_routes_answer():
    found = played(credentials={}, page=SPA, settings=WITH)
    assert found.broken is None
    assert found.login == "handed out without credentials: user 1, guard web"
    login = found.hops[1].fetched
    assert login is not None
    assert login.last is not None
    assert ("access-control-allow-origin", SPA) in login.last.reply.headers


def test_a_login_is_not_handed_out_where_the_house_would_refuse_it():
    broken = played(credentials={}, page=SPA, settings=WITH, trusted=False).broken
    assert broken is not None
    assert [cause.code for cause in broken.causes] == ["csrf_origin_untrusted"]


@pytest.mark.parametrize(
    ("path", "code"),
    [pytest.param("/nowhere", "no_route", id="404"), pytest.param("/crash", "status", id="500")],
)
def test_a_login_is_not_handed_out_where_there_is_no_route_that_works(path: str, code: str):
    app = other_application(Route("/crash", crash, methods=["POST"]))
    broken = played(app=app, credentials={}, told={"login": Role("POST", path)}).broken
    assert broken is not None
    assert (broken.part, [cause.code for cause in broken.causes]) == ("login", [code])


def test_another_user_can_be_named():
    assert played(credentials={}, user_id="2").login == "handed out without credentials: user 2, guard web"


@pytest.mark.parametrize(("user_id", "says"), [("404", "no user '404'"), ("", "no user ''")])
def test_nobody_to_log_in_is_an_error_in_words(user_id: str, says: str):
    with pytest.raises(LoginError, match=says):
        played(credentials={}, user_id=user_id)


def test_a_house_that_knows_nobody_by_heart_asks_for_a_user():
    house: Guardhouse[User] = Guardhouse(
        secret=SECRET, users=MemoryUsers(), public_url=API, undeclared="open"
    )
    app = Starlette(routes=[Route("/login", nothing, methods=["POST"])])
    house.install(app)
    with pytest.raises(LoginError, match="--user ID"):
        played(app=app, credentials={})


def test_a_house_without_a_session_guard_has_no_journey():
    guards = {"key": FunctionGuard(header="X-Api-Key", find={"sesame": "1"}.get)}
    house: Guardhouse[User] = Guardhouse(
        secret=SECRET, users=fake_users(), guards=guards, public_url=API, undeclared="open"
    )
    app = Starlette(routes=[Route("/login", nothing, methods=["POST"])])
    house.install(app)
    with pytest.raises(LoginError, match="no session guard"):
        played(app=app, credentials={})


def other_application(*routes: Route) -> Starlette:
    house: Guardhouse[User] = Guardhouse(
        secret=SECRET, users=fake_users(), passwords=fast_passwords(), public_url=API, undeclared="open"
    )

    @house.requires()
    async def endpoint(request: Request) -> Response:
        return JSONResponse({})

    app = Starlette(routes=[*routes, Route("/me", endpoint), Route("/pay", endpoint, methods=["POST"])])
    house.install(app)
    return app


def test_an_application_without_a_login_is_an_error_in_words():
    with pytest.raises(RoleError, match="--login"):
        played(app=other_application())


async def nothing(request: Request) -> Response:
    return JSONResponse({})


async def crash(request: Request) -> Response:
    raise RuntimeError("the value sesame is in this text")


def test_what_is_not_there_is_left_out_and_said():
    found = played(app=other_application(Route("/login", nothing, methods=["POST"])))
    notes = {hop.part: hop.notes for hop in found.hops if hop.fetched is None}
    assert set(notes) == {"csrf cookie", "write", "logout"}
    assert "--write" in notes["write"][0]


def test_a_login_that_logs_nobody_in_is_said():
    broken = played(app=other_application(Route("/login", nothing, methods=["POST"]))).broken
    assert broken is not None
    assert [cause.code for cause in broken.causes] == ["no_session_cookie"]


@pytest.mark.parametrize(
    ("page", "codes"),
    [
        pytest.param(API, ["status"], id="same origin"),
        pytest.param(
            SPA, ["application_failed", "cors_no_allow_origin", "csrf_origin_untrusted"], id="other origin"
        ),
    ],
)
def test_an_application_that_breaks_is_said_without_its_words(page: str, codes: list[str]):
    app = other_application(Route("/login", crash, methods=["POST"]))
    app.add_middleware(CORSMiddleware, allow_origins=[SPA], allow_credentials=True, allow_methods=["*"])
    found = played(page=page, app=app, settings=WITH)
    broken = next(hop for hop in found.hops if hop.part == "login")
    assert [cause.code for cause in broken.causes] == codes
    assert "sesame" not in json.dumps(document_of(found), default=str)


def test_a_token_that_the_page_cannot_read_is_noted():
    found = played(page=SPA, settings=TOKEN)
    login = found.hops[1]
    assert any("XSRF-TOKEN" in note and "belongs to api.example.com" in note for note in login.notes)


def test_a_reason_that_the_page_cannot_read_is_noted():
    found = played(page=SPA, settings=WITH, trusted=False)
    assert any("expose_headers" in note for note in found.hops[1].notes)


@pytest.mark.parametrize("how", [{}, {"page": SPA}, {"page": FAR, "settings": TOKEN}, {"client": "form"}])
def test_no_secret_is_told(how: dict[str, Any]):
    found = played(**how)
    told = json.dumps(document_of(found), default=str) + repr(found)
    values = {cookie.value for hop in found.hops for cookie in hop.jar}
    assert CREDENTIALS["password"] not in told
    assert not [value for value in values if value in told]
    if how == {}:
        assert len(values) > 3


def test_the_document_says_everything_in_names():
    document = document_of(played(page=SPA, settings=WITH, browser="safari"))
    assert document["passed"] is True
    assert document["relation"] == "same-site"
    hops: Any = document["hops"]
    assert [hop["part"] for hop in hops] == ["csrf cookie", "login", "read", "write", "reload", "logout"]
    assert hops[1]["exchanges"][0]["preflight"] is True
    assert "__Host-gh" in hops[2]["exchanges"][0]["sent"]
    assert hops[5]["exchanges"][0]["erased"] == ["__Host-gh"]


def test_what_the_house_would_say_next_is_told_where_the_browser_stops_the_page():
    found = played(page=SPA, cors="none", settings=WITH, trusted=False)
    assert [[cause.code for cause in hop.causes] for hop in found.hops[:2]] == [
        ["cors_no_allow_origin", "csrf_origin_untrusted"],
        ["cors_no_allow_origin", "csrf_origin_untrusted"],
    ]
    assert f"trusted_origins=['{SPA}']" in found.hops[0].causes[1].fix


def test_what_the_middleware_says_about_a_preflight_is_told():
    found = played(page=SPA, cors="missing header", cookie="shared", settings=TOKEN)
    assert found.hops[1].causes[0].says == "the preflight was answered with 400 (Disallowed CORS headers)"


def test_what_the_house_said_is_told_although_the_page_cannot_read_it():
    found = played(page=SPA, cors="none", client="fetch", settings=("credentials=include",))
    assert [cause.code for cause in found.hops[2].causes] == ["cors_no_allow_origin", "no_credential"]


@pytest.mark.parametrize(
    ("how", "fix"),
    [
        pytest.param(
            {"at": LOCAL, "page": LOOPBACK},
            "127.0.0.1 and localhost are two sites",
            id="two names of one machine",
        ),
        pytest.param(
            {"at": API, "page": HTTP_API},
            "http and https of example.com are two sites",
            id="two schemes of one domain",
        ),
        pytest.param({"page": FAR}, "one site (app.example.com and api.example.com", id="two domains"),
    ],
)
def test_the_fix_fits_the_two_places(how: dict[str, Any], fix: str):
    broken = played(settings=WITH, **how).broken
    assert broken is not None
    assert fix in broken.causes[0].fix
