"""Which route of an application a request would reach, by the rules of Starlette's router and without running any of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from starlette.convertors import Convertor
from starlette.routing import compile_path

from guardhouse.core.facts import WEBSOCKET
from guardhouse.doctor.listing import Line
from guardhouse.doctor.sending import Asked

__all__ = ["Match", "NoRoute", "match"]

NoRoute: TypeAlias = Literal[404, 405]


@dataclass(frozen=True, slots=True)
class Match:
    """The route, and what its path says."""

    line: Line
    params: Mapping[str, object]


def match(lines: Iterable[Line], asked: Asked) -> Match | NoRoute:
    """Find the first route that answers; 405 where there is one for another method, 404 where there is none."""
    path = unquote(urlsplit(asked.url).path) or "/"
    kinds = ("websocket" if asked.method == WEBSOCKET else "http", "mount")
    status: NoRoute = 404
    for line in lines:
        params = _params(line, path)
        if params is None or line.info.kind not in kinds:
            continue
        if line.info.kind != "http" or not line.info.methods or asked.method in line.info.methods:
            return Match(line, params)
        status = 405
    return status


def _params(line: Line, path: str) -> Mapping[str, object] | None:
    written = line.info.path
    if line.info.kind == "mount":
        written = f"{written.rstrip('/')}/{{path:path}}"
    pattern, _, convertors = compile_path(written)
    found = pattern.match(path)
    return None if found is None else _converted(found.groupdict(), convertors)


def _converted(found: Mapping[str, str], convertors: Mapping[str, Convertor[Any]]) -> Mapping[str, object]:
    return {name: convertors[name].convert(text) for name, text in found.items()}
