"""A house from the configuration of the forum thread, written as TOML in `thread.toml` beside this file.

`auth:api` is `house.requires("api")`. The list `nova` became an area of that name: its guard is derived, its step
`BootTools` is a function that is handed in, and what guardhouse does by itself stands in the stack as a note.

    pip install 'guardhouse' uvicorn
    APP_KEY=$(guardhouse secret) uvicorn from_config:app
"""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse import Deny, MemoryUsers, Passwords, Reason, User
from guardhouse.gate.visit import Visit
from guardhouse.starlette import Guardhouse

passwords = Passwords()
ada = User(
    id="1", email="ada@example.com", password_hash=passwords.hasher.hash("correct horse battery staple")
)
CLOSED = {"/nova/closed"}


def boot_tools(visit: Visit) -> Deny | None:
    """Let a request pass, or say no; a step sees the visit after its guards have spoken."""
    return Deny("BootTools", Reason.STEP_REFUSED) if visit.facts.path in CLOSED else None


house: Guardhouse[User] = Guardhouse.from_config(
    Path(__file__).parent / "thread.toml",
    secret=os.environ["APP_KEY"],
    users={"users": MemoryUsers([ada])},
    steps={"BootTools": boot_tools},
    passwords=passwords,
    explain="full",
    debug=True,
)


@house.public
async def login(request: Request) -> Response:
    """Log in through the default guard, which is `web`."""
    user = await house.auth(request).attempt(await request.json())
    return Response(status_code=204 if user else 422)


@house.requires("api")
async def do_thing(request: Request) -> Response:
    """Do the thing of the thread: logged in through `web`, guarded by `api`."""
    return JSONResponse({"done by": (await house.user(request)).email})


@house.requires("nova")
async def tool(request: Request) -> Response:
    """Answer from behind the list."""
    return JSONResponse({"path": request.url.path})


app = Starlette(
    routes=[
        Route("/login", login, methods=["POST"]),
        Route("/api/do_thing", do_thing, methods=["POST"]),
        Route("/nova/{tool}", tool),
    ]
)
house.install(app)

if __name__ == "__main__":
    print(house.stack("nova"))
