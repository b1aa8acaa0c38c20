"""Passkeys as a person uses them: a real browser and its virtual authenticator on the pages of the demo's ways in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import running_demo
from tests.browser.test_passkeys import DEVICE
from tests.browser.test_ways import ADA, serious


@pytest.fixture(scope="module")
def demo(chromium: str) -> Iterator[str]:
    """A demo of its own, by the name to which its passkeys are bound: who has a passkey is asked for it everywhere."""
    with running_demo() as address:
        yield address.replace("127.0.0.1", "localhost")


class Person:
    """Somebody with a browser and a device in it."""

    def __init__(self, browser: Browser, demo: str, **settings: Any) -> None:
        self.context = browser.new_context(base_url=demo, **settings)
        self.context.set_default_timeout(10_000)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda line: self.said.append(line.text) if line.type == "error" else None)
        self.devtools: CDPSession = self.context.new_cdp_session(self.page)
        self.devtools.send("WebAuthn.enable")
        added = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        self.device = str(added["authenticatorId"])

    def may(self, **changes: bool) -> None:
        """Let the device know its user, or let the user be there; or not."""
        for name, value in changes.items():
            verb = {"verified": "UserVerified", "present": "AutomaticPresenceSimulation"}[name]
            key = {"verified": "isUserVerified", "present": "enabled"}[name]
            self.devtools.send(f"WebAuthn.set{verb}", {"authenticatorId": self.device, key: value})

    def logs_in(self) -> None:
        self.page.goto("/login?next=/passkeys")
        self.page.get_by_label("E-mail").fill(ADA["email"])
        self.page.get_by_role("textbox", name="Password").fill(ADA["password"])
        self.page.get_by_role("button", name="Log in", exact=True).click()

    def logs_out(self) -> None:
        assert self.context.request.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).ok


@pytest.fixture
def person(browser: Browser, demo: str) -> Iterator[Person]:
    """Ada, who has no passkey when she comes and leaves none behind."""
    made = Person(browser, demo)
    yield made
    made.page.goto("/passkeys")
    while made.page.locator("summary").count():
        made.page.locator("summary").first.click()
        made.page.get_by_role("button", name="Remove").first.click()
        made.page.get_by_role("link", name="Back to your passkeys").click()
    assert [line for line in made.said if "Content Security Policy" in line] == []
    made.context.close()


def adds_one(person: Person, label: str = "My laptop") -> None:
    person.logs_in()
    person.page.get_by_label("What to call it").fill(label)
    person.page.get_by_role("button", name="Add a passkey").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your passkey is added")
    person.page.get_by_role("link", name="Back to your passkeys").click()
    expect(person.page.get_by_role("heading", level=2)).to_have_text(label)


def test_a_person_adds_a_passkey_and_comes_in_by_it_without_a_name(person: Person):
    adds_one(person)
    person.may(present=False)  # or the browser answers the list of the login field by itself
    person.logs_out()
    person.page.goto("/login?next=/passkeys")
    expect(person.page.get_by_role("button", name="Log in with a passkey")).to_be_visible()
    person.may(present=True)
    person.page.get_by_role("button", name="Log in with a passkey").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your passkeys")
    expect(person.page.locator("li")).to_contain_text("Used last")


def test_the_list_of_the_login_field_offers_the_passkey(person: Person):
    """The virtual authenticator answers a conditional question at once, as somebody does who chooses from the list."""
    adds_one(person)
    person.logs_out()
    person.page.goto("/login?next=/passkeys")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your passkeys")


def test_a_passkey_is_the_second_proof_after_the_password(person: Person):
    adds_one(person)
    person.may(present=False)
    person.logs_out()
    person.logs_in()
    assert person.context.request.get("/api/me").status == 401, "a password alone lets nobody in any more"
    expect(person.page.get_by_role("heading", level=1)).to_have_text("One more step")
    assert serious(person.page) == []
    person.may(present=True)
    person.page.get_by_role("button", name="Use a passkey").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your passkeys")


def test_one_device_gets_one_passkey_and_says_so(person: Person):
    adds_one(person)
    person.page.get_by_role("button", name="Add a passkey").click()
    expect(person.page.get_by_role("alert")).to_have_text(
        "This device has a passkey for this account already."
    )


def test_who_is_not_recognised_by_his_device_reads_a_sentence(person: Person):
    adds_one(person)
    person.may(present=False, verified=False)
    person.page.goto("/passkey?next=/passkeys")
    person.may(present=True)
    person.page.get_by_role("button", name="Use a passkey").click()
    expect(person.page.get_by_role("alert")).to_have_text(
        "The passkey was not used: that was cancelled, or it took too long."
    )
    person.may(verified=True)
    person.page.get_by_role("button", name="Use a passkey").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your passkeys")


def test_a_question_that_is_too_old_is_refused_on_a_page(person: Person):
    adds_one(person)
    person.page.goto("/passkey")
    person.page.evaluate(
        """() => {
            const form = document.querySelector("form[data-passkey]");
            form.elements.credential.value = "{}";
            HTMLFormElement.prototype.submit.call(form);
        }"""
    )
    expect(person.page.get_by_role("alert").first).to_have_text("This passkey was not accepted.")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_and_axe_finds_nothing_serious(browser: Browser, demo: str, width: int, scheme: Any):
    person = Person(browser, demo, viewport={"width": width, "height": 800}, color_scheme=scheme)
    adds_one(person, "A name as long as that of a telephone that somebody has given to somebody else " * 2)
    for path in ("/passkeys", "/passkey", "/account-security"):
        person.page.goto(path)
        person.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert serious(person.page) == []
        assert person.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    person.page.goto("/passkeys")
    person.page.locator("summary").first.click()
    person.page.get_by_role("button", name="Remove").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Your passkey is removed")
    person.context.close()


def test_without_scripts_nothing_of_a_passkey_is_offered_that_would_not_work(browser: Browser, demo: str):
    context = browser.new_context(base_url=demo, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_hidden()
    page.goto("/passkey")
    expect(page.get_by_text("Passkeys need a browser that knows them, and scripts.")).to_be_visible()
    context.close()


def test_at_an_address_without_a_name_the_page_says_where_passkeys_work(browser: Browser, demo: str):
    context = browser.new_context(base_url=demo.replace("localhost", "127.0.0.1"))
    page = context.new_page()
    page.goto("/login")
    expect(page.get_by_text("They work at")).to_be_visible()
    expect(page.get_by_role("link", name=demo)).to_be_visible()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_hidden()
    context.close()
