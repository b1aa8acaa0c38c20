"""The table of journeys: where page and application are, their cookies, their CORS, and who asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from guardhouse.doctor.browser.browsers import ThirdParty


@dataclass(frozen=True, slots=True)
class Row:
    """One journey."""

    at: str
    page: str
    cookie: str = "host"
    cors: str = "right"
    client: str = "fetch"
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    third_party: ThirdParty = "allowed"
    trusted: bool = True
    moved: bool = False
    """Whether read and write stand at other addresses, from which visitors are redirected."""

    @property
    def told(self) -> list[str]:
        """The client's settings as the command line takes them."""
        return [f"{name}={_word(value)}" for name, value in self.settings.items()]

    def __str__(self) -> str:
        asked = " ".join([self.client, *(f"{k}={_word(v)}" for k, v in self.settings.items())])
        rest = ("" if self.trusted else ", untrusted") + (", redirected" if self.moved else "")
        blocked = ", third-party blocked" if self.third_party == "blocked" else ""
        return f"{self.page} -> {self.at}, {self.cookie} cookie, cors {self.cors}, {asked}{rest}{blocked}"


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


API, API2 = "https://api.example.com:{https}", "https://api.example.com:{https2}"
SPA, FAR = "https://spa.example.com:{https}", "https://app.other-site.test:{https}"
HTTP_API, HTTP_SPA = "http://api.example.com:{http}", "http://spa.example.com:{http}"
LOCAL, LOCAL2 = "http://localhost:{http}", "http://localhost:{http2}"
LOOPBACK = "http://127.0.0.1:{http}"
TLS_LOCAL = "https://localhost:{https}"
SHOP, SHOP_APP = "https://api.shop.co.uk:{https}", "https://app.shop.co.uk:{https}"

INCLUDE: dict[str, Any] = {"credentials": "include"}
WITH: dict[str, Any] = {"withCredentials": True}
TOKEN: dict[str, Any] = {"withCredentials": True, "withXSRFToken": True}


def rows() -> Iterator[Row]:
    """List all journeys."""
    yield from _same_origin()
    yield from _same_site()
    yield from _cross_site()
    yield from _schemes()
    yield from _local()
    yield from _cors()
    yield from _redirected()


def _same_origin() -> Iterator[Row]:
    for client in ("axios", "fetch", "angular", "form"):
        yield Row(API, API, cors="none", client=client)
    yield Row(API, API, cors="none", settings={"credentials": "omit"})
    yield Row(API, API, cors="none", client="axios", settings={"withXSRFToken": False})
    for cookie in ("strict", "partitioned", "none", "shared", "unset", "insecure", "foreign domain"):
        yield Row(API, API, cookie, "none", "axios")
    yield Row(HTTP_API, HTTP_API, cors="none", client="axios")
    yield Row(SHOP, SHOP, "public suffix", "none", "axios")
    yield Row(API, API, "strict", "none", "form")


def _same_site() -> Iterator[Row]:
    for page in (API2, SPA):
        yield Row(API, page, client="axios")
        yield Row(API, page, client="axios", settings=WITH)
        yield Row(API, page, client="axios", settings=TOKEN)
        yield Row(API, page)
        yield Row(API, page, settings=INCLUDE)
        yield Row(API, page, settings={"credentials": "omit"})
        yield Row(API, page, "strict", settings=INCLUDE)
        yield Row(API, page, client="form", cors="none")
    for cookie in ("partitioned", "none", "shared", "shared strict", "unset"):
        yield Row(API, SPA, cookie, client="axios", settings=TOKEN)
    yield Row(API, SPA, client="angular", settings=WITH)
    yield Row(API, SPA, settings=INCLUDE, trusted=False)
    yield Row(API, SPA, client="form", cors="none", trusted=False)
    yield Row(SHOP, SHOP_APP, client="axios", settings=WITH)


def _cross_site() -> Iterator[Row]:
    for cookie in ("host", "strict", "partitioned", "none", "unset"):
        yield Row(API, FAR, cookie, client="axios", settings=TOKEN)
        yield Row(API, FAR, cookie, client="form", cors="none")
    for cookie in ("partitioned", "none", "host"):
        yield Row(API, FAR, cookie, settings=INCLUDE, third_party="blocked")
    yield Row(API, SPA, "none", settings=INCLUDE, third_party="blocked")
    yield Row(API, FAR, "none", client="form", cors="none", third_party="blocked")
    yield Row(API, FAR, client="axios")
    yield Row(API, FAR, "partitioned")
    yield Row(API, FAR, "partitioned", settings=INCLUDE, trusted=False)
    yield Row(SHOP, "https://app.example.com:{https}", "partitioned", settings=INCLUDE)


def _schemes() -> Iterator[Row]:
    yield Row(API, HTTP_SPA, settings=INCLUDE)
    yield Row(API, HTTP_SPA, "partitioned", settings=INCLUDE)
    yield Row(API, HTTP_SPA, "none", client="axios", settings=TOKEN)
    yield Row(API, HTTP_SPA, client="form", cors="none")
    yield Row(HTTP_API, SPA, settings=INCLUDE)
    yield Row(HTTP_API, SPA, client="form", cors="none")
    yield Row(HTTP_API, HTTP_SPA, settings=INCLUDE)
    yield Row(HTTP_API, HTTP_SPA, "insecure", client="axios", settings=TOKEN)
    yield Row(HTTP_API, HTTP_API, "insecure", "none", "form")


def _local() -> Iterator[Row]:
    yield Row(LOCAL, LOCAL, cors="none", client="axios")
    yield Row(LOCAL, LOCAL, "plain", "none", "axios")
    yield Row(LOOPBACK, LOOPBACK, "plain", "none", "form")
    for cookie in ("host", "plain", "partitioned"):
        yield Row(LOCAL, LOCAL2, cookie, client="axios", settings=TOKEN)
        yield Row(LOCAL, LOOPBACK, cookie, client="axios", settings=TOKEN)
    yield Row(LOOPBACK, LOCAL, "none", settings=INCLUDE)
    yield Row(LOCAL, TLS_LOCAL, settings=INCLUDE)
    yield Row(TLS_LOCAL, LOCAL, "partitioned", settings=INCLUDE)
    yield Row(LOCAL, SPA, settings=INCLUDE)
    yield Row(LOCAL, SPA, client="form", cors="none")
    yield Row(LOCAL, LOCAL2, "plain", client="form", cors="none")


def _cors() -> Iterator[Row]:
    broken = (
        "none",
        "inside",
        "no credentials",
        "wildcard",
        "missing header",
        "missing method",
        "wrong origin",
    )
    for kind in broken:
        yield Row(API, SPA, "shared", kind, "axios", TOKEN)
    for kind in ("none", "no credentials", "wildcard", "wrong origin"):
        yield Row(API, SPA, "host", kind, settings=INCLUDE)
    yield Row(API, SPA, "host", "wildcard")
    yield Row(API, SPA, "shared", "wildcard headers", "axios", TOKEN)
    yield Row(API, SPA, "shared", "no cache", "axios", TOKEN)
    yield Row(API, SPA, "host", "none", "angular")
    common = {"withCredentials": True, "headers.common": "X-Requested-With: XMLHttpRequest"}
    yield Row(API, SPA, "host", "right", "axios", common)
    yield Row(API, API, "host", "none", "axios", {"headers.common": "X-Requested-With: XMLHttpRequest"})


def _redirected() -> Iterator[Row]:
    yield Row(API, API, cors="none", client="axios", moved=True)
    yield Row(API, SPA, "shared", client="axios", settings=TOKEN, moved=True)
    yield Row(API, SPA, settings=INCLUDE, cors="none", moved=True)
    yield Row(API, FAR, "partitioned", settings=INCLUDE, moved=True)
    yield Row(API, API, cors="none", client="form", moved=True)
