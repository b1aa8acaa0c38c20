"""What OpenAPI says of a route is what its matrix says: who is let in by which scheme, and every code of a refusal as callers are told it."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.

from typing import Annotated, Any

import pytest
from fastapi import FastAPI

from guardhouse import Area, BasicGuard, FunctionGuard, SessionGuard, TokenGuard, User
from guardhouse.core.answer import public
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.doctor.matrix import Row, matrix_of
from guardhouse.testing.negatives import ask, negatives_of
from tests.houses import KEYS, fastapi_house

SESSION, TOKENS = "session", ("token", "key")

Told = tuple[Row, dict[str, Any]]


@pytest.fixture
def house() -> Any:
    return fastapi_house(
        undeclared="refuse",
        guards={
            "web": SessionGuard(),
            "staff": SessionGuard(realm="staff"),
            "token": TokenGuard(),
            "key": FunctionGuard(header="X-Api-Key", find=KEYS.get),
            "basic": BasicGuard(),
        },
        areas={"api": Area(guards=("token", "key", "web"), answers="json")},
    )


@pytest.fixture
def app(house: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/public")
    @app.post("/public")
    @house.public
    async def public() -> str:
        return "public"

    @app.get("/optional", dependencies=[house.optional("api")])
    async def optional() -> str:
        return "optional"

    @app.get("/two", dependencies=[house.require("key"), house.require("web")])
    @app.post("/two", dependencies=[house.require("key"), house.require("web")])
    async def two() -> str:
        return "two"

    for path, asked in {
        "web": "web",
        "staff": "staff",
        "token": "token",
        "api": "api",
        "basic": "basic",
    }.items():
        _add(app, f"/{path}", house.guard(asked))
    _add(app, "/limited", house.guard("web", "throttle:60,1"))
    _add(app, "/able", house.guard("api", "abilities:write"))
    house.install(app)
    return app


def _add(app: FastAPI, path: str, guard: Any) -> None:
    async def endpoint(me: Annotated[User, guard], number: int = 1) -> str:
        return f"{me.id} {number}"

    app.get(path)(endpoint)
    app.post(path)(endpoint)


@pytest.fixture
async def told(app: FastAPI, house: Any) -> list[Told]:
    """Every operation with its row."""
    paths = app.openapi()["paths"]
    rows = await matrix_of(app, house)
    found = [(row, paths[row.path][row.method.lower()]) for row in rows if row.path in paths]
    assert len(found) == sum(len(operations) for operations in paths.values())
    return found


async def test_a_scheme_is_listed_where_it_lets_somebody_in(told: list[Told]):
    """Alternatives are a list, what must come together stands in one object (OpenAPI 3.1, 4.8.30)."""
    for row, operation in told:
        alternatives = [set(one) for one in operation.get("security", [])]
        alone = {next(iter(one)) for one in alternatives if len(one) == 1}
        assert (SESSION in alone) is (row.outcomes["user"].says == "allowed" and row.path != "/basic"), row
        assert bool(alone & set(TOKENS)) is (row.outcomes["token"].says == "allowed"), row
        if row.outcomes["guest"].says == "guest":
            assert set() in alternatives
        elif row.outcomes["guest"].says == "public":
            assert not alternatives
        else:
            assert alternatives
            assert set() not in alternatives


async def test_two_guards_that_must_both_agree_stand_together(told: list[Told]):
    (security,) = [operation["security"] for row, operation in told if row.name == "GET /two"]
    assert security == [{"key": [], "session": []}]


async def test_every_code_of_the_matrix_is_announced(told: list[Told], house: Any):
    for row, operation in told:
        for outcome in row.outcomes.values():
            if not outcome.allowed:
                status, code = outcome.says.split()
                assert public(Reason(code), house.explain) in codes(operation, status), (row.name, outcome)


async def test_no_csrf_is_announced_where_none_is_weighed(told: list[Told]):
    for row, operation in told:
        announced = any(code.startswith("csrf_") for code in codes(operation, "403"))
        ambient = row.outcomes["user"].allowed and row.path not in ("/public", "/optional")
        assert announced is ((ambient or row.path == "/two") and row.method == "POST"), row.name


async def test_every_refusal_that_really_comes_is_announced(app: FastAPI, house: Any, told: list[Told]):
    operations = {row.name: operation for row, operation in told}
    for negative in negatives_of(app, house):
        document = (await ask(app, house, negative)).document
        announced = codes(operations[f"{negative.method} {negative.path}"], str(document["status"]))
        assert public(Reason(str(document["code"])), house.explain) in announced, negative.name


async def test_statuses_fit_their_codes(told: list[Told]):
    for _, operation in told:
        for status in operation["responses"]:
            for code in codes(operation, status):
                assert str(REASONS[Reason(code)].status) == status


async def test_a_422_stays_what_fastapi_says(told: list[Told]):
    """Parameters that do not fit are FastAPI's business; the guard has spoken before."""
    for row, operation in told:
        if row.path == "/web":
            assert operation["responses"]["422"]["description"] == "Validation Error"


def codes(operation: dict[str, Any], status: str) -> set[str]:
    """The codes that an operation announces with a status."""
    content = operation["responses"].get(status, {}).get("content", {}).get("application/problem+json", {})
    parts = content.get("schema", {}).get("allOf", [])
    return {code for part in parts for code in part.get("properties", {}).get("code", {}).get("enum", [])}
