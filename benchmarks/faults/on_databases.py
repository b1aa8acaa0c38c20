"""Faults of databases: crashes, broken connections, locks, and a disk that is full."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import asyncpg

from benchmarks.faults.history import Outcome
from benchmarks.faults.on_redis import older
from benchmarks.faults.places import Place, PostgresPlace, SQLitePlace
from benchmarks.faults.running import Fault, Stage
from tests.services import Missing

FILE_MIB = 24
UNDONE_SECONDS = 0.8
"""PostgreSQL says three times wal_writer_delay, which is 200 ms; the rest is for a busy machine."""


class Restart(Fault):
    """The server crashes and comes back."""

    name = "F7"
    does = "stopped as in a crash (pg_ctl -m immediate, kill -9), started again"
    stores: tuple[str, ...] = ("postgres", "mariadb")

    async def inject(self, stage: Stage) -> None:
        """Do it twice."""
        for _ in range(2):
            await stage.wait(0.25)
            stage.harm()
            await asyncio.to_thread(stage.place.servers.restart)
            stage.mend()


class Unflushed(Restart):
    """The server crashes, and its last transactions were not written."""

    name = "F7 async"
    does = "synchronous_commit=off, and the server crashes: pg_ctl -m immediate"
    stores = ("postgres",)
    # What was acknowledged last comes undone, logouts too: this is what is counted.
    counted = frozenset({"I1", "I3 login", "I3 write", "I4"})

    def place(self) -> Place:
        """Let it acknowledge what it has not written."""
        return PostgresPlace("synchronous_commit=off")

    async def after(self, stage: Stage) -> list[str]:
        """Hold that nothing older came undone."""
        harms = zip(stage.harmed, stage.mended, strict=True)
        return older(stage, [(harm - UNDONE_SECONDS, mend) for harm, mend in harms])


class GivenUp(Fault):
    """The server gives up what collides with others, and says so."""

    name = "F7 serialize"
    does = "a twentieth of all changes fails by serialization failure or deadlock (40001, 40P01)"
    stores = ("postgres",)
    errors = 0.02

    async def inject(self, stage: Stage) -> None:
        """Let a trigger give up now and then, for half of the run."""
        desk = await asyncpg.connect(stage.place.url)
        await stage.wait(0.2)
        await desk.execute(GIVING_UP)
        await stage.wait(0.5)
        await desk.execute("DROP TRIGGER giving_up ON guardhouse_sessions")
        given_up = await desk.fetchval("SELECT last_value FROM given_up")
        stage.notes.append(f"{given_up} were given up")
        stage.mend()
        await desk.close()


GIVING_UP = """
CREATE SEQUENCE given_up;
CREATE FUNCTION giving_up() RETURNS trigger AS $$ BEGIN
    IF random() < 0.05 THEN
        IF nextval('given_up') % 2 = 0 THEN RAISE EXCEPTION 'given up' USING ERRCODE = '40001';
        ELSE RAISE EXCEPTION 'given up' USING ERRCODE = '40P01'; END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER giving_up BEFORE INSERT OR UPDATE OR DELETE ON guardhouse_sessions
    FOR EACH ROW EXECUTE FUNCTION giving_up()
"""


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


class _CallsFail(_OnFile):
    """System calls on the file fail."""

    calls = ""
    fails = ""

    async def inject(self, stage: Stage) -> None:
        """Let strace answer them for a quarter of the run, in both workers."""
        if shutil.which("strace") is None:
            raise Missing("strace", "-", "strace")
        await stage.wait(0.3)
        stage.harm()
        tracing = [await self._trace(worker.process) for worker in stage.workers]
        await stage.wait(0.25)
        for one in tracing:
            one.terminate()
            await one.wait()
        stage.mend()
        failed = sum(call.outcome is Outcome.MAYBE for call in stage.world.history)
        stage.notes.append(f"{failed} calls failed")

    async def _trace(self, process: int) -> asyncio.subprocess.Process:
        what = ("-e", f"trace={self.calls}", "-e", f"inject={self.calls}:error={self.fails}")
        return await asyncio.create_subprocess_exec(
            "strace", "-f", "-qq", "-o", "/dev/null", *what, "-p", str(process)
        )

    async def after(self, stage: Stage) -> list[str]:
        """Look whether anything failed at all, and at the file."""
        nothing = ["no system call failed"] if "0 calls failed" in stage.notes else []
        return [*nothing, *await super().after(stage)]


class ReadOnly(_CallsFail):
    """The file system lets nobody write any more."""

    name = "F8 read-only"
    does = "each write into the file fails by EROFS, as on a file system that became read-only (strace)"
    calls = "pwrite64,ftruncate"
    fails = "EROFS"


class Unflushable(_CallsFail):
    """The disk takes what is written, and does not keep it."""

    name = "F8 flush"
    does = "each flush of the file fails by EIO (strace)"
    calls = "fdatasync,fsync"
    fails = "EIO"


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
