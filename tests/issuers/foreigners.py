"""A person who logs in at the foreign server in the tests: begins in one browser, goes there, and comes back."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from guardhouse.issuers.answer import Params, read_answer
from guardhouse.issuers.foreign import Begun, ForeignLogin
from guardhouse.issuers.providers import ForeignProvider, OAuth2Provider, OpenIdProvider
from guardhouse.issuers.wire import Wire
from guardhouse.state.foreign import ForeignIdentity, ForeignRefusal
from guardhouse.state.started import put, take
from guardhouse.vault.secret import Secret
from tests.services.issuer import CLIENT, CLIENT_SECRET, ForeignServer

WIRE = Wire()  # for all: reading certificates takes longer than a test
BACK = "https://app.example.com/login/partner/back"
Browser = MutableMapping[str, Any]
"""The data of a session."""


def openid(server: ForeignServer, **more: Any) -> OpenIdProvider:
    settings: dict[str, Any] = {"client_id": CLIENT, "client_secret": Secret(CLIENT_SECRET)} | more
    return OpenIdProvider("partner", server.url, **settings)


def oauth(server: ForeignServer, **more: Any) -> OAuth2Provider:
    settings: dict[str, Any] = {
        "authorize": f"{server.url}/authorize",
        "token": f"{server.url}/token",
        "userinfo": f"{server.url}/user",
        "emails": f"{server.url}/user/emails",
    } | more
    return OAuth2Provider("hub", server.url, CLIENT, Secret(CLIENT_SECRET), **settings)


def login_at(provider: ForeignProvider, **more: Any) -> ForeignLogin:
    return ForeignLogin(provider, **{"wire": WIRE, **more})


async def begin(login: ForeignLogin, browser: Browser, **more: Any) -> Begun:
    begun = await login.begin(BACK, **more)
    assert isinstance(begun, Begun), begun
    put(browser, begun.started, time.time())
    return begun


async def come_back(
    login: ForeignLogin, browser: Browser, params: Params
) -> ForeignIdentity | ForeignRefusal:
    """Do what a desk does with an answer."""
    answer = read_answer(params)
    if isinstance(answer, ForeignRefusal):
        return answer
    return await login.finish(answer, take(browser, answer.state, time.time()))


async def through(
    login: ForeignLogin, server: ForeignServer, **more: Any
) -> ForeignIdentity | ForeignRefusal:
    """Go the whole way in one browser."""
    browser: Browser = {}
    begun = await begin(login, browser, **more)
    return await come_back(login, browser, server.visit(begun.url))


async def identity(login: ForeignLogin, server: ForeignServer, **more: Any) -> ForeignIdentity:
    found = await through(login, server, **more)
    assert isinstance(found, ForeignIdentity), found
    return found
