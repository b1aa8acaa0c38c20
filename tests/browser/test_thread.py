"""The case of the thread: log in, click, 200; log out, click, and the 401 says why."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import opened


def log_in(page: Page, name: str = "Ada") -> None:
    page.get_by_role("button", name=f"as {name}").click()
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#who")).to_have_text(f"{name.lower()}@example.com")


def click(page: Page) -> Request:
    """Click the button of the thread, and return the request that axios made."""
    with page.expect_request("**/api/do_thing") as sent:
        page.get_by_role("button", name="axios.post('/api/do_thing')").click()
    sent.value.response()
    return sent.value


def test_the_click_is_answered_while_logged_in_and_explained_after(page: Page):
    log_in(page)
    sent = click(page)
    expect(page.locator("#result")).to_contain_text('200 {"done":')
    assert sent.headers["x-requested-with"] == "XMLHttpRequest"
    assert sent.headers["x-csrf-token"].startswith("v1.")
    assert sent.headers["x-csrf-token"] == page.evaluate("window.csrf_token")

    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#who")).to_have_text("nobody")
    click(page)
    expect(page.locator("#result")).to_contain_text("401 no_credential")
    entry = page.locator("#journal li[data-code=no_credential]").first
    expect(entry).to_contain_text("Log in first.")
    expect(entry.locator(".trace li").last).to_contain_text("api is silent no_credential")


def test_the_session_cookie_is_out_of_reach_for_the_page(page: Page, context: BrowserContext):
    log_in(page)
    cookie = next(cookie for cookie in context.cookies() if cookie.get("name") == "__Host-gh")
    assert (cookie.get("httpOnly"), cookie.get("secure"), cookie.get("sameSite")) == (True, True, "Lax")
    assert "__Host-gh=" not in page.evaluate("document.cookie")


def test_a_wrong_password_is_told_on_the_page(page: Page):
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("textbox", name="Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("These credentials do not match our records.")


def test_a_second_tab_shares_the_login_and_its_end(page: Page, context: BrowserContext):
    log_in(page, "Grace")
    second = opened(context)
    expect(second.locator("#who")).to_have_text("grace@example.com")
    click(second)
    expect(second.locator("#result")).to_contain_text("200")
    second.get_by_role("button", name="Log out").click()
    expect(second.locator("#who")).to_have_text("nobody")
    click(page)
    expect(page.locator("#result")).to_contain_text("no_credential")


def test_a_login_in_another_tab_does_not_break_this_one(page: Page, context: BrowserContext):
    second = opened(context)
    log_in(second)
    click(page)  # with the token of before the login; the browser's own headers speak for it
    expect(page.locator("#result")).to_contain_text("200")


def test_a_protected_page_leads_to_the_login_and_back(context: BrowserContext):
    page = context.new_page()
    page.goto("/account")
    assert page.url.endswith("/login?next=/account")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("textbox", name="Password").fill("a slip of the finger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("These credentials do not match our records.")
    page.get_by_role("textbox", name="Password").fill("correct horse battery staple")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged out")
    page.goto("/account")
    assert "/login" in page.url


def test_the_other_calls_write_into_the_log(page: Page):
    log_in(page)
    for name in ("GET /api/me", "GET /public", "GET /csrf-cookie", "POST /api/do_thing with bare fetch"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="WS /api/ws").click()
    expect(page.locator("#journal")).to_contain_text("1: hello")
    expect(page.locator("#journal li")).to_have_count(2 + 4 + 1)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#journal li")).to_have_count(0)


def test_a_socket_without_a_login_never_opens(page: Page):
    page.get_by_role("button", name="WS /api/ws").click()
    expect(page.locator("#journal")).to_contain_text("refused before it opened")
