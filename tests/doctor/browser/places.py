"""Requests for tables: who asks whom, in which browser."""

from __future__ import annotations

from guardhouse.doctor.browser.browsers import BROWSERS, Browser
from guardhouse.doctor.browser.cookie import Retrieval
from guardhouse.doctor.browser.sites import origin_in

NOW = 1_800_000_000.0
API, SPA, FAR = "https://api.example.com", "https://spa.example.com", "https://app.other-site.test"
CHROME, FIREFOX, SAFARI = BROWSERS["chrome"], BROWSERS["firefox"], BROWSERS["safari"]


def asking(
    url: str = f"{API}/",
    page: str | None = API,
    *,
    method: str = "GET",
    navigation: bool = False,
    browser: Browser = CHROME,
    now: float = NOW,
) -> Retrieval:
    """Describe one request."""
    whole = url if url.count("/") > 2 else f"{url}/"
    return Retrieval(whole, method, origin_in(page) if page else None, navigation, browser, now)
