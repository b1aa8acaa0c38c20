"""What a program hears that asks for a page: which fields the way takes, what the page would show, and where all ways lie."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import NODEFAULT, Struct
from starlette.requests import Request

from guardhouse.desks.kit import Kit
from guardhouse.edge.ways.way import Way

__all__ = ["described", "wants_document"]


def wants_document(request: Request) -> bool:
    """Whether JSON is asked for by name, and no page. Who takes anything, as curl does, gets the page."""
    accepted = [one.partition(";")[0].strip().lower() for one in request.headers.get("accept", "").split(",")]
    return "application/json" in accepted and "text/html" not in accepted


def described(kit: Kit, way: Way, paths: Mapping[str, str], shown: Mapping[str, object]) -> dict[str, object]:
    """Write what a client needs to send the form itself. Nothing stands in it that the page would not show."""
    fields = [*_fields(kit, way.handed), *_more(kit, way)] if way.act is not None else []
    return {"way": way.name, "fields": fields, "shown": shown, "ways": dict(paths)}


def _fields(kit: Kit, shape: type[Struct]) -> list[dict[str, object]]:
    names = (field for field in msgspec.structs.fields(shape) if field.name != "more")
    return [
        {
            "name": kit.login_field if field.name == "login" else field.name,
            "type": "boolean" if field.type is bool else "text" if field.type is str else "object",
            "required": field.default is NODEFAULT and field.default_factory is NODEFAULT,
        }
        for field in names
    ]


def _more(kit: Kit, way: Way) -> list[dict[str, object]]:
    """Name what somebody new may fill in beside login and password."""
    if "more" not in {field.name for field in msgspec.structs.fields(way.handed)}:
        return []
    return [{"name": name, "type": "text", "required": False} for name in kit.register_fields]
