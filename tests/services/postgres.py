"""PostgreSQL: `GUARDHOUSE_TEST_POSTGRES` names a running one; otherwise one is started from the programs found here.

It does not flush to the disk: what a killed process wrote lies in the cache of the system, and stays.
"""

from __future__ import annotations

import os
import signal
import subprocess
from functools import cache
from pathlib import Path

from tests.services import Folder, Missing, Server, find, free_port

VARIABLE = "GUARDHOUSE_TEST_POSTGRES"


class Postgres:
    """A server with one empty database."""

    def __init__(self, *options: str) -> None:
        postgres = find("postgres", _folders())
        if postgres is None:
            raise Missing("PostgreSQL", VARIABLE, "postgresql")
        folder, port = Folder("postgres"), free_port()
        data = folder.path / "data"
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        given = [*(f"{name}={value}" for name, value in settings.items()), *options]
        self._psql, self._port = str(postgres.parent / "psql"), port
        isready = [str(postgres.parent / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        self.server = Server(
            folder,
            [postgres, "-D", data, *(part for one in given for part in ("-c", one))],
            lambda: subprocess.run(isready, check=False).returncode == 0,
        )
        initdb = postgres.parent / "initdb"
        plain = ("-U", "guardhouse", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        folder.run([initdb, "-D", data, *plain])
        self.server.start()
        self.url = self.new_database("guardhouse")

    def new_database(self, name: str) -> str:
        """Make an empty database; return its URL."""
        command = [self._psql, "-q", "-h", "127.0.0.1", "-p", str(self._port), "-U", "guardhouse", "postgres"]
        subprocess.run([*command, "-c", f"CREATE DATABASE {name}"], check=True)
        return f"postgresql://guardhouse:hunter2@127.0.0.1:{self._port}/{name}"

    def restart(self) -> None:
        """Stop it as a crash does, without a word to anybody, and start it again."""
        self.stop()
        self.server.start()

    def stop(self) -> None:
        """Stop it as a crash does: `pg_ctl stop -m immediate`."""
        self.server.stop(signal.SIGQUIT)


@cache
def postgres_url() -> str:
    """Return the URL of a database that all tests of this process share; it is started when first asked for."""
    return os.environ.get(VARIABLE) or Postgres().url


def _folders() -> list[Path]:
    """Where Debian keeps the programs, the newest version last."""
    return sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name or "0")
    )
