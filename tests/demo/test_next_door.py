"""The demo's own login server: it sends people and codes where they belong, and a code is good for one client, once."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from guardhouse.demo.app import build
from guardhouse.demo.next_door import MINUTE, MOST_CODES, NextDoor
from guardhouse.demo.settings import Settings
from guardhouse.vault.jws import read

BACK = "http://127.0.0.1:8000/login/with/next-door/callback"
VERIFIER = "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": "demo",
    "redirect_uri": BACK,
    "state": "a state",
    "nonce": "a nonce",
    "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}


class Street:
    """The login server, somebody who goes there, and a clock."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.server = NextDoor("http://localhost:8000/next-door", "demo", [BACK], lambda: self.now)
        self.client = TestClient(self.server.app, follow_redirects=False)

    def authorize(self, changes: Mapping[str, str | None]) -> Any:
        asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
        return self.client.get("/authorize", params=asked)

    def said(self, who: str = "joan") -> dict[str, str]:
        """What comes back with the browser."""
        location = self.authorize({"who": who}).headers["Location"]
        assert location.startswith(f"{BACK}?")
        return {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}

    def redeem(self, code: str, changes: Mapping[str, str] | None = None) -> Any:
        form = {"grant_type": "authorization_code", "code": code, "client_id": "demo", "redirect_uri": BACK}
        return self.client.post("/token", data=form | {"code_verifier": VERIFIER} | dict(changes or {}))


@pytest.fixture
def street() -> Street:
    return Street()


def test_somebody_says_who_he_is_and_a_code_becomes_a_token_that_says_so(street):
    said = street.said()
    assert (said["state"], said["iss"]) == ("a state", street.server.url)
    claims = read(street.redeem(said["code"]).json()["id_token"].encode()).claims()
    assert (claims["email"], claims["email_verified"], claims["nonce"]) == (
        "joan@example.com",
        True,
        "a nonce",
    )
    assert (claims["aud"], claims["iss"]) == ("demo", street.server.url)


def test_nobody_goes_back_with_an_error(street):
    assert street.said("nobody") == {"error": "access_denied", "state": "a state", "iss": street.server.url}


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": BACK + "/more"},
        {"client_id": "another"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        *({name: None} for name in ASKED),
    ],
    ids=str,
)
def test_who_asks_wrongly_is_sent_nowhere(street, changes):
    answer = street.authorize({"who": "joan"} | changes)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/"},
        {"code_verifier": "w" * 43},
        {"grant_type": "x"},
    ],
    ids=str,
)
def test_a_code_is_for_one_client_one_address_and_one_verifier_and_a_wrong_try_uses_it_up(street, changes):
    code = street.said()["code"]
    assert street.redeem(code, changes).json() == {"error": "invalid_grant"}
    assert street.redeem(code).status_code == 400


def test_a_code_is_used_once_and_lives_for_a_minute(street):
    first, second = (street.said()["code"] for _ in range(2))
    assert [street.redeem(first).status_code for _ in range(2)] == [200, 400]
    street.now += MINUTE
    assert street.redeem(second).status_code == 400


def test_of_too_many_codes_the_oldest_gives_way(street):
    codes = [street.said()["code"] for _ in range(MOST_CODES + 1)]
    assert [street.redeem(code).status_code for code in (codes[0], codes[1], codes[-1])] == [400, 200, 200]


def test_the_page_is_no_place_for_what_a_stranger_writes(street):
    page = street.authorize({"state": '"><script>alert(1)</script>'})
    assert (page.status_code, "<script>" in page.text) == (200, False)


@pytest.mark.parametrize(
    ("settings", "offered"),
    [
        (Settings(), True),
        (Settings(host="localhost"), True),
        (Settings(tls=True), False),
        (Settings(host="0.0.0.0"), False),  # noqa: S104 - nothing listens
        (Settings(foreign_issuers=("http://127.0.0.1:9000",)), False),
    ],
    ids=[
        "here",
        "by its name",
        "with a certificate that nobody knows",
        "for all to reach",
        "where there is another",
    ],
)
def test_it_is_there_where_only_this_machine_can_ask_it(settings, offered):
    with TestClient(build(settings), base_url=settings.address) as client:
        found = client.get("/next-door/.well-known/openid-configuration").status_code
        assert (found == 200, "Next Door" in client.get("/login").text) == (offered, offered)
