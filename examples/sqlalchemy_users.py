"""Users in your own SQLAlchemy model, with asynchronous sessions or with plain ones, which then run in threads.

Addresses are stored folded (`users.fold`), under a unique index, so that the index serves the look-up.

    pip install 'guardhouse[fastapi,sql]' aiosqlite uvicorn
    APP_KEY=$(guardhouse secret) uvicorn --factory sqlalchemy_users:build
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from guardhouse import Passwords
from guardhouse.fastapi import Guardhouse
from guardhouse.users.sqlalchemy import SQLUsers


class Base(DeclarativeBase):
    """The tables of this application."""


class Account(Base):
    """A user as the application likes it. SQLUsers takes other names of the columns too: `login=`, `password=`."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]


def users(file: str, *, threads: bool) -> tuple[SQLUsers[Account], Callable[[], Awaitable[None] | None]]:
    """Make the provider over the one kind of sessions or the other, and say how to let go of the database."""
    if threads:
        plain = create_engine(f"sqlite:///{file}")
        return SQLUsers(Account, sessionmaker(plain)), plain.dispose
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    return SQLUsers(Account, async_sessionmaker(engine)), engine.dispose


def build(file: str = "accounts.db", *, threads: bool = False) -> FastAPI:
    """Build the application over the accounts in this file."""
    passwords = Passwords()
    accounts, let_go = users(file, threads=threads)
    house = Guardhouse(
        secret=os.environ["APP_KEY"],
        users=accounts,
        passwords=passwords,
        explain="full",
        debug=True,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        prepare(file, accounts.fold("Ada@Example.com"), await passwords.hash("correct horse battery staple"))
        yield
        ending = let_go()
        if ending is not None:
            await ending

    app = FastAPI(lifespan=lifespan)

    @app.post("/login")
    @house.public
    async def login(request: Request, credentials: dict[str, str]) -> int:
        """Answer with the account's number."""
        account = await house.auth(request).attempt(credentials)
        if account is None:
            raise HTTPException(422, "These credentials do not match our records.")
        return account.id

    @app.get("/me")
    async def me(account: Annotated[Account, house.guard("web")]) -> str:
        """Answer with the address of who asks."""
        return account.email

    house.install(app)
    return app


def prepare(file: str, email: str, password_hash: str) -> None:
    """Make the table and one account; a real application has migrations and a sign-up."""
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        if session.query(Account).first() is None:
            session.add(Account(email=email, password_hash=password_hash))
            session.commit()
    engine.dispose()
