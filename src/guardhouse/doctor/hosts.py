"""What a host is to a browser: a name or an address, this machine or another, and whose name it is by the list of public suffixes."""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def is_address(host: str) -> bool:
    """Whether it is an IP address, which has no domain around it."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def comparable() -> bool:
    """Whether the list is installed; nothing below can be asked without it."""
    try:
        _suffixes()
    except ModuleNotFoundError:
        return False
    return True


def registrable(host: str) -> str | None:
    """Name the domain that somebody registered, such as example.co.uk; None for an address, and for a suffix itself."""
    return None if is_address(host) else _suffixes().privatesuffix(host)


def is_public_suffix(host: str) -> bool:
    """Whether everybody may register names below: `com`, `co.uk`, `github.io`."""
    return not is_address(host) and registrable(host) is None


@cache  # the list is a file of the package and changes with it
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - an extra, loaded where it is used

    return PublicSuffixList()
