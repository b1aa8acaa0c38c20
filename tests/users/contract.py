"""What every provider must do; a test module inherits this and says how to make one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from guardhouse.core.provider import Provider

ADA = "ada@example.com"
GRACE = "grace@example.com"
ADA_HASH = "the hash of Ada's password"


@dataclass(frozen=True)
class Town:
    """A provider of Ada, who has a password and a team, and of Grace, who has neither; a hand on its rows."""

    provider: Provider[Any]
    ada_id: str
    change_password: Callable[[str, str | None], Awaitable[None]]
    remove: Callable[[str], Awaitable[None]]
    questions: Callable[[], int]
    """How often the provider asked its database; 0 for ever where there is none."""


NOBODY: list[Any] = [
    pytest.param({}, id="nothing"),
    pytest.param({"password": "x"}, id="a password alone"),
    pytest.param({"PASSWORD_confirmation": "x", "client_secret": "y"}, id="only keys that hold secrets"),
    pytest.param({"email": ""}, id="an empty login"),
    pytest.param({"email": "   "}, id="a blank login"),
    pytest.param({"email": None}, id="null"),
    pytest.param({"email": [ADA]}, id="a list of one"),
    pytest.param({"email": [ADA, GRACE]}, id="a list of guesses"),
    pytest.param({"email": {"like": "%"}}, id="an operator"),
    pytest.param({"email": True}, id="true"),
    pytest.param({"email": 0}, id="a number"),
    pytest.param({"email": ADA.encode()}, id="bytes"),
    pytest.param({"email": f"{ADA}\r\nBcc: mallory@example.com"}, id="a line break"),
    pytest.param({"email": f"{ADA}\0"}, id="a NUL"),
    pytest.param({"email": "\ud800@example.com"}, id="half of a surrogate pair"),
    pytest.param({"email": "a" * 65536}, id="64 KiB"),
    pytest.param({"team": "engines"}, id="a condition without a login"),
    pytest.param({"email": ADA, "team": None}, id="a null condition"),
    pytest.param({"email": ADA, "team": ""}, id="an empty condition"),
    pytest.param({"email": ADA, "team": ["engines"]}, id="a list as a condition"),
    pytest.param({"email": ADA, "nickname": "countess"}, id="a condition that nobody declared"),
    pytest.param({"email": ADA, "id": "1"}, id="the id as an undeclared condition"),
    pytest.param({"email": ADA, "__class__": "x"}, id="an attribute of Python's"),
]


@pytest.mark.anyio
class ProviderContract:
    """Inherit, and define the fixture `town`."""

    async def test_a_user_is_found_by_id_and_has_that_id(self, town: Town) -> None:
        ada = await town.provider.by_id(town.ada_id)
        assert ada is not None
        assert ada.email == ADA
        assert town.provider.id_of(ada) == town.ada_id

    @pytest.mark.parametrize(
        "user_id",
        [
            "",
            "999999999",
            "0",
            "-1",
            "1 ",
            "01",
            "+1",
            "1.0",
            "1e0",
            "\u0661",
            "9" * 40,
            "x",
            "a\0b",
            "\ud800",
            "None",
            "{}",
        ],
    )
    async def test_an_id_of_nobody_finds_nobody(self, town: Town, user_id: str) -> None:
        assert await town.provider.by_id(user_id) is None

    @pytest.mark.parametrize("typed", [ADA, "ADA@Example.COM", f"  {ADA}\t"])
    async def test_a_user_is_found_by_login_however_it_is_typed(self, town: Town, typed: str) -> None:
        ada = await town.provider.by_credentials({"email": typed, "password": "whatever"})
        assert ada is not None
        assert town.provider.id_of(ada) == town.ada_id

    async def test_who_is_nobody_is_none(self, town: Town) -> None:
        assert await town.provider.by_credentials({"email": "nobody@example.com", "password": "x"}) is None

    @pytest.mark.parametrize(
        "wild",
        ["%", "ada%", "_da@example.com", "' OR 1=1 --", "ad\u0430@example.com", "\u0131da@example.com"],
    )
    async def test_no_letter_of_a_login_stands_for_others(self, town: Town, wild: str) -> None:
        assert await town.provider.by_credentials({"email": wild}) is None

    @pytest.mark.parametrize("credentials", NOBODY)
    async def test_what_is_no_login_asks_nothing_and_finds_nobody(
        self, town: Town, credentials: Mapping[str, object]
    ) -> None:
        asked = town.questions()
        assert await town.provider.by_credentials(cast("Mapping[str, str]", credentials)) is None
        assert town.questions() == asked

    @pytest.mark.parametrize(("team", "found"), [("engines", True), ("compilers", False), ("ENGINES", False)])
    async def test_a_declared_condition_narrows(self, town: Town, team: str, found: bool) -> None:
        ada = await town.provider.by_credentials({"email": ADA, "team": team})
        assert (ada is not None) is found

    async def test_a_password_is_the_stored_hash_or_none(self, town: Town) -> None:
        ada = await town.provider.by_credentials({"email": ADA})
        grace = await town.provider.by_credentials({"email": GRACE})
        assert town.provider.password_of(ada) == ADA_HASH
        assert town.provider.password_of(grace) is None

    async def test_a_fresher_hash_is_kept(self, town: Town) -> None:
        await town.provider.rehash(await town.provider.by_id(town.ada_id), "a fresher hash")
        assert town.provider.password_of(await town.provider.by_id(town.ada_id)) == "a fresher hash"

    async def test_a_fresher_hash_never_overwrites_a_changed_password(self, town: Town) -> None:
        ada = await town.provider.by_id(town.ada_id)
        await town.change_password(town.ada_id, "the hash of another password")
        await town.provider.rehash(ada, "a fresher hash")
        assert (
            town.provider.password_of(await town.provider.by_id(town.ada_id))
            == "the hash of another password"
        )
        assert town.provider.password_of(ada) == ADA_HASH

    async def test_a_fresher_hash_never_gives_a_password_back(self, town: Town) -> None:
        ada = await town.provider.by_id(town.ada_id)
        await town.change_password(town.ada_id, None)
        await town.provider.rehash(ada, "a fresher hash")
        assert town.provider.password_of(await town.provider.by_id(town.ada_id)) is None

    async def test_who_never_had_a_password_gets_none_by_a_rehash(self, town: Town) -> None:
        grace = await town.provider.by_credentials({"email": GRACE})
        await town.provider.rehash(grace, "a hash from nowhere")
        again = await town.provider.by_credentials({"email": GRACE})
        assert town.provider.password_of(again) is None

    async def test_a_removed_user_is_nobody_and_stays_so(self, town: Town) -> None:
        ada = await town.provider.by_id(town.ada_id)
        await town.remove(town.ada_id)
        await town.provider.rehash(ada, "a fresher hash")
        assert await town.provider.by_id(town.ada_id) is None
        assert await town.provider.by_credentials({"email": ADA}) is None
