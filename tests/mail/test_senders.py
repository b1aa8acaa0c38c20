"""Letters as files and on the terminal, and the one contract of all who carry them."""

from __future__ import annotations

import io
import stat
from collections.abc import AsyncIterator
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.console import ConsoleMailer
from guardhouse.mail.folder import FolderMailer, _written
from guardhouse.mail.letter import Kind
from guardhouse.mail.mailer import Mailer, refuse_in_production
from guardhouse.mail.memory import MemoryMailer
from guardhouse.mail.smtp import SmtpMailer
from tests.mail.posts import ADA, LINK, WHEN, hung_up, letter, mail_server, writer

WRITER = writer()


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.fixture(params=["smtp", "console", "folder", "memory"])
async def mailer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Mailer]:
    match request.param:
        case "smtp":
            with mail_server() as server:
                yield SmtpMailer(WRITER, server.host, server.port, tls=server.trusted)
                await hung_up()
        case "console":
            yield ConsoleMailer(WRITER, io.StringIO())
        case "folder":
            yield FolderMailer(WRITER, tmp_path)
        case _:
            yield MemoryMailer(WRITER)


@pytest.mark.anyio
async def test_each_carries_every_letter(mailer: Mailer):
    for kind in Kind:
        await mailer.send(letter(kind))


@pytest.mark.anyio
async def test_each_refuses_what_is_no_address_and_does_not_repeat_it(mailer: Mailer):
    with pytest.raises(MailError, match="not one address") as told:
        await mailer.send(letter(to="ada@example.com, eve@evil.example"))
    assert "eve" not in str(told.value)


@pytest.mark.anyio
async def test_none_shows_a_secret(mailer: Mailer):
    assert LINK not in repr(mailer)


@pytest.mark.anyio
async def test_a_letter_on_the_terminal_has_its_link(capsys: pytest.CaptureFixture[str]):
    await ConsoleMailer(WRITER).send(letter())
    told = capsys.readouterr().err
    assert told.startswith(f"\n-- letter to {ADA}: Choose a new password for Shop\n\nSomebody asked")
    assert f"\n{LINK}\n" in told


def test_a_terminal_is_for_development():
    with pytest.raises(ConfigError, match="SmtpMailer"):
        refuse_in_production(ConsoleMailer(WRITER), debug=False)


@pytest.mark.anyio
async def test_a_letter_is_one_file_that_only_its_owner_reads(tmp_path: Path):
    await FolderMailer(WRITER, tmp_path, clock=lambda: WHEN).send(letter())
    (file,) = files(tmp_path)
    assert file.name.startswith("20261130T210500-reset_password-")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    message = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    assert (message["To"], message["Date"]) == (ADA, "Mon, 30 Nov 2026 21:05:00 +0000")


@pytest.mark.anyio
async def test_letters_of_one_moment_are_files_of_their_own(tmp_path: Path):
    mailer = FolderMailer(WRITER, tmp_path, clock=lambda: WHEN)
    for _ in range(20):
        await mailer.send(letter())
    assert len(files(tmp_path)) == 20


@pytest.mark.anyio
async def test_a_folder_that_went_away_is_a_trouble_that_passes(tmp_path: Path):
    folder = tmp_path / "letters"
    folder.mkdir()
    mailer = FolderMailer(WRITER, folder)
    folder.rmdir()
    with pytest.raises(MailError, match="No such file") as told:
        await mailer.send(letter())
    assert told.value.temporary


def test_half_a_letter_is_not_left_behind(tmp_path: Path):
    (tmp_path / "there.eml").mkdir()
    with pytest.raises(OSError, match="directory"):
        _written(tmp_path / "there.eml", b"letter")
    assert [file.name for file in tmp_path.iterdir()] == ["there.eml"]


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path):
    with pytest.raises(ConfigError, match="Make that folder"):
        FolderMailer(WRITER, tmp_path / "letters")
