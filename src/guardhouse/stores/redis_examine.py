"""What is wrong with a server that is otherwise at work: told at the start, before it costs somebody his logins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guardhouse.errors import ConfigError, StoreError
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


async def examine(link: RedisLink, address: RedisAddress, now: float) -> Sequence[str]:
    """Say what is unsafe, one sentence each."""
    findings: list[str] = []
    for name, said in await _nodes(link, address):
        findings += [f"Redis at {name}: {finding}" for finding in _unsafe(said, address)]
        findings += [f"Redis at {name}: {finding}" for finding in _skew(said, now)]
    if link.clustered:
        findings += await _missing_slots(link, address)
    return tuple(findings)


def _unsafe(said: dict[str, Any], address: RedisAddress) -> list[str]:
    replicas = int(said.get("connected_slaves", 0))
    policy = said.get("maxmemory_policy", "noeviction")
    findings: list[str] = []
    if policy != "noeviction":
        findings.append(
            f"its maxmemory-policy is {policy}, so a full memory logs people out and forgets what was used once; "
            "set it to noeviction"
        )
    if not said.get("aof_enabled"):
        findings.append(
            "its appendonly is off, so a restart brings back what the last snapshot held: logins are lost and "
            "logouts undone; set appendonly yes"
        )
    if address.durability == "replicated" and replicas < address.replicas:
        findings.append(
            f"durability=replicated waits for {address.replicas} replicas and {replicas} are there, so every login "
            "and logout is a 503; start replicas, or leave durability out"
        )
    return findings


def _skew(said: dict[str, Any], now: float) -> list[str]:
    skew = said["time"] - now
    if abs(skew) <= SKEW_SECONDS:
        return []
    side = "ahead of" if skew > 0 else "behind"
    return [f"its clock is {abs(skew):.0f} seconds {side} this machine's; let both follow NTP"]


async def _missing_slots(link: RedisLink, address: RedisAddress) -> list[str]:
    said = await link.ask("CLUSTER INFO", target_nodes="random")
    served = int(said["cluster_slots_ok"])
    if said["cluster_state"] == "ok" and served == ALL_SLOTS:
        return []
    state = f"the cluster is {said['cluster_state']} and serves {served} of {ALL_SLOTS} slots"
    fix = "so a part of the sessions cannot be reached; redis-cli --cluster check says which"
    return [f"Redis at {address}: {state}, {fix}"]


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
