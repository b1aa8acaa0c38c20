"""Where sessions lie: shared by all processes, kept over a restart, read by nobody; and what the store says itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.staticfiles import StaticFiles

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import CODES, found
from guardhouse.doctor.subject import Subject
from guardhouse.errors import GuardhouseError
from guardhouse.state.examined import Examinable
from guardhouse.state.keeper import Storeless
from guardhouse.stores.memory import MemoryStore

_SHARED = "Use a store that they share: store='sqlite:///sessions.db' on one machine, a server for several."
_WORKERS = re.compile(r"(?:-w|--workers)[= ]*([0-9]+)")
_SAID = "store-"


def check(subject: Subject) -> Iterator[Finding]:
    """Find what can be seen without asking the store."""
    store = subject.house.parts.beside
    if isinstance(store, MemoryStore):
        yield from _memory(subject)
    path = getattr(store, "path", None)
    if isinstance(path, Path):
        yield from _file(subject, path)


def _memory(subject: Subject) -> Iterator[Finding]:
    where, number = _workers(subject)
    in_cookies = isinstance(subject.house.parts.store, Storeless)
    if number > 1:
        own = (
            "each of which knows only what it has called back itself"
            if in_cookies
            else "each with sessions of its own"
        )
        what = f"{where} starts {number} processes, {own}."
        yield found("store-memory-workers", "store", what, _SHARED)
    elif subject.public and not subject.house.debug:
        yield found(
            "store-memory",
            "store",
            "A restart forgets what was called back." if in_cookies else "A restart logs everybody out.",
            "Keep them in a file: store='sqlite:///sessions.db'.",
        )


def _workers(subject: Subject) -> tuple[str, int]:
    """Read how many processes a server of this environment starts."""
    said = subject.around.environment
    options = _WORKERS.search(said.get("GUNICORN_CMD_ARGS", ""))
    if options:
        return "GUNICORN_CMD_ARGS", int(options[1])
    for name in ("WEB_CONCURRENCY", "UVICORN_WORKERS"):
        number = said.get(name, "")
        if number.isascii() and number.isdigit():
            return name, int(number)
    return "", 1


def _file(subject: Subject, path: Path) -> Iterator[Finding]:
    for folder in subject.around.temporary:
        if path.is_relative_to(folder):
            fix = "Choose a folder that stays, and that only this application may write to."
            yield found("store-temporary", "store", f"{path} lies below {folder}.", fix)
            break
    for info in subject.routes:
        for folder in _served(info.endpoint):
            if path.is_relative_to(Path(folder).absolute()):
                fix = "Keep the file out of every folder that is served."
                yield found("store-served", "store", f"{path} is served at {info.path}.", fix)


def _served(app: Any) -> list[str]:  # noqa: ANN401 - any ASGI application
    return [str(folder) for folder in app.all_directories] if isinstance(app, StaticFiles) else []


async def examine(subject: Subject) -> list[Finding]:
    """Ask the store itself, where it can say something; one that is away says just that."""
    store = subject.house.parts.store
    if not isinstance(store, Examinable):
        return []
    try:
        remarks = await store.examine()
    except GuardhouseError as error:
        fix = "See that it runs, and that this machine reaches it with these credentials."
        return [found("store-away", "store", str(error), fix)]
    return [
        found(
            remark.code if remark.code in CODES and remark.code.startswith(_SAID) else "store-remark",
            "store",
            remark.says,
            remark.fix,
            remark.severity,
        )
        for remark in remarks
    ]
