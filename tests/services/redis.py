"""Redis or Valkey: one server, a master with replicas under Sentinels, or a cluster, from the programs found here.

`GUARDHOUSE_TEST_REDIS` names a running single server. Ports are free ones of loopback; a cluster's second port is told
to it, because the usual one, ten thousand above, may be beyond the last.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import redis

from tests.services import PATIENCE, Folder, Missing, Server, free_port

VARIABLE = "GUARDHOUSE_TEST_REDIS"
HOST = "127.0.0.1"
SERVICE = "main"


class Node:
    """One server process."""

    def __init__(self, *options: str) -> None:
        program = program_named("redis-server", "valkey-server")
        if program is None:
            raise Missing("redis-server", VARIABLE, "redis-server")
        self.port = free_port()
        self.folder = Folder("redis")
        given = ("--port", str(self.port), "--bind", HOST, "--dir", str(self.folder.path), "--save", "")
        self.server = Server(self.folder, [program, *given, *options], self.answers)
        self.client: Any = redis.Redis(host=HOST, port=self.port, socket_timeout=2, socket_connect_timeout=2)
        self.server.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://{HOST}:{self.port}"

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def info(self, section: str) -> dict[str, Any]:
        """What it says of itself."""
        return dict(self.client.info(section))

    def kill(self) -> None:
        """Stop it as a crash does."""
        self.server.stop(signal.SIGKILL)

    def remove(self) -> None:
        """Stop it for good."""
        self.client.close()
        self.server.remove()


class Watched:
    """A master with two replicas, under three Sentinels that fail over within a few seconds."""

    def __init__(self, *options: str, replicas: int = 2, down_after: int = 1500) -> None:
        quick = ("--repl-diskless-sync-delay", "0", *options)
        self.master = Node(*quick)
        replica = ("--replicaof", f"{HOST} {self.master.port}")
        self.replicas = [Node(*quick, *replica) for _ in range(replicas)]
        wait_for(lambda: self._linked(replicas), "replicas to join")
        self.sentinels = [_sentinel(self.master.port, down_after) for _ in range(3)]
        wait_for(self._watched, "Sentinels to know each other")

    @property
    def url(self) -> str:
        """Where the Sentinels are."""
        hosts = ",".join(f"{HOST}:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}"

    def master_now(self) -> Node:
        """The node that most Sentinels take for the master."""
        said = [
            one.client.execute_command("SENTINEL GET-MASTER-ADDR-BY-NAME", SERVICE) for one in self.sentinels
        ]
        ports = [int(address[1]) for address in said]
        return next(
            node for node in (self.master, *self.replicas) if node.port == max(ports, key=ports.count)
        )

    def cut_off(self) -> None:
        """Part the master from its replicas: they cannot come back, and nobody else notices."""
        self.master.client.config_set("requirepass", "nobody knows")
        self.master.client.execute_command("CLIENT KILL TYPE replica")

    def remove(self) -> None:
        """Stop all of them."""
        for node in (*self.sentinels, *self.replicas, self.master):
            node.remove()

    def _linked(self, replicas: int) -> bool:
        said = self.master.info("replication")
        online = [said.get(f"slave{number}", {}).get("state") == "online" for number in range(replicas)]
        return all(online) and all(
            one.info("replication")["master_link_status"] == "up" for one in self.replicas
        )

    def _watched(self) -> bool:
        for one in self.sentinels:
            said = one.client.execute_command("SENTINEL MASTER", SERVICE)
            fields = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
            known = {_text(key): _text(value) for key, value in fields.items()}
            if (known["num-slaves"], known["num-other-sentinels"]) != (str(len(self.replicas)), "2"):
                return False
        return True


class Cluster:
    """Three masters with a replica each; a node that is silent for two seconds is replaced."""

    def __init__(self, *options: str) -> None:
        def node() -> Node:
            own = (
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
                "--cluster-port",
                str(free_port()),
            )
            return Node(*own, "--repl-diskless-sync-delay", "0", *options)

        self.nodes = [node() for _ in range(6)]
        first, *others = self.nodes
        for one in others:
            port = one.client.config_get("cluster-port")["cluster-port"]
            first.client.execute_command("CLUSTER MEET", HOST, one.port, port)
        for number, master in enumerate(self.nodes[:3]):
            begins, ends = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
            master.client.execute_command("CLUSTER ADDSLOTSRANGE", begins, ends)
        wait_for(lambda: all(_known_nodes(one) == 6 for one in self.nodes), "nodes to meet")
        for master, replica in zip(self.nodes[:3], self.nodes[3:], strict=True):
            identity = _text(master.client.execute_command("CLUSTER MYID"))
            wait_for(lambda at=replica, named=identity: _replicates(at, named), "a replica to follow")  # type: ignore[misc]
        wait_for(lambda: all(_healthy(one) for one in self.nodes), "the cluster to be ready")

    @property
    def url(self) -> str:
        """Where it is."""
        return "redis+cluster://" + ",".join(f"{HOST}:{one.port}" for one in self.nodes[:3])

    def owner_of(self, key: bytes) -> Node:
        """The master that has the slot of this key."""
        slot = self.nodes[0].client.execute_command("CLUSTER KEYSLOT", key)
        for one in self.nodes:
            if not one.answers():
                continue
            for begins, ends, master, *_ in _slots(one):
                if begins <= slot <= ends:
                    return next(node for node in self.nodes if node.port == master[1])
        raise RuntimeError("nobody has this slot")

    def move_slot(self, key: bytes, source: Node, target: Node) -> None:
        """Move the slot of a key to another master, key by key, as `redis-cli --cluster reshard` does."""
        slot = source.client.execute_command("CLUSTER KEYSLOT", key)
        ids = {one: _text(one.client.execute_command("CLUSTER MYID")) for one in (source, target)}
        target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source])
        source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target])
        time.sleep(0.1)
        while keys := _keys_in_slot(source, slot):
            source.client.execute_command("MIGRATE", HOST, target.port, "", 0, 2000, "KEYS", *keys)
            time.sleep(0.1)
        for one in (target, source, *self.nodes):
            one.client.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target]) if one in self.nodes[
                :3
            ] else None

    def remove(self) -> None:
        """Stop all of them."""
        for node in self.nodes:
            node.remove()


@cache
def single() -> Node:
    """Return a server that all tests of this process share; they keep apart by their prefixes."""
    return Node("--appendonly", "no", "--enable-debug-command", "local")


@cache
def watched() -> Watched:
    """Return a master under Sentinels that all tests of this process share, and none of them harms."""
    return Watched()


@cache
def cluster() -> Cluster:
    """Return a cluster that all tests of this process share, and none of them harms."""
    return Cluster()


def single_url() -> str:
    """Return the URL of a single server."""
    return os.environ.get(VARIABLE) or single().url


def program_named(*names: str) -> str | None:
    """Find a program by its name, which must stay: they are one program that looks at what it was called."""
    return next(filter(None, map(shutil.which, names)), None)


def wait_for(ready: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + patience
    while not ready():
        if time.monotonic() > ends:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.02)


def _sentinel(master: int, down_after: int) -> Node:
    """Start a Sentinel; it writes into its own configuration, which so has to be a file."""
    program = program_named("redis-sentinel", "valkey-sentinel")
    if program is None:
        raise Missing("redis-sentinel", VARIABLE, "redis-sentinel")
    return _SentinelNode(program, master, down_after)


class _SentinelNode(Node):
    def __init__(self, program: str, master: int, down_after: int) -> None:
        self.port = free_port()
        self.folder = Folder("sentinel")
        configuration = self.folder.path / "sentinel.conf"
        lines = (
            f"port {self.port}",
            f"bind {HOST}",
            f"dir {self.folder.path}",
            f"sentinel monitor {SERVICE} {HOST} {master} 2",
            f"sentinel down-after-milliseconds {SERVICE} {down_after}",
            f"sentinel failover-timeout {SERVICE} 1500",  # a vote that was split is repeated after twice that
        )
        configuration.write_text("\n".join(lines) + "\n")
        configuration.chmod(0o666)
        self.server = Server(self.folder, [program, configuration], self.answers)
        self.client = redis.Redis(host=HOST, port=self.port, socket_timeout=2, socket_connect_timeout=2)
        self.server.start()


def _known_nodes(node: Node) -> int:
    return len(_text(node.client.execute_command("CLUSTER MYID")) and _lines(node))


def _lines(node: Node) -> list[str]:
    said = node.client.execute_command("CLUSTER NODES")
    if isinstance(said, dict):
        return [address for address, one in said.items() if "handshake" not in one["flags"]]
    return [line for line in _text(said).splitlines() if "handshake" not in line]


def _replicates(node: Node, master: str) -> bool:
    try:
        node.client.execute_command("CLUSTER REPLICATE", master)
    except redis.ResponseError:
        return False
    return True


def _healthy(node: Node) -> bool:
    said = node.client.execute_command("CLUSTER INFO")
    state = (
        said["cluster_state"] if isinstance(said, dict) else "ok" if "cluster_state:ok" in _text(said) else ""
    )
    role = node.info("replication")
    return state == "ok" and (role["role"] == "master" or role["master_link_status"] == "up")


def _keys_in_slot(node: Node, slot: int) -> list[bytes]:
    """Name a few keys as they are: redis-py would read them as text, and there would be none of those names to move."""
    raw: Any = redis.Redis(host=HOST, port=node.port)
    raw.response_callbacks.pop("CLUSTER GETKEYSINSLOT", None)
    try:
        return list(raw.execute_command("CLUSTER GETKEYSINSLOT", slot, 10))
    finally:
        raw.close()


def _slots(node: Node) -> list[Any]:
    raw: Any = redis.Redis(host=HOST, port=node.port)
    raw.response_callbacks.pop("CLUSTER SLOTS", None)
    try:
        return list(raw.execute_command("CLUSTER SLOTS"))
    finally:
        raw.close()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
