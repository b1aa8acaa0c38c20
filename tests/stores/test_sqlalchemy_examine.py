"""What is unsafe about a database behind SQLAlchemy is said with the next step; what is right is not spoken of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from guardhouse.stores.opening import open_store
from guardhouse.stores.sqlalchemy_examine import look_at, weigh
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url

from .sql_kinds import PATIENT, emptied, started

RIGHT = {"flushes": 1, "twice": 1, "now": 1000.0, "room": 100}


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"flushes": 2}, ["store-durability"]),
        ({"flushes": "0"}, ["store-durability"]),
        ({"twice": "OFF"}, ["store-durability"]),
        ({"twice": 0}, ["store-durability"]),
        ({"twice": "ON"}, []),
        ({"now": 1006.0}, ["store-clock"]),
        ({"now": 994.0}, ["store-clock"]),
        ({"now": 1004.0}, []),
        ({"room": 9}, ["store-remark"]),
        (
            {"flushes": 0, "twice": 0, "now": 0.0, "room": 1},
            ["store-durability"] * 2 + ["store-clock", "store-remark"],
        ),
    ],
)
def test_what_is_found_is_weighed(changed, codes):
    found = weigh("mariadb", SimpleNamespace(**{**RIGHT, **changed}), "h/d", 1000.0, 10)
    assert [remark.code for remark in found] == codes
    assert all(remark.fix for remark in found)


def test_a_database_that_we_know_nothing_of_is_asked_nothing():
    assert look_at("oracle") is None


async def test_a_server_that_flushes_once_a_second_says_so_at_the_start(caplog):
    store: Any = open_store(f"{emptied(started(mariadb_url))}?{PATIENT}")
    await store.open()
    assert "innodb_flush_log_at_trx_commit is 2" in caplog.text
    assert not any(remark.code == "store-clock" for remark in await store.examine())
    await store.close()


async def test_both_ways_to_postgresql_say_the_same():
    url = emptied(started(postgres_url))
    stores: list[Any] = [
        open_store(f"{one}?{PATIENT}") for one in (url, url.replace("postgresql:", "postgresql+asyncpg:"))
    ]
    own, other = [await store.examine() for store in stores]
    assert [remark.code for remark in own] == [remark.code for remark in other]
    for store in stores:
        await store.close()


async def test_a_file_of_sqlite_has_nothing_to_say(tmp_path):
    store: Any = open_store(f"sqlite+aiosqlite:///{tmp_path}/sessions.db?create=true")
    await store.open()
    assert await store.examine() == ()
    await store.close()
