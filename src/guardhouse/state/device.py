"""What kind of program logged in, in plain words: a family and a system, never the header itself.

A list of devices is for people to recognize their own by (ASVS 7.5.2), so it names families. Versions and builds are
left out: they would make every login of a person tell him from others, and help nobody to recognize his laptop.
"""

from __future__ import annotations

import re

from guardhouse.state.limit import NOWHERE, network_of

LONGEST_READ = 512
"""How much of the header is looked at: what a stranger sends costs no more than that."""

_BROWSERS = (  # what pretends to be another one stands before it
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "headless Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
)
_BROWSER_LIKE = "Mozilla/"
# The name of a product (RFC 9110, 5.6.2), without the signs that mean something to a shell or a page.
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._+-]{0,31}(?=[/ ]|\Z)")


def described(user_agent: bytes) -> str:
    """Name the program of a `User-Agent`: `Firefox on Windows`, `curl`; empty where it does not say."""
    said = user_agent[:LONGEST_READ].decode("latin-1")
    if not said.startswith(_BROWSER_LIKE):
        product = _PRODUCT.match(said)
        return product[0] if product else ""
    browser = next((name for sign, name in _BROWSERS if sign in said), "a browser")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    return f"{browser} on {system}" if system else browser


def network_from(peer: str | None) -> str:
    """Name the network of an address, /24 or /64, which tells home from abroad and no more; empty where there is none."""
    network = network_of(peer)
    return "" if network == NOWHERE else network
