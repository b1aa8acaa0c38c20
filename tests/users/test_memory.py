"""Users in memory keep the contract, and can be changed under a running house."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from guardhouse.users.memory import MemoryUsers, User

from .contract import ADA, ADA_HASH, GRACE, ProviderContract, Town


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(User):
    """An application's own user on top of ours."""

    team: str = ""


ADA_USER = Member(id="1", email=ADA, password_hash=ADA_HASH, team="engines")
GRACE_USER = Member(id="2", email=GRACE)


class TestMemoryUsers(ProviderContract):
    """The contract, on memory."""

    @pytest.fixture
    def town(self) -> Town:
        users = MemoryUsers([ADA_USER, GRACE_USER], narrow_by=["team"])

        async def change_password(_: str, password_hash: str | None) -> None:
            users.replace(replace(ADA_USER, password_hash=password_hash))

        async def remove(user_id: str) -> None:
            users.remove(user_id)

        return Town(users, "1", change_password, remove, lambda: 0)


def test_a_user_shows_no_hash() -> None:
    assert ADA_HASH not in repr(ADA_USER)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(User(id="1", email="other@example.com"), id="the same id"),
        pytest.param(User(id="3", email="ADA@example.com"), id="the same address in other letters"),
    ],
)
def test_a_taken_id_or_address_is_refused(second: User) -> None:
    with pytest.raises(ValueError, match="already"):
        MemoryUsers([ADA_USER, second])


@pytest.mark.anyio
async def test_a_replaced_user_is_found_by_the_new_address_only() -> None:
    users = MemoryUsers([ADA_USER])
    users.replace(User(id="1", email="lovelace@example.com"))
    assert await users.by_credentials({"email": ADA}) is None
    found = await users.by_credentials({"email": "Lovelace@example.com"})
    assert found is not None
    assert found.id == "1"


@pytest.mark.anyio
async def test_replacing_by_a_taken_address_changes_nothing() -> None:
    users = MemoryUsers([ADA_USER, GRACE_USER])
    with pytest.raises(ValueError, match="already"):
        users.replace(User(id="1", email=GRACE))
    assert await users.by_id("1") == ADA_USER


def test_removing_nobody_is_an_error() -> None:
    with pytest.raises(KeyError):
        MemoryUsers().remove("1")
