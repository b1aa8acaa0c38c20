"""What stands for what: `${NAME}`, `${NAME:modifier}` and the functions of the corpus, nested as they come."""

from __future__ import annotations

import base64
import json
import re
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from tests.attack.cases import SkippedError

# Raw bytes travel inside text as lone surrogates, so that one type serves headers, bodies and paths.
RAW = "surrogateescape"

_REPEAT = re.compile(r"\$\{REPEAT:(.{1,8}?):(\d+)\}", re.DOTALL)
_RANDOM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Lookup = Callable[[str], str]


def encode(text: str) -> bytes:
    """Turn expanded text into the bytes it stands for."""
    return text.encode("utf-8", RAW)


def raw(data: bytes) -> str:
    """Carry bytes inside text."""
    return data.decode("utf-8", RAW)


def expand(template: str, lookup: Lookup) -> str:
    """Replace every placeholder of a text, innermost first."""
    return "".join(_parts(template, lookup))


def expand_all(value: Any, lookup: Lookup) -> Any:
    """Replace every placeholder inside a JSON value."""
    match value:
        case str():
            return expand(value, lookup)
        case list():
            return [expand_all(one, lookup) for one in value]
        case dict():
            return {expand(key, lookup): expand_all(one, lookup) for key, one in value.items()}
        case _:
            return value


def _parts(template: str, lookup: Lookup) -> Iterator[str]:
    at = 0
    while (start := template.find("${", at)) >= 0:
        yield template[at:start]
        repeated = _REPEAT.match(template, start)
        if repeated:
            yield repeated[1] * int(repeated[2])
            at = repeated.end()
            continue
        at = _end(template, start)
        yield _value(template[start + 2 : at - 1], lookup)
    yield template[at:]


def _end(template: str, start: int) -> int:
    depth = 0
    for at in range(start + 1, len(template)):
        depth += {"{": 1, "}": -1}.get(template[at], 0)
        if depth == 0:
            return at + 1
    raise SkippedError(f"a placeholder never ends: {template[start : start + 40]}")


def _value(inner: str, lookup: Lookup) -> str:
    name, colon, rest = inner.partition(":")
    if colon and name in FUNCTIONS:
        return FUNCTIONS[name](expand(rest, lookup))
    if not colon:
        return lookup(name)
    if rest not in MODIFIERS:
        return lookup(inner)  # a name of its own, such as that of a code at some moment
    return MODIFIERS[rest](lookup(name))


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _random(length: str) -> str:
    return "".join(secrets.choice(_RANDOM) for _ in range(int(length)))


def _zip_bomb(size: str) -> str:
    """Write a JWE (RFC 7516) whose payload unpacks to a thousand times its size."""
    header = _b64url(json.dumps({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}).encode())
    packed = zlib.compress(b"\0" * (1 << 22), 9)[2:-4]
    return ".".join(
        (
            header,
            "",
            _b64url(b"\0" * 12),
            _b64url(packed * (int(size) // len(packed) + 1)),
            _b64url(b"\0" * 16),
        )
    )


def _costly(count: str) -> str:
    """Write a JWE that asks for that many rounds of PBES2 (RFC 7518 4.8)."""
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": int(count), "p2s": _random("22")}
    parts = (
        secrets.token_bytes(24),
        secrets.token_bytes(12),
        secrets.token_bytes(32),
        secrets.token_bytes(16),
    )
    return ".".join((_b64url(json.dumps(header).encode()), *(_b64url(part) for part in parts)))


def _flip(text: str, at: int) -> str:
    position = at % len(text) if text else 0
    other = "B" if text[position : position + 1] == "A" else "A"
    return text[:position] + other + text[position + 1 :]


FUNCTIONS: Mapping[str, Callable[[str], str]] = {
    "HEX": lambda digits: raw(bytes.fromhex(digits)),
    "RANDOM": _random,
    "RANDOM_FIXED": lambda length: ("guardhouse" * 10)[: int(length)],
    "B64": lambda text: base64.b64encode(encode(text)).decode(),
    "B64URL": lambda text: _b64url(encode(text)),
    "JWE_ZIP_BOMB": _zip_bomb,
    "JWE_PBES2": _costly,
    "MANY": lambda count: "; ".join(f"filler{number}=x{number}" for number in range(int(count))),
}


def _extend_expiry(text: str) -> str:
    """Write a later end into a value: in the place of each moment in it, and behind a value that shows none."""
    later = re.sub(r"(?<![0-9])1[0-9]{9}(?![0-9])", "4102444800", text)
    return later if later != text else f"{text}.4102444800"


MODIFIERS: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "swapcase": str.swapcase,
    "reverse": lambda text: text[::-1],
    "flip_first": lambda text: _flip(text, 0),
    "flip_last": lambda text: _flip(text, -1),
    "flip_middle": lambda text: _flip(text, len(text) // 2),
    "drop_first": lambda text: text[1:],
    "drop_last": lambda text: text[:-1],
    "first_half": lambda text: text[: len(text) // 2],
    "first72": lambda text: text[:72],
    "before_nul": lambda text: text.partition("\0")[0],
    "noprefix": lambda text: re.sub(r"(?i)^__(Host-Http|Host|Secure|Http)-", "", text),
    "dotless_i": lambda text: text.replace("i", "\u0131"),
    "dot_to_x": lambda text: text.replace(".", "x"),
    "backslash": lambda text: text[:1] + text[1:].replace("/", "\\"),
    "extend_expiry": _extend_expiry,
    "encode": lambda text: quote(text, safe=""),
    "encode_all": lambda text: "".join(f"%{byte:02x}" for byte in encode(text)),
    "encode_first": lambda text: f"/%{ord(text[1]):02x}{text[2:]}",
    "encode_slash": lambda text: text[:1] + text[1:].replace("/", "%2f"),
    "double_encode": lambda text: f"/%25{ord(text[1]):02x}{text[2:]}",
}
