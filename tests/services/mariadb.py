"""MariaDB: `GUARDHOUSE_TEST_MARIADB` names a running one; otherwise one is started from the programs found here.

It writes each commit to the cache of the system, where it stays when the process is killed, and flushes it now and then.
"""

from __future__ import annotations

import os
import signal
from functools import cache

from tests.services import Folder, Missing, Server, find, free_port, listens

VARIABLE = "GUARDHOUSE_TEST_MARIADB"

_AT_START = """
CREATE DATABASE IF NOT EXISTS guardhouse;
CREATE USER IF NOT EXISTS guardhouse@'%' IDENTIFIED BY 'hunter2';
GRANT ALL ON *.* TO guardhouse@'%';
"""


class MariaDB:
    """A server with one empty database."""

    def __init__(self) -> None:
        folders = ("/usr/sbin", "/usr/bin", "/usr/libexec")
        mariadbd, install = find("mariadbd", folders), find("mariadb-install-db", folders)
        if mariadbd is None or install is None:
            raise Missing("MariaDB", VARIABLE, "mariadb-server")
        folder, port = Folder("mariadb"), free_port()
        data = folder.path / "data"
        at_start = folder.path / "start.sql"
        at_start.write_text(_AT_START)
        plain = ("--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve")
        folder.run([install, "--no-defaults", f"--datadir={data}", *plain])
        given = (
            "--no-defaults",
            f"--datadir={data}",
            f"--tmpdir={folder.path}",
            f"--socket={folder.path / 'socket'}",
            f"--pid-file={folder.path / 'pid'}",
            f"--init-file={at_start}",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=16M",
            "--innodb-doublewrite=0",
        )
        self.server = Server(folder, [mariadbd, *given], lambda: listens(port))
        self.server.start()
        self.url = f"mariadb://guardhouse:hunter2@127.0.0.1:{port}/guardhouse"

    def restart(self) -> None:
        """Stop it as a crash does, and start it again."""
        self.stop()
        self.server.start()

    def stop(self) -> None:
        """Stop it as a crash does."""
        self.server.stop(signal.SIGKILL)


@cache
def mariadb_url() -> str:
    """Return the URL of a database that all tests of this process share; it is started when first asked for."""
    return os.environ.get(VARIABLE) or MariaDB().url
