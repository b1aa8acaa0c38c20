"""The ways in as a person walks them: in a real browser, without scripts, by keyboard, on a phone, and read by axe."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import opened

ADA = {"email": "ada@example.com", "password": "correct horse battery staple"}
NEW = "a staple that no horse corrects"
OUTSIDE = (
    "/login",
    "/forgot-password",
    "/reset-password?token=x",
    "/done?what=logged-out",
    "/mailbox",
    "/register",
    "/verify-email",
    "/verify-email?token=x",
    "/send-verification",
    "/confirm-email?token=x",
    "/accept-invitation?token=x",
)
INSIDE = ("/confirm-password", "/change-password", "/devices")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
"""The script itself: the package around it has no types."""

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def plain(browser: Browser, demo: str) -> Iterator[BrowserContext]:
    """A telephone without scripts."""
    context = browser.new_context(base_url=demo, java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    yield context
    context.close()


def log_in(page: Page, email: str = ADA["email"], password: str = ADA["password"]) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#who")).to_have_text(email)


def serious(page: Page) -> list[str]:
    """What axe holds to be serious on a page, each as one line."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run()")["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']][:3]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", OUTSIDE)
def test_axe_finds_nothing_serious(browser: Browser, demo: str, path: str, scheme: Any):
    context = browser.new_context(base_url=demo, viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    page = opened(context)
    page.goto(path)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "it scrolls sideways"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", INSIDE)
def test_axe_finds_nothing_serious_inside(browser: Browser, demo: str, path: str, scheme: Any):
    context = browser.new_context(base_url=demo, viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    page = opened(context)
    log_in(page)
    page.goto(path)
    assert page.url == f"{demo}{path}"
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "it scrolls sideways"
    context.close()


def test_axe_would_find_a_field_without_a_label(browser: Browser, demo: str):
    context = browser.new_context(base_url=demo)
    page = opened(context)
    page.goto("/login")
    page.evaluate("document.querySelector('label').replaceWith(document.querySelector('label input'))")
    assert any("label" in line for line in serious(page))
    context.close()


def test_a_password_is_reset_without_scripts(plain: BrowserContext):
    page = plain.new_page()
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    page.goto("/mailbox")
    page.get_by_role("link", name="Follow the link").first.click()
    page.get_by_role("textbox", name="New password").fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("at least 15 characters")
    page.get_by_role("textbox", name="New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is set")
    page.get_by_role("link", name="Go on to the login").click()
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_role("textbox", name="Password").fill(NEW)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#who")).to_have_text("grace@example.com")


def test_a_device_is_logged_out_from_another_one_without_scripts(
    plain: BrowserContext, browser: Browser, demo: str
):
    other = browser.new_context(base_url=demo, java_script_enabled=False)
    lost, page = other.new_page(), plain.new_page()
    log_in(lost)
    log_in(page)
    page.goto("/devices")
    rows = page.get_by_role("listitem")
    expect(rows.filter(has_text="this device")).to_have_count(1)
    page.get_by_role("button", name="Log out everywhere else").click()
    expect(page.get_by_role("status")).to_have_text("All other devices are logged out.")
    expect(page.get_by_role("button", name="Log out: ")).to_have_count(1)
    lost.goto("/devices")
    expect(lost.get_by_role("heading", level=1)).to_have_text("Log in")
    other.close()


def test_a_login_by_keyboard_alone(browser: Browser, demo: str):
    context = browser.new_context(base_url=demo)
    page = opened(context)
    page.goto("/login?next=/account")
    keys = page.keyboard
    keys.type(ADA["email"])  # the first field has the focus
    keys.press("Tab")
    keys.type(ADA["password"])
    keys.press("Tab")
    keys.press("Space")
    assert page.get_by_label("Keep me logged in on this device").is_checked()
    keys.press("Tab")
    keys.press("Enter")
    expect(page).to_have_url(f"{demo}/account")
    context.close()
