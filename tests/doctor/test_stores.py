"""What a store says about itself is listed, and one that is away says just that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.applications import Starlette

from guardhouse.doctor.checks.stores import examine
from guardhouse.doctor.subject import subject_of
from guardhouse.errors import StoreError
from guardhouse.state.examined import Remark
from guardhouse.stores.memory import MemoryStore
from tests.houses import starlette_house


class Telling(MemoryStore):
    """A store that says what it was told to say."""

    def __init__(self, *remarks: Remark) -> None:
        super().__init__()
        self.remarks = remarks

    async def examine(self) -> Sequence[Remark]:
        return self.remarks


class Away(MemoryStore):
    async def examine(self) -> Sequence[Remark]:
        raise StoreError("no route to host")


async def said(store: Any) -> list[tuple[str, str, str]]:
    app = Starlette()
    house = starlette_house(store=store)
    house.install(app)
    return [(one.code, one.severity, one.what) for one in await examine(subject_of(app, app, house))]


@pytest.mark.parametrize(
    ("remark", "told"),
    [
        pytest.param(
            Remark("store-schema", "a", "b"), ("store-schema", "error", "a"), id="as bad as the table says"
        ),
        pytest.param(
            Remark("store-clock", "a", "b", "note"), ("store-clock", "note", "a"), id="as it says itself"
        ),
        pytest.param(
            Remark("store-odd", "a", "b"), ("store-remark", "warning", "a"), id="a code nobody knows"
        ),
        pytest.param(
            Remark("debug-left-on", "a", "b"), ("store-remark", "warning", "a"), id="a code of somebody else"
        ),
    ],
)
async def test_a_remark_is_listed(remark, told):
    assert await said(Telling(remark)) == [told]


async def test_a_store_that_is_away_is_a_finding():
    assert await said(Away()) == [("store-away", "error", "no route to host")]


async def test_a_store_that_says_nothing_is_not_asked():
    assert await said(MemoryStore()) == []
