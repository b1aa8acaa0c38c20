"""A table of users for who has none yet: columns to mix into a model of the application, and one that is ready."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, MetaData, String, Uuid
from sqlalchemy.dialects.mysql import VARCHAR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["TABLE", "UserColumns", "UserRow"]

TABLE = "guardhouse_users"
LONGEST_ADDRESS = 320
"""RFC 5321, section 4.5.3.1: 64 characters, @, 255 of a domain."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, by which a later migration finds it on every database."""

_EXACT = VARCHAR(LONGEST_ADDRESS, charset="utf8mb4", collation="utf8mb4_bin")


def _now() -> int:
    return int(time.time())


class UserColumns:
    """What guardhouse can keep of a user: mix it into a model, `class User(UserColumns, Base)`, and add what is yours.

    A key is never given twice, as a number may be after the last user was deleted: an old session would be a new user's.
    Moments are epoch seconds, which come back the same from every database, while a DateTime loses its zone in some.
    Addresses are compared letter by letter also where the database by itself would take `ä` for `a`.
    """

    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(
        String(LONGEST_ADDRESS).with_variant(_EXACT, "mysql", "mariadb"), unique=True
    )
    password_hash: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(200))
    email_verified_at: Mapped[int | None] = mapped_column(BigInteger())
    disabled_at: Mapped[int | None] = mapped_column(BigInteger())
    created_at: Mapped[int] = mapped_column(BigInteger(), default=_now)


class _Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UserRow(UserColumns, _Base):
    """The table that `guardhouse migrate --users` makes: `SQLUsers(UserRow, sessions)`."""

    __tablename__ = TABLE

    def __repr__(self) -> str:
        return f"UserRow(id={self.id!s}, email={self.email!r})"
