"""The pages of the ways in: plain HTML that works without JavaScript, filled from templates that an application may replace."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from guardhouse.core.intended import local_path
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.reasons_of_foreign_logins import OF_FOREIGN_LOGINS
from guardhouse.desks.desk import Desk
from guardhouse.edge.ways.passkeys import Script
from guardhouse.edge.ways.way import Way
from guardhouse.templates.environment import Templates

__all__ = ["Pages", "Said"]

SECRETS = frozenset({"password", "new_password", "current_password", "code", "token", "credential"})
"""What a form does not show again."""


_OTHERS = (Reason.CONFIRMATION_NEEDED, Reason.LOGIN_FAILED, Reason.LOGIN_THROTTLED)
_TOLD = {**OF_FOREIGN_LOGINS, **{reason: REASONS[reason] for reason in _OTHERS}}
"""Why somebody may have been led back to a page."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said on a page that is shown once more: what was wrong, and what was handed in."""

    status: int = 200
    wrong: Mapping[str, str] = field(default_factory=dict[str, str])
    handed: Mapping[str, object] = field(default_factory=dict[str, object])


class Pages:
    """The pages of one set of ways. `paths` are where the ways lie, by their names."""

    def __init__(
        self,
        templates: Templates,
        paths: Mapping[str, str],
        texts: Mapping[str, object],
        script: Script | None = None,
    ) -> None:
        self.script = script
        self._templates = templates
        self.paths = paths
        self._texts = texts
        self._style = templates.render("pages/style.css", {})
        self._headers = _headers(self._style)

    def __contains__(self, name: str) -> bool:
        return name in self.paths

    def path_of(self, name: str) -> str:
        """Return where a way lies; what is not offered leads to the login."""
        return self.paths.get(name) or self.paths["login"]

    def leaving(self, desk: Desk[Any], way: Way, request: Request, url: str) -> Response:
        """Lead to another site by a page of its own, which goes on by itself.

        A redirect would not: where a form was sent to may not lead beyond `form-action`, not even later on (CSP 3, 6.4.1), and
        where a login server leads on to is its own affair.
        """
        way = replace(way, page="leaving")
        return self.page(desk, way, request, {"url": url, "site": urlsplit(url).hostname}, Said())

    def page(
        self, desk: Desk[Any], way: Way, request: Request, shown: Mapping[str, object], said: Said
    ) -> Response:
        """Fill the page of a way, with what was wrong and what was handed in, except for what is secret."""
        wanted = local_path(said.handed.get("next")) or local_path(request.query_params.get("next"))
        values = {
            **self._texts,
            "csrf_token": desk.visit.carried.csrf_token(),
            "paths": self.paths,
            "style": self._style,
            "way": way.name,
            "action": request.url.path,
            "next": wanted or "",
            "acting": desk.acting,
            "token": said.handed.get("token") or request.query_params.get("token", ""),
            "handed": {key: value for key, value in said.handed.items() if key not in SECRETS},
            "said": self._worded(said.wrong or _came_with(request), desk.language),
            **shown,
        }
        body = self._templates.render(f"pages/{way.page}.html", values, desk.language)
        return HTMLResponse(body, said.status, {**self._headers, "Content-Language": desk.language})

    def _worded(self, wrong: Mapping[str, str], language: str) -> Mapping[str, str]:
        """Say in the visitor's language what was wrong."""
        if "problem" not in wrong:
            return wrong
        return {**wrong, "problem": self._templates.translated(wrong["problem"], language)}


def _came_with(request: Request) -> Mapping[str, str]:
    """Say what the address names of why somebody was led back here: one of these reasons, and no text of a stranger's."""
    code = request.query_params.get("reason", "")
    told = [entry.title for reason, entry in _TOLD.items() if code == reason]
    return {"problem": told[0]} if told else {}


def _headers(style: str) -> dict[str, str]:
    """Write the headers of a page: nothing of another origin is loaded, and nobody is told where one came from."""
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "script-src 'self'; connect-src 'self'; img-src 'self' data:",
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
