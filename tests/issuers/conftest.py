"""The issuer's keys as another process publishes them, which a test can change, kill and start again."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.issuer import ForeignServer, foreign_server


class Published:
    """The other process, as a test sees it."""

    def __init__(self) -> None:
        self._port = 0
        self._start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def publish(self, *jwks: dict[str, Any], **more: Any) -> None:
        document = more.pop("document", json.dumps({"keys": list(jwks)}))
        body = json.dumps({"document": document, **more}).encode()
        urllib.request.urlopen(urllib.request.Request(self.address, body), timeout=5).close()  # noqa: S310 - loopback

    @property
    def asked(self) -> int:
        """How often the keys were asked for since it started."""
        with urllib.request.urlopen(f"{self.address}/asked", timeout=5) as answer:  # noqa: S310 - loopback
            return int(answer.read())

    def die(self) -> None:
        """End at once, as in a power cut."""
        self._process.kill()
        self._process.communicate()

    def rise(self) -> None:
        """Start again at the same place, with nothing published yet."""
        self._start()

    def _start(self) -> None:
        program = [sys.executable, str(Path(__file__).parent / "server.py"), str(self._port)]
        self._process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())


@pytest.fixture
def server() -> Iterator[Published]:
    process = Published()
    yield process
    process.die()


@pytest.fixture
def partner() -> Iterator[ForeignServer]:
    """A login server of another party."""
    with foreign_server() as server:
        yield server
