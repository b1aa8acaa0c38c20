"""What is said to a login server over HTTP: short, bounded in bytes and in time, and never to another address than the given.

A login server is a stranger. It gets no redirect, no compression, no proxy of the environment, and no time to drip.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import anyio

from guardhouse.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from ssl import SSLContext

    import httpx2

__all__ = ["LARGEST", "TIMEOUT", "Wire", "object_of", "refuse_missing", "value_of"]

LARGEST = 256 * 1024
TIMEOUT = 5.0
"""Seconds for one whole conversation, however slowly its bytes come."""
_OK = 200
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class Wire:
    """Opens clients whose answers are bounded. `verify` is a context of certificates, for a login server of one's own CA."""

    def __init__(self, verify: SSLContext | None = None, *, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout
        self._verify = verify

    async def get(self, url: str, bearer: str | None = None) -> bytes:
        """Fetch a document. Raise `OSError`, `TimeoutError` or `ValueError` for all that is none."""
        import httpx2  # noqa: PLC0415 - the extra `social`

        headers = _HEADERS if bearer is None else _HEADERS | {"Authorization": f"Bearer {bearer}"}
        async with self.bounded(), httpx2.AsyncClient(**self.settings()) as client:
            response = await client.get(url, headers=headers)
        if response.status_code != _OK:
            raise ValueError(f"it answered {response.status_code}")
        return response.content

    @asynccontextmanager
    async def bounded(self) -> AsyncGenerator[None]:
        """Hold a conversation within its time, and say its troubles in words of the standard library."""
        import httpx2  # noqa: PLC0415 - as above

        try:
            with anyio.fail_after(self.timeout):
                yield
        except httpx2.ConnectError as error:
            raise OSError(str(error) or "no connection") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # What they say may repeat what the login server wrote.
            raise OSError(f"no answer that can be read ({type(error).__name__})") from None

    def settings(self) -> dict[str, Any]:
        """Write what a client is opened with."""
        if self._verify is None:
            self._verify = _certificates()
        return {
            "transport": _bounded_transport(self._verify),
            "follow_redirects": False,
            "trust_env": False,
            "timeout": self.timeout,
        }


def object_of(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object. Raise `ValueError` for everything else."""
    found = value_of(body)
    if not isinstance(found, dict):
        raise ValueError("it answered no JSON object")  # noqa: TRY004 - what came from outside is a wrong value
    return cast("Mapping[str, Any]", found)


def value_of(body: bytes) -> object:
    """Read JSON in which every text can be written again. Raise `ValueError` for everything else."""
    try:
        found: object = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise ValueError("it answered no JSON") from None
    return found


def refuse_missing() -> None:
    """Raise at start where what is needed is not installed, not when the first person comes."""
    try:
        import authlib  # type: ignore[import-untyped]  # noqa: F401, PLC0415 # pyright: ignore[reportMissingTypeStubs, reportUnusedImport]
        import httpx2  # noqa: F401, PLC0415 # pyright: ignore[reportUnusedImport]
        import joserfc  # noqa: F401, PLC0415 # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError as error:
        fix = "Logins elsewhere need the extra: pip install 'guardhouse[social]'."
        raise ConfigError("foreign login", f"no module {error.name}", fix) from None


def _certificates() -> SSLContext:
    import httpx2  # noqa: PLC0415 - as above

    return httpx2.create_ssl_context(trust_env=False)  # read once: it takes longer than the conversation


def _bounded_transport(verify: SSLContext) -> httpx2.AsyncBaseTransport:
    import httpx2  # noqa: PLC0415 - as above

    class Bounded(httpx2.AsyncHTTPTransport):
        """Reads an answer whole, as far as it may go, before anybody parses it."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await super().handle_async_request(request)
            try:
                return httpx2.Response(
                    response.status_code, headers=_plain(response.headers), content=await _body(response)
                )
            finally:
                await response.aclose()

    return Bounded(verify=verify, trust_env=False)


async def _body(response: httpx2.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ValueError("it compressed its answer, which was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST:
            raise ValueError(f"it answered more than {LARGEST} bytes")
    return bytes(body)


def _plain(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Leave out how the body was sent; it is whole now."""
    return [
        (name, value)
        for name, value in headers.items()
        if name not in ("transfer-encoding", "content-length")
    ]
