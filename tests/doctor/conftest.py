"""Small applications, each written to a file of its own as a developer would, and examined."""

from __future__ import annotations

import importlib.util
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import anyio
import pytest

from guardhouse.doctor.examination import examined
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.subject import Surroundings, subject_of
from tests.houses import HASH

NAME = "mistaken_application"
HERE = "# here"

PRELUDE = f"""
import os
from typing import Annotated

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import guardhouse.fastapi
from guardhouse import (
    Area, BasicGuard, Can, CookiePolicy, FunctionGuard, MemoryUsers, Passwords, SessionGuard, TokenGuard, User,
)
from guardhouse.starlette import Guardhouse

ada = User(id="1", email="ada@example.com", password_hash={HASH!r})
usual = {{"users": MemoryUsers([ada]), "debug": True}}
key = os.environ["APP_KEY"]


async def page(request: Request) -> Response:
    return PlainTextResponse("page")

"""

LOGIN = """
async def login(request: Request) -> Response:
    return JSONResponse(await house.auth(request).attempt(await request.json()) is not None)
"""

Examine = Callable[..., list[Finding]]
Written = Callable[[str], ModuleType]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """Write an application to a file, and import it as a server does."""
    monkeypatch.setenv("APP_KEY", secrets.token_urlsafe(32))
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> ModuleType:
        file = tmp_path / f"{NAME}.py"
        login = LOGIN if re.search(r"\blogin[,)]", text) else ""
        file.write_text(PRELUDE + login + dedent(text), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(NAME, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, NAME, module)
        spec.loader.exec_module(module)
        return module

    yield write
    with suppress(KeyError):
        del sys.modules[NAME]


@pytest.fixture
def examine(written: Written) -> Examine:
    """Examine an application of that text; it is called `app`, its house `house`."""

    def run(text: str, **environment: str) -> list[Finding]:
        module = written(text)
        around = Surroundings(environment, temporary=("/nowhere",))
        app: Any = module.app
        return anyio.run(examined, subject_of(app, app, module.house, around, [NAME]))

    return run


def line_of(file: str) -> str:
    """The place that the text marks."""
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    (number,) = [place for place, line in enumerate(lines, start=1) if HERE in line]
    return f"{file}:{number}"
