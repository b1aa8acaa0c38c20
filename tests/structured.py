"""Reads lists of structured fields by RFC 9651 alone, to hold what we write against it."""

from __future__ import annotations

import re

_STRING = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_PARAMETER = re.compile(r";([a-z*][a-z0-9_.*-]*)=(-?[0-9]{1,15})(?![0-9])")


def items(value: bytes | str) -> list[tuple[str, dict[str, int]]]:
    """Read a list of strings with integer parameters; anything else is a `ValueError`."""
    text = value.decode("ascii") if isinstance(value, bytes) else value
    found: list[tuple[str, dict[str, int]]] = []
    at = 0
    while True:
        string = _STRING.match(text, at)
        if string is None:
            raise ValueError(f"no string at {at} of {text!r}")
        at = string.end()
        parameters: dict[str, int] = {}
        while parameter := _PARAMETER.match(text, at):
            parameters[parameter[1]] = int(parameter[2])
            at = parameter.end()
        found.append((re.sub(r"\\(.)", r"\1", string[1]), parameters))
        if at == len(text):
            return found
        if text[at : at + 2] != ", ":
            raise ValueError(f"no comma at {at} of {text!r}")
        at += 2
