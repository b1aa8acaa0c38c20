"""Another address: it counts when a letter to it was answered, and the letter itself says which address that is.

What lay in the account meanwhile would be whatever was asked for last; two changes at once have verified an address that
nobody reads (CVE-2026-32700). The link is bound to the address of before and to the password: of two changes one wins, and
who sets a new password has undone one that he did not ask for.
"""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.flows.plan import Done, Plan, Send, SetAddress, Tell, Whose
from guardhouse.mail.letter import Letter

__all__ = ["asked", "bound_to", "confirmed", "unbound"]

_BETWEEN = "~"


def bound_to(mailbox: str, address: str) -> str:
    """Bind a ticket to what is now, and let it carry what shall be."""
    return f"{mailbox}{_BETWEEN}{address}"


def unbound(binding: str) -> tuple[str, str]:
    """Read both again. A fingerprint has no `~`; an address may."""
    mailbox, _, address = binding.partition(_BETWEEN)
    return mailbox, address


def asked(whose: Whose, letter: Letter | None) -> Plan:
    """Write to the new address, or to whoever has it already, and answer alike."""
    told = Tell(AccountChanged(whose.guard, whose.user, "address_change_asked"))
    return Plan(Done("address-change-asked"), (told, *(() if letter is None else (Send(letter),))))


def confirmed(whose: Whose, address: str, before: str | None, notice: Letter | None) -> Plan:
    """Put the new address in the place of the old one, and write to the old one.

    Sessions and remembered devices stay: they hang on the password, which is the same, and who changed the address had
    proven himself a moment ago. The notice leads to where all of them can be ended.
    """
    told = () if notice is None else (Send(notice),)
    return Plan(
        Done("address-changed"),
        (
            SetAddress(whose.user, address, before),
            Tell(AccountChanged(whose.guard, whose.user, "address_changed")),
            *told,
        ),
    )
