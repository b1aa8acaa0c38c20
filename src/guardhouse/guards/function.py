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

AUTHORIZATION = "Authorization"

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105 - RFC 9110's name for a word
_NAME = pattern(_TOKEN).fullmatch
_SCHEME = pattern(_TOKEN).match

_CREDENTIAL = pattern(r" +([!-~]+)").fullmatch
"""What stands behind a scheme. Wider than RFC 6750's b64token: tokens such as `17|abc` are about."""

_BROWSERS_SEND = pattern(
    r"cookie|origin|referer|host|user-agent|accept(-.*)?|content-(type|length)|connection|if-.*|range|sec-.*",
    IGNORECASE,
).fullmatch

_BROWSERS_REPEAT = frozenset({"basic", "digest", "negotiate", "ntlm"})
"""Schemes of Authorization that browsers send by themselves once somebody logged in at their prompt."""


@dataclass(frozen=True, slots=True)
class FunctionGuard:
    """Believes whom `find` names for the value of a header, or for what stands behind a scheme of Authorization.

    `find(value)` returns the user's id, or None when the credential is no good; it may be async. It is never called
    without the header, nor with an empty value or with two of them, so it cannot match a null column by accident; nor
    with what browsers send by themselves, such as Basic in Authorization, so no other site can make use of it.

    With `scheme="Bearer"` it is called with the token alone, another scheme is left to other guards, and the 401 and
    OpenAPI say Bearer.
    """

    find: Callable[[str], str | Awaitable[str | None] | None]
    header: str = ""
    scheme: str | None = None
    provider: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.scheme is not None:
            object.__setattr__(self, "header", _header_of(self.scheme, self.header))
        if not _NAME(self.header):
            fix = "Name one header, such as 'X-Api-Key', or a scheme of Authorization: scheme='Bearer'."
            raise ConfigError("guard header", self.header, fix)
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
            return self._silent()
        text = lines[0].strip(b" \t").decode("latin-1")
        if len(lines) > 1 or not text or not (text.isascii() and text.isprintable()):
            return self._malformed()
        if self.scheme is not None:
            return self._behind(self.scheme, text)
        return self._silent() if self._ambient(text) else text

    def _behind(self, scheme: str, text: str) -> str | Abstain | Deny:
        """Read what stands behind the scheme, in any letter case (RFC 9110 11.1); another scheme is none of ours."""
        word = _SCHEME(text)
        if word is None or word[0].lower() != scheme.lower():
            return self._silent()
        behind = _CREDENTIAL(text, word.end())
        return behind[1] if behind else self._malformed()

    def _ambient(self, text: str) -> bool:
        return (
            self.header.lower() == AUTHORIZATION.lower()
            and text.partition(" ")[0].lower() in _BROWSERS_REPEAT
        )

    def _silent(self) -> Abstain:
        return Abstain(self.name, Reason.NO_CREDENTIAL, self._need())

    def _malformed(self) -> Deny:
        return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())

    def _need(self) -> dict[str, object]:
        value = f": {self.scheme} <token>" if self.scheme else ""
        return {"need": f"header {self.header}{value}"}

    async def fetch(self, claim: str, supply: Supply) -> Any:  # noqa: ANN401, ARG002 - what `find` gives is checked below
        """Ask the application's function."""
        found = self.find(claim)
        return await found if inspect.isawaitable(found) else found

    def judge(self, claim: str, found: Any) -> Allow | Deny:  # noqa: ANN401, ARG002 - an application's function may return anything
        """Accept a user's id; everything else is a refusal, and a wrong type is the developer's to mend."""
        if found is None:
            return Deny(self.name, Reason.CREDENTIAL_REJECTED, self._need())
        if not isinstance(found, str) or not found:
            raise ConfigError(
                f"guard {self.name}", type(found).__name__, "find() returns a user's id as str, or None."
            )
        identity = Identity(found, self.provider or "", self.name, "function")
        return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, identity)


def _header_of(scheme: str, header: str) -> str:
    """Return the header that the scheme belongs to; there is but one."""
    if not _NAME(scheme):
        raise ConfigError("guard scheme", scheme, "Name one scheme, such as 'Bearer'.")
    if scheme.lower() in _BROWSERS_REPEAT:
        fix = "Browsers send that by themselves once somebody logged in at their prompt. Use 'Bearer'."
        raise ConfigError("guard scheme", scheme, fix)
    if header and header.lower() != AUTHORIZATION.lower():
        raise ConfigError(
            "guard header", header, "A scheme is read from Authorization; leave the header out."
        )
    return AUTHORIZATION
