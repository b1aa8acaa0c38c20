"""An API in FastAPI: typed users by `Annotated`, routers guarded as a whole, guests, identities, a WebSocket.

pip install 'guardhouse[fastapi]' uvicorn
APP_KEY=$(guardhouse secret) uvicorn fastapi_routers:app
"""

import os
from typing import Annotated

from fastapi import APIRouter, FastAPI, HTTPException, Request, WebSocket
from pydantic import BaseModel

from guardhouse import Identity, MemoryUsers, Passwords, SessionGuard, User
from guardhouse.fastapi import Guardhouse

passwords = Passwords()
ada = User(
    id="1", email="ada@example.com", password_hash=passwords.hasher.hash("correct horse battery staple")
)

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([ada]),
    passwords=passwords,
    guards={"web": SessionGuard(), "api": SessionGuard()},
    explain="full",
    debug=True,
)

Me = Annotated[User, house.guard("api")]
Guest = Annotated[User | None, house.optional("api")]
Who = Annotated[Identity, house.identity("api")]

app = FastAPI()


class Credentials(BaseModel):
    """What somebody logs in with."""

    email: str
    password: str
    remember: bool = False


@app.post("/login")
@house.public
async def login(request: Request, handed: Credentials) -> dict[str, str]:
    """Log in for every guard over these users."""
    credentials = {"email": handed.email, "password": handed.password}
    user = await house.auth(request).attempt(credentials, remember=handed.remember)
    if user is None:
        raise HTTPException(422, "These credentials do not match our records.")
    return {"id": user.id}


@app.post("/logout", status_code=204)
@house.public
async def logout(request: Request) -> None:
    """End the login."""
    await house.auth(request).logout()


@app.get("/api/me")
async def me(user: Me) -> dict[str, str]:
    """Answer with the user, who was looked up once for this request."""
    return {"id": user.id, "email": user.email}


@app.get("/api/hello")
async def hello(guest: Guest) -> str:
    """Greet anybody; a bad credential is refused all the same."""
    return f"Hello, {guest.email if guest else 'stranger'}."


@app.get("/api/since")
async def since(who: Who) -> dict[str, float | None]:
    """Say since when, without looking the user up."""
    return {"since": who.since}


@app.websocket("/api/echo")
async def echo(socket: WebSocket, user: Me) -> None:
    """Echo once. Who is not logged in, or comes from a page of another origin, is refused before it is accepted."""
    await socket.accept()
    await socket.send_text(f"{user.email}: {await socket.receive_text()}")
    await socket.close()


things = APIRouter(prefix="/api/things", dependencies=[house.require("api")])


@things.post("")
async def add_thing(thing: dict[str, str]) -> dict[str, str]:
    """Take a thing in. The guard spoke before this body was read."""
    return thing


app.include_router(things)
house.install(app)
