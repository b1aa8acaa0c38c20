"""What a type checker knows about a house; mypy and pyright read this file, so a wrong line fails `make check`."""

from __future__ import annotations

from typing import assert_type

from starlette.requests import Request

from guardhouse import MemoryUsers, User, fastapi, starlette

SECRET = "ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM"


def test_a_house_knows_the_type_of_its_users():
    assert_type(starlette.Guardhouse(secret=SECRET, users=MemoryUsers()), starlette.Guardhouse[User])
    assert_type(fastapi.Guardhouse(secret=SECRET, users=MemoryUsers()), fastapi.Guardhouse[User])


async def _what_a_desk_hands_out(house: fastapi.Guardhouse[User], request: Request) -> None:
    auth = house.auth(request)
    assert_type(await auth.user(), User | None)
    assert_type(await auth.attempt({"email": "ada@example.com", "password": "x"}), User | None)


def _a_misspelt_setting() -> None:
    """Were it not an error, `make check` would call the ignore below unused."""
    fastapi.Guardhouse(secret=SECRET, users=MemoryUsers(), gaurds={})  # type: ignore[call-arg]
