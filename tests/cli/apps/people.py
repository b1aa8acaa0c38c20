"""Models of an application: users with columns of other names, and some that cannot be told apart."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The application's own tables."""


class Person(Base):
    """A user with a number, who logs in by a name."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    nick: Mapped[str] = mapped_column(unique=True)
    pw: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)


class Loose(Base):
    """A user whose name two may have."""

    __tablename__ = "loose"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]
