"""A browser in process: it keeps cookies, says where its page comes from, and sends the CSRF token back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from copy import copy
from typing import Any, Self

try:
    import httpx2
    from starlette.testclient import TestClient, WebSocketTestSession
except ModuleNotFoundError as missing:  # pytest loads our plugin also where nobody asked for this extra
    raise ModuleNotFoundError(
        f"guardhouse.testing needs {missing.name}: pip install 'guardhouse[testing]'", name=missing.name
    ) from missing
from starlette.types import ASGIApp

from guardhouse.core import events as events_of
from guardhouse.core.events import Event, Failed, Login
from guardhouse.core.facts import SAFE_METHODS, Facts
from guardhouse.edge.asgi import Layer
from guardhouse.errors import ConfigError
from guardhouse.gate.refused import Refused
from guardhouse.gate.visit import Visit
from guardhouse.house import Guardhouse
from guardhouse.testing.doubles import PASSWORD
from guardhouse.testing.refusals import REFUSED, read, recorded, shown

TOKEN_HEADER = "X-XSRF-TOKEN"  # noqa: S105 - the name of a header
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}

_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_ERROR = 400


class Client(TestClient):
    """Starlette's test client, behaving like a page of the application in a browser.

    Use it as a context manager, so that the application starts as behind a server, with the checks at start. It
    follows no redirect by itself, for where a refusal leads is what a test wants to know. A header that a test
    writes itself, here or with one request, stands as it is.
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
        self._be_strict()
        # Of the client that starts the application, also in the copies that are pages of other sites.
        self._started = self._portal_factory

    @property
    def house(self) -> Guardhouse[Any]:
        """The house that is installed on the application. Raises `ConfigError` where none can be found."""
        if self._house is None:
            self._house = _house_of(self.app)
        return self._house

    def _be_strict(self) -> None:
        """Let an answer that nobody decided about, and a write that comes too late, fail the test."""
        if self._house is None and any(
            item.cls is Layer for item in getattr(self.app, "user_middleware", ())
        ):
            self._house = _house_of(self.app)
        if self._house is not None:
            self._house.parts.watch.strict = True

    def from_site(self, origin: str) -> Self:
        """Return a client on a page of another site: of the same browser, with the same jar of cookies.

        Browsers keep SameSite cookies back from such a page; this one sends them, as old browsers and neighbours on
        the same site do, because that is what the check of the origin is for.
        """
        other = copy(self)
        other.site = origin
        return other

    def log_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        """Log in as a person does, at the application's own route. Fails with the reason when that goes wrong.

        Applications answer wrong credentials as they like, also with 200; so the house is asked whether they were.
        """
        with recorded(self.house) as events:
            answer = self.post(self.login_url, json={"email": email, "password": password})
        if answer.status_code >= _ERROR or _failed(events):
            raise AssertionError(f"the login at {self.login_url} failed: {shown(answer)}{_why(events)}")
        return answer

    def acting_as(self, user: object, guard: str | None = None) -> Self:
        """Log a user in without credentials: a real session in the store, the real cookies in the jar.

        Fails with the reason when the house refuses even that, as one with another `public_url` does.
        """
        try:
            with self._started() as portal:
                made = portal.call(self._handing_out(user, guard))
        except Refused as refused:
            told = read(refused.refusal)
            advice = f"{self.base_url} is what this client asks; Client(app, base_url=...) changes it"
            raise AssertionError(f"nobody can log in here: {told}\n  client    {advice}") from refused
        self.cookies.extract_cookies(made)
        return self

    def navigate(self, path: str) -> httpx2.Response:
        """Open a page in the browser window: refused, it is sent to the login or sees a page."""
        return self.get(path, headers=NAVIGATION)

    def build_request(self, method: str, url: httpx2.URL | str, **options: Any) -> httpx2.Request:  # noqa: ANN401 - as in httpx2
        """Make a request of any kind, also one for a stream or a WebSocket, and add what a browser adds."""
        request = super().build_request(method, url, **options)
        for name, value in self._marks(request).items():
            request.headers.setdefault(name, value)
        return request

    def websocket_connect(
        self,
        url: str,
        subprotocols: Sequence[str] | None = None,
        **options: Any,  # noqa: ANN401 - as in httpx2
    ) -> WebSocketTestSession:
        """Open a WebSocket of the application itself: with https it is wss, or no cookie would go along."""
        target = self._merge_url(url)
        target = target.copy_with(scheme=_SOCKET_SCHEMES.get(target.scheme, target.scheme))
        return super().websocket_connect(str(target), subprotocols, **options)

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:  # noqa: ANN401 - as in httpx2
        """Send it, and keep beside the answer what the house refused it for: outsiders are told less."""
        with recorded(self.house) as events:
            answer = super().send(request, **options)
        refusals = [event for event in events if isinstance(event, events_of.Refused)]
        if refusals:
            answer.extensions[REFUSED] = refusals[-1]
        return answer

    def _marks(self, request: httpx2.Request) -> dict[str, str]:
        """Write what a browser says about the page that asks, and what axios adds."""
        marks = {"Sec-Fetch-Site": "cross-site" if self.site else "same-origin"}
        unsafe = request.method.upper() not in SAFE_METHODS
        if unsafe or self.site or request.url.scheme in _SOCKET_SCHEMES.values():
            marks["Origin"] = self.site or f"{self.base_url.scheme}://{self.base_url.netloc.decode('ascii')}"
        token = _cookie(request, self.house.parts.cookie.csrf) if unsafe and not self.site else None
        return marks | ({TOKEN_HEADER: token} if token else {})

    def _handing_out(
        self, user: object, guard: str | None
    ) -> Callable[[], Coroutine[Any, Any, httpx2.Response]]:
        """Log the user in at the desk, as a request to the login would; answer with the cookies that it set."""
        url = self.base_url.join(self.login_url)
        own = {"Sec-Fetch-Site": "same-origin"}
        request = httpx2.Request("POST", url, headers=own, cookies=self.cookies)

        async def hand_out() -> httpx2.Response:
            headers = tuple((name.lower(), value) for name, value in request.headers.raw)
            visit = Visit(self.house.parts, Facts("POST", url.path, headers, url.scheme))
            await self.house.desk(visit, guard).login(user)
            lines = [("set-cookie", line.decode("ascii")) for line in visit.cookies()]
            return httpx2.Response(200, headers=lines, request=request)

        return hand_out


def _cookie(request: httpx2.Request, name: str) -> str | None:
    """Find a cookie as the jar sends it to this address, which may hold several of that name."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for known, _, value in pairs if known == name), None)


def _failed(events: Sequence[Event]) -> bool:
    """Whether credentials were found wrong and no other guard took them."""
    kinds = {type(event) for event in events}
    return Failed in kinds and Login not in kinds


def _why(events: Sequence[Event]) -> str:
    failed = next((event for event in events if isinstance(event, Failed)), None)
    if failed is None:
        return ""
    return f"\n  because   guard {failed.guard}: " + (
        "there is no such user" if failed.user is None else "the user exists, and the password is another"
    )


def _house_of(app: object) -> Guardhouse[Any]:
    """Find the house among the middleware of the application."""
    for middleware in getattr(app, "user_middleware", ()):
        if middleware.cls is Layer:
            house: Guardhouse[Any] = middleware.kwargs["house"]
            return house
    fix = "Call house.install(app) first, or hand the house over: Client(app, house=house)."
    raise ConfigError("testing.Client", type(app).__name__, fix)
