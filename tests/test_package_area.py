"""The example package, built and installed as a distribution of its own, mounted by an application that knows it by name only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PANEL = ROOT / "examples" / "admin_panel"

APPLICATION = """
import json, sys
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import guardhouse_admin_panel
from guardhouse import Area, ConfigError, MemoryUsers, SessionGuard, User
from guardhouse.starlette import Guardhouse

ada = User(id="1", email="ada@example.com", roles=frozenset({"admin"}))
grace = User(id="2", email="grace@example.com")

def build(**options):
    house = Guardhouse(
        secret="kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX", users=MemoryUsers([ada, grace]),
        guards={"web": SessionGuard()}, areas={"login": Area(guards=("web",), guests=True)},
    )
    house.rules.define("view-admin", lambda user: "admin" in user.roles)

    @house.public
    async def login(request: Request):
        await house.auth(request).login({"1": ada, "2": grace}[request.path_params["id"]])
        return JSONResponse({})

    app = Starlette(routes=[Route("/login/{id}", login, methods=["POST"])])
    stack = house.mount(app, "/admin", guardhouse_admin_panel.admin_panel, **options)
    house.install(app)
    return stack, TestClient(app, base_url="https://testserver", headers={"Sec-Fetch-Site": "same-origin"})

stack, client = build()
said = {"from": guardhouse_admin_panel.__file__, "stack": [check.name for check in stack.checks], "status": {}}
said["status"]["nobody"] = client.get("/admin/").status_code
for name, key in (("grace", "2"), ("ada", "1")):
    client.post(f"/login/{key}")
    said["status"][name] = client.get("/admin/").status_code
said["forged"] = client.post("/admin/tools/logs", headers={"Sec-Fetch-Site": "cross-site"}).status_code
said["tools"] = client.get("/admin/").headers["x-admin-tools"]
for options in ({"area": "login"}, {"without": ("can:view-admin",)}):
    try:
        build(**options)
    except ConfigError as error:
        said.setdefault("errors", []).append(str(error))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel without a network, and install it where nothing else is."""
    folder = tmp_path_factory.mktemp("panel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [
        *pip,
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(folder),
        str(PANEL),
    ]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("guardhouse_admin_panel-*.whl")
    target = folder / "site"
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)],
        check=True,
        timeout=120,
    )
    return target


@pytest.mark.slow
def test_a_package_of_somebody_else_keeps_its_promises_where_it_is_mounted(installed: Path):
    path = os.pathsep.join([str(installed), str(ROOT / "src")])
    ran = subprocess.run(
        [sys.executable, "-c", APPLICATION],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["from"].startswith(str(installed))
    assert said["status"] == {"nobody": 401, "grace": 403, "ada": 200}
    assert (said["forged"], said["tools"]) == (403, "backups, logs")
    assert said["stack"][-4:] == ["promise identity", "promise csrf", "promise rule view-admin", "answer"]
    identity, rule = said["errors"]
    assert "a stack without identity" in identity
    assert "a stack without rule view-admin" in rule
