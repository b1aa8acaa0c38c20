"""The application under test: its processes, its test hooks, and the host that the runner lends to attackers."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Self

from tests.attack.cases import SkippedError
from tests.attack.process import Certificate, Child, free_port
from tests.attack.target import Target, fill, load
from tests.attack.tokens import published
from tests.attack.wire import Address, Answer, Message, exchange
from tests.services.issuer import ForeignServer

SOURCES = Path(__file__).resolve().parents[2]
PLAIN = "plain-http"
USUAL_PARSER, ANY_METHOD_PARSER = "auto", "h11"
"""What `${http}` is in the command: h11 alone hands on every method, the parsers written in C those that they know."""


@dataclass(frozen=True, slots=True)
class State:
    """What the application counts: reads and rows of its store, and what protected_post did for whom."""

    reads: int = 0
    rows: int = 0
    done: Mapping[str, int] = field(default_factory=dict[str, int])
    users: int | None = None
    """How many there are, where the application shows that."""

    @property
    def effects(self) -> int:
        """How often protected_post did something, for anybody."""
        return sum(self.done.values())


class Application:
    """Start with `with`; everything it started ends with it."""

    def __init__(self, target: Path, variables: Mapping[str, str]) -> None:
        self._folder = TemporaryDirectory(prefix="attack-")
        folder = Path(self._folder.name)
        self._certificate = Certificate(folder)
        self.port = free_port()
        self._variables = {
            "python": sys.executable,
            "sources": str(SOURCES),
            "tmp": str(folder),
            "port": str(self.port),
            "cert": str(self._certificate.cert),
            "key": str(self._certificate.key),
            "token": secrets.token_hex(16),  # no text that may begin with "-": it stands on a command line
        }
        self.callback = Callback()
        self._variables["callback"] = self.callback.authority
        self.issuers = ForeignServer(), ForeignServer()
        """Login servers of others, at which the application may let people log in."""
        self._variables |= {
            name: one.url for name, one in zip(("issuer", "other_issuer"), self.issuers, strict=True)
        }
        for one in self.issuers:  # the cases bring back a code and a state, and no `iss`
            one.metadata["authorization_response_iss_parameter_supported"] = None
        self.target: Target = load(target, self._variables, variables)
        self._children: dict[str, Child] = {}
        self._parser = USUAL_PARSER

    def __enter__(self) -> Self:
        self._start_served()
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.stop()
        self.callback.close()
        for issuer in self.issuers:
            issuer.close()
        self._folder.cleanup()

    @property
    def child(self) -> Child:
        """The process that most cases talk to."""
        return self._children["http"]

    def address(self, transport: str = "http") -> Address:
        """Return where a transport goes, and start what listens there if nothing does yet."""
        if transport != PLAIN:
            return self.child.address
        if PLAIN not in self._children:
            port = free_port()
            command = fill(self.target.variants[PLAIN], {"plain_port": str(port)})
            self._start(PLAIN, command, port, tls=False)
        return self._children[PLAIN].address

    def restart(self) -> None:
        """End the process and start it again at the same place."""
        self.child.stop()
        self._start_served()

    def serve(self, methods: Iterable[str]) -> None:
        """Be served by a parser that hands these methods on; one that does not know them answers in our place."""
        known = self.target.known_methods
        parser = ANY_METHOD_PARSER if known and not set(methods) <= set(known) else USUAL_PARSER
        if parser != self._parser:
            self._parser = parser
            self.restart()

    def hook(self, name: str, **values: Any) -> Any:
        """Pull a test hook; `values` replace the texts of its body that begin with a dollar."""
        hook = self.target.hooks.get(name)
        if hook is None:
            raise SkippedError(f"the target has no hook {name!r}")
        path = fill(hook["path"], {key: str(value) for key, value in values.items()})
        answer = self._call(hook.get("method", "POST"), path, _filled(hook.get("body", {}), values))
        if answer.status != 200:
            raise SkippedError(f"the hook {name!r} answered {answer.status}: {answer.text[:200]}")
        return json.loads(answer.body)

    def reset(self) -> None:
        """Begin anew: by the hook, or by a restart where there is none."""
        if "reset" in self.target.hooks:
            self.hook("reset")
        else:
            self.restart()

    def state(self) -> State | None:
        """Read the counters, if the application shows any."""
        if "state" not in self.target.hooks:
            return None
        shown = self.hook("state")
        return State(shown["store"]["reads"], shown["store"]["rows"], shown["done"], shown.get("users"))

    def alive(self) -> bool:
        """Whether the process runs and still answers."""
        request = f"GET {self.target.roles['protected_get'].path} HTTP/1.1\r\nHost: {self.host}\r\n"
        message = Message(f"{request}Connection: close\r\n\r\n".encode())
        return self.child.running and exchange(self.child.address, message).status > 0

    @property
    def host(self) -> str:
        """The authority that the application is called by."""
        return self.target.address["host"]

    def authority(self, transport: str) -> str:
        """Return the authority that goes with a transport."""
        return self.host.replace(str(self.port), str(self.address(transport).port))

    def _start_served(self) -> None:
        self._start("http", fill(self.target.command, {"http": self._parser}), self.port)

    def _start(self, name: str, command: Any, port: int, *, tls: bool = True) -> None:
        wanted = tls and self.target.address.get("scheme", "https") == "https"
        address = Address("127.0.0.1", port, self._certificate.context if wanted else None)
        child = Child(command, address, {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(SOURCES)})
        self._children[name] = child
        child.wait_until_it_listens()

    def _call(self, method: str, path: str, body: object) -> Answer:
        data = json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}",
            f"{self.target.hooks['header']}: {self.target.hooks['token']}",
            "Content-Type: application/json",
            f"Content-Length: {len(data)}",
            "Connection: close",
        )
        return exchange(self.child.address, Message("\r\n".join(head).encode() + b"\r\n\r\n" + data))


KEYS = "/keys"
"""Where the callback publishes the keys of another issuer, which an application may be told to believe."""


class Callback:
    """A host of the attacker's: whoever calls it was talked into it."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        hits = self.hits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                if self.path != KEYS:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(published())

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.authority = f"127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _filled(body: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(body, dict):
        return {key: _filled(value, values) for key, value in body.items()}
    if isinstance(body, str) and body.startswith("$"):
        return values[body.strip("${}")]
    return body
