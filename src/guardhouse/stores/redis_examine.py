"""What is wrong with a server that is otherwise at work: told at the start, before it costs somebody his logins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.examined import Remark
from guardhouse.stores.redis_link import RedisLink
from guardhouse.stores.redis_url import EXAMPLES, RedisAddress

OLDEST = (6, 2)
"""The first with GETDEL and `SET ... GET`."""
SKEW_SECONDS = 5.0
ALL_SLOTS = 16384


async def refuse(link: RedisLink, address: RedisAddress) -> None:
    """Raise `ConfigError` for what cannot work, `StoreError` for who does not answer."""
    await _refuse_another_layout(link, address)
    for name, said in await _nodes(link, address):
        version = str(said.get("redis_version", "0"))
        if _numbers(version) < OLDEST:
            fix = "Install Redis 6.2 or newer, or any Valkey."
            raise ConfigError("store", f"Redis {version} at {name}", fix)
        if said.get("cluster_enabled") and not link.clustered:
            fix = f"This server is part of a cluster: write {EXAMPLES['cluster']}."
            raise ConfigError("store", str(address), fix)
        if said.get("role") == "slave":
            fix = f"It is a replica and takes no writes: name its master, or its Sentinels, as in {EXAMPLES['sentinel']}."
            raise ConfigError("store", name, fix)


async def _refuse_another_layout(link: RedisLink, address: RedisAddress) -> None:
    """Tell a cluster from a single server, which redis-py would call unreachable."""
    try:
        await link.ready()
    except StoreError as error:
        if "Cluster mode is not enabled" not in str(error):
            raise
        fix = f"This server is no part of a cluster: write {EXAMPLES['single']}."
        raise ConfigError("store", str(address), fix) from error


async def examine(link: RedisLink, address: RedisAddress, now: float) -> Sequence[Remark]:
    """Say what is unsafe about each node."""
    found: list[Remark] = []
    for name, said in await _nodes(link, address):
        found += _unsafe(f"Redis at {name}", said, address)
        found += _skew(f"Redis at {name}", said, now)
    if link.clustered:
        found += await _missing_slots(link, address)
    return tuple(found)


def _unsafe(it: str, said: dict[str, Any], address: RedisAddress) -> Iterator[Remark]:
    replicas = int(said.get("connected_slaves", 0))
    policy = said.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        says = f"{it}: its maxmemory-policy is {policy}, so a full memory logs people out and forgets what was used once."
        yield Remark("store-eviction", says, "Set it to noeviction.")
    if not said.get("aof_enabled"):
        says = (
            f"{it}: its appendonly is off, so a restart brings back what the last snapshot held: logins are lost and "
            "logouts undone."
        )
        yield Remark("store-durability", says, "Set appendonly yes.")
    if address.durability == "replicated" and replicas < address.replicas:
        says = (
            f"{it}: durability=replicated waits for {address.replicas} replicas and {replicas} are there, so every "
            "login and logout is a 503."
        )
        yield Remark("store-durability", says, "Start replicas, or leave durability out.")


def _skew(it: str, said: dict[str, Any], now: float) -> Iterator[Remark]:
    skew = said["time"] - now
    if abs(skew) > SKEW_SECONDS:
        side = "ahead of" if skew > 0 else "behind"
        says = f"{it}: its clock is {abs(skew):.0f} seconds {side} this machine's."
        yield Remark("store-clock", says, "Let both follow NTP.")


async def _missing_slots(link: RedisLink, address: RedisAddress) -> list[Remark]:
    said = await link.ask("CLUSTER INFO", target_nodes="random")
    served = int(said["cluster_slots_ok"])
    if said["cluster_state"] == "ok" and served == ALL_SLOTS:
        return []
    says = (
        f"Redis at {address}: the cluster is {said['cluster_state']} and serves {served} of {ALL_SLOTS} slots, so a "
        "part of the sessions cannot be reached."
    )
    return [Remark("store-remark", says, "redis-cli --cluster check says which.", "error")]


async def _nodes(link: RedisLink, address: RedisAddress) -> list[tuple[str, dict[str, Any]]]:
    """Ask every master what it is."""
    if not link.clustered:
        said = await link.ask("INFO")
        return [(str(address), {**said, "time": _moment(await link.ask("TIME"))})]
    await link.ask("PING", target_nodes="random")  # finds the nodes
    found: list[tuple[str, dict[str, Any]]] = []
    for node in link.client.get_primaries():
        said = await link.ask("INFO", target_nodes=node)
        moment = _moment(await link.ask("TIME", target_nodes=node))
        found.append((str(node.name), {**said, "time": moment}))
    return found


def _moment(said: Sequence[Any]) -> float:
    return int(said[0]) + int(said[1]) / 1e6


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
