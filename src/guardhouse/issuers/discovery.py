"""Where a login server's addresses are: its metadata (OpenID Connect Discovery 1.0, RFC 8414), fetched, checked and kept.

What is fetched replaces what was there only when it can be believed; while the login server is away, or says something else,
the former addresses stay good.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import anyio
from anyio.lowlevel import RunVar
from msgspec import Struct

from guardhouse.errors import IssuerUnavailableError
from guardhouse.issuers.providers import secure
from guardhouse.issuers.wire import object_of

__all__ = ["LIFESPAN", "RETRY", "Discovery", "Endpoints", "read_metadata"]

LIFESPAN = 3600.0
"""Seconds for which addresses are taken without asking again; keys have a shorter span of their own."""
RETRY = 1.0
"""Seconds after which a login server that was away is asked again."""
WELL_KNOWN = "/.well-known/openid-configuration"


class Endpoints(Struct, frozen=True):
    """Where to go for what, and what the login server says of itself."""

    issuer: str
    authorize: str
    token: str
    jwks: str | None = None
    userinfo: str | None = None
    algorithms: tuple[str, ...] | None = None
    """By what it says that it signs; None is nothing said."""
    client_auths: tuple[str, ...] = ("client_secret_basic",)
    """OpenID Connect Discovery 3: where nothing is said, it is this."""
    names_issuer: bool = False
    """Whether its answers carry `iss` (RFC 9207); then one without it is none of its answers."""


class Discovery:
    """The endpoints of one issuer."""

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], Awaitable[bytes]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._found: Endpoints | None = None
        self._until = float("-inf")
        self._trouble = ""
        self._fetching = RunVar[anyio.Lock]("guardhouse.discovery")

    async def endpoints(self) -> Endpoints:
        """Return them. Raise `IssuerUnavailableError` while they were never known."""
        if self._found is not None and (self._fresh() or self._line().locked()):
            return self._found  # nobody waits for news of what is known
        async with self._line():
            if not self._fresh():
                await self._refresh()
        if self._found is None:
            raise IssuerUnavailableError(self.issuer, self._trouble, what="the metadata")
        return self._found

    async def _refresh(self) -> None:
        try:
            body = await self._fetch(self.issuer.rstrip("/") + WELL_KNOWN)
            self._found = read_metadata(body, self.issuer)
            self._until = self._clock() + LIFESPAN
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            self._trouble = str(error) or type(error).__name__
            self._until = self._clock() + RETRY

    def _fresh(self) -> bool:
        return self._clock() < self._until

    def _line(self) -> anyio.Lock:
        """Return the lock of this event loop; a program may run several in turn."""
        lock = self._fetching.get(None)
        if lock is None:
            lock = anyio.Lock()
            self._fetching.set(lock)
        return lock


def read_metadata(body: bytes, issuer: str) -> Endpoints:
    """Read metadata. Raise `ValueError` for what is no JSON object, of another issuer, or names an address not to be asked."""
    said = object_of(body)
    if said.get("issuer") != issuer:
        raise ValueError("its metadata names another issuer than the configured one, character by character")
    algorithms = said.get("id_token_signing_alg_values_supported")
    auths = said.get("token_endpoint_auth_methods_supported")
    return Endpoints(
        issuer=issuer,
        authorize=_address(said, "authorization_endpoint", issuer),
        token=_address(said, "token_endpoint", issuer),
        jwks=_address(said, "jwks_uri", issuer),
        userinfo=_address(said, "userinfo_endpoint", issuer) if "userinfo_endpoint" in said else None,
        algorithms=None if algorithms is None else _texts(algorithms),
        client_auths=("client_secret_basic",) if auths is None else _texts(auths),
        names_issuer=said.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(said: Mapping[str, Any], name: str, issuer: str) -> str:
    url = said.get(name)
    if not secure(url, issuer):
        raise ValueError(f"its metadata has no {name} that may be asked")
    return cast("str", url)


def _texts(value: object) -> tuple[str, ...]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(one for one in listed if isinstance(one, str))
