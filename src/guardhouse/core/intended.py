"""Where a person may be sent after a login: a path of this application, and nothing that a browser reads as more."""

from __future__ import annotations

from re import compile as pattern

_LOCAL = pattern(r"/(?![/\\])[!-\[\]-~]*")
"""One slash, not two, then visible ASCII without a backslash: browsers read `/\\host` and `//host` as another host."""

LONGEST = 2000


def local_path(target: object) -> str | None:
    """Return the target when it is a path of this origin, else None.

    Control characters, blanks and non-ASCII text are refused rather than repaired: what needs repair was not made
    by us (CVE-2021-32618, CVE-2023-49438, CVE-2024-50345 were all repairs).
    """
    if not isinstance(target, str) or len(target) > LONGEST:
        return None
    return target if _LOCAL.fullmatch(target) else None
