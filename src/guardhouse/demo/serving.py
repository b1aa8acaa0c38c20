"""The demo served: a socket, a log that a person or a program reads, and uvicorn."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sqlite3
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import uvicorn

from guardhouse.demo.app import build
from guardhouse.demo.books import PASSWORD, PEOPLE, is_ours
from guardhouse.demo.settings import Settings
from guardhouse.errors import ConfigError
from guardhouse.stores.server_url import shown

GRACE_SECONDS = 3


def bound(host: str, port: int) -> socket.socket:
    """Take the address before anything is built, so that a taken one is one clear line."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError:
        taken.close()
        raise
    return taken


def reset(settings: Settings) -> None:
    """Remove the demo's file. A file that the demo did not make is never touched."""
    path = settings.file
    if path is None or not path.exists():
        return
    if not is_ours(path):
        raise ConfigError("--reset", str(path), "The demo did not make that file: choose another.")
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)


def serve(
    settings: Settings,
    taken: socket.socket,
    *,
    tls: tuple[Path | None, Path | None],
    http: Literal["auto", "h11", "httptools"] = "auto",
    log_json: bool,
) -> None:
    """Serve until interrupted."""
    _log(as_json=log_json)
    try:
        app = build(settings)
    except sqlite3.Error as error:
        raise ConfigError("--store", shown(settings.store), f"SQLite says: {error}.") from error
    announce(settings)
    cert, key = tls
    config = uvicorn.Config(
        app,
        http=http,
        log_level="warning",
        server_header=False,
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # uvicorn raises the signal again when it has stopped; as an interrupt it lets the temporary place be removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[taken])


def announce(settings: Settings) -> None:
    """Say on the terminal where it is, who can log in, and where sessions lie, without the password of that place."""
    print(f"guardhouse demo: {settings.address}")
    for _, email, _ in PEOPLE:
        print(f"  {email:<18} {PASSWORD}")
    print(f"  sessions in {shown(settings.store)}")
    print("  and a token of Ada's, for programs:")
    print(
        f"  curl -X POST -H 'Authorization: Bearer {settings.api_token.plain}' {settings.address}/api/do_thing"
    )
    if settings.loopback:
        print(f"  Passkeys are bound to a name and never to an IP address: {settings.addresses[-1]}")
    else:
        print("  Others can reach this address, and the demo explains its refusals to everybody.")
    print("Stop it with Ctrl+C.", flush=True)


def _log(*, as_json: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    handler.setFormatter(_JsonLines() if as_json else plain)
    logger = logging.getLogger("guardhouse")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line; what is no JSON value is shown by its text."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "guardhouse", {}),
        }
        return json.dumps(line, default=str)
