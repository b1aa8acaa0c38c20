"""The legacy token guard: one token per user, in a column of the users' table, as `driver: token` of the thread reads it."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Self
from urllib.parse import parse_qsl

from guardhouse.core.facts import Facts
from guardhouse.core.guard import Need, Supply, browser_header_need, header_need
from guardhouse.core.provider import FindsByToken, Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.errors import ConfigError

AUTHORIZATION = b"authorization"
LONGEST = 2048
MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class LegacyTokenGuard:
    """Believes whoever sends the token that stands in a user's row.

    It is for applications that have such a column already; `TokenGuard` issues tokens that are shown once, expire and
    can be taken back one by one. `field` is the column; with `hashed` it holds the SHA-256 of the token in hexadecimal
    digits, and without it everybody who reads a backup has every token. The token comes as Bearer; with `basic` also as
    the password of Basic, which browsers repeat by themselves, so that the origin check goes before. `insecure_query` names
    a parameter of the query to read it from: such tokens end up in logs, histories and Referer headers.
    """

    field: str = "api_token"
    hashed: bool = True
    basic: bool = False
    insecure_query: str | None = None
    provider: str | None = None
    name: str = ""

    @property
    def needs(self) -> tuple[Need, ...]:
        """Say which header is read; with Basic it is one that browsers send by themselves."""
        return ((browser_header_need if self.basic else header_need)("Authorization"),)

    @property
    def scheme(self) -> str:
        """Name the scheme of Authorization."""
        return "Bearer"

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        return replace(self, name=name, provider=provider)

    def fitting(self, users: Provider[Any]) -> None:
        """Raise `ConfigError` for users that cannot be found by a token."""
        if not isinstance(users, FindsByToken):
            fix = "Its users cannot be found by a token: give the provider by_token(field, value), or use TokenGuard."
            raise ConfigError(f"guards.{self.name}.provider", type(users).__name__, fix)

    def claim(self, facts: Facts) -> str | Abstain | Deny:
        """Read the token, from the header first; an empty one is none."""
        lines = facts.lines(AUTHORIZATION)
        if len(lines) > 1:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
        text = self._in_header(lines[0]) if lines else None
        if text is None and self.insecure_query is not None:
            sent = [value for name, value in _fields(facts.query) if name == self.insecure_query and value]
            if len(sent) > 1:
                return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
            text = sent[0] if sent else None
        if not text:
            return Abstain(self.name, Reason.NO_CREDENTIAL, self._need())
        if len(text) > LONGEST or not text.isprintable():
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
        return text

    async def fetch(self, claim: str, supply: Supply) -> str | None:
        """Look the token up; return the user's id."""
        users: Any = supply.provider(self.provider or "")
        value = sha256(claim.encode()).hexdigest() if self.hashed else claim
        user = await users.by_token(self.field, value)
        return None if user is None else users.id_of(user)

    def judge(self, claim: str, found: str | None) -> Allow | Deny:  # noqa: ARG002 - proven by the look-up
        """Believe the user in whose row it stands."""
        if found is None:
            return Deny(self.name, Reason.CREDENTIAL_REJECTED, self._need())
        return Allow(
            self.name, Reason.CREDENTIAL_ACCEPTED, Identity(found, self.provider or "", self.name, "token")
        )

    def _in_header(self, line: bytes) -> str | None:
        scheme, _, rest = line.decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            return rest.strip(" ")
        if scheme.lower() != "basic" or not self.basic:
            return None
        try:
            return b64decode(rest.strip(" "), validate=True).decode("utf-8").partition(":")[2]
        except ValueError:
            return "\n"  # what cannot be read is no token, and no missing one either

    def _need(self) -> dict[str, object]:
        return {"need": "Authorization: Bearer <token>"}


def _fields(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        return []
