"""Which routes play the parts of a journey."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse.core.area import Area
from guardhouse.demo.asgi import application
from guardhouse.doctor.browser.roles import Role, RoleError, Roles, find_roles, read_role
from guardhouse.doctor.listing import lines_of
from guardhouse.starlette import Guardhouse
from guardhouse.users.memory import User
from tests.houses import parts


def house_of(app: Any) -> Any:
    return next(item.kwargs["house"] for item in app.user_middleware if "house" in item.kwargs)


def found(app: Any, told: dict[str, Role] | None = None, *, pages: bool = False) -> Roles:
    return find_roles(list(lines_of(app)), house_of(app), told or {}, pages=pages)


async def public(request: Request) -> Response:
    return JSONResponse({})


def app_with(*routes: tuple[str, str, str | None]) -> Starlette:
    """Build an application: each route by method, path, and the guard that it asks."""
    areas = {"data": Area(guards=("api",), answers="json"), "guests": Area(guards=("web",))}
    house: Guardhouse[User] = Guardhouse(**parts(areas=areas, login_url=None))

    def endpoint(guard: str | None) -> Any:
        async def answer(request: Request) -> Response:
            return JSONResponse({})

        return house.requires(*guard.split())(answer) if guard else house.public(answer)

    app = Starlette(routes=[Route(path, endpoint(guard), methods=[method]) for method, path, guard in routes])
    house.install(app)
    return app


def test_the_demo_needs_no_help():
    assert found(application()) == Roles(
        login=Role("POST", "/login"),
        csrf=Role("GET", "/csrf-cookie"),
        read=Role("GET", "/api/me"),
        write=Role("POST", "/api/do_thing"),
        logout=Role("POST", "/logout"),
    )


def test_a_form_reads_pages_and_begins_at_the_one_with_the_form():
    roles = found(application(), pages=True)
    assert (roles.page, roles.read) == (Role("GET", "/login"), Role("GET", "/account"))


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/login", "login"),
        ("/auth/sign-in", "login"),
        ("/api/session", "login"),
        ("/auth/LOGIN/", "login"),
        ("/logout", "logout"),
        ("/auth/sign_out", "logout"),
    ],
)
def test_ways_in_and_out_are_known_by_their_last_word(path: str, part: str):
    roles = found(
        app_with(("POST", "/login", None), ("POST", path, None))
        if part == "logout"
        else app_with(("POST", path, None))
    )
    assert getattr(roles, part) == Role("POST", path)


@pytest.mark.parametrize(
    ("routes", "read", "write"),
    [
        pytest.param(
            [("GET", "/things", "api"), ("POST", "/things", "api")], "/things", "/things", id="the first ones"
        ),
        pytest.param(
            [("GET", "/things", "api"), ("GET", "/me", "api")], "/me", None, id="one's own goes first"
        ),
        pytest.param(
            [("GET", "/page", "web"), ("GET", "/data", "data")], "/data", None, id="a script reads data"
        ),
        pytest.param(
            [("GET", "/things/{id}", "api"), ("POST", "/things/{id}", "api")], None, None, id="no parameters"
        ),
        pytest.param(
            [("GET", "/things", None), ("POST", "/things", None)], None, None, id="nothing that is open"
        ),
        pytest.param(
            [("GET", "/things", "key"), ("POST", "/things", "key")],
            None,
            None,
            id="nothing for programs only",
        ),
        pytest.param(
            [("POST", "/account/delete", "api"), ("POST", "/ok", "api")], None, "/ok", id="nothing grave"
        ),
        pytest.param(
            [("DELETE", "/things", "api"), ("PUT", "/name", "api")], None, "PUT /name", id="DELETE never"
        ),
        pytest.param([("POST", "/logout", "api")], None, None, id="logout is no write"),
    ],
)
def test_what_is_read_and_written(routes: list[tuple[str, str, str]], read: str | None, write: str | None):
    roles = found(app_with(("POST", "/login", None), *routes))
    assert roles.read == (Role("GET", read) if read else None)
    method, _, path = (write or "").rpartition(" ")
    assert roles.write == (Role(method or "POST", path) if write else None)


def test_what_somebody_names_goes_first():
    told = {name: Role("POST", f"/{name}") for name in ("login", "read", "write", "logout")}
    roles = found(application(), told)
    assert [roles.login, roles.read, roles.write, roles.logout] == list(told.values())


def test_no_login_is_an_error_in_words():
    with pytest.raises(RoleError, match="--login 'POST /path'"):
        found(app_with(("GET", "/things", "api")))


@pytest.mark.parametrize("text", ["", "/login", "POST", "POST login", "POST /a b", "PÖST /", "POST /\x1b"])
def test_what_is_no_route_is_said_in_words(text: str):
    with pytest.raises(RoleError, match="METHOD and path"):
        read_role(text)


def test_a_route_is_read_in_any_case():
    assert str(read_role(" post  /login ")) == "POST /login"
