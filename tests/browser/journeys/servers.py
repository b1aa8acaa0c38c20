"""Real servers on loopback: http and https on two ports each, all in front of whichever application is played now."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = "/__page__"
ARGUMENTS = ["--host-resolver-rules=MAP * 127.0.0.1", "--ignore-certificate-errors"]
"""What makes a browser take every name for this machine, and every certificate for good."""

NAMES = ("localhost", "127.0.0.1", "*.example.com", "*.other-site.test", "*.shop.co.uk")
PORTS = ("{http}", "{http2}", "{https}", "{https2}")


class Arrived:
    """What came over the wire, in its order, without what is only there for the page itself."""

    def __init__(self, page: bytes) -> None:
        self.app: ASGIApp | None = None
        self.requests: list[dict[str, Any]] = []
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in (PAGE, "/favicon.ico"):
            await _answer(send, self._page if path == PAGE else b"")
            return
        self.requests.append(_seen(scope))
        assert self.app is not None
        await self.app(scope, receive, send)


def _seen(scope: Scope) -> dict[str, Any]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return {"method": scope["method"], "path": scope["path"], "host": headers["host"], "headers": headers}


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"text/html"), (b"cache-control", b"max-age=3600")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(arrived: Arrived, folder: Path) -> Generator[dict[str, int]]:
    """Serve until the end, and say which port is which."""
    sockets = [_listening() for _ in PORTS]
    certificate = folder / "certificate.pem"
    trustme.CA().issue_cert(*NAMES).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    plain: dict[str, Any] = {"log_level": "error", "lifespan": "off"}
    tls: dict[str, Any] = plain | {"ssl_certfile": str(certificate), "ssl_keyfile": str(certificate)}
    servers = [uvicorn.Server(uvicorn.Config(arrived, **settings)) for settings in (plain, tls)]
    threads = [
        threading.Thread(target=server.run, kwargs={"sockets": some}, daemon=True)
        for server, some in zip(servers, (sockets[:2], sockets[2:]), strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        while not all(server.started for server in servers):
            time.sleep(0.01)
        yield dict(zip(PORTS, (one.getsockname()[1] for one in sockets), strict=True))
    finally:
        for server in servers:
            server.should_exit = True
        for thread in threads:
            thread.join(5)


def _listening() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen(128)
    return made
