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


def test_its_fixtures_work_and_a_failure_prints_the_explanation(tmp_path: Path):
    (tmp_path / "test_shop.py").write_text(PROJECT, encoding="utf-8")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(["-p", "guardhouse.pytest_plugin"] if not _installed() else []),
            "--color=no",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed" in ran.stdout, ran.stdout + ran.stderr
    assert "expected a refusal no_login, but the refusal is 401 session_unknown" in ran.stdout
    assert "hint      " in ran.stdout


def _installed() -> bool:
    """Whether this environment offers the plugin by itself, as one in which guardhouse was installed."""
    return any(point.name == "guardhouse" for point in entry_points(group="pytest11"))
