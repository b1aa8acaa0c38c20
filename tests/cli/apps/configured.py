"""An application whose house stands in a file."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette

from guardhouse import MemoryUsers, User
from guardhouse.starlette import Guardhouse

SECRET = "ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM"

house = Guardhouse[User].from_config(
    Path(__file__).parent / "house.toml",
    secret=SECRET,
    users={"users": MemoryUsers([User(id="1", email="ada@example.com")])},
    login_url="/sign-in",
)
app = Starlette()
house.install(app)
