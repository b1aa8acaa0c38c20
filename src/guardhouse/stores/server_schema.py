"""The tables of a store on a database server: described once, and written down by each kind of server in its own words.

Whatever is looked for is kept as bytes, because text compares by rules of the server's: to many of them `Ada` and `ada`
are one, or may hold no NUL. Moments are doubles of epoch seconds, so that no time zone comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import TypeAlias

from guardhouse.errors import ConfigError

LONGEST_NAME = 200
"""Bytes of what is indexed. What is longer is kept by its hash: every server has a limit there."""


class Kind(Enum):
    """What a column holds."""

    ROW = "the number of a row, given by the server"
    NAME = "bytes that are looked for"
    BODY = "bytes that are only kept"
    MOMENT = "epoch seconds, or a length in seconds"
    COUNT = "a whole number"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `row_of` names the table whose rows the first column refers to, and end with."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    row_of: str | None = None
    rewritten: bool = False
    """Whether its rows are changed often in columns without an index, for which a page should keep room."""


SESSIONS = Table(
    "guardhouse_sessions",
    (
        Column(
            "id", Kind.ROW
        ),  # stays when the key changes: who ends a user's sessions cannot miss one that moves
        Column("seen", Kind.MOMENT),
        Column("idle", Kind.MOMENT),
        Column("ends", Kind.MOMENT),
        Column(
            "sweep", Kind.MOMENT
        ),  # when to look whether it is over; a touch does not move it, the sweep does
        Column("version", Kind.COUNT),
        Column("key", Kind.NAME),
        Column("body", Kind.BODY),
    ),
    key=("id",),
    unique=("key",),
    indexes=("sweep",),
    rewritten=True,
)
OWNERS = Table(
    "guardhouse_owners",
    (Column("session", Kind.COUNT), Column("owner", Kind.NAME)),
    key=("session", "owner"),
    indexes=("owner",),
    row_of="guardhouse_sessions",
)
TOKENS = Table(
    "guardhouse_tokens",
    (
        Column("created", Kind.MOMENT),
        Column("expires", Kind.MOMENT, optional=True),
        Column("used", Kind.MOMENT, optional=True),
        Column("id", Kind.NAME),
        Column("owner", Kind.NAME),
        Column("body", Kind.BODY),
    ),
    key=("id",),
    indexes=("owner", "expires"),
    rewritten=True,
)
USED = Table(
    "guardhouse_used",
    (Column("until", Kind.MOMENT), Column("name", Kind.NAME)),
    key=("name",),
    indexes=("until",),
)
ATTEMPTS = Table(
    "guardhouse_attempts",
    (
        Column("began", Kind.MOMENT),
        Column("opens", Kind.MOMENT),
        Column("ends", Kind.MOMENT),
        Column("count", Kind.COUNT),
        Column("key", Kind.NAME),
    ),
    key=("key",),
    indexes=("ends",),
    rewritten=True,
)
LIMITS = Table(
    "guardhouse_limits",
    (
        Column("began", Kind.MOMENT),
        Column("ends", Kind.MOMENT),
        Column("hits", Kind.COUNT),
        Column("key", Kind.NAME),
    ),
    key=("key",),
    indexes=("ends",),
    rewritten=True,
)
ENROLMENTS = Table(
    "guardhouse_enrolments",
    (
        Column("created", Kind.MOMENT),
        Column("ends", Kind.MOMENT, optional=True),
        Column("version", Kind.COUNT),
        Column("kind", Kind.NAME),
        Column("name", Kind.NAME),
        Column("owner", Kind.NAME),
        Column("body", Kind.BODY),
    ),
    key=("kind", "name"),
    indexes=("owner", "ends"),
    rewritten=True,
)
EPOCHS = Table(
    "guardhouse_epochs",
    (
        Column("ends", Kind.MOMENT, optional=True),
        Column("count", Kind.COUNT),
        Column("key", Kind.NAME),
    ),
    key=("key",),
    indexes=("ends",),
)
SCHEMA = Table("guardhouse_schema", (Column("version", Kind.COUNT),), key=("version",))
"""One row for each version that the tables were brought to."""

Versions: TypeAlias = tuple[tuple[Table, ...], ...]

VERSIONS: Versions = ((SESSIONS, OWNERS, TOKENS, USED, ATTEMPTS, LIMITS), (ENROLMENTS, EPOCHS))
"""What each version adds to the one before. One that was released is never changed."""


def missing(found: int, versions: Versions, where: str) -> Versions:
    """Say what the tables lack; 0 is a database without any. Raise `ConfigError` where a newer guardhouse made them."""
    if found > len(versions):
        fix = f"This guardhouse knows schema {len(versions)}; upgrade guardhouse, or use another database."
        raise ConfigError("store", f"schema {found} in {where}", fix)
    return versions[found:]


def unready(found: int, versions: Versions, where: str) -> ConfigError:
    """Say that the tables are not there, or are older."""
    state = f"schema {found}" if found else "no tables of guardhouse"
    fix = (
        f"Make or upgrade them: guardhouse migrate '{where}' (`--sql` prints what that does)."
        " Or let the application do it: add ?create=true to the URL."
    )
    return ConfigError("store", f"{state} in {where}, {len(versions)} is wanted", fix)


def named(text: str | bytes) -> bytes:
    """Write a name as it is looked for; whatever strangers hand in, it is one that an index takes."""
    name = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return name if len(name) <= LONGEST_NAME else b"sha256:" + sha256(name).digest()
