"""Who spoke, and over which scheme, when declared proxies stand in between. Undeclared ones are not believed."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from guardhouse.core.facts import Header
from guardhouse.errors import ConfigError

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

_SCHEMES = {b"http": "http", b"https": "https"}


def networks(cidrs: Sequence[str]) -> tuple[Network, ...]:
    """Read `trusted_proxies`. A network that is everybody is refused: it would let any client choose its address."""
    found: list[Network] = []
    for cidr in cidrs:
        try:
            network = ip_network(cidr)
        except ValueError as error:
            raise ConfigError(
                "trusted_proxies", cidr, f"Write a network such as '10.0.0.0/8': {error}."
            ) from error
        if getattr(network.network_address, "ipv4_mapped", None):
            raise ConfigError(
                "trusted_proxies", cidr, "Write the IPv4 network itself; ::ffff: is read as IPv4."
            )
        if network.prefixlen == 0:
            raise ConfigError("trusted_proxies", cidr, "Name the proxies' own networks, not everybody's.")
        found.append(network)
    return tuple(found)


def seen_through(
    peer: str | None, scheme: str, headers: Sequence[Header], trusted: Sequence[Network]
) -> tuple[str | None, str]:
    """Read the outer client and scheme from X-Forwarded-*, as far as the chain of declared proxies reaches.

    Addresses are taken from the right, the nearest hop first, until one is not a declared proxy. The scheme is the
    one that the nearest declared proxy wrote last. Anything unreadable ends the reading.
    """
    if not _declared(peer, trusted):
        return peer, scheme
    hops = _values(headers, b"x-forwarded-for")
    client = peer
    for hop in reversed(hops):
        address = _address(hop)
        if address is None:
            break
        client = str(address)
        if not _declared(client, trusted):
            break
    schemes = _values(headers, b"x-forwarded-proto")
    return client, _SCHEMES.get(schemes[-1].lower(), scheme) if schemes else scheme


def _values(headers: Sequence[Header], name: bytes) -> list[bytes]:
    """Join repeated lines into one list: some proxies add a line, others extend the first."""
    return [part.strip(b" \t") for key, value in headers if key == name for part in value.split(b",")]


def _declared(peer: str | None, trusted: Sequence[Network]) -> bool:
    address = _address(peer.encode()) if peer else None
    return address is not None and any(address in network for network in trusted)


def _address(text: bytes) -> Address | None:
    try:
        return _unmapped(ip_address(text.decode("ascii")))
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    """Read ::ffff:10.0.0.1 as 10.0.0.1, so that one client has one spelling."""
    return getattr(address, "ipv4_mapped", None) or address
