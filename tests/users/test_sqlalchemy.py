"""Users in the application's own tables keep the contract, on asynchronous and on plain sessions."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from anyio import to_thread
from sqlalchemy import (
    ForeignKey,
    LargeBinary,
    String,
    Uuid,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)
from sqlalchemy.pool import NullPool

from guardhouse.errors import ConfigError, StoreError, UsersUnavailableError
from guardhouse.users.sqlalchemy import SQLUsers

from .contract import ADA, ADA_HASH, GRACE, ProviderContract, Town


class Base(DeclarativeBase):
    """Tables of these tests."""


class Member(Base):
    """A user with a number."""

    __tablename__ = "member"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]
    team: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    notes: Mapped[list[Note]] = relationship()


class Note(Base):
    """Something that belongs to a user."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))


class Guest(Base):
    """A user with a UUID, whose attributes are named otherwise than their columns."""

    __tablename__ = "guest"
    key: Mapped[UUID] = mapped_column("guest_id", primary_key=True, default=uuid4)
    login: Mapped[str] = mapped_column("address")
    secret: Mapped[str | None] = mapped_column("pw")


class Named(Base):
    """A user with a name for an id."""

    __tablename__ = "named"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]


class TextUuid(Base):
    """A user whose UUID comes back as text."""

    __tablename__ = "text_uuid"
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]


class Twofold(Base):
    """A user with two keys."""

    __tablename__ = "twofold"
    one: Mapped[int] = mapped_column(primary_key=True)
    two: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]


class Binary(Base):
    """A user whose key is no text."""

    __tablename__ = "binary"
    id: Mapped[bytes] = mapped_column(LargeBinary(4), primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path}/users.db", poolclass=NullPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [
                Member(id=1, email=ADA, password_hash=ADA_HASH, team="engines"),
                Member(id=2, email=GRACE, password_hash=None, team=None),
                Note(id=1, member_id=1),
            ]
        )
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def members(engine: Engine) -> SQLUsers[Member]:
    return SQLUsers(Member, sessionmaker(engine), narrow_by=["team", "active"])


def counted(engine: Engine) -> Callable[[], int]:
    """Count the statements that an engine runs from now on."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return lambda: len(statements)


def hands_on(
    engine: Engine,
) -> tuple[Callable[[str, str | None], Awaitable[None]], Callable[[str], Awaitable[None]]]:
    """Change the rows from outside, as another process would."""

    async def change_password(user_id: str, password_hash: str | None) -> None:
        with engine.begin() as connection:
            connection.execute(
                update(Member).where(Member.id == int(user_id)).values(password_hash=password_hash)
            )

    async def remove(user_id: str) -> None:
        with engine.begin() as connection:
            connection.execute(delete(Member).where(Member.id == int(user_id)))

    return change_password, remove


class TestPlainSessions(ProviderContract):
    """The contract, through a sessionmaker in a thread."""

    @pytest.fixture
    def town(self, engine: Engine, members: SQLUsers[Member]) -> Town:
        return Town(members, "1", *hands_on(engine), counted(engine))


class TestAsyncSessions(ProviderContract):
    """The contract, through an async_sessionmaker and aiosqlite."""

    @pytest.fixture
    async def town(self, engine: Engine) -> AsyncIterator[Town]:
        async with async_engine(engine) as asynchronous:
            users = SQLUsers(Member, async_sessionmaker(asynchronous), narrow_by=["team"])
            yield Town(users, "1", *hands_on(engine), counted(asynchronous.sync_engine))


class TestOlderAsyncSessions(ProviderContract):
    """The contract, through a sessionmaker of AsyncSession, as older applications have it."""

    @pytest.fixture
    async def town(self, engine: Engine) -> AsyncIterator[Town]:
        async with async_engine(engine) as asynchronous:
            maker: Any = sessionmaker(asynchronous, class_=AsyncSession)  # type: ignore[call-overload]
            yield Town(
                SQLUsers(Member, maker, narrow_by=["team"]),
                "1",
                *hands_on(engine),
                counted(asynchronous.sync_engine),
            )


@asynccontextmanager
async def async_engine(engine: Engine) -> AsyncGenerator[AsyncEngine]:
    asynchronous = create_async_engine(f"sqlite+aiosqlite:///{engine.url.database}", poolclass=NullPool)
    try:
        yield asynchronous
    finally:
        await asynchronous.dispose()


@pytest.mark.anyio
async def test_uuid_keys_and_names_that_differ_from_their_columns(engine: Engine) -> None:
    users = SQLUsers(Guest, sessionmaker(engine), login="login", password="secret")
    with Session(engine) as session:
        session.add(Guest(key=(key := uuid4()), login=ADA, secret=ADA_HASH))
        session.commit()
    guest = await users.by_credentials({"login": ADA})
    assert guest is not None
    assert users.id_of(guest) == str(key)
    assert await users.by_id(str(key)) is not None
    await users.rehash(guest, "a fresher hash")
    assert users.password_of(guest) == "a fresher hash"
    questions = counted(engine)
    for other in (str(key).upper(), key.hex, "1", "x", ""):
        assert await users.by_id(other) is None
    assert questions() == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("model", "key"),
    [
        pytest.param(Named, "ada", id="text"),
        pytest.param(Named, "Ada Lovelace/1", id="text with signs"),
        pytest.param(TextUuid, "7c9e6679-7425-40de-944b-e07fc1f90ae7", id="a UUID as text"),
    ],
)
async def test_keys_that_are_text(engine: Engine, model: Any, key: str) -> None:
    users: SQLUsers[Any] = SQLUsers(model, sessionmaker(engine))
    with Session(engine) as session:
        session.add(model(id=key, email=ADA, password_hash=None))
        session.commit()
    found = await users.by_id(key)
    assert users.id_of(found) == key
    questions = counted(engine)
    assert await users.by_id("") is None
    assert await users.by_id("a\0b") is None
    assert questions() == 0


@pytest.mark.anyio
async def test_another_kind_of_key_is_read_as_the_application_says(engine: Engine) -> None:
    users = SQLUsers(
        Binary, sessionmaker(engine), read_id=lambda text: text.encode() if text.isascii() else None
    )
    with Session(engine) as session:
        session.add(Binary(id=b"ada1", email=ADA, password_hash=None))
        session.commit()
    assert await users.by_id("ada1") is not None
    assert await users.by_id("ädä1") is None


@pytest.mark.anyio
async def test_an_id_that_the_column_cannot_hold_asks_nothing(
    engine: Engine, members: SQLUsers[Member]
) -> None:
    questions = counted(engine)
    for user_id in ("x", "", "1 ", "01", "9" * 40, "1; DROP TABLE member"):
        assert await members.by_id(user_id) is None
    assert questions() == 0


@pytest.mark.anyio
async def test_one_lookup_is_one_statement(engine: Engine, members: SQLUsers[Member]) -> None:
    questions = counted(engine)
    await members.by_id("1")
    assert questions() == 1
    await members.by_credentials({"email": ADA})
    assert questions() == 2


@pytest.mark.anyio
@pytest.mark.parametrize(("active", "found"), [("true", True), ("1", True), ("0", False), ("perhaps", False)])
async def test_conditions_are_read_by_the_type_of_their_column(
    members: SQLUsers[Member],
    active: str,
    found: bool,
) -> None:
    member = await members.by_credentials({"email": ADA, "active": active})
    assert (member is not None) is found


@pytest.mark.anyio
async def test_a_null_never_matches_a_null_column(members: SQLUsers[Member]) -> None:
    """Grace has no team: no way of saying so may find her."""
    for team in ("", "None", "null", "NULL"):
        assert await members.by_credentials({"email": GRACE, "team": team}) is None


@pytest.mark.anyio
async def test_a_login_that_two_rows_share_is_nobodys(
    engine: Engine, members: SQLUsers[Member], caplog: pytest.LogCaptureFixture
) -> None:
    with Session(engine) as session:
        session.add(Member(id=3, email=ADA, password_hash="another"))
        session.commit()
    assert await members.by_credentials({"email": ADA}) is None
    assert "two rows of Member share one email" in caplog.text


@pytest.mark.anyio
async def test_an_undeclared_condition_is_told_to_the_log(
    members: SQLUsers[Member], caplog: pytest.LogCaptureFixture
) -> None:
    assert await members.by_credentials({"email": ADA, "is_admin\n": "1"}) is None
    assert "'is_admin\\n'" in caplog.text
    assert "narrow_by" in caplog.text


@pytest.mark.anyio
async def test_letter_case_counts_where_the_application_says_so(engine: Engine) -> None:
    exact = SQLUsers(Member, sessionmaker(engine), fold=str.strip)
    assert await exact.by_credentials({"email": f" {ADA} "}) is not None
    assert await exact.by_credentials({"email": ADA.upper()}) is None


@pytest.mark.anyio
async def test_folding_is_what_to_store(members: SQLUsers[Member]) -> None:
    assert members.fold("  Ada@Example.COM ") == ADA


@pytest.mark.anyio
async def test_options_load_what_a_detached_user_must_still_have(engine: Engine) -> None:
    users = SQLUsers(Member, sessionmaker(engine), options=[selectinload(Member.notes)])
    ada = await users.by_id("1")
    assert ada is not None
    assert len(ada.notes) == 1


@pytest.mark.anyio
async def test_a_rehash_touches_one_row(engine: Engine, members: SQLUsers[Member]) -> None:
    with engine.begin() as connection:
        connection.execute(update(Member).where(Member.id == 2).values(password_hash=ADA_HASH))
    ada = await members.by_id("1")
    assert ada is not None
    await members.rehash(ada, "a fresher hash")
    assert members.password_of(ada) == "a fresher hash"
    with engine.begin() as connection:
        changed = connection.scalar(
            select(func.count()).select_from(Member).where(Member.password_hash == "a fresher hash")
        )
    assert changed == 1


@pytest.mark.anyio
async def test_a_database_that_is_away_is_an_outage_and_never_nobody(
    engine: Engine, members: SQLUsers[Member]
) -> None:
    ada = await members.by_id("1")
    assert ada is not None
    Base.metadata.drop_all(engine)
    for question in (
        members.by_id("1"),
        members.by_credentials({"email": "someone@example.com"}),
        members.rehash(ada, "a fresher hash"),
    ):
        with pytest.raises(UsersUnavailableError) as raised:
            await question
        assert isinstance(raised.value, StoreError)
        assert raised.value.users == "Member"
        told = f"{raised.value} {raised.value.__cause__}"
        assert "someone@example.com" not in told
        assert ADA_HASH not in told


@pytest.mark.anyio
async def test_an_asynchronous_database_that_is_away_is_an_outage_too(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    away = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/no/such/place.db")
    users = SQLUsers(Member, async_sessionmaker(away))
    with pytest.raises(UsersUnavailableError):
        await users.by_id("1")
    await away.dispose()
    for thread in set(threading.enumerate()) - before:
        # aiosqlite's, which would report its end to a loop that is closed by then. Those of other tests are not ours.
        if "_connection_worker" in thread.name:
            await to_thread.run_sync(thread.join)


@pytest.mark.anyio
async def test_a_refused_connection_is_an_outage_too() -> None:
    def refuse() -> None:
        raise ConnectionRefusedError

    engine = create_engine("sqlite://", creator=refuse)
    with pytest.raises(UsersUnavailableError, match="ConnectionRefusedError"):
        await SQLUsers(Member, sessionmaker(engine)).by_id("1")


@pytest.mark.parametrize(
    ("model", "keywords", "key", "nearest"),
    [
        pytest.param(Member, {"login": "e_mail"}, "login", "email", id="a login column that is not there"),
        pytest.param(Member, {"password": "password"}, "password", "password_hash", id="a password column"),
        pytest.param(Member, {"narrow_by": ["teams"]}, "narrow_by", "team", id="a condition"),
        pytest.param(Member, {"narrow_by": ["notes"]}, "narrow_by", None, id="a relationship is no column"),
        pytest.param(Twofold, {}, "the primary key of Twofold", None, id="two keys"),
        pytest.param(Binary, {}, "id", None, id="a key that no text can be"),
        pytest.param(dict, {}, "model", None, id="no model"),
    ],
)
def test_what_is_wrong_with_the_model_is_said_at_start(
    model: Any,
    keywords: dict[str, Any],
    key: str,
    nearest: str | None,
) -> None:
    with pytest.raises(ConfigError) as refused:
        SQLUsers(model, sessionmaker(), **keywords)
    assert refused.value.key == key
    assert refused.value.nearest == nearest


def test_sessions_must_be_made_by_a_sessionmaker() -> None:
    with pytest.raises(ConfigError, match="sessionmaker"):
        SQLUsers(Member, object())  # type: ignore[arg-type]
