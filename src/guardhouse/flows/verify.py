"""A verified address: a link to it was opened by a person, who pressed the button behind it."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import Done, Plan, Refuse, Send, Tell, Verify, Whose
from guardhouse.mail.letter import Letter

__all__ = ["ALREADY", "SENT", "asked", "opened"]

SENT = Done("verification-sent")
"""The answer to everybody who asks for another letter."""

ALREADY = Done("already-verified")
"""What a second click hears, and the loser of two at once: that nothing is left to be done is no failure."""


def asked(whose: Whose | None, letter: Letter | None) -> Plan:
    """Send another letter where there is an address to verify, and answer alike."""
    if whose is None or letter is None:
        return Plan(SENT)
    return Plan(SENT, (Tell(AccountChanged(whose.guard, whose.user, "verify_asked")), Send(letter)))


def opened(whose: Whose, address: str, stored: str | None, *, verified: bool) -> Plan:
    """Verify the address that the link was sent to, if it is the user's still."""
    if stored != address:
        return Plan(Refuse(Reason.LINK_SPENT))
    if verified:
        return Plan(ALREADY)
    told = Tell(AccountChanged(whose.guard, whose.user, "address_verified"))
    return Plan(Done("address-verified"), (Verify(whose.user, address), told))
