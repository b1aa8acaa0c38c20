"""How an origin that is not on the list differs from the one that was probably meant, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from ipaddress import ip_address
from typing import NamedTuple

__all__ = ["is_loopback", "nearest", "without_port"]

_PORTS = {"http": "80", "https": "443"}
_ALIKE = 0.75


class Parts(NamedTuple):
    """An origin in its three parts."""

    scheme: str
    host: str
    port: str


def nearest(origin: str, known: Sequence[str]) -> dict[str, object]:
    """Find the origin of the list that was probably meant, and say in what it differs; empty where none is like it."""
    asked = _parts(origin)
    for one in known:
        listed = _parts(one)
        said = list(_differences(asked, listed))
        if len(said) == 1 and (asked.host == listed.host or _kinship(asked.host, listed.host)):
            return {"nearest": one, "differs": said[0]}
    alike = get_close_matches(origin, known, n=1, cutoff=_ALIKE)
    if not alike:
        return {}
    said = list(_differences(asked, _parts(alike[0]))) or ["it is not what the list says"]
    return {"nearest": alike[0], "differs": "; ".join(said)}


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by name or by address, which browsers trust without TLS (W3C Secure Contexts 3.1).

    An address may stand in brackets or not; a name that only begins like one, `127.example.com`, is somebody's.
    """
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name[1:-1] if name.startswith("[") and name.endswith("]") else name).is_loopback
    except ValueError:
        return False


def without_port(host: str) -> str:
    """Cut the port off a Host value; the brackets of an IPv6 address stay."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and (not name.count(":") or name.endswith("]")) else host


def _parts(origin: str) -> Parts:
    scheme, _, rest = origin.partition("://")
    host = without_port(rest)
    port = rest[len(host) + 1 :] if len(rest) > len(host) else _PORTS.get(scheme.lower(), "")
    return Parts(scheme, host, port)


def _differences(asked: Parts, known: Parts) -> Iterator[str]:
    default = asked.port == _PORTS.get(asked.scheme) and known.port == _PORTS.get(known.scheme)
    if asked.scheme != known.scheme:
        yield f"the scheme is {asked.scheme}, the list has {known.scheme}"
    if asked.port != known.port and not default:
        yield f"the port is {asked.port or 'missing'}, the list has {known.port or 'none'}"
    if asked.host != known.host:
        kinship = _kinship(asked.host, known.host)
        yield kinship or f"the host is {asked.host}, the list has {known.host}"


def _kinship(asked: str, known: str) -> str:
    """Say how two hosts are mistaken for each other; empty for strangers."""
    if is_loopback(asked) and is_loopback(known):
        return f"{asked} and {known} are two hosts for a browser"
    if asked.rstrip(".") == known.rstrip("."):
        return "one of them ends in a dot"
    if asked.lower() == known.lower():
        return "they differ in upper and lower case"
    if asked.removeprefix("www.") == known.removeprefix("www."):
        return f"www. is {'missing in the list' if asked.startswith('www.') else 'too much in the list'}"
    if asked.endswith(f".{known}"):
        return f"{asked} is a sub-domain of {known}, and each must be listed"
    if known.endswith(f".{asked}"):
        return f"only the sub-domain {known} is listed"
    return ""
