"""A browser in process: it keeps cookies, says where its page comes from, and sends the CSRF token back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Self

import anyio.from_thread
import httpx2
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from guardhouse.core.facts import SAFE_METHODS, Facts
from guardhouse.edge.asgi import Layer
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse
from guardhouse.testing.doubles import PASSWORD
from guardhouse.testing.refusals import refusal_of
from guardhouse.visit import Visit

TOKEN_HEADER = "X-XSRF-TOKEN"  # noqa: S105 - the name of a header
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}

_ERROR = 400


class Client(TestClient):
    """Starlette's test client, behaving like a page of the application in a browser.

    Use it as a context manager, so that the application starts as behind a server, with the checks at start. It
    follows no redirect by itself, for where a refusal leads is what a test wants to know.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        base_url: str = "https://testserver",
        login_url: str = "/login",
        house: Guardhouse[Any] | None = None,
        **options: Any,  # noqa: ANN401 - those of Starlette's client
    ) -> None:
        super().__init__(app, base_url=base_url, follow_redirects=False, **options)
        self.login_url = login_url
        self.site: str | None = None
        """The origin of the page that asks; None for one of the application itself."""
        self._house = house

    @property
    def house(self) -> Guardhouse[Any]:
        """The house that is installed on the application. Raises `ConfigError` where none can be found."""
        if self._house is None:
            self._house = _house_of(self.app)
        return self._house

    def from_site(self, origin: str) -> Client:
        """Return a client on a page of another site, with the same cookies.

        Browsers keep SameSite cookies back from such a page; this one sends them, as old browsers and neighbours on
        the same site do, because that is what the check of the origin is for.
        """
        other = Client(self.app, base_url=str(self.base_url), login_url=self.login_url, house=self._house)
        other.site, other.cookies, other.portal = origin, self.cookies, self.portal
        return other

    def log_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        """Log in as a person does, at the application's own route. Fails with the reason when that is refused."""
        answer = self.post(self.login_url, json={"email": email, "password": password})
        if answer.status_code >= _ERROR:
            raise AssertionError(
                f"the login at {self.login_url} failed: {refusal_of(answer) or answer.status_code}"
            )
        return answer

    def acting_as(self, user: object, guard: str | None = None) -> Self:
        """Log a user in without credentials: a real session in the store, the real cookies in the jar."""
        lines = self._run(lambda: self._logged_in(user, guard))
        made = httpx2.Response(
            200,
            headers=[("set-cookie", line.decode("ascii")) for line in lines],
            request=httpx2.Request("GET", self.base_url),
        )
        self.cookies.extract_cookies(made)
        return self

    def navigate(self, path: str) -> httpx2.Response:
        """Open a page in the browser window: refused, it is sent to the login or sees a page."""
        return self.get(path, headers=NAVIGATION)

    def request(self, method: str, url: Any, *, headers: Any = None, **options: Any) -> httpx2.Response:  # noqa: ANN401 - as in httpx2
        """Send a request, with what a browser adds to it."""
        sent = httpx2.Headers(self._marks(method))
        sent.update(headers)
        return super().request(method, url, headers=sent, **options)

    def _marks(self, method: str) -> dict[str, str]:
        """Write what a browser says about the page that asks, and what axios adds."""
        unsafe = method.upper() not in SAFE_METHODS
        own = str(self.base_url).rstrip("/")
        marks = {"Sec-Fetch-Site": "cross-site" if self.site else "same-origin"}
        if unsafe or self.site:
            marks["Origin"] = self.site or own
        token = self.cookies.get(self.house.parts.cookie.csrf) if unsafe and not self.site else None
        return marks | ({TOKEN_HEADER: token} if token else {})

    async def _logged_in(self, user: object, guard: str | None) -> list[bytes]:
        host = (b"host", self.base_url.netloc)
        cookie = (b"cookie", "; ".join(f"{one.name}={one.value}" for one in self.cookies.jar).encode("ascii"))
        headers = (host, cookie, (b"sec-fetch-site", b"same-origin"))
        visit = Visit(self.house.parts, Facts("POST", self.login_url, headers, self.base_url.scheme))
        await self.house.desk(visit, guard).login(user)
        return visit.cookies()

    def _run(self, work: Callable[[], Coroutine[Any, Any, list[bytes]]]) -> list[bytes]:
        """Run on the event loop of the application, where it is started."""
        if self.portal is not None:
            return self.portal.call(work)
        with anyio.from_thread.start_blocking_portal(**self.async_backend) as portal:
            return portal.call(work)


def _house_of(app: object) -> Guardhouse[Any]:
    """Find the house among the middleware of the application."""
    for middleware in getattr(app, "user_middleware", ()):
        if middleware.cls is Layer:
            house: Guardhouse[Any] = middleware.kwargs["house"]
            return house
    fix = "Call house.install(app) first, or hand the house over: Client(app, house=house)."
    raise ConfigError("testing.Client", type(app).__name__, fix)
