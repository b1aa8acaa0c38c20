"""The application as a child: started on a free port with a certificate of its own, watched, restarted, ended."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import trustme

from tests.attack.wire import Address

START_SECONDS = 30.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Certificate:
    """A certificate for this machine, and the context of a client that believes it."""

    def __init__(self, folder: Path) -> None:
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)


class Child:
    """One running process and every line that it wrote."""

    def __init__(self, command: Sequence[str], address: Address, environment: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self.address = address
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | environment,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def wait_until_it_listens(self) -> None:
        """Return when a connection is taken."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.running:
            with suppress(OSError), socket.create_connection((self.address.host, self.address.port), 1):
                return
            time.sleep(0.02)
        self.stop()
        raise RuntimeError("the application did not start; it said:\n" + "\n".join(self.lines[-20:]))

    def stop(self) -> None:
        """End this process, and wait for what it still has to say."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(STOP_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()

    def records(self, since: int) -> list[dict[str, Any]]:
        """Return the lines since then that are JSON objects."""
        found = []
        for line in self.lines[since:]:
            with suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict):
                    found.append(record)
        return found

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
