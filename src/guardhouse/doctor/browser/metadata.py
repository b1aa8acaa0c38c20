"""What a browser says by itself about where a request comes from: Sec-Fetch-*, Origin and Referer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from guardhouse.doctor.browser.cors import Headers
from guardhouse.doctor.browser.sites import Origin, Relation, origin_in, relation

Mode: TypeAlias = Literal["cors", "navigate", "bare"]
"""How a request is made: by a script, by the window itself, or by a program that is no browser."""

_FAR: tuple[Relation, ...] = ("same-origin", "same-site", "cross-site")


def fetch_metadata(mode: Mode, page: Origin | None, chain: Sequence[str]) -> Headers:
    """Write Sec-Fetch-*; only addresses that are safe hear it (W3C Fetch Metadata, 2).

    `chain` are the addresses that led here, the last one is asked now: a way across another site stays cross-site.
    """
    if not origin_in(chain[-1]).trustworthy:
        return ()
    site = "none" if page is None else _site(page, chain)
    if mode == "navigate":
        person = (("sec-fetch-user", "?1"),)
        return (
            ("sec-fetch-site", site),
            ("sec-fetch-mode", "navigate"),
            *person,
            ("sec-fetch-dest", "document"),
        )
    return (("sec-fetch-site", site), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"))


def _site(page: Origin, chain: Sequence[str]) -> Relation:
    farthest: Relation = "same-origin"
    for url in chain:
        found = relation(page, origin_in(url))
        if _FAR.index(found) > _FAR.index(farthest):
            farthest = found
    return farthest


def origin_header(mode: Mode, method: str, page: Origin | None, target: Origin, *, tainted: bool) -> Headers:
    """Write Origin (Fetch, 3.1): to other origins always, to one's own with what changes something."""
    if page is None:
        return ()
    unsafe = method not in ("GET", "HEAD")
    if mode == "cors":
        return (("origin", "null" if tainted else str(page)),) if unsafe or tainted or page != target else ()
    if not unsafe:
        return ()
    # The default referrer policy hides the page from whoever listens on plain http (Fetch, 3.1 step 4.1).
    hidden = tainted or (page.secure and not target.secure)
    return (("origin", "null" if hidden else str(page)),)


def referer(page: Origin | None, target: Origin, path: str = "/") -> Headers:
    """Write Referer as the default policy strict-origin-when-cross-origin has it (W3C Referrer Policy, 8.3)."""
    if page is None or (page.trustworthy and not target.trustworthy):
        return ()
    return (("referer", f"{page}{path}" if page == target else f"{page}/"),)
