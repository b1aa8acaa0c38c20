"""The pages of the ways in: plain HTML that works without JavaScript, filled from templates that an application may replace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from guardhouse.core.intended import local_path
from guardhouse.desks.desk import Desk
from guardhouse.edge.ways.way import Way

__all__ = ["Pages", "Render"]

Render = Callable[[str, str, Mapping[str, object]], str]
"""Fills the template of a name, in a language, with values."""

SECRETS = frozenset({"password", "new_password", "current_password", "code", "token"})


class Pages:
    """The pages of one set of ways. `paths` are where the ways lie, by their names."""

    def __init__(self, render: Render, paths: Mapping[str, str]) -> None:
        self._render = render
        self._paths = paths
        self._headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
            "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def path_of(self, name: str) -> str:
        """Return where a way lies; what is not offered leads to the login."""
        return self._paths.get(name) or self._paths["login"]

    def page(  # noqa: PLR0913, PLR0917 - what a page shows
        self,
        desk: Desk[Any],
        way: Way,
        request: Request,
        shown: Mapping[str, object],
        status: int = 200,
        said: Mapping[str, str] | None = None,
        handed: Mapping[str, object] | None = None,
    ) -> Response:
        """Fill the page of a way, with what was wrong and what was handed in, except for what is secret."""
        kept = {key: value for key, value in (handed or {}).items() if key not in SECRETS}
        values = {
            "csrf_token": desk.visit.carried.csrf_token(),
            "paths": self._paths,
            "app_name": desk.kit.app_name,
            "login_field": desk.kit.login_field,
            "way": way.name,
            "action": request.url.path,
            "next": local_path(kept.get("next")) or local_path(request.query_params.get("next")) or "",
            "token": (handed or {}).get("token") or request.query_params.get("token", ""),
            "handed": kept,
            "said": dict(said or {}),
            **shown,
        }
        body = self._render(f"{way.page}.html", desk.language, values)
        return HTMLResponse(body, status, self._headers | {"Content-Language": desk.language})
