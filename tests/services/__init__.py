"""Servers that tests start by themselves: on loopback, in a folder of their own, and gone when the tests are.

A file beside this one knows one kind of server: where its programs lie, how its folder is made, when it is ready. Where
they are not installed, `Missing` says so, and the test is skipped by name; with `CI=true` that is a failure.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 30.0
"""How long a server may take to start or to stop, on a machine that does other things too."""

PLAIN_USER = "nobody"
"""As whom servers run that refuse to run as root."""


class Missing(Exception):  # noqa: N818 - nobody made an error: something is not installed
    """The programs of a server are not installed here."""

    def __init__(self, server: str, variable: str, package: str) -> None:
        super().__init__(
            f"no {server} here: install {package}, or name a running one by the variable {variable}"
        )


def find(program: str, folders: Iterable[str | Path] = ()) -> Path | None:
    """Find a program on the PATH, or in the folders where Debian hides it; the last folder is the newest version."""
    found = shutil.which(program)
    if found:
        return Path(found).resolve()
    there = [Path(folder) / program for folder in folders]
    return next((path for path in reversed(there) if path.exists()), None)


def free_port() -> int:
    """Find a port of the loopback address that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", port)) == 0


class Folder:
    """A temporary folder that belongs to whoever the server runs as."""

    def __init__(self, name: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"guardhouse-{name}-"))
        if os.geteuid() == 0:
            shutil.chown(self.path, PLAIN_USER)

    def run(self, command: Sequence[str | Path]) -> None:
        """Run a program that prepares the folder."""
        done = subprocess.run(
            [*as_plain_user(), *map(str, command)],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def remove(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)


class Server:
    """One process, that may be stopped, killed, held and started again; at the end it is gone, whoever forgot it."""

    def __init__(self, folder: Folder, command: Sequence[str | Path], ready: Callable[[], bool]) -> None:
        self.folder = folder
        self._command = [*as_plain_user(dies_with_us=True), *map(str, command)]
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self.folder.path / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder.path / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder.path, stdout=log, stderr=log)
        ends = time.monotonic() + PATIENCE
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > ends:
                self.stop(signal.SIGKILL)
                raise RuntimeError(f"{self._command[-1]} does not start:\n{self.log[-4000:]}")
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP holds it, SIGCONT lets it go on."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def hold(self) -> None:
        """Let it and its children do nothing until `resume`: it keeps its connections, and answers on none."""
        for process in reversed(self._family()):
            _signal(process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        for process in self._family():
            _signal(process, signal.SIGCONT)

    def _family(self) -> list[int]:
        """The process and its children, as the system knows them."""
        parent = self._process.pid if self._process else 0
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [parent, *map(int, children.split())]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and wait until it is gone."""
        if self._process is None:
            return
        self.send(number)
        self.send(signal.SIGCONT)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)
        self._process = None

    def remove(self) -> None:
        """Stop it, and remove its folder."""
        with suppress(ProcessLookupError):
            self.stop(signal.SIGKILL)
        self.folder.remove()
        atexit.unregister(self.remove)


def as_plain_user(*, dies_with_us: bool = False) -> list[str]:
    """Say how a program is run as somebody who is not root; `dies_with_us` also where the tests are killed."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return []
    dies = ["--pdeathsig=KILL"] if dies_with_us else []
    return [setpriv, f"--reuid={PLAIN_USER}", "--regid=nogroup", "--clear-groups", *dies, "--"]


def _signal(process: int, number: signal.Signals) -> None:
    """Send a signal to one that may have ended a moment ago: servers start and end children as they like."""
    with suppress(ProcessLookupError):
        os.kill(process, number)
