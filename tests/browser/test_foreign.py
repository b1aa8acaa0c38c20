"""A person in a real browser who logs in at a login server of somebody else: there, back, linked, unlinked, and in two tabs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import COMMAND, wait_for
from tests.browser.test_ways import serious
from tests.services.issuer import ForeignServer, foreign_server

pytestmark = pytest.mark.slow

ADA, PASSWORD, BUTTON = "ada@example.com", "correct horse battery staple", "Partner 1"


class Place(NamedTuple):
    """A demo, and the login server that it was told of."""

    demo: str
    server: ForeignServer


@pytest.fixture
def place(chromium: str) -> Iterator[Place]:
    with foreign_server() as server:
        server.asks = True
        server.people["joan"] = {
            "sub": "3003",
            "email": "joan@example.com",
            "email_verified": True,
            "name": "Joan",
        }
        command = [*COMMAND, "--foreign-issuer", server.url]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                found = re.search(r"http://\S+", process.stdout.readline())
                assert found is not None
                wait_for(found[0])
                yield Place(found[0], server)
            finally:
                process.terminate()


@pytest.fixture
def person(browser: Browser, place: Place) -> Iterator[BrowserContext]:
    """Somebody whose browser runs no scripts."""
    context = browser.new_context(base_url=place.demo, java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context
    context.close()


def log_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/")


def go(page: Page, who: str, button: str = BUTTON) -> None:
    """Press the button, and be somebody on the page of the login server."""
    page.get_by_role("button", name=button).click()
    page.get_by_role("heading", name="Who are you?").wait_for()
    page.get_by_role("link", name=who).click()


def test_a_person_registers_by_a_login_elsewhere_and_is_where_he_wanted_to_be(person, place):
    page = person.new_page()
    page.goto("/account")
    assert urlsplit(page.url).path == "/login"
    go(page, "joan")
    page.wait_for_url("**/account")
    assert "joan@example.com" in page.content()
    assert page.url == f"{place.demo}/account"


def test_a_login_is_linked_used_and_unlinked(person, browser, place):
    page = person.new_page()
    page.goto("/login")
    go(page, "ada")
    page.get_by_role("alert").wait_for()
    assert "There is an account with this address already" in page.content()

    log_in(page)
    page.goto("/linked-logins")
    go(page, "ada")
    page.get_by_role("heading", name="Your login is linked").wait_for()
    page.get_by_role("link", name="Back to the list").click()
    page.get_by_text(ADA).wait_for()

    with browser.new_context(base_url=place.demo, java_script_enabled=False) as another:
        other = another.new_page()
        other.goto("/login?next=/account")
        go(other, "ada")
        other.wait_for_url("**/account")
        assert ADA in other.content()

    page.get_by_role("button", name=f"Unlink {ADA}").click()
    page.get_by_role("heading", name="Your login is unlinked").wait_for()
    page.goto("/mailbox")
    assert "foreign login unlinked" in page.content()
    page.goto("/linked-logins")
    page.get_by_text("No login is linked yet.").wait_for()


def test_two_tabs_that_are_there_at_once_both_come_back(person):
    one, other = person.new_page(), person.new_page()
    for page in (one, other):
        page.goto("/login?next=/account")
        page.get_by_role("button", name=BUTTON).click()
        page.get_by_role("heading", name="Who are you?").wait_for()
    for page in (one, other):
        page.get_by_role("link", name="joan").click()
        page.wait_for_url("**/account")
        assert "joan@example.com" in page.content()


def test_the_login_server_is_told_no_address_of_ours_and_the_way_back_leads_to_the_login(person, place):
    page = person.new_page()
    seen: list[str | None] = []
    page.on(
        "request",
        lambda asked: (
            seen.append(asked.headers.get("referer")) if asked.url.startswith(place.server.url) else None
        ),
    )
    page.goto("/login")
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("heading", name="Who are you?").wait_for()
    assert seen
    assert not any(seen)
    page.go_back()
    page.get_by_role("heading", name="Log in", exact=True).wait_for()


def test_axe_finds_nothing_serious_on_the_page_of_linked_logins(browser, place):
    with browser.new_context(base_url=place.demo) as context:
        page = context.new_page()
        log_in(page)
        for path in ("/linked-logins", "/login?reason=foreign_denied"):
            page.goto(path)
            assert serious(page) == []


def test_the_demo_alone_shows_a_login_elsewhere(browser, demo):
    with browser.new_context(base_url=demo, java_script_enabled=False) as context:
        page = context.new_page()
        for who, said in (
            ("Kim", "does not say that your address is verified"),
            ("Ada", "There is an account"),
        ):
            page.goto("/login?next=/account")
            page.get_by_role("button", name="Next Door").click()
            page.get_by_role("heading", name="Next Door: who are you?").wait_for()
            page.get_by_role("link", name=who).click()
            assert said in page.get_by_role("alert").inner_text()
        page.get_by_role("button", name="Next Door").click()
        page.get_by_role("heading", name="Next Door: who are you?").wait_for()
        assert urlsplit(page.url).hostname != urlsplit(demo).hostname
        page.get_by_role("link", name="Joan").click()
        page.wait_for_url("**/account")
        assert "joan@example.com" in page.content()
