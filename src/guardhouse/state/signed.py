"""Signed addresses: a link that nobody can make but us, and of which nothing can be changed.

What is signed is the path and the query as they are written, byte for byte, so that no two readings of one address can
differ. `signature` stands at the end; `expires` is part of what is signed.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from re import compile as pattern
from typing import Literal, TypeAlias

from guardhouse.core.intended import local_path
from guardhouse.vault.keyring import Signer

__all__ = ["Answer", "sign", "verify"]

Answer: TypeAlias = Literal["signed", "unsigned", "forged", "unknown key", "expired"]

_EXPIRES, _SIGNATURE = b"expires=", b"signature="
_KEY_ID = pattern(rb"([A-Za-z0-9_-]{8})\.[A-Za-z0-9_-]{43}").fullmatch
_LONGEST = 4096
_MAC_BYTES = 32


def sign(signer: Signer, path: str, expires: float | None = None) -> str:
    """Sign a path with its query, such as `/files/7?download=1`; `expires` is a moment in epoch seconds.

    Raises `ValueError` for what is no path of this application, or is signed already.
    """
    if local_path(path) is None or not path.isascii() or "#" in path:
        raise ValueError(
            "only a path of this application can be signed, as it is written in a URL: /files/7?download=1"
        )
    address, _, query = path.encode("ascii").partition(b"?")
    parts = _parts(query)
    if any(part.startswith((_EXPIRES, _SIGNATURE)) for part in parts):
        raise ValueError(
            "`expires` and `signature` are what signing adds; name your own parameters otherwise"
        )
    if expires is not None:
        parts.append(_EXPIRES + b"%d" % int(expires))
    mac = signer.key_id.encode("ascii") + b"." + _text(signer.mac(_message(address, parts)))
    return b"?".join((address, b"&".join([*parts, _SIGNATURE + mac]))).decode("ascii")


def verify(signer: Signer, path: bytes, query: bytes, now: float, *, ignore: Collection[str] = ()) -> Answer:
    """Say whether an address is as it was signed, and still good. `path` and `query` are as they came, undecoded.

    `ignore` are names of parameters that others may add, such as `utm_source`.
    """
    if len(path) + len(query) > _LONGEST:
        return "forged"
    ignored = tuple(name.encode() + b"=" for name in ignore)
    parts = [part for part in _parts(query) if not part.startswith(ignored)]
    signatures = [part for part in parts if part.startswith(_SIGNATURE)]
    if not signatures:
        return "unsigned"
    signed, expires = parts[:-1], [part for part in parts if part.startswith(_EXPIRES)]
    if len(signatures) > 1 or parts[-1] != signatures[0] or len(expires) > 1:
        return "forged"
    signature = signatures[0].removeprefix(_SIGNATURE)
    if not _genuine(signer, signature, _message(path, signed)):
        return "unknown key" if unknown_key(signer, signature) else "forged"
    return "signed" if not expires or now < int(expires[0].removeprefix(_EXPIRES)) else "expired"


def unknown_key(signer: Signer, signature: bytes) -> str | None:
    """Name the key that a signature says it was made with, where it is none of ours."""
    named = _KEY_ID(signature)
    key_id = named[1].decode("ascii") if named else ""
    return key_id if key_id and not signer.knows(key_id) else None


def _genuine(signer: Signer, said: bytes, message: bytes) -> bool:
    key_id, dot, mac = said.partition(b".")
    try:
        value = urlsafe_b64decode(mac + b"=" * (-len(mac) % 4)) if dot else b""
        name = key_id.decode("ascii")
    except ValueError:
        return False
    return len(value) == _MAC_BYTES and _text(value) == mac and signer.verify(name, message, value)


def _parts(query: bytes) -> list[bytes]:
    return query.split(b"&") if query else []


def _message(path: bytes, parts: Collection[bytes]) -> bytes:
    return b"%d:%s?%s" % (len(path), path, b"&".join(parts))


def _text(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")
