"""The keys of a foreign issuer, fetched from its address: kept for a while, fetched again when a token names a new one.

What is fetched replaces what was there only when it can be read. While the issuer is away the former keys stay good;
only an issuer that was never reached can neither be believed nor refused, and that is a 503.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
from anyio.lowlevel import RunVar

from guardhouse.errors import ConfigError, IssuerUnavailableError
from guardhouse.issuers.wire import Wire
from guardhouse.vault.jws import ALGORITHMS, HMACS, KINDS, Key

__all__ = ["JWKS"]

LIFESPAN = 300.0
"""Seconds for which keys are taken without asking again."""
COOLDOWN = 30.0
"""Seconds after which a name that was not there is asked for again. A rotation is noticed at once, however often the issuer
rotates; a flood of invented names costs it two fetches a minute, and can hide from us for these seconds, and no longer, a key
that it signs with in the moment of its publication. Longer than that would be an outage that any stranger can cause."""
MOST_RETIRED = 256
RETRY = 1.0
"""Seconds after which an issuer that was away is asked again."""
TIMEOUT = 5.0

Fetch = Callable[[str], Awaitable[bytes]]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class JWKS:
    """The public keys at an address (RFC 7517). `algorithms` are those that its tokens may be signed with."""

    def __init__(
        self,
        url: str,
        *,
        algorithms: Sequence[str] = ("RS256", "ES256", "EdDSA"),
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self._refuse_address(url)
        if isinstance(algorithms, str):
            raise ConfigError("JWKS algorithms", algorithms, "Write them in a tuple: algorithms=('RS256',).")
        for algorithm in algorithms:
            if algorithm in HMACS or algorithm not in ALGORITHMS:
                fix = f"A published key has one of: {', '.join(KINDS)}."
                raise ConfigError("JWKS algorithms", algorithm, fix)
        self._algorithms = tuple(algorithms)
        self._fetch = fetch or Wire(timeout=TIMEOUT).get
        self._clock = clock
        self._keys: dict[tuple[str, str], Key] | None = None
        self._until = float("-inf")
        """How long nobody has to be asked: for a lifespan after keys came, for a moment after none did."""
        self._trouble = ""
        self._quiet_until = float("-inf")
        """How long we ask for no other name, because one was not there."""
        self._retired: tuple[tuple[str, str], ...] = ()
        """Keys that the issuer published once. Their tokens are about for a while, and are nothing to ask it for."""
        self._fetching = RunVar[anyio.Lock]("guardhouse.jwks")

    def find(self, kid: str | None, algorithm: str) -> Key | Awaitable[Key | None] | None:
        """Find the key of that name and algorithm, at once while what was fetched is fresh."""
        if algorithm not in self._algorithms:
            return None
        found = self._among(kid, algorithm)
        if found is not None and (self._fresh() or self._line().locked()):
            return found  # nobody waits for news of a key that is known
        if self._keys is not None and self._fresh() and not self._may_ask(kid, algorithm):
            return None
        return self._find(kid, algorithm)

    def holds(self, key: Key) -> bool:
        """Whether the issuer still publishes this key, as far as is known."""
        return self._keys is not None and any(key is held for held in self._keys.values())

    async def _find(self, kid: str | None, algorithm: str) -> Key | None:
        """Fetch, one at a time for all who wait, unless what was fetched meanwhile has the answer."""
        async with self._line():
            found = self._among(kid, algorithm)
            if not self._fresh() or (self._keys and found is None and self._may_ask(kid, algorithm)):
                await self._refresh()
                found = self._among(kid, algorithm)
                if found is None and (kid or "", algorithm) not in self._retired:
                    self._quiet_until = self._clock() + COOLDOWN
            if self._keys is None:
                raise IssuerUnavailableError(self.url, self._trouble)
        return found

    async def _refresh(self) -> None:
        now = self._clock()
        try:
            with anyio.fail_after(TIMEOUT):
                body = await self._fetch(self.url)
            fresh = self._read(body)
        except (OSError, TimeoutError, ValueError, RecursionError) as error:
            self._trouble = _worded(error)
            self._until = now + RETRY
            return
        known = (*self._retired, *(self._keys or {}))
        self._retired = tuple(name for name in dict.fromkeys(known) if name not in fresh)[-MOST_RETIRED:]
        self._keys = {name: self._former(name, key) for name, key in fresh.items()}
        self._until = now + LIFESPAN

    def _former(self, name: tuple[str, str], key: Key) -> Key:
        """Keep the key that is there already, so that tokens that it has verified stay remembered."""
        former = (self._keys or {}).get(name)
        return former if former is not None and former.thumbprint == key.thumbprint else key

    def _among(self, kid: str | None, algorithm: str) -> Key | None:
        keys = self._keys or {}
        if kid is not None:
            return keys.get((kid, algorithm))
        able = [key for (_, known), key in keys.items() if known == algorithm]
        return able[0] if len(able) == 1 else None

    def _fresh(self) -> bool:
        return self._clock() < self._until

    def _may_ask(self, kid: str | None, algorithm: str) -> bool:
        """Whether a name that is not there may be a new key: neither a former one, nor the next that somebody makes up."""
        return self._clock() >= self._quiet_until and (kid or "", algorithm) not in self._retired

    def _read(self, body: bytes) -> dict[tuple[str, str], Key]:
        """Read a key set. Keys of other kinds are passed over; a secret among public keys condemns the whole set."""
        import json  # noqa: PLC0415 - only where keys are fetched

        document = json.loads(body)
        listed: object = (
            cast("dict[str, object]", document).get("keys") if isinstance(document, dict) else None
        )
        if not isinstance(listed, list):
            raise ValueError("it is no key set")  # noqa: TRY004 - what came from outside is a wrong value
        found: dict[tuple[str, str], Key] = {}
        for jwk in cast("list[object]", listed):
            for key in self._keys_in(jwk):
                found[key.kid or "", key.algorithm] = key
        if not found:
            raise ValueError("it holds no key for " + ", ".join(self._algorithms))
        return found

    def _keys_in(self, jwk: object) -> list[Key]:
        if not isinstance(jwk, dict):
            raise ValueError("a key in it is no object")  # noqa: TRY004 - as above
        known = cast("dict[str, Any]", jwk)
        if known.get("kty") == "oct" or "d" in known:
            raise ValueError("it holds a secret key")
        return [key for algorithm in self._of_kind(known) if (key := _key(known, algorithm)) is not None]

    def _of_kind(self, jwk: Mapping[str, Any]) -> Sequence[str]:
        named = jwk.get("alg")
        able = [known for known in self._algorithms if KINDS[known] == jwk.get("kty")]
        return [known for known in able if known == named] if named is not None else able

    def _line(self) -> anyio.Lock:
        """Return the lock of this event loop; the keys belong to a program that may run several in turn."""
        lock = self._fetching.get(None)
        if lock is None:
            lock = anyio.Lock()
            self._fetching.set(lock)
        return lock

    @staticmethod
    def _refuse_address(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            return
        raise ConfigError("JWKS", url, "Write an https address; http only to this machine.")


def _key(jwk: Mapping[str, Any], algorithm: str) -> Key | None:
    """Make a key, or None of one that is not for signatures of this kind."""
    kid = jwk.get("kid")
    try:
        return Key.of(jwk, algorithm, kid if isinstance(kid, str) and kid else None)
    except ConfigError:
        return None


def _worded(error: Exception) -> str:
    return str(error) or type(error).__name__
