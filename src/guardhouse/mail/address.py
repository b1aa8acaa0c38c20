"""One address of one mailbox, or none: what a stranger types in is taken as it is or refused, and never repaired.

`To: "a@b, c@d"` goes to two (CVE-2022-35924), a line break begins a header of its own (CVE-2026-48019), and letters that
another alphabet shares with ours have sent the mail of one to another (CVE-2019-19844).
"""

from __future__ import annotations

from re import compile as pattern

import idna

__all__ = ["masked", "one_address"]

LONGEST = 254
"""RFC 5321 4.5.3.1.3: a path has 256 octets, of which two are its brackets."""
_LONGEST_READ = 320

# RFC 5322 3.2.3 without `%` and `!`, by which old servers sent mail on to a third place. Quoted local parts are left out:
# everything that can be hidden in an address is hidden in them. Letters beyond ASCII there would need SMTPUTF8 on the whole way.
_LOCAL = pattern(r"(?=.{1,64}\Z)[A-Za-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9#$&'*+/=?^_`{|}~-]+)*")
_LABEL = pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SMALL = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_FEWEST_LABELS = 2


def one_address(text: object) -> str | None:
    """Return the address when this is exactly one and nothing else, its domain in small ASCII letters; else None.

    Names of other alphabets become what the name system knows them by (IDNA 2008). A host without a dot, or a number, is
    no domain of a stranger: his mail would go to a mailbox of our own machines.
    """
    if not isinstance(text, str) or len(text) > _LONGEST_READ:
        return None
    local, at, named = text.rpartition("@")
    domain = _domain(named) if at and _LOCAL.fullmatch(local) else None
    if domain is None or len(local) + 1 + len(domain) > LONGEST:
        return None
    return f"{local}@{domain}"


def _domain(named: str) -> str | None:
    # `lower` would make ASCII of some signs that are none, such as the one for kelvin.
    labels = [_label(label) for label in named.translate(_SMALL).split(".")]
    if len(labels) < _FEWEST_LABELS or None in labels:
        return None
    last = labels[-1] or ""
    return None if last.isdigit() else ".".join(label or "" for label in labels)


def _label(label: str) -> str | None:
    if label.isascii() and not label.startswith("xn--"):
        return label if _LABEL.fullmatch(label) else None
    try:
        return idna.alabel(label).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def masked(address: str) -> str:
    """Show as much of an address as an operator needs to find out whose mail server is in the way."""
    known = one_address(address)
    if known is None:
        return "no address"
    local, _, domain = known.rpartition("@")
    return f"{local[0]}***@{domain}"
