"""What Starlette's AuthenticationMiddleware and `requires` promise in their tests, with our verdict and reason for each."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from guardhouse import Abstain, Allow, Area, ConfigError, Deny, Facts, Identity, Need, Reason
from tests.houses import ADA, NAVIGATION, browser, said, starlette_house


@dataclass(frozen=True)
class BasicName:
    """Their backend as a guard of the application's own: it believes any name that Basic credentials hold."""

    name: str = ""
    provider: str | None = None
    needs: tuple[Need, ...] = (Need("header:authorization", ambient=False),)

    def named(self, name: str, provider: str) -> Self:
        return replace(self, name=name, provider=provider)

    def claim(self, facts: Facts) -> str | Abstain | Deny:
        header = facts.header(b"authorization")
        if header is None:
            return Abstain(self.name, Reason.NO_CREDENTIAL)
        try:
            _, credentials = header.split()
            return base64.b64decode(credentials, validate=True).decode("ascii").partition(":")[0]
        except (ValueError, binascii.Error):
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, {"need": "header Authorization"})

    async def fetch(self, claim: str, supply: Any) -> str | None:
        return claim if claim == ADA.id else None

    def judge(self, claim: str, found: str | None) -> Allow | Deny:
        if found is None:
            return Deny(self.name, Reason.CREDENTIAL_REJECTED)
        return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, Identity(found, "users", self.name, "basic"))


house = starlette_house(
    guards={"basic": BasicName()}, areas={"pages": Area(guards=("basic",), answers="page")}, login_url="/"
)


async def name_of(connection: HTTPConnection) -> dict[str, Any]:
    user = await house.admit_optional(_visit(connection), house.stack("basic"))
    return {"authenticated": user is not None, "user": user.email if user else ""}


def _visit(connection: HTTPConnection) -> Any:
    return connection.scope["guardhouse"].visit(connection.scope)


async def homepage(request: Request) -> Response:
    return JSONResponse(await name_of(request))


@house.requires("basic")
async def dashboard(request: Request) -> Response:
    return JSONResponse(await name_of(request))


@house.requires("basic")
def dashboard_sync(request: Request) -> Response:
    return JSONResponse({"authenticated": True, "user": ADA.email})


class Dashboard(HTTPEndpoint):
    @house.requires("basic")
    async def get(self, request: Request) -> Response:
        return JSONResponse(await name_of(request))


@house.requires("pages")
async def admin(request: Request) -> Response:
    return JSONResponse(await name_of(request))


@house.requires("pages")
def admin_sync(request: Request) -> Response:
    return JSONResponse({"authenticated": True, "user": ADA.email})


def injecting(**more: Any) -> Callable[[Any], Any]:
    """A decorator of the application's own that hands the request over by name, and hides what it wraps."""

    def decorate(endpoint: Any) -> Any:
        async def wrapper(connection: HTTPConnection) -> Any:
            parameter = "websocket" if isinstance(connection, WebSocket) else "request"
            return await endpoint(**{parameter: connection}, **more)

        return wrapper

    return decorate


@injecting(additional="payload")
@house.requires("basic")
async def decorated(request: Request, additional: str) -> Response:
    return JSONResponse({**await name_of(request), "additional": additional})


@injecting(additional="payload")
@house.requires("basic")
def decorated_sync(request: Request, additional: str) -> Response:
    return JSONResponse({"authenticated": True, "user": ADA.email, "additional": additional})


@house.requires("basic")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json(await name_of(websocket))
    await websocket.close()


@injecting(additional="payload")
@house.requires("basic")
async def socket_decorated(websocket: WebSocket, additional: str) -> None:
    await websocket.accept()
    await websocket.send_json({**await name_of(websocket), "additional": additional})
    await websocket.close()


app = Starlette(
    routes=[
        Route("/", homepage),
        Route("/dashboard", dashboard),
        Route("/dashboard/sync", dashboard_sync),
        Route("/dashboard/class", Dashboard),
        Route("/dashboard/decorated", decorated),
        Route("/dashboard/decorated/sync", decorated_sync),
        Route("/admin", admin),
        Route("/admin/sync", admin_sync),
        WebSocketRoute("/ws", socket),
        WebSocketRoute("/ws/decorated", socket_decorated),
    ]
)
house.install(app)


def basic(credentials: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


KNOWN = basic(f"{ADA.id}:example")
UNREADABLE = {"Authorization": "basic foobar"}
ADAS = {"authenticated": True, "user": ADA.email}
PAYLOAD = {"additional": "payload"}


@pytest.fixture
def client() -> TestClient:
    return browser(app, headers={})


@pytest.mark.parametrize(("headers", "found"), [({}, {"authenticated": False, "user": ""}), (KNOWN, ADAS)])
def test_an_open_page_knows_who_is_there(client: TestClient, headers, found):
    assert client.get("/", headers=headers).json() == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/dashboard", ADAS),
        ("/dashboard/sync", ADAS),
        ("/dashboard/class", ADAS),
        ("/dashboard/decorated", ADAS | PAYLOAD),
        ("/dashboard/decorated/sync", ADAS | PAYLOAD),
        ("/admin", ADAS),
        ("/admin/sync", ADAS),
    ],
)
@pytest.mark.parametrize(
    ("headers", "theirs", "ours"),
    [
        pytest.param(KNOWN, 200, (200, None), id="known"),
        pytest.param({}, 403, (401, "no_credential"), id="none: who, not may not"),
        pytest.param(UNREADABLE, 400, (401, "credential_malformed"), id="unreadable: a 401 with its reason"),
        pytest.param({"Authorization": "Basic"}, 400, (401, "credential_malformed"), id="no credentials"),
        pytest.param(
            basic("nobody:x"), 200, (401, "credential_rejected"), id="unknown: their backend believes all"
        ),
    ],
)
def test_what_is_required_is_asked_of_every_kind_of_endpoint(
    client: TestClient, path, found, headers, theirs, ours
):
    answer = client.get(path, headers=headers)
    assert said(answer) == ours
    if theirs == ours[0]:
        assert answer.json() == found


@pytest.mark.parametrize(("path", "found"), [("/ws", ADAS), ("/ws/decorated", ADAS | PAYLOAD)])
def test_a_websocket_is_asked_before_it_opens(client: TestClient, path, found):
    url = f"wss://testserver{path}"
    for headers, reason in (({}, "no_credential"), (UNREADABLE, "credential_malformed")):
        with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(url, headers=headers):
            pass
        assert said(denied.value) == (401, reason)
    with client.websocket_connect(url, headers=KNOWN) as opened:
        assert opened.receive_json() == found


@pytest.mark.parametrize("path", ["/admin", "/admin/sync"])
def test_a_page_sends_a_person_to_the_login_and_back(client: TestClient, path):
    """Theirs redirects programs as well, and hands on an absolute URL built from the Host header; ours a local path."""
    answer = client.get(path, headers=NAVIGATION)
    assert (*said(answer), answer.headers["location"]) == (303, "no_credential", f"/?next={path}")
    assert client.get(path, headers={**NAVIGATION, **KNOWN}).status_code == 200


@pytest.mark.anyio
async def test_a_decorator_on_something_that_gets_no_request_is_an_error():
    """Theirs raises when it decorates, by the name of the parameter; ours needs no name, only a request."""

    @house.requires("basic")
    async def nothing() -> None: ...

    with pytest.raises(ConfigError, match="Hand the request on"):
        await nothing()


@pytest.mark.parametrize(
    ("headers", "ours"), [(KNOWN, (200, None, None)), (UNREADABLE, (401, "credential_malformed", "mine"))]
)
def test_an_application_may_word_the_refusal_itself(headers, ours):
    async def on_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": "mine"}, 401, error.headers)

    other = Starlette(routes=[Route("/control-panel", dashboard)], exception_handlers={401: on_error})
    house.install(other)
    answer = browser(other, headers={}).get("/control-panel", headers=headers)
    assert (*said(answer), answer.json().get("error")) == ours
