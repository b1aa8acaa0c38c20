"""An invitation: an account that opens when somebody answers a letter, with the password that he chooses, and verified."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.flows.plan import Done, Plan, Tell, Verify, Whose

__all__ = ["accepted"]


def accepted(whose: Whose, address: str) -> Plan:
    """Verify the address of an account that was opened by this letter just now.

    Nobody else can have verified it before; whoever did meanwhile has done the same. Nobody is logged in: the password
    that was chosen a moment ago is asked for once, and a browser may keep it then.
    """
    told = Tell(AccountChanged(whose.guard, whose.user, "registered", "invitation"))
    return Plan(Done("invitation-accepted"), (Verify(whose.user, address, otherwise=None), told))
