"""Faults of databases: crashes, broken connections, locks, and a disk that is full."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import asyncpg

from benchmarks.faults.places import Place, SQLitePlace
from benchmarks.faults.running import Fault, Stage

FILE_MIB = 24


class Restart(Fault):
    """The server crashes and comes back."""

    name = "F7"
    does = "stopped as in a crash (pg_ctl -m immediate, kill -9), started again"
    stores = ("postgres", "mariadb")

    async def inject(self, stage: Stage) -> None:
        """Do it twice."""
        for _ in range(2):
            await stage.wait(0.25)
            stage.harm()
            await asyncio.to_thread(stage.place.servers.restart)
            stage.mend()


class Terminated(Fault):
    """The server ends connections."""

    name = "F7 storm"
    does = "pg_terminate_backend of all connections, every 300 ms"
    stores = ("postgres",)
    errors = 0.10

    async def inject(self, stage: Stage) -> None:
        """Storm for half of the run."""
        desk = await asyncpg.connect(stage.place.url, statement_cache_size=0)
        ended, ends = 0, asyncio.get_running_loop().time() + stage.size.seconds / 2
        while asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.3)
            ended += await desk.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        stage.mend()
        stage.notes.append(f"{ended} connections ended")
        await desk.close()


class Locked(Fault):
    """Somebody holds a lock on the table."""

    name = "F7 lock"
    does = "LOCK TABLE for 2 s"
    stores = ("postgres",)
    longest = 2.5

    async def inject(self, stage: Stage) -> None:
        """Hold it."""
        await stage.wait(0.3)
        desk = await asyncpg.connect(stage.place.url)
        async with desk.transaction():
            await desk.execute("LOCK TABLE guardhouse_sessions IN ACCESS EXCLUSIVE MODE")
            await asyncio.sleep(2)
        stage.mend()
        await desk.close()


class _OnFile(Fault):
    stores = ("sqlite",)

    async def after(self, stage: Stage) -> list[str]:
        """Let SQLite look at its file."""
        for worker in stage.workers:
            worker.stop()
        file = stage.place.url.removeprefix("sqlite:///").partition("?")[0]
        with closing(sqlite3.connect(file)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        stage.notes.append(f"integrity_check {said}")
        return [] if said == "ok" else [f"integrity_check: {said}"]


class _SmallDisk(SQLitePlace):
    """A file on a disk of its own, which only root can make."""

    def __init__(self) -> None:
        super().__init__()
        if os.geteuid() != 0:
            self.remove()
            raise PermissionError("only root can mount a small disk")
        command = ["mount", "-t", "tmpfs", "-o", f"size={FILE_MIB}m", "tmpfs", str(self.folder)]
        subprocess.run(command, check=True)

    def remove(self) -> None:
        """Take the disk away."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)
        super().remove()


class DiskFull(_OnFile):
    """The disk is full, and later not any more."""

    name = "F8"
    does = "the disk is full for a quarter of the run"

    def place(self) -> Place:
        """Make a small disk."""
        return _SmallDisk()

    async def inject(self, stage: Stage) -> None:
        """Fill it, and make room again."""
        await stage.wait(0.3)
        file = Path(stage.place.url.removeprefix("sqlite:///").partition("?")[0])
        ballast = file.parent / "ballast"
        await asyncio.to_thread(self._fill, ballast)
        # The log keeps the size that it once had, and would take many more writes without growing.
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await asyncio.to_thread(self._fill, ballast)
        await stage.wait(0.25)
        ballast.unlink()
        stage.mend()

    @staticmethod
    def _fill(ballast: Path) -> None:
        with ballast.open("ab", buffering=0) as writing:
            try:
                while writing.write(b"\0" * 4096):
                    pass
            except OSError:
                return


class Busy(_OnFile):
    """Another program holds the file's lock."""

    name = "F8 busy"
    does = "another process holds the write lock for 2 s"
    longest = 6.0

    async def inject(self, stage: Stage) -> None:
        """Hold it."""
        await stage.wait(0.3)
        file = stage.place.url.removeprefix("sqlite:///").partition("?")[0]
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(2)
            connection.execute("ROLLBACK")
        stage.mend()


class KilledInCommit(_OnFile):
    """Both workers die again and again while they write."""

    name = "F8 kill"
    does = "kill -9 of both workers every second"
    longest = 6.0
    recovers = 6.0

    async def inject(self, stage: Stage) -> None:
        """Kill both at once."""
        for _ in range(max(2, int(stage.size.seconds / 4))):
            await asyncio.sleep(2)
            for worker in stage.workers:
                await asyncio.to_thread(worker.kill)
        stage.mend()
