"""`guardhouse routes` tells of every route who guards it, and which ones nobody has decided about."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from guardhouse.doctor.listing import lines_of
from tests.cli.conftest import Call

LISTED = """\
shop:app

method  path           guarded by     csrf  where
GET     /api/me        key | api      no    shop.py
POST    /api/do_thing  key | api      yes   shop.py
GET     /greet         api, optional  no    shop.py
GET     /office        office (key)   no    shop.py
GET     /fail          key | api      no    shop.py
GET     /crash         public         no    shop.py
GET     /public        public         no    shop.py
GET     /forgotten     UNDECIDED      no    shop.py
POST    /login         UNDECIDED      no    shop.py
WS      /ws            key | api      yes   shop.py
GET     /csrf-cookie   public         no    guardhouse/edge/starlette.py
GET     /home          web            no    shop.py
any     /files         UNDECIDED      no    shop.py
GET     /open/hello    public         no    shop.py

14 routes: 7 guarded, 4 public, 3 undecided. Guard them, or say @house.public.
"""


def without_line_numbers(text: str) -> str:
    return "\n".join(line.rstrip("0123456789").removesuffix(":") for line in text.split("\n"))


def test_the_list_is_aligned_within_eighty_columns(call: Call):
    result = call("routes", "shop:app")
    assert without_line_numbers(result.stdout) == LISTED
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.exit_code == 0


def test_what_an_application_prints_is_kept_out_of_the_data(call: Call):
    result = call("routes", "shop:app", "--json")
    assert "what an application prints" in result.stderr
    document = json.loads(result.stdout)
    assert (document["app"], document["undecided"], document["fault"]) == ("shop:app", 3, None)


def test_json_says_all_about_a_route(call: Call):
    routes = {
        route["path"]: route for route in json.loads(call("routes", "shop:app", "--json").stdout)["routes"]
    }
    place = routes["/api/do_thing"].pop("where")
    assert place.startswith("shop.py:")
    assert routes["/api/do_thing"] == {
        "methods": ["POST"],
        "path": "/api/do_thing",
        "kind": "http",
        "stacks": ["api,key"],
        "guards": ["key", "api"],
        "means": ["guard"],
        "csrf": True,
        "public": False,
        "undecided": False,
    }
    assert [path for path, route in routes.items() if route["undecided"]] == [
        "/forgotten",
        "/login",
        "/files",
    ]


def test_json_holds_each_stack_once_with_its_reasons(call: Call):
    stacks = json.loads(call("routes", "shop:app", "--json").stdout)["stacks"]
    assert [stack["name"] for stack in stacks] == ["api,key", "api", "office", "web"]
    assert [check["name"] for check in stacks[2]["checks"]] == ["guard key", "step audit", "answer"]
    assert all(check["because"] for stack in stacks for check in stack["checks"])


def test_stacks_are_printed_with_their_reasons(call: Call):
    shown = call("routes", "shop:app", "-v").stdout
    assert "stack office\n" in shown
    assert "  step audit  because the area adds it\n" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["shop:app"], 0, id="a list is no judgement"),
        pytest.param(["shop:app", "--check"], 1, id="with --check an undecided route is a finding"),
        pytest.param(["faulty:app"], 1, id="an application that would not start is a finding"),
    ],
)
def test_exit_codes(call: Call, arguments, code):
    assert call("routes", *arguments).exit_code == code


def test_of_the_pages_that_fastapi_adds_it_is_said_what_can_be_said_about_them(call: Call):
    shown = " ".join(call("routes", "documented:app").stdout.split())
    assert "4 routes: 0 guarded, 1 public, 3 undecided The pages that FastAPI adds are open" in shown
    assert "house.install(app, public=['/openapi.json', '/docs', '/docs/oauth2-redirect'])" in shown
    assert "@house.public" not in shown, "nobody can write that above a page of FastAPI"
    assert call("routes", "documented:said", "--check").exit_code == 0


def test_what_stops_the_start_is_said_in_one_line(call: Call):
    result = call("routes", "faulty:app", "--json")
    assert "guardhouse: this application does not start: route /me" in result.stderr
    assert "parameter user annotated with a guard" in json.loads(result.stdout)["fault"]


def test_a_mount_that_hides_what_is_below_it_is_listed_beside_routes_of_the_same_prefix():
    async def rest(*_: object) -> None: ...

    async def leaf(_: object) -> None: ...

    app = Starlette(
        routes=[
            Route("/api/me", leaf),
            Mount("/api", rest),
            Mount("/pages", routes=[Route("/one", leaf)]),
        ]
    )
    assert [line.info.path for line in lines_of(app)] == ["/api/me", "/api", "/pages/one"]


def test_in_a_narrow_terminal_the_place_stands_below_the_path_and_no_word_is_broken(
    call: Call, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "60")
    result = call("routes", "shop:app")
    lines = [line.rstrip("0123456789:") for line in result.stdout.splitlines()]
    place = lines.index("          guardhouse/edge/starlette.py")
    assert lines[place - 1].split() == ["GET", "/csrf-cookie", "public", "no"]
    assert max(map(len, lines)) <= 60
