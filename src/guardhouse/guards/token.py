"""The token guard: a personal access token that a user issued for a program; no cookie is read, and no CSRF is needed."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

from guardhouse.core.facts import Facts
from guardhouse.core.guard import Need, Supply, header_need
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.state.token import EVERYTHING, TokenPolicy, TokenRecord, weigh

AUTHORIZATION = b"authorization"
_ACCEPTED = Reason.CREDENTIAL_ACCEPTED  # a member read through its class costs as much as a call

Handed = tuple[str, bytes]
"""The id of a token, and the digest of the secret that came with it."""

Found = tuple[TokenRecord | None, Reason]


@dataclass(frozen=True, slots=True)
class TokenGuard:
    """Believes `Authorization: Bearer` with a token of this house.

    A token is good for the abilities that it was issued with, and stands for the user who issued it. A Bearer token of
    another kind is left to other guards.
    """

    provider: str | None = None
    policy: TokenPolicy = field(default_factory=TokenPolicy)
    name: str = ""

    needs: tuple[Need, ...] = field(default=(header_need("Authorization"),), init=False)
    scheme: str = field(default="Bearer", init=False)
    says: tuple[str, ...] = field(default=("token_",), init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(cast("object", self.policy), TokenPolicy):
            fix = "Write TokenGuard(policy=TokenPolicy(prefix='shop'))."
            raise ConfigError("guard policy", type(self.policy).__name__, fix)
        if not isinstance(cast("object", self.provider), str | None):
            fix = "Name the provider by text; a policy goes by its name: TokenGuard(policy=TokenPolicy(...))."
            raise ConfigError("guard provider", type(self.provider).__name__, fix)

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        return replace(self, name=name, provider=provider)

    def claim(self, facts: Facts) -> Handed | Abstain | Deny:
        """Read the header: a token of ours that cannot be one is bad before anybody is asked."""
        lines = facts.lines(AUTHORIZATION)
        if not lines:
            return Abstain(self.name, Reason.NO_CREDENTIAL, self._need())
        line, *more = lines
        if more:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
        scheme, _, text = line.partition(b" ")
        if scheme != b"Bearer" and scheme.lower() != b"bearer":
            return Abstain(self.name, Reason.NO_CREDENTIAL, self._need())
        text = text.strip(b" ")
        handed = self.policy.read(text)
        if handed is not None:
            return handed
        if not text:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
        if self.policy.is_ours(text):
            return Deny(self.name, Reason.TOKEN_MALFORMED, self._need())
        return Abstain(self.name, Reason.CREDENTIAL_FOREIGN, self._need())

    def fetch(self, claim: Handed, supply: Supply) -> Found | Awaitable[Found]:
        """Look the token up, at once where the store can, and note its use now and then."""
        tokens = supply.tokens()
        token_now = getattr(tokens, "token_now", None)
        if token_now is None:
            return self._fetch(claim, supply)
        record: TokenRecord | None = token_now(claim[0])
        now = supply.now()
        reason = weigh(record, claim[1], self.policy, now)
        if record is not None and reason is _ACCEPTED and self.stale(record, now):
            return self._touched(tokens, record, now)
        return record, reason

    async def _fetch(self, claim: Handed, supply: Supply) -> Found:
        tokens, now = supply.tokens(), supply.now()
        record: TokenRecord | None = await tokens.token(claim[0])
        reason = weigh(record, claim[1], self.policy, now)
        if record is not None and reason is _ACCEPTED and self.stale(record, now):
            return await self._touched(tokens, record, now)
        return record, reason

    def stale(self, record: TokenRecord, now: float) -> bool:
        """Whether the note of the last use is old enough to be written anew."""
        return record.used is None or now - record.used >= self.policy.touch_seconds

    async def _touched(self, tokens: Any, record: TokenRecord, now: float) -> Found:  # noqa: ANN401 - a TokenStore
        """Note the use. Where there is nothing to write to any more, the token was revoked a moment ago."""
        there = await tokens.touch_token(record.id, now)
        return (record, _ACCEPTED) if there else (None, Reason.TOKEN_UNKNOWN)

    def judge(self, claim: Handed, found: Found) -> Allow | Deny:  # noqa: ARG002 - weighed with the clock in hand
        """Believe a token of a user of this guard's provider."""
        record, reason = found
        if record is None or reason is not _ACCEPTED:
            return Deny(self.name, reason)
        provider, _, user_id = record.owner.partition(":")
        if provider != self.provider:
            return Deny(self.name, Reason.TOKEN_UNKNOWN)
        abilities = None if EVERYTHING in record.abilities else frozenset(record.abilities)
        identity = Identity(user_id, provider, self.name, "token", record.created, None, abilities, record.id)
        return Allow(self.name, _ACCEPTED, identity)

    def _need(self) -> dict[str, object]:
        return {"need": f"Authorization: Bearer {self.policy.prefix}_..."}
