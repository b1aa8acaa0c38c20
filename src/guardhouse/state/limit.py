"""How much is allowed in a time, whose bucket a request falls into, and how headers say both: values, without clock or storage."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import ceil

from msgspec import Struct

from guardhouse.errors import ConfigError

__all__ = ["Limit", "Spent", "bucket_of", "network_of", "policies", "read_limit", "spent_of", "states"]

IPV4_PREFIX, IPV6_PREFIX = 24, 64
"""What one subscriber, or one machine of a hoster, can change at will: the rest of an address is no identity."""

NOWHERE = "nowhere"
"""The bucket of all requests whose server tells no address, such as those through a Unix socket."""

LONGEST = timedelta(days=366)
MOST = 999_999_999_999_999
"""The largest integer that a structured field can say (RFC 9651 3.3.1)."""

_IPV4_MASK, _IPV6_MASK = -1 << 32 - IPV4_PREFIX, -1 << 128 - IPV6_PREFIX
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_LARGEST_FIRST = sorted(_UNITS.items(), key=lambda unit: unit[1], reverse=True)
_WRITTEN = re.compile(r"([0-9]{1,15})/([0-9]{1,9})? ?(second|minute|hour|day)s?").fullmatch
_SAYABLE = re.compile(r"[ -~]{1,100}").fullmatch


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in a window that begins with the first of them.

    `name` is what headers call it, and limits of different names count apart. `key` says whose requests count
    together, in place of what the throttle would say; it is never told to anybody.
    """

    count: int
    per: timedelta = timedelta(minutes=1)
    name: str = ""
    key: str | None = None

    def __post_init__(self) -> None:
        _refuse_count(self.count)
        _refuse_length(self.per)
        if self.name and not _SAYABLE(self.name):
            fix = (
                "A header must say it: a hundred ASCII characters at most, none of them a control character."
            )
            raise ConfigError("limit.name", self.name, fix)

    @property
    def seconds(self) -> int:
        """The length of the window."""
        return int(self.per.total_seconds())

    @property
    def policy(self) -> str:
        """What headers call it: its name, or `60/minute`."""
        return self.name or f"{self.count}/{_spelled(self.seconds)}"


def _refuse_count(count: object) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= MOST:
        raise ConfigError("limit.count", count, "Allow a whole number of requests, at least one.")


def _refuse_length(per: object) -> None:
    if not isinstance(per, timedelta) or not timedelta(0) < per <= LONGEST:
        raise ConfigError(
            "limit.per", per, "Write a length of time, such as timedelta(minutes=1), of a year at most."
        )
    if per.microseconds:
        raise ConfigError("limit.per", per, "Write whole seconds: headers say no others.")


class Spent(Struct, frozen=True):
    """What is left of a limit: whether this request is allowed, how many more are, and in how many seconds all are."""

    allowed: bool
    remaining: int
    reset: int


def spent_of(remaining: int, ends: float, now: float) -> Spent:
    """Say what is left of a window that ends then; nobody is told to come back at once."""
    return Spent(remaining > 0, max(0, remaining), max(1, ceil(ends - now)))


def read_limit(text: str, name: str = "") -> Limit:
    """Read `10/minute`, `100/15 minutes`, `1000/day`."""
    found = _WRITTEN(text.strip())
    if found is None:
        fix = "Write 10/minute, 100/15minutes, 5/second, 1000/day, or a Limit(...)."
        raise ConfigError("limit", text, fix)
    seconds = int(found[2] or 1) * _UNITS[found[3]]
    return Limit(int(found[1]), timedelta(seconds=min(seconds, LONGEST.total_seconds() + 1)), name)


# -- buckets ----------------------------------------------------------------------------------------------------------


def network_of(peer: str | None) -> str:
    """Name the network of an address, /24 or /64, in one spelling.

    Whoever has one IPv6 address has 2^64, so a bucket each would limit nobody (CVE-2025-59152 is of that family).
    An IPv4 address that is written inside of an IPv6 one is that IPv4 address. What is no address has one bucket
    for all.
    """
    try:
        address = _embedded(ip_address(peer or ""))
    except ValueError:
        return NOWHERE
    if isinstance(address, IPv4Address):
        return f"{IPv4Address(int(address) & _IPV4_MASK)}/{IPV4_PREFIX}"
    return f"{IPv6Address(int(address) & _IPV6_MASK)}/{IPV6_PREFIX}"  # by number: a zone id names no network


def bucket_of(*parts: str) -> str:
    """Write a key for storage: of one length whatever strangers hand in, and no two lists of parts share one."""
    written = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Find the IPv4 address in a mapped one, behind a NAT64 (RFC 6052), or of a 6to4 network (RFC 3056)."""
    if isinstance(address, IPv4Address):
        return address
    if int(address) >> 32 == _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


# -- headers: draft-ietf-httpapi-ratelimit-headers-11 ------------------------------------------------------------------


def policies(limits: Iterable[Limit]) -> bytes:
    """Write the value of `RateLimit-Policy`: `"api";q=60;w=60`. No partition key is told, for it would name a user."""
    return b", ".join(
        f"{quoted(limit.policy)};q={limit.count};w={limit.seconds}".encode("ascii") for limit in limits
    )


def states(spent: Iterable[tuple[Limit, Spent]]) -> bytes:
    """Write the value of `RateLimit`: `"api";r=59;t=37`."""
    return b", ".join(
        f"{quoted(limit.policy)};r={now.remaining};t={now.reset}".encode("ascii") for limit, now in spent
    )


def quoted(name: str) -> str:
    """Write a String of a structured field (RFC 9651 3.3.3)."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _spelled(seconds: int) -> str:
    unit, length = next((unit, length) for unit, length in _LARGEST_FIRST if seconds % length == 0)
    return unit if seconds == length else f"{seconds // length}{unit}s"
