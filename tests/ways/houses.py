"""Houses with ways in for tests: users that can be changed, letters that are kept, and every lifetime under a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import MemoryUsers, User
from guardhouse.mail.letter import Letter
from guardhouse.mail.memory import MemoryMailer
from guardhouse.starlette import Guardhouse
from guardhouse.ways import Ways
from tests.houses import ADA, GRACE, ORIGIN, PAGE, parts

NEW_PASSWORD = "a staple that no horse corrects"


async def long_enough(password: str, about: Mapping[str, str], *, second_factor: bool) -> str | None:
    return None if len(password) >= (8 if second_factor else 15) else "It is too short."


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """A house with its ways, and a visitor for whoever asks."""

    def __init__(self, house: Mapping[str, Any] | None = None, **ways: Any) -> None:
        self.clock = Clock()
        self.mailer = MemoryMailer()
        self.users = MemoryUsers([ADA, GRACE])
        settings = {"users": self.users, "clock": self.clock, "public_url": ORIGIN, "debug": True}
        self.house: Guardhouse[User] = Guardhouse(**parts(**(settings | dict(house or {}))))
        self.ways = Ways(self.house, "web", **({"app_name": "Acme", "judge": long_enough, "mail": self.mailer} | ways))
        self.heard: list[Any] = []
        self.app = Starlette(routes=[Route("/me", self.house.requires("web")(self._me))])
        self.ways.install(self.app)
        self.house.install(self.app)

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"email": (await self.house.user(request)).email})

    def visitor(self, **headers: str) -> TestClient:
        """A browser, which sends what browsers send."""
        return TestClient(self.app, ORIGIN, headers=PAGE | headers)

    def letter(self, to: str = ADA.email) -> Letter:
        """The letter that came last."""
        return self.mailer.to(to)[-1]

    def token(self, to: str = ADA.email) -> str:
        """What the link of the last letter carries."""
        return str(self.letter(to).values["link"]).partition("token=")[2]

    def disable(self, user: User) -> None:
        """Put a changed user into the place of one."""
        self.users.replace(replace(user))
