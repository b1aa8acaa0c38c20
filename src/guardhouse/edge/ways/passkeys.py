"""What belongs to passkeys at the edge: what their pages show, the script of those pages, and whom authenticators know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guardhouse.desks import own_passkeys
from guardhouse.desks.desk import Desk
from guardhouse.desks.otp_app import wanting
from guardhouse.desks.passkeys import half_way, inside
from guardhouse.errors import ConfigError
from guardhouse.flows.plan import Next
from guardhouse.house import Guardhouse
from guardhouse.state.passkey import Passkey
from guardhouse.state.relying_party import RelyingParty, can_have_passkeys
from guardhouse.templates.environment import Templates

__all__ = ["CHANGES", "PROVE", "Script", "own", "party_of", "proving", "script_for"]

PROVE = "passkey"
"""The name of the way at which a passkey is proved."""

_SCRIPTED = frozenset({PROVE, "passkeys", "passkey-required"})
"""The ways whose pages need the script."""

CHANGES = (
    ("passkey-register", own_passkeys.add, own_passkeys.NewPasskey),
    ("passkey-rename", own_passkeys.rename, own_passkeys.Rename),
    ("passkey-remove", own_passkeys.remove, own_passkeys.Remove),
)
"""What a user can change; all of it is done on the one page that lists his passkeys."""

_NAME = "passkeys.js"


async def proving(desk: Desk[Any], _: Request) -> Mapping[str, object] | Next:
    """Say what a passkey is asked for on the page that does nothing else."""
    if await half_way(desk) is not None:
        return {"purpose": "second"}
    return {"purpose": "login" if await inside(desk) is None else "confirm"}


async def own(desk: Desk[Any], _: Request) -> Mapping[str, object] | Next:
    """List the passkeys of who is inside, by all that he has: he changes them here."""
    whose = await inside(desk)
    wanted = None if whose is None else await wanting(desk)
    if wanted is not None:
        return wanted
    found = () if whose is None else await own_passkeys.listed(desk, whose.owner)
    return {
        "passkeys": [
            {
                "id": one.name,
                "label": one.label,
                "created": _moment(one.created),
                "used": None if one.used is None else _moment(one.used),
                "shared": (Passkey.of(one) or _UNREADABLE).shared,
            }
            for one in found
        ]
    }


def party_of(origins: Iterable[bytes], name: str, rp_id: str | None) -> RelyingParty | None:
    """Make what authenticators know this house as, of those of its origins at which browsers have passkeys.

    None where there is none, or where several hosts share no domain and nobody said which is meant: then no passkey is
    offered. Raise `ConfigError` where somebody did say, and it cannot work.
    """
    installed = find_spec("webauthn") is not None
    if rp_id is not None and not installed:
        raise ConfigError("rp_id", rp_id, "Passkeys need more: pip install 'guardhouse[passkeys]'.")
    able = [url for url in (origin.decode() for origin in origins) if can_have_passkeys(url, rp_id)]
    if not installed or (rp_id is None and not able):
        return None
    try:
        return RelyingParty.of(able, name, rp_id=rp_id)
    except ConfigError:
        if rp_id is not None:
            raise
        return None


def script_for(templates: Templates, prefix: str, offered: Collection[str]) -> Script | None:
    """Make the script where one of the offered ways has a page that needs it."""
    return Script(templates, prefix) if not _SCRIPTED.isdisjoint(offered) else None


class Script:
    """The script of the pages, which needs no other, at a path that stays: browsers ask whether theirs is the newest."""

    def __init__(self, templates: Templates, prefix: str) -> None:
        self.path = f"{prefix}/{_NAME}"
        self._text = templates.render(f"pages/{_NAME}", {})
        self._headers = {
            "ETag": f'"{sha256(self._text.encode()).hexdigest()[:32]}"',
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def route(self, house: Guardhouse[Any]) -> BaseRoute:
        """Make the route that serves it."""

        async def script(request: Request) -> Response:
            if request.headers.get("if-none-match") == self._headers["ETag"]:
                return Response(status_code=304, headers=self._headers)
            return Response(self._text, headers=self._headers, media_type="text/javascript")

        face: Any = house
        return Route(self.path, face.public(script), methods=["GET"], name=f"guardhouse.{_NAME}")


_UNREADABLE = Passkey(b"", b"", b"")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
