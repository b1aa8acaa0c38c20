"""Serve one contestant as in production: one uvicorn worker with uvloop and httptools, on a socket that is handed in."""

from __future__ import annotations

import logging
import os
import signal
import sys
from socket import socket

import uvicorn

from benchmarks.contestants import named


def pin(place: int) -> None:
    """Stay on one processor, so that server and load do not push each other around; where the system can."""
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[place % len(processors)]})


def main() -> None:
    """Serve until told to stop: `python -m benchmarks.serve NAME FILE_DESCRIPTOR`."""
    name, descriptor = sys.argv[1:]
    pin(0)
    logging.disable()  # the checks provoke refusals
    # uvicorn ends by the signal that it was sent; so ended, nobody would clear up the folder of an SQLite file.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    config = uvicorn.Config(
        named(name).load(), loop="uvloop", http="httptools", log_level="critical", access_log=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main()
