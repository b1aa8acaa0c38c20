"""A login by mail: a link to the stored address, good once, for ten minutes, in the browser that asked for it.

Whoever opens it in another browser is not the one who asked (ASVS 6.6.2): a link that somebody was talked into, or that was
read on its way, opens nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

from guardhouse.core.events import AccountChanged
from guardhouse.flows.plan import Again, Cookie, Done, Effect, Plan, Send, Spend, Tell, Verify, Whose
from guardhouse.mail.letter import Letter

__all__ = ["ELSEWHERE", "SENT", "asked", "bound_to", "here", "opened", "unbound"]

SENT = Done("login-link-sent")
"""The answer to everybody who asks, with an account or without."""

ELSEWHERE = Again(
    "token", "Open this link in the browser in which you asked for it, or ask for another one here."
)

_BETWEEN = "~"


def asked(whose: Whose | None, letter: Letter | None, mark: Cookie | None) -> Plan:
    """Mark the browser, send the link where there is somebody to send it to, and answer alike."""
    effects: tuple[Effect, ...] = () if mark is None else (mark,)
    if whose is not None and letter is not None:
        effects = (*effects, Tell(AccountChanged(whose.guard, whose.user, "link_asked")), Send(letter))
    return Plan(SENT, effects)


def bound_to(mailbox: str, nonce: str, name: bytes) -> str:
    """Bind a ticket to password and address, and to the browser that holds this; without one to no browser."""
    return f"{mailbox}{_BETWEEN}{_mark(nonce, name) if nonce else ''}"


def unbound(binding: str) -> tuple[str, str]:
    """Read what it is bound to: the mailbox, and the browser's mark, empty for any."""
    mailbox, _, mark = binding.partition(_BETWEEN)
    return mailbox, mark


def here(mark: str, nonce: str, name: bytes) -> bool:
    """Whether this is the browser of that mark."""
    return not mark or compare_digest(mark, _mark(nonce, name))


def opened(whose: Whose, name: bytes, until: float, address: str, mark: Cookie | None) -> Plan:
    """Spend the link; what comes in follows. A crash after it costs a link, and never lets one count twice."""
    spent = Spend(b"enter:" + name, until)
    verified = Verify(whose.user, address, otherwise=None)
    return Plan(Done("link-opened"), (spent, verified, *(() if mark is None else (mark,))))


def _mark(nonce: str, name: bytes) -> str:
    # The nonce has 256 random bits, so one hash is enough; with the name in it, no two links are marked alike.
    return urlsafe_b64encode(sha256(b"guardhouse.link.v1:%s:%s" % (name, nonce.encode())).digest()).decode(
        "ascii"
    )
