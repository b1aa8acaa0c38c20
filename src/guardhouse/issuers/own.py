"""Our own issuer: short-lived access tokens (RFC 9068) for services that must not ask us about every request."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from guardhouse.errors import ConfigError
from guardhouse.issuers.keys import Keys
from guardhouse.vault.jws import sign

__all__ = ["OwnIssuer"]

_RESERVED = frozenset({"iss", "aud", "exp", "iat", "jti", "sub", "client_id", "scope", "cnf"})


class OwnIssuer:
    """Issues access tokens. `audience` is the service that they are for; `lifetime` is how long they live.

    Nothing takes such a token back before its end but the hook of the guard that reads it, so keep it short.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        lifetime: timedelta = timedelta(minutes=10),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self._lifetime = lifetime.total_seconds()
        self._clock = clock
        if not issuer or not audience:
            raise ConfigError(
                "issuer", (issuer, audience), "Name the issuer, and the audience of its tokens."
            )
        if self._lifetime <= 0:
            raise ConfigError("issuer.lifetime", lifetime, "A token must live for some time.")

    def issue(
        self, user_id: str, *, scopes: Collection[str] = (), claims: Mapping[str, Any] | None = None
    ) -> str:
        """Write a token for a user. `claims` go with it; those that guards decide by are not taken from there."""
        return self._issue({"sub": user_id}, scopes, claims)

    def issue_to_client(
        self, client_id: str, *, scopes: Collection[str] = (), claims: Mapping[str, Any] | None = None
    ) -> str:
        """Write a token for a program that calls in its own name (RFC 9068 2.2, client credentials)."""
        return self._issue({"sub": client_id, "client_id": client_id}, scopes, claims)

    def _issue(
        self, subject: Mapping[str, str], scopes: Collection[str], claims: Mapping[str, Any] | None
    ) -> str:
        reserved = _RESERVED & (claims or {}).keys() - {"client_id", "cnf"}
        if reserved:
            raise ValueError(f"the issuer writes {', '.join(sorted(reserved))} itself")
        now = int(self._clock())
        own = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + int(self._lifetime)}
        scope = {"scope": " ".join(scopes)} if scopes else {}
        return sign(
            self.keys.newest,
            "at+jwt",
            {**(claims or {}), **own, **subject, **scope, "jti": token_urlsafe(16)},
        )
