"""A process that publishes keys and lets a test change them: POST replaces the document, GET answers with it."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE: dict[str, object] = {"document": b'{"keys": []}', "status": 200, "delay": 0.0, "asked": 0}


class Published(BaseHTTPRequestHandler):
    """The address of the keys."""

    def do_GET(self) -> None:
        """Answer with the keys, or with how often they were asked for."""
        if self.path == "/asked":
            self._answer(200, str(STATE["asked"]).encode())
            return
        STATE["asked"] = int(str(STATE["asked"])) + 1
        time.sleep(float(str(STATE["delay"])))
        self._answer(int(str(STATE["status"])), bytes(STATE["document"]))  # type: ignore[call-overload]

    def do_POST(self) -> None:
        """Take what a test wants to be answered from now on."""
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        STATE.update(
            {name: value.encode() if name == "document" else value for name, value in wanted.items()}
        )
        self._answer(204, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Published)
    print(server.server_address[1], flush=True)
    server.serve_forever()
