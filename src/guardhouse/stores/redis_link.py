"""What one event loop holds of Redis: a client, reads that are joined, and every trouble made one kind of error.

Clients of redis-py belong to the loop that they were made in. A loop that ends closes its own, as it closes all
asynchronous generators (`loop.shutdown_asyncgens`), so that nothing is left open behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary

from redis.asyncio.cluster import PipelineCommand
from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import (
    AskError,
    MovedError,
    NoScriptError,
    RedisClusterException,
    RedisError,
)
from redis.exceptions import (
    ConnectionError as Disconnected,
)
from redis.exceptions import (
    TimeoutError as TookTooLong,
)

from guardhouse.errors import ConfigError, StoreError
from guardhouse.stores.joined import Joined
from guardhouse.stores.redis_client import make_client
from guardhouse.stores.redis_scripts import Script
from guardhouse.stores.redis_tracking import Body, Node, Tracking
from guardhouse.stores.redis_url import RedisAddress

TROUBLE = (RedisError, RedisClusterException, OSError, asyncio.IncompleteReadError)
CUT_UNDER = (AttributeError, LookupError, RuntimeError)
"""What redis-py says where a connection is closed, or the nodes of a cluster are found anew, under one who is at it.

`RuntimeError` is uvloop's, for writing to what was closed a moment ago; `AttributeError` a stream or a node that has become
None; `LookupError` a slot without a node, or a cluster without a master.
"""
WAIT_MILLISECONDS = 200
"""How long a write waits for its replicas."""
MOST_REDIRECTIONS = 5
KEPT_FOR_READS = 4
"""How many connections of the pool only joined reads use, so that a flood of writes holds up no reader."""

T = TypeVar("T")
Command: TypeAlias = tuple[Any, ...]


class RedisLink:
    """The link of one event loop."""

    def __init__(self, address: RedisAddress) -> None:
        self.address = address
        self._durable = address.durability == "replicated"
        self._deadline = 2 * address.timeout  # with asking Sentinels, or where a slot lies now
        self.clustered = address.layout == "cluster"
        self.client = make_client(address)
        self._first_nodes = list(self.client.nodes_manager.startup_nodes.values()) if self.clustered else []
        self._turns = asyncio.Semaphore(address.pool - KEPT_FOR_READS)
        self.get: Callable[[bytes], Awaitable[Body]] = Joined(self._get, self._get_many).ask
        self._tracking = self._track() if address.cache == "tracking" else None
        self.read = self._tracking.read if self._tracking else self.get
        """Read a session or a token: as `get` does, or from what is kept here."""

    async def ask(self, *command: Any, **options: Any) -> Any:  # noqa: ANN401 - as Redis answers
        """Send a command that only reads. It is sent again where the connection had been closed meanwhile."""
        return await self._in_turn(lambda: self.client.execute_command(*command, **options), again=True)

    async def change(self, key: bytes, *command: Any, durable: bool = False) -> Any:  # noqa: ANN401 - as Redis answers
        """Send a command that writes under this key; a `durable` one waits for replicas where the address says so."""
        try:
            if durable and self._durable:
                return await self._in_turn(lambda: self._replicated(key, command))
            return await self._in_turn(lambda: self.client.execute_command(*command))
        finally:
            if self._tracking is not None:
                self._tracking.forget(key)

    async def run(self, script: Script, key: bytes, *given: Any, durable: bool = False) -> Any:  # noqa: ANN401 - as it answers
        """Run a script; one that a server does not know yet is told to it."""
        try:
            return await self.change(key, "EVALSHA", script.sha, 1, key, *given, durable=durable)
        except _UnknownScriptError:
            return await self.change(key, "EVAL", script.source, 1, key, *given, durable=durable)

    async def many(self, commands: Sequence[Command], *, again: bool = False) -> list[Any]:
        """Send commands together, in a cluster to each node its own. None of them may depend on another."""
        return await self._in_turn(lambda: self._pipelined(commands), again=again) if commands else []

    async def ready(self) -> None:
        """Find the nodes of a cluster; elsewhere there is nothing to find."""
        if self.clustered:
            await self._call(self.client.initialize)

    async def close(self) -> None:
        """Let go of all connections."""
        if self._tracking is not None:
            await self._tracking.close()
        sentinel = getattr(getattr(self.client, "connection_pool", None), "sentinel_manager", None)
        for client in (self.client, *(sentinel.sentinels if sentinel else ())):
            with suppress(*TROUBLE):
                await client.aclose()
        for node in self._first_nodes:  # which a cluster's client has left for those that it found
            with suppress(*TROUBLE):
                await node.disconnect()

    def trouble(self, error: BaseException) -> StoreError:
        """Say what is wrong in a way that names the server and never a password."""
        said = str(error) or type(error).__name__
        if isinstance(error, MasterNotFoundError):
            said = f"no Sentinel here knows a master {self.address.service!r} that is up; a failover takes some seconds"
        return StoreError(f"Redis at {self.address} says: {said}")

    def _track(self) -> Tracking:
        return Tracking(self.address, self.get, self._masters, self._node_of)

    async def _masters(self, *, again: bool) -> list[Node]:
        """Say where keys lie now; `again` where a master that was known does not answer."""
        match self.address.layout:
            case "cluster":
                await self.ready()
                return [(node.host, int(node.port)) for node in self.client.get_primaries()]
            case "sentinel":
                pool = self.client.connection_pool
                known: Node | None = None if again else pool.master_address
                return [known or await self._call(pool.get_master_address)]
            case _:
                return list(self.address.hosts)

    def _node_of(self, key: bytes) -> Node | None:
        """Say where a key lies, as far as is known."""
        match self.address.layout:
            case "cluster":
                with suppress(*TROUBLE):  # while the nodes are being found
                    node = self.client.get_node_from_key(key)
                    return node and (node.host, int(node.port))
                return None
            case "sentinel":
                found: Node | None = self.client.connection_pool.master_address
                return found
            case _:
                return self.address.hosts[0]

    async def _get(self, key: bytes) -> Body:
        client = self.client
        return await self._call(lambda: client.execute_command("GET", key), again=True)  # type: ignore[no-any-return]

    async def _get_many(self, keys: Sequence[bytes]) -> Sequence[Body]:
        if self.clustered:
            return await self._call(lambda: self._pipelined([("GET", key) for key in keys]), again=True)  # type: ignore[no-any-return]
        client = self.client
        return await self._call(lambda: client.execute_command("MGET", *keys), again=True)  # type: ignore[no-any-return]

    async def _pipelined(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self.client.pipeline() if self.clustered else self.client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return list(await pipeline.execute())

    async def _in_turn(self, send: Callable[[], Awaitable[Any]], *, again: bool = False) -> Any:  # noqa: ANN401 - as Redis answers
        """Send when a connection is free; waiting for one is part of the call's time."""

        async def sent() -> Any:  # noqa: ANN401 - as Redis answers
            async with self._turns:
                return await send()

        return await self._call(sent, again=again)

    async def _call(self, send: Callable[[], Awaitable[Any]], *, again: bool = False) -> Any:  # noqa: ANN401 - as Redis answers
        try:
            async with asyncio.timeout(self._deadline):
                try:
                    return await self._sent(send)
                except Disconnected as error:
                    if not again or isinstance(error, TookTooLong):
                        raise
                    await self._drop_idle()
                    return await self._sent(send)
        except TimeoutError as error:
            raise StoreError(f"Redis at {self.address} did not answer within {self._deadline:g} s") from error
        except NoScriptError as error:
            raise _UnknownScriptError(*error.args) from error
        except TROUBLE as error:
            raise self.trouble(error) from error

    async def _sent(self, send: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - as Redis answers
        try:
            # redis-py closes connections of a node under those who are connecting, where many calls at once find the
            # cluster's nodes; so they are found first. After a failover it still may, and says so in its own way.
            if self.clustered:
                await self._find_nodes()
            return await send()
        except CUT_UNDER as error:
            raise Disconnected(
                f"a connection was closed under a call ({type(error).__name__}: {error})"
            ) from error

    async def _drop_idle(self) -> None:
        """Close what lies idle in a cluster: who has cut one connection has cut others, and they would be taken next."""
        for node in self.client.get_nodes() if self.clustered else ():
            await node.disconnect_free_connections()

    async def _find_nodes(self) -> None:
        """Find the nodes of a cluster, where they are not known.

        From one that serves no slot yet redis-py learns that there are no nodes at all, and would ask nobody ever again.
        """
        known = self.client.nodes_manager.startup_nodes
        if not known:
            known.update({node.name: node for node in self._first_nodes})
        await self.client.initialize()

    # -- writes that replicas must have ---------------------------------------------------------------------------

    async def _replicated(self, key: bytes, command: Command) -> Any:  # noqa: ANN401 - as Redis answers
        """Write, and wait for replicas on the same connection: `WAIT` speaks of what that connection wrote."""
        wait = ("WAIT", self.address.replicas, WAIT_MILLISECONDS)
        if self.clustered:
            said, replicas = await self._on_node(key, command, wait)
        else:
            pipeline = self.client.pipeline(transaction=False)
            pipeline.execute_command(*command)
            pipeline.execute_command(*wait)
            said, replicas = await pipeline.execute(raise_on_error=False)
        for answer in (said, replicas):
            if isinstance(answer, Exception):
                raise answer
        if replicas < self.address.replicas:
            raise StoreError(
                f"Redis at {self.address} wrote, but {replicas} of {self.address.replicas} replicas had it "
                f"within {WAIT_MILLISECONDS} ms: it would be lost with the master, so it is not acknowledged"
            )
        return said

    async def _on_node(self, key: bytes, *commands: Command) -> list[Any]:
        """Send to the node that has the slot, on one connection, and follow the slot where it moves.

        redis-py's own pipeline would send the write alone to where it belongs, and keep the `WAIT` of before.
        """
        client = self.client
        node, asking = client.get_node_from_key(key), False
        for _ in range(MOST_REDIRECTIONS):
            sent = [PipelineCommand(place, *command) for place, command in enumerate(commands)]
            before = [PipelineCommand(-1, "ASKING")] if asking else []
            await node.execute_pipeline([*before, *sent])
            said = [one.result for one in sent]
            match said[0]:
                case AskError() as moved:
                    address = cast("Any", moved).node_addr
                    node, asking = client.get_node(host=address[0], port=address[1]), True
                case MovedError() as moved:
                    await client.nodes_manager.move_slot(moved)
                    node, asking = client.get_node_from_key(key), False
                case _:
                    return said
        raise Disconnected("the slot moves from node to node")


class _UnknownScriptError(StoreError):
    """A server that does not know a script has not run it."""


class Closes(Protocol):
    """What a loop closes when it ends."""

    async def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=Closes)


class OfEachLoop(Generic[C]):
    """One of a kind for each event loop, made when a loop first asks and closed when it ends."""

    def __init__(self, make: Callable[[], C]) -> None:
        self._make = make
        self._held: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[C, AsyncGenerator[None, None]]] = (
            WeakKeyDictionary()
        )
        self._lock = Lock()

    def here(self) -> C:
        """Return the one of the running loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError as error:
            raise ConfigError(
                "store", "redis", "Its driver runs on asyncio, and on no other loop."
            ) from error
        held = self._held.get(loop)
        if held is not None:
            return held[0]
        made = self._make()
        ending = self._until_the_end(loop, made)
        with suppress(StopIteration):
            ending.__anext__().send(None)  # begins it, which is when the loop takes note of it
        with self._lock:
            self._held[loop] = made, ending
        return made

    async def close(self) -> None:
        """Close the one of the running loop; the next use makes another."""
        held = self._held.get(asyncio.get_running_loop())
        if held is not None:
            await held[1].aclose()

    async def _until_the_end(self, loop: asyncio.AbstractEventLoop, made: C) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(loop, None)
            await made.close()
