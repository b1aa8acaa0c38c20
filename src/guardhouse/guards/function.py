"""The function guard: an explicit credential of the application's own, looked up by a function of its own."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from re import IGNORECASE
from re import compile as pattern
from typing import Any, Self

from guardhouse.core.facts import Facts
from guardhouse.core.guard import Need, Supply, header_need
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.errors import ConfigError

_NAME = pattern(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch

_BROWSERS_SEND = pattern(
    r"cookie|origin|referer|host|user-agent|accept(-.*)?|content-(type|length)|connection|if-.*|range|sec-.*",
    IGNORECASE,
).fullmatch

_BROWSERS_REPEAT = frozenset({"basic", "digest", "negotiate", "ntlm"})
"""Schemes of Authorization that browsers send by themselves once somebody logged in at their prompt."""


@dataclass(frozen=True, slots=True)
class FunctionGuard:
    """Believes whom `find` names for the value of a header.

    `find(value)` returns the user's id, or None when the credential is no good; it may be async. It is never called
    without the header, nor with an empty value or with two of them, so it cannot match a null column by accident; nor
    with what browsers send by themselves, such as Basic in Authorization, so no other site can make use of it.
    """

    header: str
    find: Callable[[str], str | Awaitable[str | None] | None]
    provider: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not _NAME(self.header):
            raise ConfigError("guard header", self.header, "Name one header, such as 'X-Api-Key'.")
        if _BROWSERS_SEND(self.header):
            fix = "Browsers send that by themselves. An explicit guard reads a header that the caller puts there."
            raise ConfigError("guard header", self.header, fix)

    @property
    def needs(self) -> tuple[Need, ...]:
        """Say that only this header is read."""
        return (header_need(self.header),)

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        return replace(self, name=name, provider=provider)

    def claim(self, facts: Facts) -> str | Abstain | Deny:
        """Read the header: missing abstains, unreadable denies."""
        lines = facts.lines(self.header.lower().encode("ascii"))
        if not lines:
            return Abstain(self.name, Reason.NO_CREDENTIAL, {"need": f"header {self.header}"})
        value = lines[0].strip(b" \t")
        text = value.decode("latin-1")
        if len(lines) > 1 or not value or not (text.isascii() and text.isprintable()):
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, {"need": f"header {self.header}"})
        if self._ambient(text):
            return Abstain(self.name, Reason.NO_CREDENTIAL, {"need": f"header {self.header}"})
        return text

    def _ambient(self, value: str) -> bool:
        return self.header.lower() == "authorization" and value.partition(" ")[0].lower() in _BROWSERS_REPEAT

    async def fetch(self, claim: str, supply: Supply) -> Any:  # noqa: ANN401, ARG002 - what `find` gives is checked below
        """Ask the application's function."""
        found = self.find(claim)
        return await found if inspect.isawaitable(found) else found

    def judge(self, claim: str, found: Any) -> Allow | Deny:  # noqa: ANN401, ARG002 - an application's function may return anything
        """Accept a user's id; everything else is a refusal, and a wrong type is the developer's to mend."""
        if found is None:
            return Deny(self.name, Reason.CREDENTIAL_REJECTED, {"need": f"header {self.header}"})
        if not isinstance(found, str) or not found:
            raise ConfigError(
                f"guard {self.name}", type(found).__name__, "find() returns a user's id as str, or None."
            )
        identity = Identity(found, self.provider or "", self.name, "function")
        return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, identity)
