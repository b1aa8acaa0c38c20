"""A request of a case written out as bytes: what it orders, in its order, and nothing mended on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.attack.cases import Request, SkippedError
from tests.attack.jar import Jar
from tests.attack.placeholders import Lookup, encode, expand, expand_all
from tests.attack.target import Role
from tests.attack.tokens import forge
from tests.attack.wire import Message

_QUERY_UNSAFE = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9%/:.,;@!$'()*~_?\[\]-]")
_JAR = "jar"
_HANDSHAKE = (
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)
"""RFC 6455 1.3, for cases that leave it to the client."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body and what it says it is."""

    data: bytes = b""
    kind: str = ""


def write(request: Request, role: Role, host: str, jar: Jar, lookup: Lookup) -> Message:
    """Write a request; `lookup` knows what every placeholder stands for."""
    lookup = _knowing_the_token(request, lookup)
    headers = [(expand(name, lookup), expand(value, lookup)) for name, value in request.get("headers", ())]
    if request["path_role"] == "websocket" and not any(name.lower() == "upgrade" for name, _ in headers):
        headers += _HANDSHAKE
    cookies = _cookies(request, jar, lookup)
    body = _body(request.get("body", {}), role, lookup)
    method = _method(expand(request["method"], lookup), role)
    lines = [f"{method} {_path(request, role, lookup)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in _framed(headers, cookies, body, host, method)]
    announced = [value for name, value in headers if name.lower() == "content-length"]
    return Message(
        encode("\r\n".join(lines)) + b"\r\n\r\n" + body.data,
        breaks_off=any(value.isdigit() and int(value) > len(body.data) for value in announced),
        head=method == "HEAD",
    )


def _framed(
    headers: list[tuple[str, str]], cookies: Iterable[str], body: Body, host: str, method: str
) -> Iterable[tuple[str, str]]:
    """Add what a request cannot be without, each unless the case brings its own."""
    ordered = {name.lower() for name, _ in headers}
    if "host" not in ordered:
        yield "Host", host
    yield from headers
    for line in cookies:
        yield "Cookie", line
    if body.kind and "content-type" not in ordered:
        yield "Content-Type", body.kind
    if (body.data or method not in ("GET", "HEAD")) and "content-length" not in ordered:
        yield "Content-Length", str(len(body.data))
    if "connection" not in ordered:
        yield "Connection", "close"


def _method(asked: str, role: Role) -> str:
    """Say DELETE where a case says POST to what is taken away by DELETE here; every other method is meant as it is."""
    return role.method if (asked, role.method) == ("POST", "DELETE") else asked


def _path(request: Request, role: Role, lookup: Lookup) -> str:
    path = expand(request.get("path", role.path), lookup)
    query = [(expand(name, lookup), expand(value, lookup)) for name, value in request.get("query", ())]
    if not query:
        return path
    written = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in query)
    return f"{path}{'&' if '?' in path else '?'}{written}"


def _escape(text: str) -> str:
    """Escape what would end the query or the line; what a case has escaped already stays as it is."""
    return _QUERY_UNSAFE.sub(lambda found: b"%%%02X" % ord(found[0]), encode(text)).decode()


def _cookies(request: Request, jar: Jar, lookup: Lookup) -> list[str]:
    if "raw_cookie_headers" in request:
        return [expand(line, lookup) for line in request["raw_cookie_headers"]]
    ordered = request.get("cookies", ())
    if isinstance(ordered, str):
        own, _, more = ordered.partition("+")
        if own != _JAR:
            raise SkippedError(f"no cookies called {own!r}")
        parts = [expand(more, lookup)] if more else []
        parts += [f"{name}={value}" for name, value in jar.pairs()]
    else:
        parts = [f"{expand(name, lookup)}={expand(value, lookup)}" for name, value in ordered]
    return ["; ".join(parts)] if parts else []


def _body(body: Mapping[str, Any], role: Role, lookup: Lookup) -> Body:
    match body.get("kind", "none"):
        case "none":
            return Body()
        case "json":
            value = _renamed(expand_all(body["value"], lookup), role)
            return Body(encode(json.dumps(value)), "application/json")
        case "form":
            value = _renamed(expand_all(body["value"], lookup), role)
            return Body(
                urlencode(value, doseq=True, errors="surrogateescape").encode(),
                "application/x-www-form-urlencoded",
            )
        case "raw":
            text = expand(body["value"], lookup)
            for name, own in role.fields.items():
                text = text.replace(f'"{name}"', f'"{own}"')
            return Body(encode(text), body.get("content_type") or "")
        case "webauthn_assertion":
            return Body(encode(lookup(f"ASSERTION {body['mutation']}")), "application/json")
        case kind:
            raise SkippedError(f"no body of kind {kind!r}")


def _renamed(value: Any, role: Role) -> Any:
    if not isinstance(value, dict):
        return value
    return {role.fields.get(name, name): one for name, one in value.items()}


def _knowing_the_token(request: Request, lookup: Lookup) -> Lookup:
    if "token" not in request:
        return lookup
    forged: list[str] = []

    def known(name: str) -> str:
        if name != "TOKEN":
            return lookup(name)
        if not forged:
            forged.append(forge(expand_all(request["token"], lookup), lookup))
        return forged[0]

    return known
