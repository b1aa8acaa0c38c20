"""Where a browser goes when it is sent somewhere: as the URL standard reads it, which is more than urljoin knows."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

_IGNORED = re.compile(r"[\t\n\r]")
_EDGES = "".join(map(chr, range(0x21)))
_OTHER_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def leads_to(location: str, base: str) -> str:
    """Return the origin that a browser goes to from `base`, or the scheme if it has none."""
    # URL standard, basic URL parser: edges and tabs go first, and a backslash is a slash in http and https.
    cleaned = _IGNORED.sub("", location.strip(_EDGES)).replace("\\", "/")
    scheme = _OTHER_SCHEME.match(cleaned)
    if scheme and scheme[0].lower() not in ("http:", "https:"):
        return scheme[0].lower()
    cleaned = re.sub(r":/*", "://", cleaned, count=1) if scheme else re.sub(r"^/{2,}", "//", cleaned)
    parts = urlsplit(urljoin(base + "/", cleaned))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
