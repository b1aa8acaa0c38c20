"""The README tells the truth: its examples run, its refusal is the one that comes, its commands exist."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.documents import ROOT, Block, blocks, module
from tests.houses import ADA, PAGE, PASSWORD, browser

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = list(blocks("README.md"))
ADAS = {"email": ADA.email, "password": PASSWORD}
LONGEST_EXAMPLE = 28


def block(language: str, section: str) -> Block:
    (found,) = [one for one in BLOCKS if (one.language, one.section) == (language, section)]
    return found


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", secrets.token_urlsafe(32))


@pytest.fixture(params=["FastAPI", "Starlette"])
def example(request: pytest.FixtureRequest) -> Iterator[TestClient]:
    with browser(module("shop", block("python", request.param).text)["app"]) as client:
        yield client


def test_an_example_logs_in_lets_in_logs_out_and_explains(example: TestClient):
    before = example.post("/api/do_thing")
    assert (before.status_code, before.json()["code"]) == (401, "no_credential")
    assert example.post("/login", json=ADAS | {"password": "wrong"}).status_code == 422
    assert example.post("/login", json=ADAS).is_success
    assert example.post("/api/do_thing").json() == "done by ada@example.com"
    foreign = example.post("/api/do_thing", headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "csrf_cross_site")
    assert example.post("/logout").is_success
    after = example.post("/api/do_thing").json()
    assert after["code"] == "no_credential"
    assert after["hint"]
    assert after["trace"]


@pytest.mark.parametrize("section", ["FastAPI", "Starlette"])
def test_an_example_stays_small(section: str):
    lines = [line for line in block("python", section).text.splitlines() if line.strip()]
    assert len(lines) <= LONGEST_EXAMPLE


def test_the_refusal_is_the_one_that_comes():
    other = '"api": SessionGuard(realm="staff")'
    assert f"`{other}`" in README
    mistaken = block("python", "FastAPI").text.replace('"api": SessionGuard()', other)
    with browser(module("shop", mistaken)["app"]) as client:
        assert client.post("/login", json=ADAS).is_success
        refused = client.post("/api/do_thing")
    assert json.dumps(refused.json(), indent=2) == block("json", "The answer").text.strip()
    assert list(refused.json()) == list(json.loads(block("json", "The answer").text))


def test_the_stack_is_the_one_that_is_printed():
    house: Any = module("shop", block("python", "FastAPI").text)["house"]
    assert str(house.stack("api")) == block("", "Ask it").text.strip()


def test_the_thread_with_its_configuration_gets_its_answer():
    """The page's axios call, logged in through `web`, at the route behind `auth:api`."""
    headers = PAGE | {"X-Requested-With": "XMLHttpRequest", "X-CSRF-TOKEN": "undefined", "Accept": "*/*"}
    with browser(module("shop", block("python", "Starlette").text)["app"], headers) as client:
        client.post("/login", json=ADAS)
        assert client.post("/api/do_thing").status_code == 200


@pytest.mark.slow
def test_the_commands_say_what_they_should(tmp_path: Path):
    (tmp_path / "shop.py").write_text(block("python", "FastAPI").text)
    lines = block("sh", "Ask it").text.splitlines()
    assert lines[0] == "export SHOP_KEY=$(guardhouse secret)"
    routes, explained = (ran(line, tmp_path) for line in lines[1:])
    assert re.search(r"POST +/api/do_thing +api +yes", routes.stdout)
    assert routes.returncode == 0
    for part in block("text", "Ask it").text.split("\n\n"):
        assert part.strip() in explained.stdout
    assert explained.returncode == 1


def ran(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the README that begins with our own program."""
    program, *arguments = re.findall(r"'[^']*'|\S+", line)
    assert program == "guardhouse"
    command = [sys.executable, "-m", "guardhouse", *(argument.strip("'") for argument in arguments)]
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_two_commands_are_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make (\w+)", block("sh", "Two commands").text, re.MULTILINE):
        assert re.search(rf"^{command}:.*setup", makefile, re.MULTILINE)
