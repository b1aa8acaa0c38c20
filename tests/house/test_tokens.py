"""Tokens at work: issued once in plain, good for what they were issued for, gone at once, and never widened by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import ConfigError, SessionGuard
from guardhouse.core.events import TokenIssued, TokenRevoked
from guardhouse.edge.token_routes import token_routes
from guardhouse.guards.token import TokenGuard
from guardhouse.state.token import TokenPolicy
from guardhouse.stores.memory import MemoryStore
from guardhouse.tokens import TokenWishError, TooBroadError
from tests.houses import ADA, GRACE, browser, desk, log_in, said, starlette_house


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def house_of(clock: Any = None, policy: TokenPolicy | None = None, **changes: Any) -> Any:
    guards = {"web": SessionGuard(), "token": TokenGuard(policy=policy or TokenPolicy())}
    return starlette_house(**({"guards": guards, "clock": clock or Clock()} | changes))


def application(house: Any) -> Any:
    async def who(request: Request) -> JSONResponse:
        identity = await house.identity_of(request)
        return JSONResponse({"user": identity.user_id, "how": identity.how})

    routes = [Route("/me", who, methods=["GET", "POST"], middleware=[house.layer("token,web")])]
    app = Starlette(routes=[*routes, *token_routes(house, "token,web"), *desk(house)])
    house.install(app)
    return browser(app)


def bearer(plain: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {plain}"}


async def test_a_token_lets_its_user_in_without_cookie_and_csrf_until_it_is_revoked():
    house = house_of()
    client = application(house)
    issued = await house.tokens().issue(ADA, "laptop")
    evil = bearer(issued.plain) | {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    answer = client.post("/me", headers=evil)
    assert answer.json() == {"user": ADA.id, "how": "token"}
    assert "set-cookie" not in answer.headers
    assert await house.tokens().revoke(ADA, issued.record.id)
    assert said(client.get("/me", headers=bearer(issued.plain))) == (401, "token_unknown")


async def test_a_refused_token_is_not_rescued_by_a_session():
    house = house_of()
    client = log_in(application(house))
    issued = await house.tokens().issue(GRACE, "laptop")
    assert client.get("/me", headers=bearer(issued.plain)).json() == {"user": GRACE.id, "how": "token"}
    assert client.get("/me").json() == {"user": ADA.id, "how": "session"}
    assert said(client.get("/me", headers=bearer(issued.plain[:-1] + "g"))) == (401, "token_malformed")


async def test_the_challenge_says_invalid_token():
    client = application(house_of())
    assert "Bearer" in client.get("/me").headers["www-authenticate"]
    answer = client.get("/me", headers=bearer("ghpat_x"))
    assert 'Bearer realm="guardhouse", error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_plain_token_is_in_no_repr_and_in_no_event():
    house = house_of()
    events: list[Any] = []
    house.listen(TokenIssued, events.append)
    house.listen(TokenRevoked, events.append)
    issued = await house.tokens().issue(ADA, "laptop")
    await house.tokens().revoke(ADA, issued.record.id)
    await house.tokens().revoke(ADA, issued.record.id)
    await house.tokens().revoke_all(ADA)
    assert events == [
        TokenIssued("token", ADA, issued.record.id, "laptop"),
        TokenRevoked("token", ADA, issued.record.id),
    ]
    assert issued.plain not in repr((issued, events))


async def test_all_tokens_of_a_user_go_at_once_and_those_of_others_stay():
    house = house_of()
    for user in (ADA, ADA, GRACE):
        await house.tokens().issue(user, "laptop")
    assert await house.tokens().revoke_all(ADA) == 2
    assert (await house.tokens().list(ADA), len(await house.tokens().list(GRACE))) == ([], 1)


async def test_a_token_ends_when_it_was_said_to_and_with_all_tokens():
    clock = Clock()
    house = house_of(clock, TokenPolicy(lifetime=timedelta(days=30)))
    client = application(house)
    short = await house.tokens().issue(ADA, "short", expires=timedelta(hours=1))
    long = await house.tokens().issue(ADA, "long", expires=clock.now + 1e9)
    clock.now += 3600
    assert said(client.get("/me", headers=bearer(short.plain))) == (401, "token_expired")
    clock.now += 29 * 86400
    assert client.get("/me", headers=bearer(long.plain)).status_code == 200
    clock.now += 86400
    assert said(client.get("/me", headers=bearer(long.plain))) == (401, "token_expired")


async def test_the_list_says_when_a_token_really_ends():
    clock = Clock()
    house = house_of(clock)
    await house.tokens().issue(ADA, "from before")
    monthly = house_of(clock, TokenPolicy(lifetime=timedelta(days=30)), store=house.parts.store)
    clock.now += 1
    end = clock.now + 30 * 86400
    assert (await monthly.tokens().issue(ADA, "laptop")).record.expires == end
    assert [record.expires for record in await monthly.tokens().list(ADA)] == [end - 1, end]
    assert [record.expires for record in await house.tokens().list(ADA)] == [None, end]


async def test_pruning_takes_what_ended_with_the_lifetime_of_all_tokens():
    clock = Clock()
    house = house_of(clock, TokenPolicy(lifetime=timedelta(days=30)))
    await house.tokens().issue(ADA, "laptop")
    clock.now += 32 * 86400
    assert await house.tokens().prune() == 1


async def test_pruning_spares_what_expired_a_moment_ago():
    clock = Clock()
    house = house_of(clock)
    await house.tokens().issue(ADA, "short", expires=timedelta(hours=1))
    clock.now += 3601
    assert await house.tokens().prune() == 0
    assert await house.tokens().prune(older=timedelta(0)) == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 1}, "name"),
        ({"abilities": ()}, "abilities"),
        ({"abilities": "read"}, "abilities"),
        ({"abilities": ("two words",)}, "abilities"),
        ({"abilities": (1,)}, "abilities"),
        ({"abilities": tuple(map(str, range(51)))}, "abilities"),
        ({"expires": timedelta(0)}, "expires"),
        ({"expires": 5.0}, "expires"),
        ({"expires": float("nan")}, "expires"),
    ],
)
async def test_a_wish_that_cannot_be_granted_names_its_field(wish, field):
    with pytest.raises(TokenWishError) as raised:
        await house_of().tokens().issue(ADA, **({"name": "laptop"} | wish))
    assert raised.value.field == field


async def issued_by_token(house: Any, mother: dict[str, Any], wish: dict[str, Any]) -> Any:
    """Issue a token on the word of another one."""
    plain = (await house.tokens().issue(ADA, "mother", **mother)).plain
    seen: list[Any] = []

    async def endpoint(request: Request) -> JSONResponse:
        seen.append(await house.identity_of(request))
        return JSONResponse({})

    app = Starlette(routes=[Route("/", endpoint, middleware=[house.layer("token")])])
    house.install(app)
    browser(app).get("/", headers=bearer(plain))
    return await house.tokens().issue(ADA, "child", by=seen[0], **wish)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("mother", "wish", "granted"),
    [
        ({"abilities": ("read", "write")}, {"abilities": ("read",)}, True),
        ({"abilities": ("read",)}, {"abilities": ("read", "write")}, False),
        ({"abilities": ("read",)}, {}, False),
        ({}, {}, True),
        ({"expires": HOUR}, {"expires": HOUR / 2}, True),
        ({"expires": HOUR}, {"expires": HOUR * 2}, False),
    ],
)
async def test_by_token_nobody_gets_one_that_may_more_or_lives_longer(mother, wish, granted):
    house = house_of()
    if granted:
        assert await issued_by_token(house, mother, wish)
    else:
        with pytest.raises(TooBroadError):
            await issued_by_token(house, mother, wish)


async def test_a_token_that_names_no_end_ends_with_the_one_that_asked():
    issued = await issued_by_token(house_of(), {"expires": HOUR}, {})
    assert issued.record.expires == 1_000_000.0 + 3600


# -- over HTTP ------------------------------------------------------------------------------------------------------


def test_a_user_issues_lists_and_revokes_his_own_tokens():
    client = log_in(application(house_of()))
    made = client.post("/tokens", json={"name": "laptop", "abilities": ["read"], "expires_in": 60})
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    token = made.json().pop("token")
    listed = client.get("/tokens")
    assert token not in listed.text
    (shown,) = listed.json()["tokens"]
    assert shown == {
        "id": made.json()["id"], "name": "laptop", "abilities": ["read"],
        "created": 1_000_000.0, "expires": 1_000_060.0, "used": None,
    }  # fmt: skip
    assert client.get("/me", headers=bearer(token)).status_code == 200
    assert client.delete(f"/tokens/{shown['id']}").status_code == 204
    assert client.delete(f"/tokens/{shown['id']}").status_code == 404
    assert client.get("/me", headers=bearer(token)).status_code == 401


def test_nobody_revokes_the_token_of_another():
    house = house_of()
    client = application(house)
    log_in(client, GRACE)
    graces = client.post("/tokens", json={"name": "laptop"}).json()
    log_in(client, ADA)
    assert client.delete(f"/tokens/{graces['id']}").status_code == 404
    assert client.get("/me", headers=bearer(graces["token"])).json()["user"] == GRACE.id


def test_a_token_gets_no_broader_one_over_http():
    client = log_in(application(house_of()))
    token = client.post("/tokens", json={"name": "reader", "abilities": ["read"]}).json()["token"]
    client.cookies.clear()
    answer = client.post("/tokens", json={"name": "x", "abilities": ["*"]}, headers=bearer(token))
    assert (answer.status_code, answer.json()["field"]) == (403, "abilities")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"name": "x"}', "text/plain", 415),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"name": 1}', "application/json", 422),
        (b'{"abilities": ["read"]}', "application/json", 422),
        (b'{"name": "x", "user_id": "2"}', "application/json", 422),
        (b'{"name": "x", "name": "y"}', "application/json", 422),
        (b'{"name": ""}', "application/json", 422),
        (b'{"name": "x", "abilities": []}', "application/json", 422),
        (b'{"name": "x", "expires_in": -1}', "application/json", 422),
        (b'{"name": "x", "expires_in": 1e400}', "application/json", 422),
        (b'{"name": "x", "expires_in": ' + b"9" * 400 + b"}", "application/json", 422),
        (b'{"name": "x", "expires_in": 253402300799}', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b"[" * 9000, "application/json", 422),
        (b'{"name": "' + b"x" * 20000 + b'"}', "application/json", 413),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused(body, kind, status):
    client = log_in(application(house_of()))
    assert client.post("/tokens", content=body, headers={"Content-Type": kind}).status_code == status
    assert client.get("/tokens").json() == {"tokens": []}


def test_tokens_are_issued_to_those_who_are_let_in_and_from_here():
    client = application(house_of())
    assert said(client.post("/tokens", json={"name": "x"})) == (401, "no_credential")
    log_in(client)
    answer = client.post("/tokens", json={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert said(answer) == (403, "csrf_cross_site")


# -- what a house must have -----------------------------------------------------------------------------------------


def test_a_desk_is_found_by_name_where_there_are_several():
    guards = {"one": TokenGuard(), "other": TokenGuard(policy=TokenPolicy(prefix="other"))}
    house = starlette_house(guards=guards)
    assert house.tokens("other").guard.policy.prefix == "other"
    for name in (None, "third"):
        with pytest.raises(ConfigError, match="Name a token guard: one, other"):
            house.tokens(name)


def test_a_house_without_a_token_guard_says_so():
    with pytest.raises(ConfigError, match="there is none in this house"):
        starlette_house().tokens()


class Tokenless(MemoryStore):
    """A store that keeps sessions only."""

    def __init__(self) -> None:
        super().__init__()
        del self.tokens


def test_a_store_that_keeps_no_tokens_is_an_error_at_the_desk_and_at_start():
    with pytest.raises(ConfigError, match=r"store: found 'Tokenless'\. It keeps no tokens"):
        house_of(store=Tokenless())
