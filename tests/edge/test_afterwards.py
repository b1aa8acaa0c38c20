"""What a guard said once stays said: a later read, another question, a replaced dependency or an error change nothing."""

from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, FastAPI, Request
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from guardhouse import MemoryUsers, User
from guardhouse.edge.asgi import facts_of
from tests.edge.wire import call, scope
from tests.houses import ADA, GRACE, SESSION, browser, desk, fastapi_house, log_in, said, starlette_house


class Grant(BaseModel):
    """A body with the field that OAuth calls so."""

    scope: str


class FailingUsers(MemoryUsers):
    async def by_id(self, user_id: str) -> User | None:
        raise ZeroDivisionError


def application(**changes: Any) -> FastAPI:
    house = fastapi_house(**changes)
    app = FastAPI(openapi_url=None)

    def current(me: Annotated[User, house.guard("web")]) -> User:
        return me

    app.state.current = current

    @app.post("/leave")
    async def leave(request: Request, me: Annotated[User, house.guard("web")]) -> str:
        await house.auth(request).logout()
        return f"{me.id} left {len(await request.body())}"

    @app.post("/grant")
    @house.requires("web")
    async def grant(wanted: Grant, request: Request) -> str:
        return wanted.scope

    @app.post("/replaced")
    async def replaced(me: Annotated[User, Depends(current)], note: Annotated[str, Body()]) -> str:
        return me.id + note

    app.router.routes.extend(desk(house))
    house.install(app)
    return app


def test_who_logs_out_may_read_the_body_afterwards():
    client = log_in(browser(application()))
    assert client.post("/leave", content=b"four").json() == "1 left 4"
    assert said(client.post("/leave")) == (401, "no_credential")


def test_a_body_with_a_scope_is_not_taken_for_the_request():
    client = browser(application())
    assert said(client.post("/grant", json={"scope": "read"})) == (401, "no_credential")
    assert log_in(client).post("/grant", json={"scope": "read"}).json() == "read"


def test_what_a_test_replaces_asks_no_guard_below_it():
    app = application()
    app.dependency_overrides[app.state.current] = lambda: GRACE
    assert browser(app).post("/replaced", json="!").json() == "2!"


def test_an_error_of_the_users_is_no_error_of_the_body():
    app = application(users=FailingUsers([ADA]))
    client = log_in(browser(app, raise_server_exceptions=False))
    assert client.post("/replaced", json="!").status_code == 500


def test_asking_another_guard_does_not_change_who_was_let_in():
    house = starlette_house()

    @house.requires("staff")
    async def both(request: Request) -> Response:
        first, other = await house.user(request), await house.user(request, "web")
        named = await house.identity_of(request, "web")
        return JSONResponse([first.id, other.id, named.user_id, (await house.user(request)).id])

    app = Starlette(routes=[Route("/both", both), *desk(house)])
    house.install(app)
    client = log_in(log_in(browser(app), GRACE, guard="staff"), ADA)
    assert client.get("/both").json() == ["2", "1", "1", "2"]


async def test_what_a_cache_inside_keeps_is_the_applications_and_nobodys_cookie():
    house, kept = starlette_house(), []

    async def keeping(scope_: Scope, receive: Receive, send: Send) -> None:
        async def keep(message: Message) -> None:
            kept.append(message)
            await send(message)

        await inner(scope_, receive, keep)

    inner = Starlette(routes=[Route("/", house.csrf_cookie)])
    app = Starlette()
    house.install(app)
    app.router.default = keeping
    answer = await call(app, "GET", "/")
    assert "set-cookie" in answer.headers
    assert b"set-cookie" not in dict(kept[0]["headers"])


@pytest.mark.parametrize("shown", [repr, str])
def test_no_repr_holds_what_a_visitor_sent(shown: Any):
    house = starlette_house()
    sent = {"Cookie": f"{SESSION}={'A' * 43}", "X-Api-Key": "hush-hush", "X-XSRF-TOKEN": "hush-hush"}
    facts = facts_of(scope("POST", "/secret", sent), house)
    told = shown(facts)
    assert "POST /secret" in told
    assert "AAAA" not in told
    assert "hush" not in told
