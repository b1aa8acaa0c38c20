"""Houses with ways in for tests: users that can be changed, letters that are kept, and every lifetime under a clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import anyio.lowlevel
from anyio.from_thread import BlockingPortal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import MemoryUsers, User
from guardhouse.core.events import AccountChanged
from guardhouse.desks.outbox import Outbox
from guardhouse.mail.letter import Letter
from guardhouse.mail.memory import MemoryMailer
from guardhouse.starlette import Guardhouse
from guardhouse.ways import Ways
from tests.houses import ADA, GRACE, ORIGIN, PAGE, parts

NEW_PASSWORD = "a staple that no horse corrects"


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """A house with its ways, and a visitor for whoever asks."""

    def __init__(self, portal: BlockingPortal, house: Mapping[str, Any] | None = None, **ways: Any) -> None:
        self.portal = portal
        self.clock = Clock()
        self.mailer = MemoryMailer()
        self.users = MemoryUsers([ADA, GRACE])
        settings = {"users": self.users, "clock": self.clock, "public_url": ORIGIN, "debug": True}
        self.house: Guardhouse[User] = Guardhouse(**parts(**(settings | dict(house or {}))))
        told: dict[str, Any] = {
            "app_name": "Acme",
            "pace": timedelta(0),
            "mail": Outbox(self.mailer, spread=timedelta(0)),
        } | ways
        self.ways = Ways(self.house, "web", **told)
        self.heard: list[Any] = []
        self.changed: list[AccountChanged] = []
        self.house.listen(AccountChanged, self.changed.append)
        self.app = Starlette(
            routes=[
                Route("/me", self.house.requires("web")(self._me)),
                Route("/enter/{id}", self._enter, methods=["POST"]),
            ]
        )
        self.defined()
        self.ways.install(self.app)
        self.house.install(self.app)

    def defined(self) -> None:
        """Where the rules of a world are defined, before anything is installed."""

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"email": (await self.house.user(request)).email})

    def visitor(self, **headers: str) -> TestClient:
        """A browser, which sends what browsers send. All of a world share one loop, as those of a process do."""
        client = TestClient(self.app, ORIGIN, headers=PAGE | headers)
        client.portal = self.portal
        return client

    def enter(self, user_id: str, *proofs: str, **headers: str) -> TestClient:
        """A browser in which this user is logged in, whatever he proved himself by."""
        client = self.visitor(**headers)
        told = client.post(f"/enter/{user_id}", json=list(proofs))
        assert told.status_code == 204, told.text
        return client

    async def _enter(self, request: Request) -> Response:
        user = await self.users.by_id(request.path_params["id"])
        assert user is not None
        await self.house.auth(request, "web").login(user, proofs=await request.json())
        return Response(status_code=204)

    def at_once(self, many: int, ask: Callable[[TestClient], Any], **headers: str) -> list[Any]:
        """Let so many visitors ask at the same time; they meet in one loop, as the requests of a process do."""
        visitors = [self.visitor(**headers) for _ in range(many)]
        with ThreadPoolExecutor(many) as threads:
            return list(threads.map(ask, visitors))

    def letters(self, to: str = ADA.email) -> tuple[Letter, ...]:
        """What was sent to somebody; what is on its way arrives first."""
        self.portal.call(self._carried)
        return self.mailer.to(to)

    @staticmethod
    async def _carried() -> None:
        for _ in range(10):  # a carrier begins at one turn of the loop, and keeps a letter at the next
            await anyio.lowlevel.checkpoint()

    def letter(self, to: str = ADA.email) -> Letter:
        """The letter that came last."""
        return self.letters(to)[-1]

    def token(self, to: str = ADA.email) -> str:
        """What the link of the last letter carries."""
        return str(self.letter(to).values["link"]).partition("token=")[2]

    def steps(self) -> list[str]:
        """What happened to accounts, in its order."""
        return [event.step for event in self.changed]


def alike(*answers: Any) -> bool:
    """Whether nobody can tell these answers from one another; random values of cookies have one length."""
    return len({_shown(answer) for answer in answers}) == 1


def _shown(answer: Any) -> tuple[object, ...]:
    headers = tuple((name, _SECRET.sub("(random)", value)) for name, value in sorted(answer.headers.items()))
    return answer.status_code, answer.content, headers


_SECRET = re.compile(r"(?<==)[A-Za-z0-9_-]{43}(?=;)")
