"""Letters wait here until the answer has left, and are sent beside the requests: few at once, each twice at most.

How long a mail server takes, and whether there was a letter at all, shows in no answer.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta

from guardhouse.core.events import LetterLost
from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.address import masked
from guardhouse.mail.letter import Letter
from guardhouse.mail.mailer import Mailer

__all__ = ["Outbox", "Tray"]

logger = logging.getLogger("guardhouse.mail")

FAREWELL = 1.0
"""Seconds in which a letter that is broken off at the end may hang up."""

Lost = Callable[[LetterLost], None]
Hearer = Callable[[LetterLost], Awaitable[None]]


class Tray:
    """The letters of one request: put in while it is worked on, sent when its answer has left."""

    __slots__ = ("_letters", "_outbox")

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._letters: list[Letter] = []

    def put(self, letter: Letter) -> None:
        """Lay a letter in; only once what it tells of is stored."""
        self._letters.append(letter)

    def send(self) -> None:
        """Hand all of them over, at once and without waiting; a second time there are none."""
        letters, self._letters = self._letters, []
        self._outbox.send(*letters)


class Outbox:
    """Sends letters in the background of one event loop, which has to be asyncio's.

    Each waits for some part of `spread` first. To write a letter and to greet a server is work, and whoever asks for something
    else in the same moment could feel it; by chance, and later, it tells him nothing of what he has asked before.

    A temporary failure is tried once more after `pause`. What cannot be sent is logged without address and link, and
    told to `lost`; so is what does not fit among `most` that wait.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each with the safe default
        self,
        mailer: Mailer,
        *,
        at_once: int = 4,
        most: int = 1000,
        pause: timedelta = timedelta(seconds=5),
        spread: timedelta = timedelta(seconds=2),
        lost: Lost | None = None,
    ) -> None:
        if at_once < 1 or most < 1:
            raise ConfigError(
                "outbox", min(at_once, most), "Let at least one letter be sent at once, and wait."
            )
        self.mailer = mailer
        self._at_once, self._most = at_once, most
        self._pause, self._spread = pause.total_seconds(), spread.total_seconds()
        self._lost = lost
        self._hearers: list[Hearer] = []
        self._telling: set[asyncio.Task[None]] = set()
        self._resting: dict[object, tuple[asyncio.TimerHandle, Letter]] = {}
        self._waiting: deque[Letter] = deque()
        self._sending: dict[asyncio.Task[None], Letter] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"Outbox({self.mailer!r}, {self._count()} waiting, {len(self._sending)} being sent)"

    def tell(self, hearer: Hearer) -> None:
        """Tell one more of letters that are lost, once of each; the ways let the listeners of their house hear it."""
        if hearer not in self._hearers:
            self._hearers.append(hearer)

    def tray(self) -> Tray:
        """Begin to gather the letters of a request."""
        return Tray(self)

    def send(self, *letters: Letter) -> None:
        """Take letters in and return at once; they are on their way when the loop comes to it."""
        for letter in letters:
            if self._closed or self._count() >= self._most:
                self._note(letter, "the outbox is closed" if self._closed else "too many wait already")
            elif self._spread:
                self._rest(letter)
            else:
                self._waiting.append(letter)
                self._start()

    async def close(self, within: timedelta = timedelta(seconds=10)) -> None:
        """Send what is there, for at most that long; what is left then is lost, and told of."""
        self._spread = 0.0  # what comes from now on does not rest either
        for timer, letter in self._resting.values():
            timer.cancel()
            self._waiting.append(letter)
        self._resting.clear()
        self._start()
        clock = asyncio.get_running_loop().time
        end = clock() + within.total_seconds()
        while self._sending and clock() < end:
            await asyncio.wait(self._sending, timeout=end - clock(), return_when=asyncio.FIRST_COMPLETED)
        self._closed = True
        while self._waiting:
            self._note(self._waiting.popleft(), "the process ended before its turn")
        for sending in self._sending:
            sending.cancel()
        if self._sending:  # a mailer may want to take leave of its server
            await asyncio.wait(self._sending, timeout=FAREWELL)
        await asyncio.sleep(0)  # what was broken off is noted by then
        if self._telling:
            await asyncio.wait(self._telling, timeout=FAREWELL)

    def _count(self) -> int:
        return len(self._resting) + len(self._waiting)

    def _rest(self, letter: Letter) -> None:
        """Let a letter lie for a while that nobody can know."""
        place = object()
        delay = secrets.SystemRandom().uniform(0, self._spread)
        timer = asyncio.get_running_loop().call_later(
            delay, self._rested, place, context=contextvars.Context()
        )
        self._resting[place] = timer, letter

    def _rested(self, place: object) -> None:
        _, letter = self._resting.pop(place)
        self._waiting.append(letter)
        self._start()

    def _start(self) -> None:
        """Begin with the next ones. They know nothing of the request they come from: neither its context nor its end."""
        while self._waiting and len(self._sending) < self._at_once:
            letter = self._waiting.popleft()
            sending = asyncio.get_running_loop().create_task(
                self._attempt(letter), context=contextvars.Context()
            )
            self._sending[sending] = letter
            sending.add_done_callback(self._ended)

    def _ended(self, sending: asyncio.Task[None]) -> None:
        letter = self._sending.pop(sending)
        self._start()
        trouble = _trouble(sending)
        if trouble:
            self._note(letter, trouble)

    async def _attempt(self, letter: Letter) -> None:
        try:
            await self.mailer.send(letter)
        except MailError as error:
            if not error.temporary:
                raise
            await asyncio.sleep(self._pause)
            await self.mailer.send(letter)

    def _note(self, letter: Letter, trouble: str) -> None:
        """Say that a letter is lost, in the log and to whoever listens."""
        to = masked(letter.to)
        fields = {"event": "letter lost", "kind": str(letter.kind), "to": to, "trouble": trouble}
        logger.error(
            "the letter %s to %s was not sent: %s", letter.kind, to, trouble, extra={"guardhouse": fields}
        )
        event = LetterLost(str(letter.kind), trouble)
        if self._lost is not None:
            self._lost(event)
        for hearer in self._hearers:
            telling = asyncio.get_running_loop().create_task(
                _told(hearer, event), context=contextvars.Context()
            )
            self._telling.add(telling)  # the loop keeps no task alive by itself
            telling.add_done_callback(self._heard)

    def _heard(self, telling: asyncio.Task[None]) -> None:
        """Let no listener that fails pass unseen; what it says itself may hold anything."""
        self._telling.discard(telling)
        error = None if telling.cancelled() else telling.exception()
        if error is not None:
            logger.error("a listener of lost letters failed: %s", type(error).__name__)


async def _told(hearer: Hearer, event: LetterLost) -> None:
    await hearer(event)


def _trouble(sending: asyncio.Task[None]) -> str:
    """Say why a letter was not sent. A mailer of the application's may raise anything, and its words may hold the link."""
    if sending.cancelled():
        return "the process ended while it was being sent"
    error = sending.exception()
    if error is None:
        return ""
    return error.trouble if isinstance(error, MailError) else type(error).__name__
