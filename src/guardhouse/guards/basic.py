"""The Basic guard: name and password with every request (RFC 7617). Browsers repeat them, so the origin check goes before."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from guardhouse.core.facts import Facts
from guardhouse.core.guard import Need, Supply, browser_header_need
from guardhouse.core.provider import Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity

AUTHORIZATION = b"authorization"
LONGEST = 2048

_NEED: Mapping[str, object] = {"need": "Authorization: Basic <name:password>"}


@dataclass(frozen=True, slots=True)
class BasicGuard:
    """Believes `Authorization: Basic` with the name and the password of a user.

    `login` is what the name is called among the credentials. Every request costs the check of a password, which is slow
    on purpose (some thirty milliseconds of a core), so this is for scripts and for areas that are seldom called;
    `BasicLogin` keeps a login after the first.
    """

    provider: str | None = None
    login: str = "email"
    name: str = ""

    needs: tuple[Need, ...] = field(default=(browser_header_need("Authorization"),), init=False)
    scheme: str = field(default="Basic", init=False)

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        return replace(self, name=name, provider=provider)

    def claim(self, facts: Facts) -> dict[str, str] | Abstain | Deny:
        """Read the header: another scheme is none of ours, and what cannot be read is refused unasked."""
        lines = facts.lines(AUTHORIZATION)
        if not lines:
            return Abstain(self.name, Reason.NO_CREDENTIAL, _NEED)
        line, *more = lines
        if more:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, _NEED)
        scheme, _, encoded = line.partition(b" ")
        if scheme.lower() != b"basic":
            return Abstain(self.name, Reason.NO_CREDENTIAL, _NEED)
        pair = _pair(encoded.strip(b" "))
        if pair is None:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, _NEED)
        return {self.login: pair[0], "password": pair[1]}

    async def fetch(self, claim: Mapping[str, str], supply: Supply) -> str | None:
        """Check the password, in the same time whether there is such a user or not; return the user's id."""
        user: Any = await supply.authenticate(self.name, self.provider or "", claim)
        users: Provider[Any] = supply.provider(self.provider or "")
        return None if user is None else users.id_of(user)

    def judge(self, claim: Mapping[str, str], found: str | None) -> Allow | Deny:  # noqa: ARG002 - proven by the look-up
        """Believe who has proven his password; whether the name or the password is wrong is nobody's business."""
        if found is None:
            return Deny(self.name, Reason.CREDENTIAL_REJECTED, _NEED)
        return Allow(
            self.name, Reason.CREDENTIAL_ACCEPTED, Identity(found, self.provider or "", self.name, "basic")
        )


def _pair(encoded: bytes) -> tuple[str, str] | None:
    """Read name and password, apart at the first colon; control characters are in neither (RFC 7617 2)."""
    try:
        text = b64decode(encoded, validate=True).decode("utf-8") if len(encoded) <= LONGEST else ""
    except ValueError:
        return None
    name, colon, password = text.partition(":")
    return (name, password) if colon and name and text.isprintable() else None
