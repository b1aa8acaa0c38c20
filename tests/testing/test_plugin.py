"""The plugin in a project that is not ours: it loads, and its fixtures do."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

PROJECT = """
from datetime import timedelta
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from guardhouse.starlette import Guardhouse
from guardhouse.testing import assert_refused, fast_passwords


def test_a_session_ends(guardhouse_client, guardhouse_clock, guardhouse_users):
    house = Guardhouse(
        secret="of this test alone, and thirty-two bytes long",
        users=guardhouse_users,
        clock=guardhouse_clock,
        passwords=fast_passwords(),
    )

    async def me(request):
        return JSONResponse({"id": (await house.user(request)).id})

    app = Starlette(routes=[Route("/me", me, middleware=[house.layer("web")])])
    house.install(app)
    client = guardhouse_client(app)
    client.acting_as(guardhouse_users.ada)
    assert client.get("/me").json() == {"id": "1"}
    guardhouse_clock.advance(timedelta(hours=3))
    assert_refused(client.get("/me"), "session_expired")
    assert_refused(client.get("/me"), "no_login")
"""


STOPPED = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette

told = []


@asynccontextmanager
async def lifespan(app):
    told.append("start")
    yield
    told.append("stop")


def test_two_clients(guardhouse_client):
    guardhouse_client(Starlette(lifespan=lifespan))
    guardhouse_client(Starlette(lifespan=lifespan), login_url="/sign-in")
    assert told == ["start", "start"]


def test_afterwards():
    assert told == ["start", "start", "stop", "stop"]
"""

# What such an environment lacks, blocked before the tests; nothing of it may be there by then.
BARE = """
import sys

unasked = [name for name in ("guardhouse.testing", "starlette", "httpx2", "fastapi") if name in sys.modules]
sys.modules["httpx2"] = None
"""
ASKS_FOR_NOTHING = """
from conftest import unasked


def test_of_somebody_else():
    assert unasked == []


def test_that_asks(guardhouse_clock):
    pass
"""


def test_its_fixtures_work_and_a_failure_prints_the_explanation(tmp_path: Path):
    (tmp_path / "test_shop.py").write_text(PROJECT, encoding="utf-8")
    told = _pytest(tmp_path)
    assert "1 failed" in told
    assert "expected a refusal no_login, but the refusal is 401 session_unknown" in told
    assert "hint      " in told
    assert "told = refusal_of(answer)" not in told  # the traceback ends in the test


def test_applications_stop_with_the_test(tmp_path: Path):
    (tmp_path / "test_shop.py").write_text(STOPPED, encoding="utf-8")
    assert "2 passed" in _pytest(tmp_path)


def test_whoever_asks_for_nothing_needs_nothing(tmp_path: Path):
    (tmp_path / "conftest.py").write_text(BARE, encoding="utf-8")
    (tmp_path / "test_else.py").write_text(ASKS_FOR_NOTHING, encoding="utf-8")
    told = _pytest(tmp_path)
    assert "1 passed, 1 error" in told
    assert "guardhouse.testing needs httpx2: pip install 'guardhouse[testing]'" in told


def _pytest(folder: Path) -> str:
    """Run the tests of a project as its author does."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no"]
    command += [] if _installed() else ["-p", "guardhouse.pytest_plugin"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def _installed() -> bool:
    """Whether this environment offers the plugin by itself, as one in which guardhouse was installed."""
    return any(point.name == "guardhouse" for point in entry_points(group="pytest11"))
