"""What users can be made to do beyond being found: one contract for all that can be written, in memory and in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from guardhouse.core.provider import Disables, HasAddress, Registers, SetsPassword
from guardhouse.users.sqlalchemy import SQLUsers

from .writable import PLACES, Place, place

ADA = "ada@example.com"
GRACE = "grace@example.com"

pytestmark = pytest.mark.anyio


@pytest.fixture(params=PLACES, ids=["-".join(each) for each in PLACES])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    database, kind = request.param
    async with place(database, kind, tmp_path) as found:
        yield found


async def test_all_powers_are_there(here: Place) -> None:
    for power in (Registers, SetsPassword, HasAddress, Disables):
        assert isinstance(here.users, power), power


async def test_a_newcomer_is_found_by_login_and_id(here: Place) -> None:
    ada = await here.newcomer(f"  {ADA.upper()} ", name="Ada")
    assert ada.name == "Ada"
    assert here.users.password_of(ada) == "the first hash"
    assert not here.users.disabled(ada)
    assert not here.users.verified(ada)
    login = "login" if here.with_mail else "email"
    found = await here.users.by_credentials({login: ADA})
    assert here.users.id_of(found) == here.users.id_of(ada)
    assert await here.users.by_id(here.users.id_of(ada)) is not None


NEARLY = (
    "ad\u00e1@example.com",
    "\u00c5da@example.com",
    "\uff41da@example.com",
    "ad\u0430@example.com",
    "ada\u0301@example.com",
    "\U0001d41ada@example.com",
    "\U0001f984@example.com",
)


async def test_no_letter_of_a_login_stands_for_another(here: Place) -> None:
    ada = await here.newcomer(ADA, name="Ada")
    login = "login" if here.with_mail else "email"
    for stranger in NEARLY:
        assert await here.users.by_credentials({login: stranger}) is None, stranger
    assert not await here.users.set_address(await here.newcomer(GRACE), ADA, before=GRACE)
    if isinstance(here.users, SQLUsers):
        assert await here.users.by_credentials({login: ADA, "name": "Ada"}) is not None
        assert await here.users.by_token("name", "Ada") is not None
        for name in ("ada", "Ad\u00e1", "\U0001f984"):
            assert await here.users.by_credentials({login: ADA, "name": name}) is None, name
            assert await here.users.by_token("name", name) is None, name
    assert await here.users.by_id(here.users.id_of(ada).upper() + " ") is None


async def test_who_is_nearly_another_is_somebody_else_or_is_not_taken_in(here: Place) -> None:
    ada = await here.newcomer(ADA, name="Ada")
    login = "login" if here.with_mail else "email"
    for stranger in NEARLY:
        try:
            taken_in = await here.newcomer(stranger, "the hash of a stranger")
        except ValueError as refused:
            assert str(refused).endswith(".")  # noqa: PT017 - on most databases nobody is refused
            continue
        if taken_in is not None:
            found = await here.users.by_credentials({login: stranger})
            assert here.users.id_of(found) == here.users.id_of(taken_in) != here.users.id_of(ada)
    assert here.users.password_of(await here.again(ada)) == "the first hash"
    assert await here.users.by_credentials({login: ADA}) is not None


@pytest.mark.parametrize("number", [2**31, 2**32 + 1, 2**63 - 1, -(2**31) - 1])
async def test_a_key_that_the_column_is_too_small_for_is_nobodys(here: Place, number: int) -> None:
    await here.newcomer(ADA)
    assert await here.users.by_id(str(number)) is None
    if isinstance(here.users, SQLUsers):
        assert len(await here.users.listed(after=str(number))) in (0, 1)


async def test_a_newcomer_may_have_no_password(here: Place) -> None:
    ada = await here.newcomer(ADA, None)
    assert here.users.password_of(await here.again(ada)) is None
    assert await here.users.set_password(ada, "the first hash", before=None)
    assert here.users.password_of(await here.again(ada)) == "the first hash"


@pytest.mark.parametrize("login", [ADA, "ADA@example.COM", f" {ADA}\t"])
async def test_a_taken_login_is_nobodys_and_changes_nothing(here: Place, login: str) -> None:
    ada = await here.newcomer(ADA, name="Ada")
    assert await here.newcomer(login, "the hash of a stranger", name="Mallory") is None
    again = await here.again(ada)
    assert (here.users.password_of(again), again.name) == ("the first hash", "Ada")


@pytest.mark.parametrize(
    ("login", "more"),
    [
        pytest.param(ADA, {"roles": "admin"}, id="a field that nobody listed"),
        pytest.param(ADA, {"id": "1"}, id="the key"),
        pytest.param(ADA, {"password_hash": "x"}, id="the hash"),
        pytest.param(ADA, {"disabled": "false"}, id="what the house keeps"),
        pytest.param(ADA, {"name": "a\0b"}, id="a NUL"),
        pytest.param(ADA, {"name": "\ud800"}, id="half of a surrogate pair"),
        pytest.param(ADA, {"name": ["Ada"]}, id="a list"),
        pytest.param("", {}, id="no login"),
        pytest.param("  ", {}, id="a blank login"),
        pytest.param("ada\r\nBcc: x@example.com", {}, id="a login of two lines"),
        pytest.param("a" * 65536, {}, id="64 KiB of login"),
    ],
)
async def test_what_cannot_be_taken_is_told_and_nothing_is_written(
    here: Place, login: str, more: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        await here.newcomer(login, **more)
    assert len(str(refused.value)) < 200
    assert await here.newcomer(ADA) is not None


@pytest.mark.slow
async def test_of_ten_who_register_one_login_at_once_one_is_taken_in(here: Place) -> None:
    answers = await at_once(10, lambda _: here.newcomer(ADA))
    assert sum(answer is not None for answer in answers) == 1


@pytest.mark.slow
async def test_of_twenty_who_set_a_password_at_once_one_wins(here: Place) -> None:
    ada = await here.newcomer(ADA)
    hands = [await here.again(ada) for _ in range(20)]

    async def try_it(number: int) -> Any:
        return await here.users.set_password(hands[number], f"hash {number}", before="the first hash")

    answers = await at_once(20, try_it)
    assert Counter(answers) == {True: 1, False: 19}
    assert here.users.password_of(await here.again(ada)) == f"hash {answers.index(True)}"


async def test_a_password_is_set_once_in_the_place_of_another(here: Place) -> None:
    ada = await here.newcomer(ADA)
    other = await here.again(ada)
    assert await here.users.set_password(ada, "the second hash", before="the first hash")
    assert not await here.users.set_password(other, "the hash of a thief", before="the first hash")
    assert not await here.users.set_password(other, "the hash of a thief", before=None)
    assert here.users.password_of(await here.again(ada)) == "the second hash"


async def test_an_address_is_verified_once_and_only_the_present_one(here: Place) -> None:
    ada = await here.newcomer(ADA)
    assert here.users.address_of(ada) == ADA
    assert not await here.users.verify(ada, GRACE)
    assert await here.users.verify(ada, ADA)
    assert not await here.users.verify(ada, ADA)
    assert here.users.verified(await here.again(ada))


@pytest.mark.slow
async def test_of_ten_who_verify_at_once_one_did(here: Place) -> None:
    ada = await here.newcomer(ADA)
    hands = [await here.again(ada) for _ in range(10)]
    answers = await at_once(10, lambda number: here.users.verify(hands[number], ADA))
    assert Counter(answers) == {True: 1, False: 9}


async def test_another_address_comes_verified_in_the_place_of_the_former(here: Place) -> None:
    ada, lovelace = await here.newcomer(ADA), "lovelace@example.com"
    other = await here.again(ada)
    assert await here.users.set_address(ada, lovelace, before=ADA)
    assert not await here.users.set_address(other, GRACE, before=ADA)
    again = await here.again(ada)
    assert here.users.address_of(again) == lovelace
    assert here.users.verified(again)
    assert not await here.users.verify(again, ADA)


async def test_a_taken_address_changes_nothing(here: Place) -> None:
    ada, grace = await here.newcomer(ADA), await here.newcomer(GRACE)
    assert grace is not None
    assert not await here.users.set_address(ada, GRACE, before=ADA)
    assert here.users.address_of(await here.again(grace)) == GRACE


async def test_whom_the_application_disables_is_out_until_he_is_let_in_again(here: Place) -> None:
    ada, grace = await here.newcomer(ADA), await here.newcomer(GRACE)
    assert await here.users.disable(ada)
    assert here.users.disabled(await here.again(ada))
    assert not here.users.disabled(await here.again(grace))
    assert await here.users.enable(ada)
    assert not here.users.disabled(await here.again(ada))


async def at_once(count: int, work: Any) -> list[Any]:
    """Let so many try it at the same time; return what each was told."""
    answers: list[Any] = [None] * count

    async def one(number: int) -> None:
        answers[number] = await work(number)

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(one, number)
    return answers
