"""Worker processes on one store, that may be killed and come back: their sockets stay open here meanwhile."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from socket import create_server, socket

import uvicorn

from benchmarks.faults.app import Settings, application

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


class Worker:
    """One worker. Who connects while it is away waits in the line of its socket until it is back."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._environment: Mapping[str, str] = os.environ
        self._listening = create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._listening.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def process(self) -> int:
        """The number of its process."""
        return self._process.pid if self._process else 0

    @property
    def died(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Start it; it answers soon."""
        handle = self._listening.fileno()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.faults.workers",
                str(handle),
                json.dumps(asdict(self.settings)),
            ],
            cwd=ROOT,
            env=self._environment,
            pass_fds=[handle],
        )

    def kill(self) -> None:
        """End it as a crash does, and start it again."""
        self.stop(signal.SIGKILL)
        self.start()

    def change(self, **changes: object) -> None:
        """Let it finish what it does, and start it again with other settings."""
        self.stop()
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        self.start()

    def restart(self, environment: Mapping[str, str]) -> None:
        """Let it finish what it does, and start it again in other surroundings."""
        self.stop()
        self._environment = {**os.environ, **environment}
        self.start()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, and wait until it is gone."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)

    def remove(self) -> None:
        """Stop it for good."""
        self.stop(signal.SIGKILL)
        self._listening.close()


def main(asked: Sequence[str]) -> None:
    """Be a worker: the first argument is a socket that listens, the second its settings."""
    handle, written = asked
    settings = json.loads(written)
    logging.getLogger("guardhouse").setLevel(
        logging.CRITICAL
    )  # refusals and outages are what the bench makes
    app = application(Settings(**{**settings, "secrets": tuple(settings["secrets"])}))
    config = uvicorn.Config(app, log_level="error", access_log=False, ws="none", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[socket(fileno=int(handle))])
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
