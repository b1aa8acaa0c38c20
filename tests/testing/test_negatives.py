"""`negative_tests` in a project that is not ours: one line, a test a route and mistake, and it fails where it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette

from guardhouse import ConfigError
from guardhouse.testing import negative_tests
from tests.houses import starlette_house

APPLICATION = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from guardhouse import MemoryUsers, User
from guardhouse.starlette import Guardhouse

house = Guardhouse(secret="of this test alone, and thirty-two bytes long", users=MemoryUsers([User(id="1", email="a")]))


async def page(request):
    return PlainTextResponse("page")


class Forgetful:
    '''A guard that forgets to ask; to the walk it looks like one of ours.'''

    def __init__(self, app, guarding):
        self.app, self.guarding = app, guarding

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


layer = house.layer("web")
if {mistaken}:
    layer.cls = Forgetful
app = Starlette(routes=[Route("/page", page, methods=["GET", "POST"], middleware=[layer])])
house.install(app)
"""
TESTS = """
from application import app
from guardhouse.testing import negative_tests

test_refusals = negative_tests(app)
"""


def ran(folder: Path, *, mistaken: bool) -> subprocess.CompletedProcess[str]:
    (folder / "application.py").write_text(APPLICATION.format(mistaken=mistaken))
    (folder / "test_application.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_one_line_tests_every_guarded_route(tmp_path: Path):
    result = ran(tmp_path, mistaken=False)
    assert "10 passed" in result.stdout, result.stdout
    assert result.returncode == 0


@pytest.mark.slow
def test_a_guard_that_lets_everybody_in_fails_them(tmp_path: Path):
    result = ran(tmp_path, mistaken=True)
    assert "10 failed" in result.stdout
    assert (
        "POST /page lets in a page of another site, with the cookie of whoever is logged in: 200"
        in result.stdout
    )


def test_skipping_a_route_that_is_not_there_is_an_error():
    house = starlette_house()
    app = Starlette()
    house.install(app)
    with pytest.raises(ConfigError, match="Write method and path of a route"):
        negative_tests(app, skip=["POST /hok"])


def test_an_application_without_a_house_is_an_error():
    with pytest.raises(ConfigError, match=r"Call house\.install\(app\) first"):
        negative_tests(Starlette())
