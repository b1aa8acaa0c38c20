"""Basic is read strictly, checked like a login, and stands behind the origin check, because browsers repeat it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import Abstain, Area, ConfigError, Deny, Facts, Reason, SessionGuard
from guardhouse.core.events import Failed, Login, Validated
from guardhouse.core.guard import ambient
from guardhouse.guards.basic import BasicGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.steps.basic import BasicLogin
from tests.houses import ADA, GRACE, PASSWORD, browser, desk, log_in, said, starlette_house

GUARD = BasicGuard().named("basic", "users")


def basic(name: str = ADA.email, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


def claim(*lines: bytes) -> Any:
    return GUARD.claim(Facts("GET", "/", [(b"authorization", line) for line in lines]))


def encoded(text: bytes) -> bytes:
    return b"Basic " + b64encode(text)


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        (encoded(b"ada:secret"), ("ada", "secret")),
        (encoded(b"ada:with:colons:"), ("ada", "with:colons:")),
        (encoded(b"ada:"), ("ada", "")),
        (encoded("é@example.com:pässword".encode()), ("é@example.com", "pässword")),
        (b"basic  " + b64encode(b"ada:x"), ("ada", "x")),
        (b"BASIC " + b64encode(b"ada:x"), ("ada", "x")),
    ],
)
def test_name_and_password_are_read(line, pair):
    assert claim(line) == {"email": pair[0], "password": pair[1]}


@pytest.mark.parametrize(
    ("lines", "verdict", "reason"),
    [
        ((), Abstain, Reason.NO_CREDENTIAL),
        ((b"Bearer x",), Abstain, Reason.NO_CREDENTIAL),
        ((b"Basically x",), Abstain, Reason.NO_CREDENTIAL),
        ((b"Basic",), Deny, Reason.CREDENTIAL_MALFORMED),
        ((b"Basic not base64!",), Deny, Reason.CREDENTIAL_MALFORMED),
        ((b"Basic YQ",), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"no colon"),), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b":nameless"),), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"ada:\xff"),), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"ada:a\nb"),), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"ada:a\x00b"),), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"ada:" + b"x" * 3000),), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"a:b"), encoded(b"a:b")), Deny, Reason.CREDENTIAL_MALFORMED),
        ((encoded(b"a:b"), b"Bearer x"), Deny, Reason.CREDENTIAL_MALFORMED),
    ],
)
def test_what_cannot_be_read_is_refused_and_what_is_another_scheme_is_left(lines, verdict, reason):
    found = claim(*lines)
    assert (type(found), found.reason) == (verdict, reason)


@given(st.binary(max_size=200))
def test_a_stranger_can_send_what_he_likes(line):
    claim(b"Basic " + line)
    claim(line)


def test_browsers_send_it_by_themselves():
    assert ambient(GUARD)


async def who(request: Request) -> JSONResponse:
    return JSONResponse({})


def application(
    *names: str, steps: tuple[Any, ...] = (), asked: str = "area", **changes: Any
) -> tuple[Any, Any]:
    guards = {"web": SessionGuard(), "basic": BasicGuard(), "token": TokenGuard()}
    area = Area(guards=names or ("web",), steps=steps)
    house = starlette_house(guards=guards, areas={"area": area}, **changes)

    async def me(request: Request) -> JSONResponse:
        identity = await house.identity_of(request)
        return JSONResponse({"user": identity.user_id, "how": identity.how})

    app = Starlette(
        routes=[Route("/me", me, methods=["GET", "POST"], middleware=[house.layer(asked)]), *desk(house)]
    )
    house.install(app)
    return house, browser(app)


def test_who_proves_his_password_is_let_in_without_a_session():
    _, client = application("basic")
    answer = client.get("/me", headers=basic())
    assert answer.json() == {"user": ADA.id, "how": "basic"}
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("credentials", [(ADA.email, "wrong"), ("nobody@example.com", PASSWORD)])
def test_wrong_name_and_wrong_password_look_the_same(credentials):
    _, client = application("basic")
    answer = client.get("/me", headers=basic(*credentials))
    assert said(answer) == (401, "credential_rejected")
    assert answer.headers["www-authenticate"] == 'Basic realm="guardhouse", charset="UTF-8"'


def test_it_is_told_to_listeners_as_a_login_is():
    house, client = application("basic")
    heard: list[Any] = []
    with house.overheard(heard.append):
        client.get("/me", headers=basic())
        client.get("/me", headers=basic(password="wrong"))
    assert [type(event) for event in heard if isinstance(event, Validated | Failed)] == [Validated, Failed]
    assert PASSWORD not in repr(heard)


def test_another_site_cannot_make_a_browser_use_it():
    _, client = application("basic")
    evil = basic() | {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert said(client.post("/me", headers=evil)) == (403, "csrf_origin_untrusted")


def test_the_stateful_way_keeps_a_login():
    web = SessionGuard(provider="users", realm="users", name="web")
    house, client = application("web", "basic", steps=(BasicLogin(web),))
    heard: list[Any] = []
    with house.overheard(heard.append):
        assert client.get("/me", headers=basic()).json()["how"] == "basic"
        assert client.get("/me").json() == {"user": ADA.id, "how": "session"}
        assert client.get("/me", headers=basic(password="wrong")).json()["how"] == "session"
    assert len([event for event in heard if isinstance(event, Login)]) == 1


@pytest.mark.parametrize("text", ["auth.basic", "auth.basic:web"])
def test_the_stateful_way_may_be_asked_for_by_its_name(text):
    _, client = application(asked=text)
    assert client.get("/me", headers=basic()).json()["how"] == "basic"
    assert client.get("/me").json()["how"] == "session"


@pytest.mark.parametrize("text", ["auth.basic:token", "auth.basic:nobody"])
def test_it_needs_a_session_guard_to_keep_the_login(text):
    with pytest.raises(ConfigError, match="It needs a session guard, and a guard of driver"):
        application(asked=text)


# -- any of several -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [("web", "token", "basic"), ("basic", "web", "token"), ("token", "basic", "web")]
)
async def test_explicit_goes_before_ambient_in_whatever_order_they_are_written(names):
    house, client = application(*names, explain="full", debug=True)
    log_in(client, ADA)
    graces = (await house.tokens().issue(GRACE, "laptop")).plain
    answer = client.get("/me", headers={"Authorization": f"Bearer {graces}"})
    assert answer.json() == {"user": GRACE.id, "how": "token"}
    refused = client.get("/me", headers={"Authorization": f"Bearer {graces[:-1]}g"})
    assert [line["code"] for line in refused.json()["trace"]] == ["cookie_not_read", "token_malformed"]
