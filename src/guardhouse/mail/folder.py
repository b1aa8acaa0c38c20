"""Letters as files, one each, for development or for a mail server that fetches them from there."""

from __future__ import annotations

import os
import secrets
from functools import partial
from os import PathLike
from pathlib import Path

from anyio import to_thread

from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.letter import Letter
from guardhouse.mail.stamp import Clock, now, stamped
from guardhouse.mail.writer import Writer

__all__ = ["FolderMailer"]


class FolderMailer:
    """Write every letter to an `.eml` file that only this user may read; half a letter is never seen under that name."""

    def __init__(self, writer: Writer, folder: str | PathLike[str], *, clock: Clock = now) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise ConfigError("folder", str(folder), "Make that folder; links to accounts will lie in it.")
        self._writer = writer
        self._clock = clock

    def check(self) -> None:
        """Write every letter in every language once; raise `ConfigError` for the first that a template of yours spoils."""
        self._writer.check()

    async def send(self, letter: Letter) -> None:
        """Write it beside, then give it its name in one step."""
        message = stamped(self._writer, letter, self._clock)
        name = f"{self._clock():%Y%m%dT%H%M%S}-{letter.kind}-{secrets.token_hex(4)}.eml"
        try:
            await to_thread.run_sync(partial(_written, self.folder / name, message.as_bytes()))
        except OSError as error:
            raise MailError(letter.kind, f"its file: {error.strerror}", temporary=True) from error


def _written(file: Path, content: bytes) -> None:
    beside = file.with_name(f".{file.name}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
