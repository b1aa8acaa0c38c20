"""A real browser stays logged in: after its session is gone, after it was closed, in tabs that open together, and not after a logout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

REMEMBER, SESSION = "__Host-gh-remember", "__Host-gh"
ADA = "ada@example.com"
TABS = 4


def log_in(page: Page, *, remember: bool) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_role("textbox", name="Password").fill("correct horse battery staple")
    page.get_by_label("Keep me logged in on this device").set_checked(remember)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#who")).to_have_text(ADA)


def cookie(context: BrowserContext, name: str) -> Any:
    return next((one for one in context.cookies() if one.get("name") == name), None)


def forget_session(context: BrowserContext) -> None:
    assert cookie(context, SESSION) is not None
    context.clear_cookies(name=SESSION)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_a_browser_whose_session_is_gone_comes_back_and_gets_the_next_value(page: Page):
    log_in(page, remember=True)
    before = cookie(page.context, REMEMBER)
    assert (before["httpOnly"], before["sameSite"]) == (True, "Lax")
    assert cookie(page.context, SESSION)["expires"] == -1, "the session ends with the browser"
    forget_session(page.context)
    page.goto("/account")
    expect(page.get_by_text(ADA).first).to_be_visible()
    after = cookie(page.context, REMEMBER)
    assert after["value"] != before["value"]
    assert abs(after["expires"] - before["expires"]) < 5, "no use makes it longer"


def test_scripts_cannot_read_it(page: Page):
    log_in(page, remember=True)
    assert REMEMBER not in page.evaluate("document.cookie")


def test_without_the_tick_the_browser_does_not_come_back(page: Page):
    log_in(page, remember=False)
    assert cookie(page.context, REMEMBER) is None
    forget_session(page.context)
    page.goto("/account")
    expect(page).to_have_url(re.compile("/login"))


def test_tabs_that_open_together_are_all_logged_in_and_nobody_is_called_a_thief(page: Page):
    log_in(page, remember=True)
    forget_session(page.context)
    tabs = [page.context.new_page() for _ in range(TABS)]
    many = "many => Promise.all(Array.from({length: many}, () => fetch('/api/me').then(answer => answer.status)))"
    assert page.evaluate(many, TABS) == [200] * TABS
    for tab in tabs:
        tab.goto("/account")
        expect(tab.get_by_text(ADA).first).to_be_visible()
    forget_session(page.context)
    page.goto("/account")
    expect(page.get_by_text(ADA).first).to_be_visible()


def test_a_call_by_a_script_that_changes_something_comes_back_too(page: Page):
    log_in(page, remember=True)
    forget_session(page.context)
    status = page.evaluate("fetch('/api/do_thing', {method: 'POST'}).then(answer => answer.status)")
    assert status == 200


def test_a_logout_is_for_good(page: Page):
    log_in(page, remember=True)
    page.wait_for_load_state()  # its script listens by then
    page.locator("#logout").click()
    expect(page.locator("#who")).to_have_text("nobody")
    assert cookie(page.context, REMEMBER) is None
    page.goto("/account")
    expect(page).to_have_url(re.compile("/login"))


def test_a_browser_that_was_closed_comes_back(driver: Playwright, chromium: str, demo: str, tmp_path: Path):
    def started() -> BrowserContext:
        return driver.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=chromium, base_url=demo
        )

    first = started()
    log_in(first.new_page(), remember=True)
    first.close()
    second = started()
    assert cookie(second, SESSION) is None
    page = second.new_page()
    page.goto("/account")
    expect(page.get_by_text(ADA).first).to_be_visible()
    second.close()
