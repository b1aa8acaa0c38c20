"""The traps that let everybody in elsewhere, and that stop the start here: the doctor lists them, all at once, with the place."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from guardhouse.doctor.examination import examined
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.subject import subject_of
from tests.edge import test_traps as traps

CODES = {
    "1": "layer-dropped",
    "2": "wrapper-bypassed",
    "3": "guard-as-parameter",
    "4": "dependency-skipped",
    "8": "cors-open-to-all",
    "public": "guarded-and-public",
}
ELSEWHERE = {"/files", "/openapi.json"}
"""What was written by the framework; its place is the name of a class, or a file of the framework."""


def looked_at(app: Any) -> list[Finding]:
    house = traps.house if isinstance(app, FastAPI) else traps.plain
    return anyio.run(examined, subject_of(app, app, house))


@pytest.mark.parametrize(
    ("write", "where", "fix", "code"),
    [pytest.param(*row.values, CODES[str(row.id).split()[0]], id=row.id) for row in traps.TRAPS],
)
def test_a_trap_is_a_finding_with_its_place_and_fix(write, where, fix, code):
    found = [one for one in looked_at(write()) if one.code == code]
    assert any(fix in one.fix for one in found)
    first = next(one for one in found if where in (one.where, one.what.partition(":")[0]))
    assert first.severity == "error"
    if where.startswith("/") and where not in ELSEWHERE:
        assert first.file == traps.__file__
        assert (first.line or 0) > 1


def test_all_of_them_are_listed_and_not_the_first_alone():
    house, app = traps.house, FastAPI(dependencies=[traps.house.require("api")], openapi_url=None)

    @house.requires("web")
    @app.get("/bypassed")
    async def bypassed() -> str:
        return "secret"

    app.include_router(APIRouter(routes=[Route("/dropped", traps.secret, middleware=[house.layer("api")])]))
    app.add_route("/skipped", traps.secret)
    app.add_route("/skipped-too", traps.secret)
    house.install(app)
    codes = [one.code for one in looked_at(app)]
    assert {"wrapper-bypassed", "layer-dropped", "dependency-skipped"} <= set(codes)
    assert codes.count("dependency-skipped") == 3  # the dropped one stands outside too
