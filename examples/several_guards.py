"""One route for browsers and programs, and a second login for the staff.

`/report` takes an API key or a session, without an exception list for CSRF: the key is explicit, so whoever sends it
is asked nothing else; the session is ambient, so a POST with it must come from a page of ours. `/staff` keeps its
logins in a realm of its own: whoever is logged in to the shop is told just that.

    pip install 'guardhouse[fastapi]' uvicorn
    APP_KEY=$(guardhouse secret) uvicorn several_guards:app
"""

import os
from hashlib import sha256
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request

from guardhouse import FunctionGuard, MemoryUsers, Passwords, SessionGuard, User
from guardhouse.fastapi import Guardhouse

passwords = Passwords()
ada = User(
    id="1", email="ada@example.com", password_hash=passwords.hasher.hash("correct horse battery staple")
)

KEYS = {sha256(b"a-key-of-ada").hexdigest(): ada.id}  # keys are stored as their hash, like passwords


async def owner_of(key: str) -> str | None:
    """Find the user of a key; it is never called without one."""
    return KEYS.get(sha256(key.encode()).hexdigest())


house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([ada]),
    passwords=passwords,
    guards={
        "web": SessionGuard(),
        "staff": SessionGuard(realm="staff"),
        "key": FunctionGuard(header="X-Api-Key", find=owner_of),
    },
    explain="full",
    debug=True,
)

app = FastAPI()


@app.post("/login/{guard}")
@house.public
async def login(request: Request, guard: str, credentials: dict[str, str]) -> str:
    """Log in to the shop (`web`) or to the staff's rooms (`staff`)."""
    if guard not in ("web", "staff") or not await house.auth(request, guard).attempt(credentials):
        raise HTTPException(422, "These credentials do not match our records.")
    return guard


@app.post("/report")
async def report(user: Annotated[User, house.guard("key", "web")]) -> str:
    """Report; the order of the names does not matter."""
    return f"report for {user.email}"


@app.get("/staff")
async def staff(user: Annotated[User, house.guard("staff")]) -> str:
    """Let the staff in."""
    return f"staff room of {user.email}"


house.install(app)

if __name__ == "__main__":
    print(house.stack("key", "web"))
