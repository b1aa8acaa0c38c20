"""Every mistake of the gallery, made by a real browser, shows its own reason on the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from guardhouse.core.reasons import REASONS
from guardhouse.demo.cases import CASES, Case
from tests.browser.conftest import opened


@pytest.fixture(scope="module")
def gallery(browser: Browser, demo: str) -> Iterator[Page]:
    context = browser.new_context(base_url=demo)
    yield opened(context)
    context.close()


def attempt(page: Page, case: Case) -> Locator:
    card = page.locator(f"#broken-{case.slug}")
    card.get_by_role("button", name="Try it").click()
    return card


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_a_mistake_shows_its_reason(gallery: Page, case: Case):
    card = attempt(gallery, case)
    shown = card.locator(".verdict-box")
    expect(shown.locator(".reason").first).to_have_text(case.reason)
    expect(shown.locator(".pill").first).to_have_text(str(REASONS[case.reason].status))
    expect(shown.locator(".hint")).to_be_visible()
    shown.get_by_text("Evidence and trace").click()
    expect(shown.locator(".trace li").last).to_contain_text(case.reason)
    expect(gallery.locator(f"#journal li[data-code={case.reason}]").first).to_be_visible()


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.steps[-1].other_host], ids=lambda case: case.slug
)
def test_the_two_names_of_this_machine_are_two_hosts_from_the_other_side_too(
    browser: Browser, demo: str, case: Case
):
    context = browser.new_context(base_url=demo.replace("127.0.0.1", "localhost"))
    card = attempt(opened(context), case)
    expect(card.locator(".verdict-box .reason").first).to_have_text(case.reason)
    context.close()


def test_a_visitor_who_is_logged_in_to_the_demo_sees_the_same_reasons(browser: Browser, demo: str):
    """Here axios sends the token of the demo by itself, and no broken application has the key that made it."""
    context = browser.new_context(base_url=demo)
    page = opened(context)
    page.get_by_role("button", name="as Ada").click()
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Log out").wait_for()
    for case in CASES:
        if case.slug in ("stale-token", "other-realm"):
            shown = attempt(page, case).locator(".verdict-box")
            expect(shown.locator(".reason").first).to_have_text(case.reason)
            expect(shown.locator(".hint")).not_to_contain_text("csrf_key_unknown")
    context.close()


def test_every_cause_that_the_request_reveals_is_shown_with_its_own_hint(gallery: Page):
    case = next(case for case in CASES if case.slug == "two-hosts")
    expect(attempt(gallery, case).locator(".hint code").first).to_have_text("hosts_mixed")
