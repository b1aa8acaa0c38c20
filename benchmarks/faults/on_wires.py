"""Faults of the network between application and store, by a proxy in between."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import cast
from urllib.parse import urlsplit

from benchmarks.faults.app import Settings
from benchmarks.faults.client import Client
from benchmarks.faults.running import Fault, Stage

LATE_SHARE, LATE_SECONDS = 0.01, 10.0


class Wire:
    """A proxy on loopback that is slow, cuts, or is silent."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.delay = 0.0
        self.trickle = False
        self.silent = False
        self.late: Random | None = None
        """Where some messages are very late: which ones."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def reset(self) -> None:
        """Break all connections with a RST."""
        for writer in list(self._writers):
            line: socket.socket = writer.get_extra_info("socket")
            # Without this they would be closed in an orderly way.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def close(self) -> None:
        """Let go of everything."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._flows, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flow = cast("asyncio.Task[None]", asyncio.current_task())
        self._flows.add(flow)
        self._writers.add(writer)
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(back)
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
            self._writers.discard(back)
        writer.transport.abort()
        self._writers.discard(writer)
        self._flows.discard(flow)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                while self.silent:  # noqa: ASYNC110 - a wire looks now and then
                    await asyncio.sleep(0.05)
                if self.late is not None and self.late.random() < LATE_SHARE:
                    await asyncio.sleep(LATE_SECONDS)
                if self.delay:
                    await asyncio.sleep(self.delay / 2)  # once on the way there, once on the way back
                await self._write(writer, data)
        writer.transport.abort()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if not self.trickle:
            writer.write(data)
            await writer.drain()
            return
        for place in range(0, len(data), 16):
            writer.write(data[place : place + 16])
            await writer.drain()
            await asyncio.sleep(0.001)


class _OnWire(Fault):
    stores = ("redis", "postgres")
    longest = 2.5

    def __init__(self, store: str) -> None:
        super().__init__(store)
        self._unhealthy = 0.0

    async def settings(self, settings: Settings) -> Settings:
        """Put the wire between workers and store."""
        port = urlsplit(settings.store).port or 0
        self.wire = Wire(port)
        await self.wire.start()
        return replace(settings, store=settings.store.replace(f":{port}", f":{self.wire.port}", 1))

    async def load(self, stage: Stage, until: float) -> None:
        """Watch a route that needs no store meanwhile."""
        watching = asyncio.create_task(self._watch(stage))
        await super().load(stage, until)
        watching.cancel()
        stage.notes.append(f"health answers within {self._unhealthy * 1000:.0f} ms")

    async def after(self, stage: Stage) -> list[str]:
        """Take the wire away."""
        self.wire.silent, self.wire.late, self.wire.delay = False, None, 0.0
        await self.wire.close()
        return await super().after(stage)

    async def _watch(self, stage: Stage) -> None:
        line = Client(stage.ports)
        try:
            while True:
                began = time.monotonic()
                await line.ask(0, "GET", "/health")
                self._unhealthy = max(self._unhealthy, time.monotonic() - began)
                await asyncio.sleep(0.05)
        finally:
            line.close()


class Delayed(_OnWire):
    """The store is slow."""

    name = "F9 slow"
    does = "+50 ms, then +2 s for each message of the store"
    recovers = 3.0

    async def inject(self, stage: Stage) -> None:
        """Slow it down a little, then so much that nothing is in time."""
        await stage.wait(0.3)
        for delay in (0.05, 2.0, 0.0):
            self.wire.delay = delay
            if not delay:
                stage.mend()
            await stage.wait(0.2)


class Trickled(_OnWire):
    """The store's bytes come in small pieces."""

    name = "F9 trickle"
    does = "sixteen bytes at a time"

    async def inject(self, stage: Stage) -> None:
        """Let it trickle."""
        await stage.wait(0.3)
        self.wire.trickle = True
        await stage.wait(0.4)
        self.wire.trickle = False
        stage.mend()


class Late(_OnWire):
    """Some messages take very long."""

    name = "F9 late"
    does = "one message of a hundred comes 10 s late"
    # Whoever waits on the same connection waits too.
    errors = 0.30

    async def inject(self, stage: Stage) -> None:
        """Let them be late for half of the run; who is late then is waited for by nobody."""
        await stage.wait(0.2)
        self.wire.late = stage.chance
        await stage.wait(0.5)
        self.wire.late = None
        stage.mend()


class Reset(_OnWire):
    """Connections break."""

    name = "F9 reset"
    does = "RST on all connections to the store, every 300 ms"
    errors = 0.20

    async def inject(self, stage: Stage) -> None:
        """Break them for half of the run."""
        await stage.wait(0.3)
        ends = time.monotonic() + stage.size.seconds * 0.4
        while time.monotonic() < ends:
            await asyncio.sleep(0.3)
            self.wire.reset()
        stage.mend()


class Silent(_OnWire):
    """The line goes dead without a word."""

    name = "F9 silent"
    does = "connections half open: nothing comes through, nothing closes"
    recovers = 2.0

    async def inject(self, stage: Stage) -> None:
        """Let nothing through for a while."""
        await stage.wait(0.3)
        self.wire.silent = True
        await stage.wait(0.3)
        self.wire.silent = False
        stage.mend()
