"""To act in a user's place, seen and written down, and to stop: for whom a rule allows it, and no further."""

from __future__ import annotations

from collections.abc import Mapping

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import Again, Done, Impersonate, Plan, Refuse, StopImpersonating, Tell, Whose

__all__ = ["DISABLED", "ONESELF", "acting", "denied", "stopped"]

ONESELF = Again("user", "This is you.")
DISABLED = Again("user", "This user is disabled, and nobody acts in his place.")


def denied(evidence: Mapping[str, object] | None = None) -> Plan:
    """Refuse alike whom the rule does not allow and what is no user, so that no ids are tried out here."""
    return Plan(Refuse(Reason.RULE_DENIED, evidence or {}))


def acting(whose: Whose, by: str) -> Plan:
    """Act in the user's place. It is told before it is so, so that no trail misses it."""
    return Plan(
        Done("impersonated"),
        (Tell(AccountChanged(whose.guard, whose.user, "impersonated", by)), Impersonate(whose.user)),
    )


def stopped(whose: Whose, by: str) -> Plan:
    """Be oneself again."""
    return Plan(
        Done("impersonation-ended"),
        (StopImpersonating(), Tell(AccountChanged(whose.guard, whose.user, "impersonation_ended", by))),
    )
