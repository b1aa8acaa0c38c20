"""Users in a table have the powers that its columns are enough for, and say what is missing for the others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    create_engine,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, sessionmaker

from guardhouse.core.provider import Disables, HasAddress, Provider, Registers, SetsPassword
from guardhouse.errors import ConfigError, UsersUnavailableError
from guardhouse.users.memory import MemoryUsers, User
from guardhouse.users.powers import check_power
from guardhouse.users.sql_table import describe
from guardhouse.users.sqlalchemy import SQLUsers

from .writable import Citizen, Counted, Flagged, Named

POWERS: tuple[Any, ...] = (Registers, HasAddress, Disables)


class Base(DeclarativeBase):
    """Tables of these tests."""


class Old(Base):
    """A user of long ago: nothing but what a login takes."""

    __tablename__ = "old"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str | None]


class Bound(Base):
    """A user who belongs to something that must be said, and whose e-mail is unique by a constraint."""

    __tablename__ = "bound"
    __table_args__ = (UniqueConstraint("email"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str]
    team: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[str | None]


class Indexed(Base):
    """A user whose e-mail is unique by an index on what it is folded to, and unique only together with a team beside."""

    __tablename__ = "indexed"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    other: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    __table_args__ = (Index("two", "other", "id", unique=True),)


Index("one", func.lower(Indexed.email), unique=True)


class Made(MappedAsDataclass, Base):
    """A user who is made as a dataclass is, and who does not take his e-mail there."""

    __tablename__ = "made"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(String(20), unique=True, init=False)
    password_hash: Mapped[str | None] = mapped_column(default=None)


class Child(Base):
    """A user with a foreign key."""

    __tablename__ = "child"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    nick: Mapped[str | None] = mapped_column(unique=True)
    parent: Mapped[int | None] = mapped_column(ForeignKey("old.id"))
    age: Mapped[int | None]


def users_of(model: Any, **settings: Any) -> Any:
    return SQLUsers(model, sessionmaker(), **settings)


NAMED = {"login": "login", "password": "secret"}


@pytest.mark.parametrize(
    ("model", "settings", "has"),
    [
        pytest.param(Old, {}, (), id="a bare table"),
        pytest.param(Bound, {}, (), id="a team that must be said, and a disabled_at that is no moment"),
        pytest.param(Bound, {"registers": ("team",)}, (Registers,), id="a team that people fill in"),
        pytest.param(Indexed, {}, (Registers,), id="unique by an index on an expression"),
        pytest.param(Indexed, {"login": "other"}, (), id="unique only together with another column"),
        pytest.param(Child, {}, (Registers,), id="no column that says who is verified"),
        pytest.param(Child, {"verified": "age"}, (Registers, HasAddress), id="a column that is told"),
        pytest.param(Child, {"disabled": "age"}, (Registers, Disables), id="one for those kept out"),
        pytest.param(
            Named, NAMED, (Registers,), id="a name for a login, and nobody says where the address is"
        ),
        pytest.param(Named, NAMED | {"address": "mail"}, (Registers,), id="an address that nobody verifies"),
        pytest.param(Citizen, {}, POWERS, id="all of it by the usual names"),
        pytest.param(Flagged, {"password": "hashed_password"}, POWERS, id="the flags of others"),
        pytest.param(Counted, {}, (Registers, Disables), id="is_active as a number"),
    ],
)
def test_isinstance_tells_the_truth(model: Any, settings: dict[str, Any], has: tuple[Any, ...]) -> None:
    users = users_of(model, **settings)
    assert isinstance(users, SQLUsers)
    assert isinstance(users, SetsPassword)
    assert tuple(power for power in POWERS if isinstance(users, power)) == has
    assert set(users.lacks) == {power.__name__ for power in POWERS if power not in has}
    assert type(users).__name__ == "SQLUsers"


@pytest.mark.parametrize(
    ("model", "power", "says"),
    [
        pytest.param(Old, Registers, r"a unique index on 'email'", id="two could take one login"),
        pytest.param(
            Bound, Registers, r"column team must .* registers=\('team',\)", id="a column without value"
        ),
        pytest.param(Old, HasAddress, "'email_verified_at' or 'is_verified'.* verified=", id="no column"),
        pytest.param(Old, Disables, "'disabled_at' or 'is_active'.* disabled=", id="none for those kept out"),
    ],
)
def test_a_house_that_needs_a_power_is_told_which_column_is_missing(
    model: Any, power: Any, says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        check_power(power, users_of(model), wanted_by="ways.web.register", called="users.staff")
    assert refused.value.key == "ways.web.register"
    assert refused.value.found == f"users.staff: SQLUsers without {power.__name__}"


def test_of_other_users_it_is_told_which_methods_are_missing() -> None:
    class Plain:
        def address_of(self, user: object) -> str:
            return ""

    with pytest.raises(
        ConfigError, match=r"the method verified and verify and set_address, as in .*\.HasAddress"
    ):
        check_power(HasAddress, Plain(), wanted_by="ways")


def test_users_that_have_it_are_not_complained_about() -> None:
    for power in (*POWERS, SetsPassword):
        check_power(power, MemoryUsers(), wanted_by="ways")
        check_power(power, users_of(Citizen), wanted_by="ways")


def test_a_subclass_may_say_by_itself_who_is_kept_out() -> None:
    class Own(SQLUsers[Old]):
        def disabled(self, user: Old) -> bool:
            return user.email == "mallory@example.com"

    users = Own(Old, sessionmaker())
    assert isinstance(users, Own)
    assert isinstance(users, Disables)


def test_they_are_providers_to_a_type_checker_too() -> None:
    found: Provider[Citizen] = SQLUsers(Citizen, sessionmaker())
    memory: Provider[User] = MemoryUsers()
    assert (found.id_of(Citizen(id=1)), memory.id_of(User(id="2", email=""))) == ("1", "2")


@pytest.mark.parametrize(
    ("model", "settings", "key"),
    [
        pytest.param(Citizen, {"verified": "email_verified"}, "verified", id="a column that is not there"),
        pytest.param(Citizen, {"address": "mail"}, "address", id="an address that is not there"),
        pytest.param(Citizen, {"disabled": "name"}, "disabled", id="text says neither yes nor no"),
        pytest.param(Flagged, {"disabled": "is_verified", "active": "is_active"}, "active", id="said twice"),
        pytest.param(Citizen, {"registers": ("nam",)}, "registers", id="a field that is not there"),
        pytest.param(Citizen, {"registers": ("id",)}, "registers", id="the key is nobody's to fill in"),
        pytest.param(Citizen, {"registers": ("password_hash",)}, "registers", id="nor is the hash"),
        pytest.param(Flagged, {"registers": ("is_active",)}, "registers", id="nor is what keeps him out"),
        pytest.param(
            Flagged, {"registers": ("is_verified",)}, "registers", id="nor is what shows an address"
        ),
    ],
)
def test_what_is_named_wrongly_is_said_at_start(model: Any, settings: dict[str, Any], key: str) -> None:
    settings = ({"password": "hashed_password"} if model is Flagged else {}) | settings
    with pytest.raises(ConfigError) as refused:
        users_of(model, **settings)
    assert refused.value.key == key


def test_an_unknown_setting_is_pythons_to_refuse() -> None:
    with pytest.raises(TypeError, match=r"SQLUsers\.__init__"):
        users_of(Citizen, loginn="email")


def test_what_memory_lets_nobody_fill_in() -> None:
    with pytest.raises(ConfigError, match="name"):
        MemoryUsers(registers=("roles",))


# -- what goes wrong on the way ---------------------------------------------------------------------------------------


def stored(model: Any, tmp_path: Any, **settings: Any) -> Any:
    engine = create_engine(f"sqlite:///{tmp_path}/users.db")
    Base.metadata.create_all(engine)
    return SQLUsers(model, sessionmaker(engine), **settings)


@pytest.mark.anyio
async def test_another_unique_field_is_told_to_people(tmp_path: Any) -> None:
    users = stored(Child, tmp_path, registers=("nick", "age", "parent"))
    assert await users.register("ada@example.com", None, {"nick": "ada", "age": "36"})
    with pytest.raises(ValueError, match=r"This nick is taken\."):
        await users.register("mallory@example.com", None, {"nick": "ada"})
    with pytest.raises(ValueError, match=r"This cannot be taken as age\."):
        await users.register("mallory@example.com", None, {"age": "old"})


@pytest.mark.anyio
async def test_a_field_that_must_be_filled_in_is_asked_for(tmp_path: Any) -> None:
    users = stored(Bound, tmp_path, registers=("team",))
    for more in ({}, {"team": ""}, {"team": " "}):
        with pytest.raises(ValueError, match=r"Please fill in team\."):
            await users.register("ada@example.com", "a hash", more)


@pytest.mark.anyio
async def test_a_table_that_wants_a_password_says_so(tmp_path: Any) -> None:
    users = stored(Bound, tmp_path, registers=("team",))
    with pytest.raises(ConfigError, match="nullable"):
        await users.register("ada@example.com", None, {"team": "engines"})


@pytest.mark.anyio
async def test_a_model_that_cannot_be_made_is_the_developers_to_mend(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="let it take these by name"):
        await stored(Made, tmp_path).register("ada@example.com", None, {})


@pytest.mark.anyio
async def test_a_login_that_is_too_long_is_told_to_people(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="20 characters at most"):
        await stored(Made, tmp_path).register("a" * 21, None, {})


@pytest.mark.anyio
async def test_a_table_that_is_not_there_is_an_outage_without_a_word_of_what_was_written(
    tmp_path: Any,
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/empty.db")
    users: Any = SQLUsers(Citizen, sessionmaker(engine))
    with pytest.raises(UsersUnavailableError) as raised:
        await users.register("ada@example.com", "the hash", {})
    assert "ada@" not in f"{raised.value} {raised.value.__cause__}"


class Sized(Base):
    """A user of whom numbers of each size are kept."""

    __tablename__ = "sized"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    small: Mapped[int] = mapped_column(SmallInteger)
    usual: Mapped[int]
    large: Mapped[int] = mapped_column(BigInteger)


@pytest.mark.parametrize(("column", "bits"), [("small", 15), ("usual", 31), ("large", 63)])
def test_a_number_that_somebody_fills_in_is_no_larger_than_its_column(column: str, bits: int) -> None:
    read = describe(Sized, login="email", password="password_hash", registers=[column]).registers[column]
    assert read(str(2**bits - 1)) == 2**bits - 1
    assert read(str(1 - 2**bits)) == 1 - 2**bits
    assert read(str(2**bits)) is None
    assert read("x") is None
