"""The second step as a person walks it: on a phone's narrow page, and read by axe at every page on the way."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import opened
from tests.browser.test_ways import ADA, PHONE, serious
from tests.ways.phones import Phone


def log_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(ADA["email"])
    page.get_by_role("textbox", name="Password").fill(ADA["password"])
    page.get_by_role("button", name="Log in").click()


def looked_at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "it scrolls sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_switched_on_and_given_and_switched_off(browser: Browser, demo: str, scheme: Any):
    contexts = [browser.new_context(base_url=demo, viewport=PHONE, color_scheme=scheme) for _ in range(2)]  # type: ignore[arg-type]
    page, other = (opened(context) for context in contexts)
    log_in(page)
    page.goto("/account-security")
    looked_at(page, "Security of your account")
    page.get_by_role("link", name="Set it up").click()
    looked_at(page, "Set up an authenticator app")
    phone = Phone(page.get_by_role("link", name="open it in the app").get_attribute("href") or "")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("alert")).to_contain_text("not the code")
    page.get_by_label("Code").fill(phone.code(time.time()))
    page.get_by_role("button", name="Switch it on").click()
    looked_at(page, "Keep these recovery codes")
    codes = page.get_by_role("listitem").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    looked_at(page, "Security of your account")

    log_in(other)
    looked_at(other, "One more step")
    other.get_by_label("Code").fill("000000")
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_role("alert")).to_have_text("This is not the code, or it was used already.")
    other.get_by_role("link", name="Use a recovery code").click()
    looked_at(other, "Use a recovery code")
    other.get_by_label("Recovery code").fill(codes[0])
    other.get_by_role("button", name="Go on").click()
    other.goto("/recovery-codes")
    looked_at(other, "New recovery codes")
    assert "9 of your codes" in other.inner_text("body")

    page.get_by_role("link", name="Switch it off").click()
    looked_at(page, "Switch the second step off")
    page.get_by_label("Or your password").fill(ADA["password"])
    page.get_by_role("button", name="Switch it off").click()
    looked_at(page, "The second step is off")
    for context in contexts:
        context.close()
