"""What leaves the machine when Have I Been Pwned is asked, and what holds when it does not answer. A real server on loopback."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from guardhouse.errors import ConfigError
from guardhouse.users.pwned import COOLDOWN, LARGEST, HaveIBeenPwned

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
DIGEST = hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
PADDING = "0" * 34 + "1:0\r\n"


class Service:
    """Answers every request with `body`, and remembers what was asked."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.status = "200 OK"
        self.body = PADDING
        self.delay = 0.0
        self.address = ""

    async def __call__(self, stream: SocketStream) -> None:
        async with stream:
            self.requests.append((await stream.receive()).decode())
            await anyio.sleep(self.delay)
            head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
            await stream.send((head + self.body).encode())


@asynccontextmanager
async def running() -> AsyncIterator[Service]:
    service = Service()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.listeners[0].extra(SocketAttribute.local_port)  # noqa: S610 - no Django here
    service.address = f"http://127.0.0.1:{port}/range"
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, service)
        yield service
        group.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(f"{PADDING}{DIGEST[5:]}:3\r\n", True, id="stolen three times"),
        pytest.param(f"{DIGEST[5:]}:1", True, id="without an end of line"),
        pytest.param(f"{PADDING}{DIGEST[5:-1]}Z:3\r\n", False, id="another"),
        pytest.param(f"{PADDING}{DIGEST[5:]}:0\r\n", False, id="padding"),
        pytest.param("<html>captive portal</html>", None, id="no list"),
        pytest.param("", None, id="nothing"),
        pytest.param(f"{DIGEST[5:]}:-1\r\n", None, id="no count"),
        pytest.param("x" * (LARGEST + 1), None, id="too much"),
    ],
)
async def test_what_is_made_of_an_answer(body: str, expected: bool | None) -> None:
    async with running() as service:
        service.body = body
        assert await HaveIBeenPwned(service.address).breached(PASSWORD) is expected


async def test_five_digits_go_out_and_the_answer_is_to_be_padded() -> None:
    async with running() as service:
        await HaveIBeenPwned(service.address).breached(PASSWORD)
        (request,) = service.requests
    assert request.startswith(f"GET /range/{DIGEST[:5]} HTTP/1.1\r\n")
    assert "add-padding: true" in request.lower()
    assert DIGEST[5:] not in request
    assert PASSWORD not in request


async def test_it_is_asked_about_what_is_hashed() -> None:
    async with running() as service:
        asked = HaveIBeenPwned(service.address)
        await asked.breached("ｅ\u0301é")
        await asked.breached("ｅ\u0301e\u0301")
        first, second = service.requests
    assert first.splitlines()[0] == second.splitlines()[0]


async def test_what_can_be_no_password_is_not_asked_about() -> None:
    async with running() as service:
        assert await HaveIBeenPwned(service.address).breached("\ud800") is None
        assert await HaveIBeenPwned(service.address).breached("") is None
        assert service.requests == []


def _status(service: Service) -> None:
    service.status = "503 Service Unavailable"


def _slow(service: Service) -> None:
    service.delay = 3.0


def _moved(service: Service) -> None:
    service.status = "302 Found\r\nLocation: http://192.0.2.1/"


def _gone(service: Service) -> None:
    service.address = "http://127.0.0.1:9"


@pytest.mark.slow
@pytest.mark.parametrize("harm", [_status, _slow, _moved, _gone])
async def test_without_an_answer_a_person_waits_a_second_at_most_and_the_next_one_not_at_all(
    harm: Callable[[Service], None], caplog: pytest.LogCaptureFixture
) -> None:
    now = [100.0]
    async with running() as service:
        harm(service)
        asked = HaveIBeenPwned(service.address, clock=lambda: now[0])
        with anyio.fail_after(2), caplog.at_level(logging.WARNING):
            assert await asked.breached(PASSWORD) is None
        before = len(service.requests)
        assert await asked.breached(PASSWORD) is None
        assert len(service.requests) == before
        assert len(caplog.records) == 1
        assert DIGEST[:5] not in caplog.text
        assert PASSWORD not in caplog.text
        now[0] += COOLDOWN
        await asked.breached(PASSWORD)
        assert len(caplog.records) == 2


@pytest.mark.parametrize("address", ["http://api.example.com/range/", "ftp://127.0.0.1/", ""])
async def test_an_address_that_others_could_read_along_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="https"):
        HaveIBeenPwned(address)


async def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ConfigError, match=r"guardhouse\[http\]"):
        HaveIBeenPwned()
