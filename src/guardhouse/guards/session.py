"""The session guard: a login in the visitor's session, under the realm of its provider."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from typing import Self

from guardhouse.core.cookies import cookie_names, shown
from guardhouse.core.facts import CookieState, Facts
from guardhouse.core.guard import SESSION, Need, Supply
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.state.pending import waiting
from guardhouse.state.record import Loaded, Login, Record, Unloadable

_PRESENT, SESSION_LOGIN = CookieState.PRESENT, Reason.SESSION_LOGIN


@dataclass(frozen=True, slots=True)
class SessionGuard:
    """Believes the login that the session holds.

    A login belongs to a *realm*, which is the provider's name unless another is given: two session guards over the
    same users share their login, whatever they are called.
    """

    provider: str | None = None
    realm: str | None = None
    name: str = ""

    needs: tuple[Need, ...] = field(default=(SESSION,), init=False)

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        return replace(self, name=name, provider=provider, realm=self.realm or provider)

    def claim(self, facts: Facts) -> bytes | Abstain | Deny:
        """Read the session cookie: the key of a session, or why there is none."""
        presented = facts.presented
        if presented.state is _PRESENT:
            return presented.key
        if presented.state is CookieState.DUPLICATE:
            return Deny(self.name, Reason.SESSION_DUPLICATE)
        if presented.state is CookieState.MALFORMED:
            return Abstain(self.name, Reason.SESSION_MALFORMED)
        return Abstain(self.name, Reason.NO_CREDENTIAL, {"cookies": shown(cookie_names(facts))})

    def fetch(self, claim: bytes, supply: Supply) -> Loaded | Awaitable[Loaded]:  # noqa: ARG002 - the visit knows its own key
        """Load the session, once per visit."""
        return supply.session()

    def judge(self, claim: bytes, found: Loaded) -> Allow | Deny | Abstain:  # noqa: ARG002 - the record says it all
        """Look for a login of this realm."""
        if type(found) is Unloadable:
            evidence = {"deadline": found.deadline.value} if found.deadline else {}
            return Abstain(self.name, found.reason, evidence)
        identity = self.identity_in(found)
        return self._no_login(found) if identity is None else Allow(self.name, SESSION_LOGIN, identity)

    def identity_in(self, record: Record) -> Identity | None:
        """Return who is logged in here, in this guard's realm."""
        login = record.logins.get(self.realm or "")
        if login is None or login.provider != self.provider:
            return None
        return _identity(login, self.name)

    def _no_login(self, record: Record) -> Abstain:
        """Say how near this visitor is to a login here."""
        pending = waiting(record, self.realm)
        if pending is not None:
            factors = ", ".join(factor.value for factor in pending.factors)
            evidence = {"guard": pending.guard, "factors": factors or "none"}
            return Abstain(self.name, Reason.SECOND_FACTOR_MISSING, evidence)
        if not record.logins:
            return Abstain(self.name, Reason.NO_LOGIN)
        held = ", ".join(sorted(record.logins))
        return Abstain(self.name, Reason.NO_LOGIN_FOR_GUARD, {"realm": self.realm, "held": held})


def _identity(login: Login, guard: str) -> Identity:
    behind = login.behind
    return Identity(
        login.user_id,
        login.provider,
        guard,
        "session",
        login.at,
        login.fingerprint,
        None,
        None,
        login.proofs,
        None if behind is None else _identity(behind, guard),
    )
