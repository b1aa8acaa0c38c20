"""A TCP proxy in a thread, between a client and a server on loopback: held, it is a line that went dead without a word."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading

from tests.services import free_port


class Proxy:
    """One proxy in front of one port."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._answers = asyncio.Event()
        for event in (self._flows, self._answers):
            event.set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._connected, "127.0.0.1", self.port))

    def hold(self) -> None:
        """Let nothing through any more, in no direction, and close nothing."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def release(self) -> None:
        """Let everything through again, also what came meanwhile."""
        self._loop.call_soon_threadsafe(self._flows.set)
        self._loop.call_soon_threadsafe(self._answers.set)

    def hold_answers(self) -> None:
        """Let what is asked through, and no answer to it."""
        self._loop.call_soon_threadsafe(self._answers.clear)

    def reset(self) -> None:
        """Break all connections to clients with a RST."""
        self._run(self._reset())

    def remove(self) -> None:
        """Close everything, and end."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _close(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._clients.add(writer)
        await asyncio.gather(self._pump(reader, back, self._flows), self._pump(there, writer, self._answers))
        self._clients.discard(writer)

    async def _reset(self) -> None:
        for writer in self._clients:
            line: socket.socket = writer.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                await open_.wait()
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
