"""A process of its own at one database: an application that says on a line each which status a session's request gets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import MemoryUsers, User
from tests.houses import ORIGIN, SESSION, starlette_house

KNOWN = User(
    id="1", email="ada@example.com", password_hash=None
)  # a hash would be another one in each process
ROOT = Path(__file__).parents[2]


def application(url: str) -> Any:
    """Make an application with a login, a logout, and a page behind them."""
    house = starlette_house(store=url, users=MemoryUsers([KNOWN]))

    async def log_in(request: Request) -> Response:
        await house.auth(request, "web").login(KNOWN)
        return JSONResponse({})

    async def me(request: Request) -> Response:
        return JSONResponse({"id": (await house.user(request)).id})

    async def log_out(request: Request) -> Response:
        await house.auth(request, "web").logout()
        return JSONResponse({})

    routes = [
        Route("/login", house.public(log_in), methods=["POST"]),
        Route("/logout", house.public(log_out), methods=["POST"]),
        Route("/me", house.requires("web")(me)),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return app


@contextmanager
def other_process(url: str) -> Generator[subprocess.Popen[str], None, None]:
    """Start one."""
    command = [sys.executable, "-m", "tests.stores.other_process", url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1) as started:
        try:
            yield started
        finally:
            started.kill()


def status(started: subprocess.Popen[str], cookie: str) -> int:
    """Ask it for the page with that cookie."""
    if started.stdin is None or started.stdout is None:
        raise RuntimeError("it was started without pipes")
    started.stdin.write(f"{cookie}\n")
    return int(started.stdout.readline())


def main(url: str) -> None:
    """Answer until nobody asks any more."""
    with TestClient(application(url), base_url=ORIGIN) as client:
        for line in sys.stdin:
            answer = client.get("/me", headers={"Cookie": f"{SESSION}={line.strip()}"})
            print(answer.status_code, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
