"""An application with the pages that FastAPI adds by itself; once nobody says anything about them, once somebody does."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from guardhouse import MemoryUsers, SessionGuard
from guardhouse.fastapi import Guardhouse

PAGES = ("/openapi.json", "/docs", "/docs/oauth2-redirect")


def made(public: Sequence[str] = ()) -> FastAPI:
    house = Guardhouse(
        secret="Zl8tq2nPzR0dWv6yXbK3mJ5hT9cS1aGf", users=MemoryUsers([]), guards={"web": SessionGuard()}
    )
    application = FastAPI(redoc_url=None)

    @application.get("/")
    @house.public
    async def home() -> None: ...

    house.install(application, public=public)
    return application


app = made()
said = made(PAGES)
