"""The demo as another process, over https: its tokens, its certificate, and whom its endpoint served."""

from __future__ import annotations

import json
import re
import secrets
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import httpx2
import trustme

from tests.attack.process import START_SECONDS, Child, free_port
from tests.attack.wire import Address
from tests.clients.table import ADA, GRACE, Outcome, Row

PASSWORD = "correct horse battery staple"
IDS = {"1": ADA, "2": GRACE}


class Served:
    """A demo that runs, and what may be shown to it."""

    def __init__(self, child: Child, authority: Path, controls: str) -> None:
        self.child = child
        self.address = f"https://localhost:{child.address.port}"
        self.authority = authority
        self.trusted = ssl.create_default_context(cafile=authority)
        self._controls = controls
        token, jwt = self._printed(), self._access_token()
        self.bearers = {
            "token": token,
            "jwt": jwt,
            "forged": f"{token}x",
            "forged_jwt": f"{jwt.rpartition('.')[0]}.{'A' * 86}",
        }

    def outcome(self, row: Row, ask: Any) -> Outcome:
        """Let a client ask, and say what came of it; what was refused has one record in the log, with the same reason."""
        before, line = self._done(), len(self.child.lines)
        bearer = {} if row.bearer is None else {"Authorization": f"Bearer {self.bearers[row.bearer]}"}
        status, reason, body = ask(row, bearer)
        moved = [IDS[one] for one, done in self._done().items() if done != before.get(one, 0)]
        assert [record["code"] for record in self._refusals(line, reason)] == ([reason] if reason else [])
        whom = json.loads(body).get("email") if row.method == "GET" else next(iter(moved), None)
        return status, reason, whom

    def _refusals(self, line: int, awaited: str | None) -> list[dict[str, Any]]:
        """Read the log, which may be a moment later than the answer."""
        for _ in range(100):
            if (found := self.child.records(line)) or not awaited:
                return found
            time.sleep(0.01)
        return []

    def _printed(self) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = re.search(r"Bearer ([^']+)'", "\n".join(self.child.lines))
            if found is not None:
                return found[1]
            time.sleep(0.02)
        raise AssertionError("the demo said no token")

    def _access_token(self) -> str:
        page = {"Sec-Fetch-Site": "same-origin"}
        with httpx2.Client(base_url=self.address, verify=self.trusted, headers=page) as client:
            client.post("/login", json={"email": ADA, "password": PASSWORD}).raise_for_status()
            return str(client.post("/api/access-token").json()["access_token"])

    def _done(self) -> dict[str, int]:
        """How often the thing was done, for each user."""
        asked = Request(f"{self.address}/__test__/state", headers={"Test-Controls": self._controls})  # noqa: S310 - our own address
        with urlopen(asked, context=self.trusted, timeout=10) as answer:  # noqa: S310 - as above
            return dict(json.loads(answer.read())["done"])


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Start a demo with a certificate that its clients can check."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    root, cert, key = (folder / f"{name}.pem" for name in ("root", "cert", "key"))
    authority.cert_pem.write_to_path(root)
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    port, controls = free_port(), secrets.token_hex(16)
    options = ["--port", str(port), "--store", "memory:", "--log-json", "--test-controls", controls]
    command = [
        sys.executable,
        "-m",
        "guardhouse",
        "demo",
        *options,
        "--tls-cert",
        str(cert),
        "--tls-key",
        str(key),
    ]
    child = Child(command, Address("127.0.0.1", port), {"PYTHONUNBUFFERED": "1"})
    try:
        child.wait_until_it_listens()
        yield Served(child, root, controls)
    finally:
        child.stop()
