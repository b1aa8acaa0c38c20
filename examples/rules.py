"""Rules on FastAPI: who may do what with which post, in a stack, in a dependency, and asked by hand.

APP_KEY=$(guardhouse secret) uvicorn rules:app
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request

from guardhouse import Can, Denied, MemoryUsers, Passwords, SessionGuard, User
from guardhouse.fastapi import Guardhouse

passwords = Passwords()
HASH = passwords.hasher.hash("correct horse battery staple")
ada = User(id="1", email="ada@example.com", password_hash=HASH)
grace = User(id="2", email="grace@example.com", password_hash=HASH)


@dataclass
class Post:
    """One of the things that the rules are about."""

    id: int
    author: str
    draft: bool = False


POSTS = {1: Post(1, ada.id), 2: Post(2, grace.id), 3: Post(3, grace.id, draft=True)}

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([ada, grace]),
    passwords=passwords,
    guards={"web": SessionGuard()},
    explain="full",
    debug=True,
)


class PostPolicy:
    """The rules over posts. Each method is named after what somebody wants to do."""

    def view(self, user: User | None, post: Post) -> bool | Denied:
        """Let guests read too, since the user may be None here; what is hidden answers 404."""
        mine = user is not None and user.id == post.author
        return mine or not post.draft or Denied("A draft is its author's.", hidden=True)

    def update(self, user: User, post: Post) -> bool | Denied:
        """Hide here what `view` hides: a 403 would tell that it exists."""
        return user.id == post.author or Denied("Only the author may.", code="not_author", hidden=post.draft)

    def create(self, user: User) -> bool:
        """Take the user alone: the question is about the class."""
        return user.id == ada.id


house.rules.policy(Post, PostPolicy())


@house.rules.define("view-admin")
def view_admin(user: User) -> bool | str:
    """Let Ada look after the shop; a text says why not."""
    return user.id == ada.id or "Only Ada looks after this."


async def load_post(post_id: int) -> Post | None:
    """Find a post. An ordinary dependency; None is refused as what a rule hides."""
    return POSTS.get(post_id)


app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.post("/login")
@house.public
async def login(request: Request, credentials: dict[str, str]) -> str:
    """Log in."""
    user = await house.auth(request).attempt(credentials)
    if user is None:
        raise HTTPException(422, "These credentials do not match our records.")
    return user.email


@app.get("/posts/{post_id}")  # noqa: FAST003 - load_post takes it
async def show(
    request: Request, post: Annotated[Post, house.authorized("view", load_post, "web", guests=True)]
) -> dict[str, object]:
    """Show a post, and whether the page should have a button to edit it."""
    return {"id": post.id, "mine": await house.can(request, "update", post)}


@app.put("/posts/{post_id}")  # noqa: FAST003 - load_post takes it
async def update(post: Annotated[Post, house.authorized("update", load_post, "web")]) -> int:
    """Change a post; the rule has been asked before anything else happens."""
    return post.id


@app.post("/posts")
async def create(user: Annotated[User, house.guard("web", Can("create", Post))]) -> str:
    """Write a post."""
    return f"written by {user.email}"


@app.get("/admin", dependencies=[house.require("web", "can:view-admin")])
async def admin() -> str:
    """Look after the shop."""
    return "welcome"


house.install(app)
