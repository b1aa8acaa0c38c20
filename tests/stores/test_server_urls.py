"""The URL of a database server: options checked at the start, the nearest name for a typo, and no password in any word."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.errors import ConfigError
from guardhouse.stores import opening, sqlalchemy_engine
from guardhouse.stores.opening import open_store
from guardhouse.stores.server_url import ServerOptions, shown


@pytest.mark.parametrize(
    ("url", "kind", "options"),
    [
        ("postgresql://h/d", "PostgresStore", ServerOptions()),
        ("postgres://u:p@h:5433/d?sslmode=require", "PostgresStore", ServerOptions()),
        (
            "postgresql:///d?host=/run/postgresql&timeout=2&connect_timeout=0.25&pool=20&create=true",
            "PostgresStore",
            ServerOptions(connect_timeout=0.25, timeout=2.0, pool=20, create=True),
        ),
        ("mariadb://u:p@h/d?pool=3", "SQLAlchemyStore", ServerOptions(pool=3)),
        ("mysql://h/d?charset=utf8mb4", "SQLAlchemyStore", ServerOptions()),
        ("mysql+asyncmy://h/d", "SQLAlchemyStore", ServerOptions()),
        ("postgresql+asyncpg://h/d", "SQLAlchemyStore", ServerOptions()),
        ("sqlalchemy+sqlite+aiosqlite:///x.db?create=true", "SQLAlchemyStore", ServerOptions(create=True)),
    ],
)
def test_a_store_is_opened_by_its_url(url: str, kind: str, options: ServerOptions):
    store: Any = open_store(url)
    assert type(store).__name__ == kind
    assert (store._pool if kind == "PostgresStore" else store._database).options == options


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("potsgresql://u:hunter2@h/d", "Did you mean 'postgresql'"),
        ("mariadbb://u:hunter2@h/d", "Did you mean 'mariadb'"),
        ("postgresql://u:hunter2@h/d?timout=1", "Did you mean 'timeout'"),
        ("postgresql://u:hunter2@h/d?timeout=soon", "Write seconds"),
        ("postgresql://u:hunter2@h/d?timeout=nan", "Write seconds"),
        ("postgresql://u:hunter2@h/d?timeout=0", "Write seconds"),
        ("postgresql://u:hunter2@h/d?timeout=1&timeout=2", "Say it once"),
        ("postgresql://u:hunter2@h/d?pool=0", "from 1 to 1000"),
        ("postgresql://u:hunter2@h/d?pool=many", "from 1 to 1000"),
        ("postgresql://u:hunter2@h/d?create=yes", "true or false"),
        ("postgresql://u:hunter2@h:port/d", "scheme://user:password@host:port/database"),
        ("postgresql://u:hunter2", "scheme://user:password@host:port/database"),
        ("postgresql://u:hunter2#@h/d", "%23 for #"),
        ("postgresql://u:#hunter2@h/d", "%23 for #"),
        ("postgresql:hunter2", "scheme://user:password@host:port/database"),
        ("postgresql://[::1/d", "scheme://user:password@host:port/database"),
        ("nosuch+driver://u:hunter2@h/d", "nosuch"),
        ("mysql+pymysql://u:hunter2@h/d", "asyncio"),
        ("sqlite+pysqlite:///x.db", "asyncio"),
    ],
)
def test_what_is_wrong_with_a_url_is_told_without_its_password(url: str, says: str):
    with pytest.raises(ConfigError) as raised:
        open_store(url)
    assert says in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "missing", "extra"),
    [
        ("postgresql://u:hunter2@h/d", "asyncpg", "postgres"),
        ("mariadb://u:hunter2@h/d", "asyncmy", "mysql"),
        ("mysql://u:hunter2@h/d", "sqlalchemy", "mysql"),
        ("sqlite+aiosqlite:///x.db", "sqlalchemy", "sql"),
    ],
)
def test_a_driver_that_is_missing_is_named_by_its_extra(
    url: str, missing: str, extra: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(ConfigError) as raised:
        open_store(url)
    assert f"pip install 'guardhouse[{extra}]'" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_driver_that_may_hand_rows_to_the_wrong_request_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlalchemy_engine, "version", lambda _: "0.2.12")
    with pytest.raises(ConfigError, match=r"asyncmy>=0\.2\.13"):
        open_store("mariadb://h/d")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:hunter2@h:5432/d?password=hunter2", "postgresql://h:5432/d"),
        ("postgresql://u:h@unter2@h/d", "postgresql://h/d"),
        ("postgresql://u:hunter2", "postgresql://u/"),
        ("postgresql://[::1]:5432/d", "postgresql://[::1]:5432/d"),
        ("memory:", "memory:"),
        ("sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, said: str):
    assert shown(url) == said


def test_a_store_says_where_it_is_and_no_more():
    assert repr(open_store("postgresql://u:hunter2@h/d")) == "PostgresStore('postgresql://h/d')"
    assert repr(open_store("mariadb://u:hunter2@h/d")) == "SQLAlchemyStore('mariadb+asyncmy://h/d')"
