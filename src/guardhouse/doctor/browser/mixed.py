"""Which requests of a safe page to an unsafe address are stopped before they leave: W3C Mixed Content."""

from __future__ import annotations

from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.metadata import Mode
from guardhouse.doctor.browser.sites import Origin
from guardhouse.doctor.browser.whys import Ruling, Why, ruling


def stopped(browser: Browser, mode: Mode, method: str, page: Origin | None, target: Origin) -> Ruling | None:
    """Say why a request does not leave the browser; None when it does."""
    if mode == "bare" or page is None or not page.secure or target.secure:
        return None
    if mode == "cors":
        open_way = target.loopback and browser.loopback_from_https
        return None if open_way else ruling(Why.MIXED_CONTENT, target=str(target))
    if method == "POST" and browser.stops_insecure_forms and not target.trustworthy:
        return ruling(Why.INSECURE_FORM, target=str(target))
    return None
