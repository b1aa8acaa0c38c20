"""A real browser and its virtual authenticator make and prove passkeys that the house reads, and its copy is found out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page

from guardhouse.state.authenticator import read_assertion, read_attestation
from guardhouse.state.ceremony import asserted, options_to_make, options_to_prove, registered
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.passkey import Asserted, Fault, Passkey, Rejected, name_of
from guardhouse.state.relying_party import RelyingParty

CHALLENGE, OTHER, HANDLE = b"c" * 32, b"o" * 32, b"h" * 32
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
MAKE = """async options => (await navigator.credentials.create(
    {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON()"""
PROVE = """async options => (await navigator.credentials.get(
    {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON()"""


class Empty(BaseHTTPRequestHandler):
    """Serves a page of this origin, for scripts to run in."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>passkeys</title>")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gave it
        """Say nothing."""


@pytest.fixture
def party() -> Iterator[RelyingParty]:
    with HTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield RelyingParty.of([f"http://localhost:{server.server_port}"], "A shop")
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def visitor(page: Page, party: RelyingParty) -> Page:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.goto(next(iter(party.origins)))
    return page


def make(visitor: Page, party: RelyingParty) -> Passkey:
    answer = read_attestation(visitor.evaluate(MAKE, options_to_make(party, HANDLE, "ada", CHALLENGE)))
    assert answer is not None
    passkey = registered(party, answer, CHALLENGE, HANDLE)
    assert isinstance(passkey, Passkey), passkey
    return passkey


def prove(
    visitor: Page, party: RelyingParty, passkey: Passkey, challenge: bytes = CHALLENGE
) -> Asserted | Rejected:
    answer = read_assertion(visitor.evaluate(PROVE, options_to_prove(party, challenge)))
    assert answer is not None
    found = Enrolment(Kind.PASSKEY, name_of(passkey.id), "users:1", 0.0, passkey.encode())
    return asserted(party, answer, CHALLENGE, found)


def test_a_browser_makes_a_passkey_and_logs_in_without_a_user_name(visitor: Page, party: RelyingParty):
    passkey = make(visitor, party)
    assert passkey.transports == ("internal",)
    proved = prove(visitor, party, passkey)
    assert isinstance(proved, Asserted)
    assert proved.user_verified
    assert proved.passkey.sign_count > passkey.sign_count
    assert isinstance(prove(visitor, party, proved.passkey), Asserted)
    assert prove(visitor, party, proved.passkey, OTHER) == Rejected(Fault.WRONG_CHALLENGE)
    beyond = replace(proved.passkey, sign_count=1_000_000)
    assert prove(visitor, party, beyond) == Rejected(Fault.COUNTER_BACK)


def test_a_device_that_has_one_makes_no_second(visitor: Page, party: RelyingParty):
    passkey = make(visitor, party)
    options = options_to_make(party, HANDLE, "ada", OTHER, [passkey])
    error = visitor.evaluate(f"options => ({MAKE})(options).then(() => '', error => error.name)", options)
    assert error == "InvalidStateError"
