"""A password given once more: who is inside shows that it is still he who sits there."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.flows.plan import Again, Confirm, Done, Forgive, Plan, Tell, Whose

__all__ = ["NO_PASSWORD", "WRONG", "confirmed"]

WRONG = Again("password", "This is not the password of this account.")
NO_PASSWORD = Again(
    "password", "This account has no password. Prove who you are in another way, or log in anew."
)


def confirmed(whose: Whose, account: str, proof: str = "password") -> Plan:
    """Note the proof, now, under a new id, and forget the tries that it took."""
    return Plan(
        Done("confirmed"),
        (
            Confirm(whose.user, (proof,)),
            Forgive(account),
            Tell(AccountChanged(whose.guard, whose.user, "confirmed", proof)),
        ),
    )
