"""Letters through a real mail server on loopback: encrypted or not at all, and what goes wrong is told without the address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from time import monotonic
from typing import Any

import pytest

from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.letter import Kind
from guardhouse.mail.smtp import SmtpMailer
from guardhouse.vault.secret import Secret
from tests.mail.posts import ADA, LINK, SENDER, MailServer, hung_up, letter, mail_server, writer

WRITER = writer()
PASSWORD = "hunter2&more"


@pytest.fixture(scope="module")
def started() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
async def server(started: MailServer) -> AsyncIterator[MailServer]:
    started.received.__init__()  # type: ignore[misc]
    yield started
    await hung_up()


def mailer_of(server: MailServer, **settings: Any) -> SmtpMailer:
    return SmtpMailer(WRITER, server.host, server.port, **{"tls": server.trusted, **settings})


@pytest.mark.anyio
async def test_a_letter_arrives_once_and_encrypted(server: MailServer):
    await mailer_of(server).send(letter())
    (envelope,) = server.received.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos, server.received.encrypted) == (SENDER, [ADA], [True])
    assert isinstance(envelope.content, bytes)
    message = BytesParser(policy=policy.default).parsebytes(envelope.content)
    body = message.get_body(("plain",))
    assert body is not None
    assert LINK in body.get_content()
    assert message["Message-ID"].endswith("@shop.example.com>")


@pytest.mark.anyio
async def test_a_domain_of_other_letters_needs_no_extension_of_the_server(server: MailServer):
    await mailer_of(server).send(letter(to="ada@bücher.example"))
    assert server.received.envelopes[0].rcpt_tos == ["ada@xn--bcher-kva.example"]


@pytest.mark.anyio
async def test_tls_from_the_first_byte():
    with mail_server(start_tls=False, tls=True) as server:
        await mailer_of(server, encryption="tls").send(letter())
        assert server.received.encrypted == [True]
        await hung_up()


@pytest.mark.anyio
async def test_a_user_with_a_password_logs_in():
    with mail_server(login=(b"shop", PASSWORD.encode())) as server:
        await mailer_of(server, user="shop", password=Secret(PASSWORD)).send(letter())
        assert len(server.received.envelopes) == 1
        with pytest.raises(MailError, match=r"the server answered 535 5\.7\.8") as told:
            await mailer_of(server, user="shop", password="wrong horse").send(letter())
        assert not told.value.temporary
        with pytest.raises(MailError, match="the server answered 530"):
            await mailer_of(server).send(letter())
        assert len(server.received.envelopes) == 1
        await hung_up()


@pytest.mark.anyio
async def test_plain_text_only_where_it_is_said():
    with mail_server(start_tls=False) as server:
        with pytest.raises(MailError, match="STARTTLS") as told:
            await mailer_of(server).send(letter())
        assert not told.value.temporary
        assert server.received.envelopes == []
        await mailer_of(server, insecure_plaintext=True).send(letter())
        assert server.received.encrypted == [False]
        await hung_up()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "tls", [pytest.param(None, id="the system's"), pytest.param(ssl.create_default_context(), id="another")]
)
async def test_a_certificate_of_somebody_else_ends_it(server: MailServer, tls: ssl.SSLContext | None):
    with pytest.raises(MailError, match="the server's certificate: ") as told:
        await mailer_of(server, tls=tls).send(letter())
    assert not told.value.temporary
    assert server.received.envelopes == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("where", "answer", "trouble", "temporary"),
    [
        ("refused", f"550 5.1.1 <{ADA}>: Recipient address rejected", "the server answered 550 5.1.1", False),
        ("refused", f"450 4.2.1 <{ADA}>: greylisted", "the server answered 450 4.2.1", True),
        ("answers", f"554 5.7.1 spam: {LINK}", "the server answered 554 5.7.1", False),
        ("answers", "451 try again", "the server answered 451", True),
    ],
)
async def test_a_refusal_is_told_in_numbers(
    server: MailServer, where: str, answer: str, trouble: str, temporary: bool
):
    getattr(server.received, where).append(answer)
    with pytest.raises(MailError) as told:
        await mailer_of(server).send(letter())
    assert (told.value.kind, told.value.trouble, told.value.temporary) == (
        Kind.RESET_PASSWORD,
        trouble,
        temporary,
    )
    assert ADA not in str(told.value)
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@pytest.mark.anyio
async def test_nobody_there_is_a_trouble_that_passes():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(MailError, match="the connection") as told:
            await SmtpMailer(WRITER, "127.0.0.1", taken.getsockname()[1]).send(letter())
    assert told.value.temporary


@pytest.mark.anyio
async def test_a_server_that_says_nothing_is_left_in_time():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mailer = SmtpMailer(WRITER, "127.0.0.1", silent.getsockname()[1], timeout=timedelta(seconds=0.2))
        began = monotonic()
        with pytest.raises(MailError, match="the connection") as told:
            await mailer.send(letter())
        await hung_up()
    assert told.value.temporary
    assert monotonic() - began < 5


@pytest.mark.anyio
async def test_a_server_that_is_slow_at_every_step_is_left_in_time(server: MailServer):
    server.received.delay = 0.6
    with pytest.raises(MailError, match="the connection"):
        await mailer_of(server, timeout=timedelta(seconds=0.3)).send(letter())


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587),
        ("smtps://ada:hunter2%26more@mail.example.com", "mail.example.com", 465),
        ("smtp://ada:hunter2%26more@mail.example.com:2525/", "mail.example.com", 2525),
        ("smtp://127.0.0.1:1025?insecure_plaintext=true", "127.0.0.1", 1025),
    ],
)
def test_a_url_says_it_all(url: str, host: str, port: int):
    for written in (url, Secret(url)):
        mailer = SmtpMailer.from_url(WRITER, written)
        assert repr(mailer) == f"SmtpMailer({host!r}, {port})"
        assert mailer._password is None or mailer._password.reveal().decode() == PASSWORD


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://ada:hunter2@mail.example.com",
        "smtp://",
        "smtp://ada:hunter2@mail.example.com:port",
        "smtp://ada:hunter2@mail.example.com/path",
        "smtp://ada:hunter2@mail.example.com?tls=no",
        "smtp://ada:hunter2@mail.example.com?insecure_plaintext=yes",
        "smtp://ada:hunter2@mail.example.com?insecure_plaintext=true",
        "smtp://ada@mail.example.com",
        "smtp://[::1",
        "smtp://ada:hun#ter2@mail.example.com",
    ],
)
def test_a_url_that_says_something_else_stops_the_start_and_shows_no_password(url: str):
    with pytest.raises(ConfigError) as told:
        SmtpMailer.from_url(WRITER, url)
    assert "hun" not in str(told.value)


def test_a_password_is_not_shown():
    mailer = SmtpMailer(WRITER, "mail.example.com", user="ada", password=PASSWORD)
    assert PASSWORD not in repr(mailer)
    assert PASSWORD not in repr(vars(mailer))
