"""A real server and a real mail server: the answer has left before the letter, and is the same without one."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from guardhouse.desks.outbox import Outbox
from guardhouse.edge.posting import Posting, tray_of
from guardhouse.mail.letter import Letter
from guardhouse.mail.mailer import Mailer
from guardhouse.mail.memory import MemoryMailer
from guardhouse.mail.smtp import SmtpMailer
from tests.mail.posts import ADA, MailServer, hung_up, letter, mail_server, writer

pytestmark = pytest.mark.anyio

WRITER = writer()
DELAY = 1.0


async def forgot(request: Request) -> Response:
    """Answer everybody alike; only for Ada there is a letter."""
    if (await request.body()).decode() == ADA:
        tray_of(request).put(letter())
    return JSONResponse("look into your mail", 202)


@asynccontextmanager
async def served(
    mailer: Mailer, within: timedelta = timedelta(seconds=10)
) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the application by uvicorn on a free port, and close its outbox when the server has ended."""
    outbox = Outbox(mailer, pause=timedelta(0), spread=timedelta(0))
    routes = [
        Route("/forgot", Posting(Starlette(routes=[Route("/forgot", forgot, methods=["POST"])]), outbox))
    ]
    config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server._serve([listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            async with httpx2.AsyncClient(base_url=address, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            await serving
            await outbox.close(within)
            await hung_up()


async def answered(client: httpx2.AsyncClient, who: str) -> tuple[int, bytes, dict[str, str], float]:
    """Ask, and say what came and how long it took."""
    began = monotonic()
    answer = await client.post("/forgot", content=who)
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, answer.content, headers, monotonic() - began


def mailer_of(server: MailServer) -> SmtpMailer:
    return SmtpMailer(WRITER, server.host, server.port, tls=server.trusted)


@pytest.mark.slow
async def test_a_mail_server_that_takes_its_time_slows_no_answer():
    with mail_server() as server:
        server.received.delay = DELAY
        async with served(mailer_of(server)) as client:
            await answered(client, "nobody@example.com")  # the first one of a connection pays for it
            *known, known_time = await answered(client, ADA)
            assert server.received.envelopes == []
            *unknown, unknown_time = await answered(client, "nobody@example.com")
            assert server.received.envelopes == []
            assert known == unknown
            assert known_time < DELAY / 2
            assert unknown_time < DELAY / 2
        assert [envelope.rcpt_tos for envelope in server.received.envelopes] == [[ADA]]


async def test_a_mail_server_that_is_away_is_in_the_log_and_in_no_answer(caplog: pytest.LogCaptureFixture):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mailer = SmtpMailer(WRITER, "127.0.0.1", taken.getsockname()[1])
        with caplog.at_level(logging.ERROR, "guardhouse.mail"):
            async with served(mailer) as client:
                assert (await answered(client, ADA))[:3] == (await answered(client, "nobody@example.com"))[:3]
    (record,) = [record for record in caplog.records if record.name == "guardhouse.mail"]
    assert record.getMessage().startswith(
        "the letter reset_password to a***@example.com was not sent: the connection"
    )
    assert "ticket" not in str(vars(record))


class Noting:
    """A mailer and a server's channel that write down in which order they were used."""

    def __init__(self, breaks: type[BaseException] | None = None) -> None:
        self.order: list[str] = []
        self._breaks = breaks

    async def send(self, letter: Letter) -> None:
        self.order.append("letter")

    async def answer(self, message: Message) -> None:
        if self._breaks is not None:
            raise self._breaks
        self.order.append(message["type"].rpartition(".")[2])


async def _body() -> Message:
    return {"type": "http.request", "body": ADA.encode(), "more_body": False}


def _scope(**more: Any) -> Scope:
    return {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", **more}


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    await (await forgot(Request(scope, receive)))(scope, receive, send)


async def test_the_last_byte_is_out_before_the_letter_is_touched():
    noting = Noting()
    outbox = Outbox(noting, spread=timedelta(0))
    await Posting(_app, outbox)(_scope(), _body, noting.answer)
    await outbox.close()
    assert noting.order == ["start", "body", "letter"]


@pytest.mark.parametrize("breaks", [OSError, RuntimeError, asyncio.CancelledError])
async def test_who_hangs_up_gets_his_letter_still(breaks: type[BaseException]):
    noting = Noting(breaks)
    outbox = Outbox(noting, spread=timedelta(0))
    with pytest.raises(breaks):
        await Posting(_app, outbox)(_scope(), _body, noting.answer)
    await outbox.close()
    assert noting.order == ["letter"]


async def test_what_is_no_request_has_no_tray():
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    scope = _scope(type="lifespan")
    await Posting(app, Outbox(MemoryMailer()))(scope, _body, Noting().answer)
    assert seen == [scope]
