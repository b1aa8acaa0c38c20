"""A world with a login server beside it, and what a browser of it does there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from httpx2 import Response
from starlette.testclient import TestClient

from guardhouse.flows.foreign import ForeignPolicy
from guardhouse.issuers.foreign import ForeignLogin
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.store import EnrolmentStore
from tests.houses import ADA, NAVIGATION, ORIGIN, PASSWORD
from tests.issuers.foreigners import WIRE, oauth, openid
from tests.services.issuer import ForeignServer
from tests.ways.houses import World

CALLBACK = "/login/with/partner/callback"
RETURNING = NAVIGATION | {"Sec-Fetch-Site": "cross-site"}
"""What a browser says when another site sends it here."""


class Elsewhere(World):
    """A house with ways in, two login servers, and their one process."""

    def __init__(
        self, portal: Any, server: ForeignServer, house: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        self.server = server
        trusted = {name: more.pop(name) for name in ("trusted_domains", "trusted_factors") if name in more}
        # Both sides tell the time of the machine: the login server's tokens are of now.
        settings = {"clock": self._tell, **(house or {})}
        self.ahead = 0.0
        logins = [
            ForeignLogin(provider, wire=WIRE, clock=self._tell)
            for provider in (openid(server, **trusted), oauth(server))
        ]
        super().__init__(portal, settings, **({"foreign": logins} | more))

    def _tell(self) -> float:
        return time.time() + self.ahead

    @property
    def enrolments(self) -> EnrolmentStore:
        """Where what people have enrolled lies."""
        store: Any = self.house.parts.store
        kept: EnrolmentStore = store.enrolments
        return kept

    @property
    def now(self) -> float:
        """The moment, for the house and for the login server."""
        return self._tell()

    def later(self, seconds: float) -> None:
        """Let that much time have passed since the world began, also at the login server."""
        self.ahead = seconds
        now = int(self._tell())
        self.server.claims |= {"iat": now, "exp": now + 60}

    def person(self) -> TestClient:
        """A browser of a person, who sees pages."""
        return self.visitor(**NAVIGATION)

    def begin(self, browser: TestClient, path: str = "/login/with/partner", **form: str) -> str:
        """Press a button; return the address of the login there."""
        page = browser.post(path, data={"_token": "", **form}, follow_redirects=False)
        assert page.status_code == 200, page.text
        return page.text.partition("0;url=")[2].partition('"')[0].replace("&amp;", "&")

    def visit(self, url: str, who: str = "ada") -> list[tuple[str, str]]:
        """Log in there as somebody; return what the browser is to bring back."""
        return self.server.visit(f"{url}&login_hint={who}")

    def bring(self, browser: TestClient, params: list[tuple[str, str]], path: str = CALLBACK) -> Response:
        """Come back with it."""
        return browser.get(f"{path}?{urlencode(params)}", headers=RETURNING, follow_redirects=False)

    def through(
        self, browser: TestClient, who: str = "ada", path: str = "/login/with/partner", **form: str
    ) -> Response:
        """Go the whole way."""
        url = self.begin(browser, path, **form)
        back = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        return self.bring(browser, self.visit(url, who), back.removeprefix(ORIGIN))

    def inside(self) -> TestClient:
        """A browser in which Ada is logged in by her password."""
        browser = self.person()
        browser.post("/login", data={"email": ADA.email, "password": PASSWORD}, follow_redirects=False)
        return browser

    def who(self, browser: TestClient) -> str | None:
        """Who is logged in there."""
        answer = browser.get("/me", headers={"Accept": "application/json", "Sec-Fetch-Mode": "cors"})
        return answer.json()["email"] if answer.status_code == 200 else None

    def linked(self, owner: str = "users:1") -> list[Enrolment]:
        """The foreign logins of somebody."""
        found = self.portal.call(self.enrolments.enrolled, owner, Kind.FOREIGN)
        return list(found)


__all__ = ["CALLBACK", "ORIGIN", "RETURNING", "Elsewhere", "ForeignPolicy"]
