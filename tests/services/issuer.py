"""A login server of another party, on a loopback port: OpenID Connect and GitHub's kind of OAuth, right until it is told to lie.

Everybody who comes is logged in at once, as whom `login_hint` names. Tokens are written by libraries that know nothing of ours.
"""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from html import escape
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

import jwt as pyjwt

from tests.tokens import private, public_jwk

CLIENT, CLIENT_SECRET, KID = "guardhouse", "clients+secret%of:ours", "r1"
PUBLIC_CLIENT = "guardhouse-without-a-secret"
PUBLIC_CLIENTS = (PUBLIC_CLIENT, "guardhouse-demo")

PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ada": {"sub": "1001", "id": 1001, "email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace",
            "preferred_username": "ada"},
    "grace": {"sub": "1002", "id": 1002, "email": "grace@example.com", "email_verified": False, "name": "Grace Hopper",
              "preferred_username": "grace"},
}  # fmt: skip


class Raw(NamedTuple):
    """An answer as it leaves, whatever was asked."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    drip: float = 0.0
    """Seconds between two bytes."""


class Granted(NamedTuple):
    """What a code was given out for."""

    asked: Mapping[str, str]
    person: Mapping[str, Any]


def id_token(claims: Mapping[str, Any], algorithm: str = "RS256", **headers: Any) -> str:
    """Sign as the login server does."""
    return pyjwt.encode(dict(claims), private(algorithm), algorithm, headers={"kid": KID, **headers})


class ForeignServer:
    """The login server, as a test sees it. What is set here is what it says from then on."""

    def __init__(self) -> None:
        self.people = {name: dict(person) for name, person in PEOPLE.items()}
        self.answers: dict[str, Raw] = {}
        """By path, in place of what it would say."""
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        """Into ID tokens; None takes one out."""
        self.tokens: dict[str, Any] = {}
        """Into answers of the token endpoint; None takes one out."""
        self.sign: Callable[[Mapping[str, Any]], str] = id_token
        self.keys = [public_jwk("RS256", KID)]
        self.returns: Callable[[list[tuple[str, str]]], list[tuple[str, str]]] = list
        """What the browser carries back."""
        self.asked: list[str] = []
        """The paths that were asked for, in their order."""
        self.asks = False
        """Whether it shows a page to people before it sends them back."""
        self._codes: dict[str, Granted] = {}
        self._access: dict[str, Mapping[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The issuer."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def visit(self, url: str) -> list[tuple[str, str]]:
        """Go there as a browser would, and say what it would bring back."""
        parts = urlsplit(url)
        connection = HTTPConnection("127.0.0.1", parts.port, timeout=5)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            response = connection.getresponse()
            response.read()
            location = response.getheader("Location", "")
        finally:
            connection.close()
        assert response.status == 302, response.status
        return parse_qsl(urlsplit(location).query, keep_blank_values=True)

    # -- what it answers ----------------------------------------------------------------------------------------

    def get(self, path: str, query: str, headers: Mapping[str, str]) -> Raw:
        """Answer a GET."""
        if path == "/.well-known/openid-configuration":
            return _json(200, self._discovered())
        if path == "/keys":
            return _json(200, {"keys": self.keys})
        if path == "/authorize":
            asked = {name: values[-1] for name, values in parse_qs(query).items()}
            if self.asks and "login_hint" not in asked:
                return self._page(query)
            return self._authorize(asked)
        person = self._access.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return _json(401, {"error": "invalid_token"})
        if path == "/user/emails":
            old = {"email": f"old-{person['email']}", "primary": False, "verified": True}
            return _json(
                200, [old, {"email": person["email"], "primary": True, "verified": person["email_verified"]}]
            )
        return _json(200, person) if path in ("/userinfo", "/user") else _json(404, {})

    def _discovered(self) -> dict[str, Any]:
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return _changed(said, self.metadata)

    def _page(self, query: str) -> Raw:
        """Ask who it is: a link for each person, and one for nobody."""
        links = [
            f'<p><a href="/authorize?{escape(query)}&amp;login_hint={name}">{name}</a>'
            for name in self.people
        ]
        body = f"<!doctype html><html lang=en><title>Partner</title><h1>Who are you?</h1>{''.join(links)}"
        return Raw(200, body.encode(), (("Content-Type", "text/html"),))

    def _authorize(self, asked: Mapping[str, str]) -> Raw:
        person = self.people[asked.get("login_hint", "ada")]
        code = token_urlsafe(32)
        self._codes[code] = Granted(asked, person)
        back = self.returns([("code", code), ("state", asked["state"]), ("iss", self.url)])
        return Raw(302, b"", (("Location", f"{asked['redirect_uri']}?{urlencode(back)}"),))

    def post(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Raw:
        """Change a code for tokens: the client, its redirect address and its verifier must be those of the code."""
        if not _is_client(form, headers):
            return _json(401, {"error": "invalid_client"})
        granted = self._codes.pop(form.get("code", ""), None)
        if granted is None or form.get("redirect_uri") != granted.asked["redirect_uri"]:
            return _json(400, {"error": "invalid_grant"})
        challenge = _b64(sha256(form.get("code_verifier", "").encode()).digest())
        if (
            granted.asked.get("code_challenge_method") != "S256"
            or challenge != granted.asked["code_challenge"]
        ):
            return _json(400, {"error": "invalid_grant"})
        access = token_urlsafe(16)
        self._access[access] = granted.person
        said: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": 60}
        if "openid" in granted.asked.get("scope", ""):
            said["id_token"] = self.sign(_changed(self._claims(granted, access), self.claims))
        return _json(200, _changed(said, self.tokens))

    def _claims(self, granted: Granted, access: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": granted.asked["client_id"], "sub": granted.person["sub"], "iat": now, "exp": now + 60,
            "nonce": granted.asked.get("nonce", ""), "at_hash": _b64(sha256(access.encode()).digest()[:16]),
        }  # fmt: skip
        if "max_age" in granted.asked:
            claims["auth_time"] = now
        return {
            **claims,
            **{name: granted.person[name] for name in granted.person if name not in ("sub", "id")},
        }


@contextmanager
def foreign_server() -> Iterator[ForeignServer]:
    """Run one."""
    server = ForeignServer()
    try:
        yield server
    finally:
        server.close()


def _is_client(form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Take the secret in one of its two ways, as it is or as RFC 6749 2.3.1 writes it."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme != "Basic" and form.get("client_id") in PUBLIC_CLIENTS:
        return "client_secret" not in form  # such a client has nothing to prove but its verifier
    if scheme != "Basic":
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, CLIENT_SECRET)
    name, _, secret = b64decode(value).decode().partition(":")
    return name == CLIENT and CLIENT_SECRET in (secret, unquote_plus(secret)) and "client_secret" not in form


def _changed(said: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def _json(status: int, value: object) -> Raw:
    return Raw(status, json.dumps(value).encode())


def _b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _handler(server: ForeignServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = (
            True  # head and body are two writes, and the second would wait for the other side
        )

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            self._answer(path, lambda: server.get(path, query, dict(self.headers)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[-1] for name, values in parse_qs(body).items()}
            self._answer(self.path, lambda: server.post(form, dict(self.headers)))

        def _answer(self, path: str, right: Callable[[], Raw]) -> None:
            server.asked.append(path)
            raw = server.answers.get(path) or right()
            try:
                self._send(raw)
            except OSError:  # whoever asked has had enough
                self.close_connection = True

        def _send(self, raw: Raw) -> None:
            self.send_response(raw.status)
            for name, value in raw.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw.body)))
            self.end_headers()
            if not raw.drip:
                self.wfile.write(raw.body)
                return
            for byte in raw.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(raw.drip)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
