"""What the demo keeps beside the sessions: its users, its secret and what was done, in the same file or in memory."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Lock

from anyio import to_thread

from guardhouse.users.memory import User
from guardhouse.vault.password import PasswordHasher
from guardhouse.vault.secret import generate_secret

PASSWORD = "correct horse battery staple"  # noqa: S105 - printed when the demo starts
PEOPLE = (("1", "ada@example.com", "Ada"), ("2", "grace@example.com", "Grace"))

_SCHEMA = """
CREATE TABLE IF NOT EXISTS demo_secret (secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS demo_users (id TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS demo_done (user_id TEXT PRIMARY KEY, done INTEGER NOT NULL) WITHOUT ROWID;
"""

_ADD = """
INSERT INTO demo_done (user_id, done) VALUES (?, 1)
ON CONFLICT (user_id) DO UPDATE SET done = done + 1 RETURNING done
"""


class Books:
    """The demo's own tables. With a file, a restart finds the same users, secret and counts, so logins survive it."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = Lock()
        self._path = path
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA busy_timeout = 2000")
        self._connection.executescript(_SCHEMA)
        self._widen()

    def secrets(self) -> list[str]:
        """Return the secrets of this demo, the newest first; one is made when they are first asked for."""
        if not self._secrets():
            self.renew_secret(
                keep_old=True
            )  # of two processes that start at once none takes the other's away
        return self._secrets()

    def renew_secret(self, *, keep_old: bool) -> None:
        """Put a new secret before the old ones, or in their place. A demo that runs goes on with those it has."""
        with self._lock:
            if not keep_old:
                self._connection.execute("DELETE FROM demo_secret")
            self._connection.execute("INSERT INTO demo_secret VALUES (?)", (generate_secret(),))

    @property
    def outlives(self) -> bool:
        """Whether what is written here is found by the next process."""
        return self._path is not None

    def users(self, more: int = 0) -> list[User]:
        """Return Ada, Grace and as many more, made when they are first asked for."""
        if self._count() < len(PEOPLE):
            self._settle([(*person, PasswordHasher().hash(PASSWORD)) for person in PEOPLE])
        if self._count() < len(PEOPLE) + more:
            # One hash for all of them: a thousand would take a minute.
            shared = PasswordHasher().hash(PASSWORD)
            self._settle([_extra(number, shared) for number in range(1, more + 1)])
        rows = self._connection.execute(
            "SELECT id, email, name, hash, verified, disabled FROM demo_users"
        ).fetchall()
        return [
            User(
                id=key,
                email=email,
                name=name,
                password_hash=stored or None,
                email_verified_at=verified,
                disabled=bool(disabled),
            )
            for key, email, name, stored, verified, disabled in rows
        ]

    def keep_user(self, user: User) -> None:
        """Write a user as he is now."""
        row = (
            user.id,
            user.email,
            user.name,
            user.password_hash or "",
            user.email_verified_at,
            user.disabled,
        )
        with self._lock:
            self._connection.execute("REPLACE INTO demo_users VALUES (?, ?, ?, ?, ?, ?)", row)

    def forget_user(self, user_id: str) -> None:
        """Drop a user."""
        with self._lock:
            self._connection.execute("DELETE FROM demo_users WHERE id = ?", (user_id,))

    async def add_done(self, user_id: str) -> int:
        """Count one thing more, and return how many this user has done."""
        return await to_thread.run_sync(self._add_done, user_id)

    def done(self, user_id: str) -> int:
        """Return how many things this user has done."""
        row = self._connection.execute("SELECT done FROM demo_done WHERE user_id = ?", (user_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def all_done(self) -> dict[str, int]:
        """Return the counts of everybody."""
        return dict(self._connection.execute("SELECT user_id, done FROM demo_done").fetchall())

    def forget_done(self) -> None:
        """Begin to count anew."""
        self._connection.execute("DELETE FROM demo_done")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _add_done(self, user_id: str) -> int:
        with self._lock:
            return int(self._connection.execute(_ADD, (user_id,)).fetchone()[0])

    def _secrets(self) -> list[str]:
        rows = self._connection.execute("SELECT secret FROM demo_secret ORDER BY rowid DESC").fetchall()
        return [str(secret) for (secret,) in rows]

    def _count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM demo_users").fetchone()[0])

    def _settle(self, rows: list[tuple[str, str, str, str]]) -> None:
        added = "INSERT OR IGNORE INTO demo_users (id, email, name, hash) VALUES (?, ?, ?, ?)"
        self._connection.executemany(added, rows)

    def _widen(self) -> None:
        """Add what a file of an earlier demo lacks; whoever was in it read mail at his address."""
        columns = {row[1] for row in self._connection.execute("PRAGMA table_info(demo_users)")}
        if "verified" not in columns:
            self._connection.execute("ALTER TABLE demo_users ADD COLUMN verified REAL DEFAULT 1")
            self._connection.execute("ALTER TABLE demo_users ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0")


def _extra(number: int, stored: str) -> tuple[str, str, str, str]:
    return (str(len(PEOPLE) + number), f"user{number}@example.com", f"User {number}", stored)


def is_ours(path: Path) -> bool:
    """Whether the demo made that file."""
    try:
        with sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) as connection:
            found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'demo_secret'").fetchone()
    except sqlite3.Error:
        return False
    return found is not None
