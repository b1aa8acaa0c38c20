"""From an address to a client of redis-py, with every option said: its defaults differ from version to version.

Some versions wait for ever, some retry a write that may have been carried out. Here nothing waits longer than it is
told to, and no command is sent twice by itself.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from guardhouse.stores.redis_url import RedisAddress


def make_client(address: RedisAddress) -> Any:  # noqa: ANN401 - a `Redis` or a `RedisCluster`: they share no type
    """Make a client that connects when it is first used."""
    if address.layout == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(
            startup_nodes=nodes,
            max_connections=address.pool,
            require_full_coverage=False,
            **({"ssl": True, **_tls(address)} if address.tls else {}),
            **_said(address),
        )
    return Redis.from_pool(_pool(address))


def _pool(address: RedisAddress) -> ConnectionPool:
    said = {**_said(address), "db": address.db, "max_connections": address.pool}
    if address.layout == "sentinel":
        who = {"username": address.sentinel_username, "password": address.sentinel_password}
        asking = {**_said(address), **who}
        tls = {"ssl": True, **_tls(address)} if address.tls else {}
        sentinel = Sentinel(address.hosts, sentinel_kwargs={**asking, **tls})  # type: ignore[no-untyped-call]
        return SentinelConnectionPool(  # type: ignore[no-untyped-call]
            address.service, sentinel, is_master=True, check_connection=False, **said, **tls
        )
    [(host, port)] = address.hosts
    kind, tls = (SSLConnection, _tls(address)) if address.tls else (Connection, {})
    return ConnectionPool(connection_class=kind, host=host, port=port, **said, **tls)


def _said(address: RedisAddress) -> dict[str, Any]:
    return {
        "username": address.username,
        "password": address.password,
        "socket_connect_timeout": address.timeout / 2,
        "socket_timeout": address.timeout,
        "socket_keepalive": True,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "decode_responses": False,
        "client_name": "guardhouse",
    }


def _tls(address: RedisAddress) -> dict[str, Any]:
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_ca_certs": address.ca}
