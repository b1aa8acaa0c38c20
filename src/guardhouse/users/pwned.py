"""Ask Have I Been Pwned whether a password was stolen, without telling it which: five of the forty digits of its SHA-1 go out.

Answers are padded, so that their size tells nobody on the way which five they were. Whoever does not answer in time knows
nothing: that is logged, and the bundled list has been asked before. Nothing goes out unless an application asks for it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from urllib.parse import urlsplit

import anyio

from guardhouse.errors import ConfigError
from guardhouse.vault.password import normal, unusable

__all__ = ["HaveIBeenPwned"]

ADDRESS = "https://api.pwnedpasswords.com/range/"
TIMEOUT = 1.0
"""Seconds that a person waits for it, at most."""
COOLDOWN = 30.0
"""Seconds for which nobody asks again after it was away: each who did would wait that second."""
LARGEST = 256 * 1024
_PREFIX = 5
_HEADERS = {"Add-Padding": "true", "User-Agent": "guardhouse", "Accept": "text/plain"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Fetch = Callable[[str], Awaitable[bytes]]

log = logging.getLogger("guardhouse.users")


class HaveIBeenPwned:
    """A `Breaches` over the range interface, at its public address or at a mirror of yours."""

    def __init__(
        self,
        address: str = ADDRESS,
        *,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ConfigError("HaveIBeenPwned", address, "Write an https address; http only to this machine.")
        if fetch is None and find_spec("httpx2") is None:
            fix = "Install the extra that asks: pip install 'guardhouse[http]'."
            raise ConfigError("HaveIBeenPwned", "the library `httpx2` is missing", fix)
        self._address = address if address.endswith("/") else address + "/"
        self._fetch = fetch or _fetched
        self._clock = clock
        self._quiet_until = float("-inf")

    async def breached(self, password: str) -> bool | None:
        """Whether the password is among those that were stolen; None where nobody answers."""
        if unusable(password) is not None or self._clock() < self._quiet_until:
            return None
        # Not for its strength: SHA-1 is what the service sorts by.
        digest = hashlib.sha1(normal(password).encode(), usedforsecurity=False).hexdigest().upper()
        try:
            with anyio.fail_after(TIMEOUT):
                body = await self._fetch(self._address + digest[:_PREFIX])
            return _held(body, digest[_PREFIX:])
        except (OSError, TimeoutError, ValueError) as error:
            self._quiet_until = self._clock() + COOLDOWN
            # Not the address, which ends in what was asked for.
            log.warning("Have I Been Pwned was not asked, the bundled list stands alone: %s", _worded(error))
            return None


def _held(body: bytes, rest: str) -> bool:
    """Look for the rest of the digest; a line that only pads says zero times."""
    lines = (line.partition(":") for line in body.decode("ascii").split())
    counts = {digest: count for digest, _, count in lines}
    if not counts or not all(count.isdecimal() for count in counts.values()):
        raise ValueError("its answer is no list of digests")
    return counts.get(rest, "0").strip("0") != ""


def _worded(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else type(error).__name__


async def _fetched(address: str) -> bytes:
    import httpx2  # noqa: PLC0415 - the extra `http`

    # No proxy of the environment, and no other address than the configured one.
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client:
        try:
            async with client.stream("GET", address, headers=_HEADERS) as response:
                if response.status_code != 200:  # noqa: PLR2004 - the HTTP status
                    raise ValueError(f"it answered {response.status_code}")
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        raise ValueError(f"its answer is larger than {LARGEST} bytes")
                return body
        except httpx2.HTTPError as error:
            raise OSError(type(error).__name__) from None
