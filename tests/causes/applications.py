"""The small applications of the proofs: a desk, one guarded thing, and whatever mistake a proof makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.houses import PAGE, desk, log_in, starlette_house

API = "https://api.example.com"
SPA = {"Origin": "https://spa.example.com", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
STRANGER = {"Origin": "https://shop.other.org", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
SILENT: dict[str, str] = {}
"""An old browser, or a proxy that takes the headers away: nothing says where a request comes from."""


def cookie(name: str, value: str) -> dict[str, str]:
    """Write the headers of a page of the application itself that sends this one cookie."""
    return PAGE | {"Cookie": f"{name}={value}"}


def change(part: object, name: str, value: object) -> None:
    """Try what cannot be done: to change a setting while the application runs."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, name, value)


class Shop:
    """An application of one house: a route for each guard, by its name, that anybody whom it admits may read and change."""

    def __init__(self, *names: str, **changes: Any) -> None:
        self.house = starlette_house(**({"explain": "full", "debug": True} | changes))
        routes = [
            Route(f"/{name}", self._thing(name), methods=["GET", "POST"])
            for name in names or self.house.guards
        ]
        self.app = Starlette(routes=[*desk(self.house), *routes])
        self.house.install(self.app)

    def _thing(self, name: str) -> Any:
        async def thing(request: Request) -> Response:
            return PlainTextResponse((await self.house.user(request)).email)

        return self.house.requires(name)(thing)

    def visitor(
        self, headers: Mapping[str, str] = PAGE, like: TestClient | None = None, at: str = API
    ) -> TestClient:
        """Return a client that says these headers and nothing else, with the cookies of another where one is given."""
        client = TestClient(self.app, base_url=at, follow_redirects=False)
        client.headers.clear()
        client.headers.update(headers)
        if like is not None:
            client.cookies = like.cookies
        return client

    def logged_in(self, at: str = API) -> TestClient:
        """Return a client on a page of the application itself, of somebody who is logged in."""
        return log_in(self.visitor(at=at))
