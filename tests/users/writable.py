"""Users that can be written, of every kind: in memory, and in tables that differ, on every database that is here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Boolean, DateTime, String, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from guardhouse.users.memory import MemoryUsers
from guardhouse.users.sqlalchemy import SQLUsers
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url
from tests.stores.sql_kinds import started


class Base(DeclarativeBase):
    """Tables of these tests."""


LOOSE = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}
"""What most applications on MariaDB have: a collation that takes no notice of case, accents and forms of a letter. The other
tables have the server's own, which was latin1 until MariaDB 11.6."""


class Aware(TypeDecorator[datetime]):
    """Moments with a zone, in a column that keeps none: what many applications have for SQLite's sake."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Citizen(Base):
    """A user with a number, and moments that know their zone."""

    __tablename__ = "writable_citizen"
    __table_args__ = LOOSE
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str | None] = mapped_column(String(20))
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Flagged(Base):
    """A user as fastapi-users has him: a UUID, and flags."""

    __tablename__ = "writable_flagged"
    __table_args__ = LOOSE
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(200), unique=True, index=True)
    hashed_password: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(20), default="")
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    is_verified: Mapped[bool] = mapped_column(Boolean, default=False)


class Named(Base):
    """A user who logs in by a name and has an address beside it; attributes are called otherwise than their columns."""

    __tablename__ = "writable_named"
    key: Mapped[int] = mapped_column("named_id", primary_key=True)
    login: Mapped[str] = mapped_column("user_name", String(200), unique=True)
    secret: Mapped[str | None] = mapped_column("pw", String(200))
    name: Mapped[str | None] = mapped_column("full_name", String(20))
    mail: Mapped[str | None] = mapped_column("mail_address", String(200), unique=True)
    shown: Mapped[datetime | None] = mapped_column("mail_shown", DateTime)
    shut: Mapped[datetime | None] = mapped_column("shut_out", Aware)


class Counted(Base):
    """A user whose moments are epoch seconds."""

    __tablename__ = "writable_counted"
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: str(uuid4()))
    email: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str | None] = mapped_column(String(20))
    verified_at: Mapped[int | None] = mapped_column(BigInteger)
    is_active: Mapped[int] = mapped_column(default=1)


@dataclass(frozen=True)
class Kind:
    """A model, and what SQLUsers must be told of it."""

    model: Any
    settings: dict[str, Any]

    def users(self, sessions: Any) -> Any:
        """Make users of it."""
        return SQLUsers(
            self.model,
            sessions,
            registers=("name", *self.settings.get("more", ())),
            narrow_by=("name",),
            **self._told(),
        )

    def _told(self) -> dict[str, Any]:
        return {key: value for key, value in self.settings.items() if key != "more"}


KINDS = {
    "citizen": Kind(Citizen, {}),
    "flagged": Kind(Flagged, {"password": "hashed_password"}),
    "named": Kind(
        Named,
        {
            "login": "login",
            "password": "secret",
            "address": "mail",
            "verified": "shown",
            "disabled": "shut",
            "more": ("mail",),
        },
    ),
    "counted": Kind(Counted, {"verified": "verified_at", "active": "is_active"}),
}


@dataclass(frozen=True)
class Place:
    """Writable users, and how they are registered there."""

    users: Any
    with_mail: bool = False
    """Whether the login is a name, and the address a field beside it."""

    async def newcomer(self, login: str, hashed: str | None = "the first hash", **more: str) -> Any:
        """Register somebody, with that address."""
        mail = {"mail": login.lower()} if self.with_mail else {}
        return await self.users.register(login, hashed, mail | more)

    async def again(self, user: Any) -> Any:
        """Read a user afresh."""
        found = await self.users.by_id(self.users.id_of(user))
        assert found is not None
        return found


@asynccontextmanager
async def place(database: str, kind: str, folder: Path) -> AsyncGenerator[Place]:
    """Make users of a kind in a database; memory has one kind."""
    if database == "memory":
        yield Place(MemoryUsers(registers=("name",)))
        return
    if database == "sqlite":
        engine = create_engine(f"sqlite:///{folder}/users.db", poolclass=NullPool)
        Base.metadata.create_all(engine)
        yield Place(KINDS[kind].users(sessionmaker(engine)), kind == "named")
        engine.dispose()
        return
    async with emptied(URLS[database](folder)) as asynchronous:
        yield Place(KINDS[kind].users(async_sessionmaker(asynchronous)), kind == "named")


@asynccontextmanager
async def emptied(url: str) -> AsyncGenerator[AsyncEngine]:
    """Make the tables there, once for each process, for making them takes a server longer than a test; and empty them."""
    engine = create_async_engine(url, pool_size=20)
    try:
        async with engine.begin() as connection:
            if url not in MADE:
                await connection.run_sync(Base.metadata.drop_all)
                await connection.run_sync(Base.metadata.create_all)
            for table in Base.metadata.tables.values():
                await connection.execute(table.delete())
        MADE.add(url)
        yield engine
    finally:
        await engine.dispose()


MADE: set[str] = set()
URLS: dict[str, Callable[[Path], str]] = {
    "aiosqlite": lambda folder: f"sqlite+aiosqlite:///{folder}/users.db",
    "asyncpg": lambda _: started(postgres_url).replace("postgresql:", "postgresql+asyncpg:"),
    "asyncmy": lambda _: started(mariadb_url).replace("mariadb:", "mariadb+asyncmy:"),
}
PLACES = [
    ("memory", "-"),
    *((database, kind) for database in ("sqlite", "aiosqlite", "asyncpg", "asyncmy") for kind in KINDS),
]
