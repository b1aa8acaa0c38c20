"""Letters leave after the answer, few at once, twice at most; what is lost is told without address and link."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest

from guardhouse.core.events import LetterLost
from guardhouse.desks.outbox import Outbox
from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.letter import Letter
from guardhouse.mail.memory import MemoryMailer

pytestmark = pytest.mark.anyio

LINK = "https://shop.example.com/reset?ticket=once"
AT_ONCE = timedelta(0)
asked_by: ContextVar[str] = ContextVar("asked_by", default="nobody")


def note(name: str = "ada") -> Letter:
    return Letter("note", f"{name}@example.com", {"link": LINK})


class Slow:
    """A mailer that holds every letter until it is told to go on, and counts those it holds."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.held = self.most = 0
        self.sent: list[str] = []
        self.contexts: list[str] = []

    async def send(self, letter: Letter) -> None:
        self.contexts.append(asked_by.get())
        self.held += 1
        self.most = max(self.most, self.held)
        try:
            await self.go.wait()
            self.sent.append(letter.to)
        finally:
            self.held -= 1


class Failing:
    """A mailer that raises one thing after another, then takes every letter."""

    def __init__(self, *raised: Exception) -> None:
        self.raised = list(raised)
        self.attempts = 0
        self.sent: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.attempts += 1
        if self.raised:
            raise self.raised.pop(0)
        self.sent.append(letter)


Lost = list[LetterLost]
Open = Callable[..., Outbox]


@pytest.fixture
def lost() -> Lost:
    return []


@pytest.fixture
async def outbox(lost: Lost) -> AsyncIterator[Open]:
    """Open outboxes that are closed at the end, whatever the test has found."""
    opened: list[Outbox] = []

    def of(mailer: Any, **settings: Any) -> Outbox:
        opened.append(
            Outbox(mailer, **{"pause": AT_ONCE, "spread": AT_ONCE, "lost": lost.append, **settings})
        )
        return opened[-1]

    yield of
    for one in opened:
        await one.close(AT_ONCE)


async def test_a_tray_keeps_its_letters_until_they_are_sent(outbox: Open):
    mailer = MemoryMailer()
    box = outbox(mailer)
    tray = box.tray()
    tray.put(note())
    await asyncio.sleep(0)
    assert not mailer.letters
    tray.send()
    tray.send()
    await box.close()
    assert mailer.letters == (note(),)


async def test_nobody_waits_for_a_letter_and_few_are_sent_at_once(outbox: Open):
    mailer = Slow()
    box = outbox(mailer, at_once=3)
    box.send(*(note(f"a{number}") for number in range(10)))
    assert mailer.held == 0
    for _ in range(20):
        await asyncio.sleep(0)
    assert (mailer.held, repr(box).endswith("7 waiting, 3 being sent)")) == (3, True)
    mailer.go.set()
    await box.close()
    assert sorted(mailer.sent) == [f"a{number}@example.com" for number in range(10)]
    assert mailer.most == 3


async def test_what_is_sent_knows_nothing_of_its_request(outbox: Open):
    mailer = Slow()
    mailer.go.set()
    box = outbox(mailer)
    asked_by.set("ada")
    box.send(note())
    await box.close()
    assert mailer.contexts == ["nobody"]


@pytest.mark.parametrize(
    ("raised", "attempts", "sent", "trouble"),
    [
        pytest.param([MailError("note", "451", temporary=True)], 2, 1, None, id="once more after a 4xx"),
        pytest.param([MailError("note", "550")], 1, 0, "550", id="not after a 5xx"),
        pytest.param([MailError("note", "451", temporary=True)] * 2, 2, 0, "451", id="not a third time"),
        pytest.param([RuntimeError(LINK)], 1, 0, "RuntimeError", id="what a mailer of yours raises"),
    ],
)
async def test_what_fails(
    raised: list[Exception],
    attempts: int,
    sent: int,
    trouble: str | None,
    outbox: Open,
    lost: Lost,
    caplog: pytest.LogCaptureFixture,
):
    mailer = Failing(*raised)
    box = outbox(mailer)
    with caplog.at_level(logging.ERROR, "guardhouse.mail"):
        box.send(note())
        await box.close()
    assert (mailer.attempts, len(mailer.sent)) == (attempts, sent)
    assert lost == ([] if trouble is None else [LetterLost("note", trouble)])
    assert [record.getMessage() for record in caplog.records] == (
        [] if trouble is None else [f"the letter note to a***@example.com was not sent: {trouble}"]
    )
    told = "".join(str(vars(record)) for record in caplog.records)
    assert "ada" not in told
    assert LINK not in told


async def test_one_that_fails_holds_up_no_other(outbox: Open, lost: Lost):
    mailer = Failing(RuntimeError(), MailError("note", "550"))
    box = outbox(mailer, at_once=1)
    box.send(*(note(name) for name in ("ada", "grace", "joan")))
    await box.close()
    assert ([letter.to for letter in mailer.sent], len(lost)) == (["joan@example.com"], 2)


async def test_more_than_may_wait_is_lost_and_told_of(outbox: Open, lost: Lost):
    mailer = Slow()
    box = outbox(mailer, at_once=1, most=2)
    box.send(*(note() for _ in range(5)))
    assert lost == [LetterLost("note", "too many wait already")] * 2
    mailer.go.set()
    await box.close()
    assert len(mailer.sent) == 3


async def test_the_end_waits_no_longer_than_it_was_told_to(outbox: Open, lost: Lost):
    box = outbox(Slow(), at_once=1)
    box.send(note("ada"), note("grace"))
    async with asyncio.timeout(5):
        await box.close(timedelta(seconds=0.05))
    assert {one.trouble for one in lost} == {
        "the process ended before its turn",
        "the process ended while it was being sent",
    }
    box.send(note())
    assert lost[-1].trouble == "the outbox is closed"


async def test_the_end_waits_for_what_has_begun(outbox: Open, lost: Lost):
    mailer = Slow()
    box = outbox(mailer, at_once=1)
    box.send(note("ada"), note("grace"))
    asyncio.get_running_loop().call_later(0.02, mailer.go.set)
    await box.close()
    assert (mailer.sent, lost) == (["ada@example.com", "grace@example.com"], [])


async def test_letters_leave_at_moments_of_their_own(outbox: Open):
    mailer = MemoryMailer()
    box = outbox(mailer, spread=timedelta(seconds=0.2))
    letters = [note(f"a{number}") for number in range(12)]
    box.send(*letters)
    await asyncio.sleep(0)
    assert not mailer.letters
    async with asyncio.timeout(10):
        while len(mailer.letters) < 12:  # noqa: ASYNC110 - a mailer in memory tells nobody
            await asyncio.sleep(0.01)
    assert mailer.letters != tuple(letters)  # in this order by chance: once in 479001600 times


async def test_the_end_waits_for_no_moment(outbox: Open, lost: Lost):
    mailer = MemoryMailer()
    box = outbox(mailer, spread=timedelta(hours=1), most=2)
    box.send(note("ada"), note("grace"), note("joan"))
    assert "2 waiting" in repr(box)
    async with asyncio.timeout(5):
        await box.close()
    assert (len(mailer.letters), len(lost)) == (2, 1)


async def test_an_outbox_that_sends_nothing_is_not_made():
    with pytest.raises(ConfigError, match="at least one letter"):
        Outbox(MemoryMailer(), at_once=0)


async def test_who_listens_is_told_once_even_if_asked_twice_and_even_while_it_ends():
    heard: list[LetterLost] = []

    async def hear(event: LetterLost) -> None:
        await asyncio.sleep(0.01)
        heard.append(event)

    outbox = Outbox(Failing(ValueError(LINK)), spread=AT_ONCE)
    outbox.tell(hear)
    outbox.tell(hear)
    outbox.send(note())
    await outbox.close()
    assert heard == [LetterLost("note", "ValueError")]


async def test_a_listener_that_fails_is_logged_without_what_it_says(caplog):
    async def fail(_: LetterLost) -> None:
        raise RuntimeError(LINK)

    outbox = Outbox(Failing(ValueError(LINK)), spread=AT_ONCE)
    outbox.tell(fail)
    outbox.send(note())
    await outbox.close()
    assert "a listener of lost letters failed: RuntimeError" in caplog.text
    assert LINK not in caplog.text
