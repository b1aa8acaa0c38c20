"""The pages around the thread's call: without scripts, on a phone, by keyboard, and the API's documentation."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import opened
from tests.browser.test_thread import log_in

ADA = {"email": "ada@example.com", "password": "correct horse battery staple"}


@pytest.mark.parametrize("path", ["/login", "/"])
def test_the_login_works_without_scripts(browser: Browser, demo: str, path: str):
    context = browser.new_context(base_url=demo, java_script_enabled=False)
    page = context.new_page()
    page.goto(path)
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("textbox", name="Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("These credentials do not match our records.")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("textbox", name="Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#who")).to_have_text("ada@example.com")
    context.close()


def test_swagger_tries_it_out_with_the_session(page: Page):
    log_in(page)
    foreign: list[str] = []
    page.on(
        "request", lambda request: foreign.append(request.url) if "127.0.0.1" not in request.url else None
    )
    page.goto("/docs")
    page.locator("#operations-api-do_thing_api_do_thing_post button.opblock-summary-control").click()
    with page.expect_response("**/api/do_thing") as answered:
        page.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    assert answered.value.request.headers["x-xsrf-token"].startswith("v1.")
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert foreign == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_page_fits_its_window(browser: Browser, demo: str, width: int):
    context = browser.new_context(base_url=demo, viewport={"width": width, "height": 800})
    page = opened(context)
    for path in ("/", "/login"):
        assert overflow(page, path) <= 0, path
    assert context.request.post("/login", data=ADA, headers={"Origin": demo}).ok
    for path in ("/", "/account"):
        assert overflow(page, path) <= 0, path
    context.close()


def overflow(page: Page, path: str) -> int:
    page.goto(path)
    if path == "/":
        page.wait_for_selector("body[data-ready]")
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_the_page_is_usable_by_keyboard_alone(page: Page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.get_by_label("E-mail").focus()
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery staple")
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("ada@example.com")
    page.locator("#do-thing").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("200")


def test_nothing_on_the_page_is_stopped_by_its_own_policy(context: BrowserContext):
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    page = opened(context)
    log_in(page)
    page.goto("/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.goto("/account")
    assert said == []
