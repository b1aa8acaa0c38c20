"""One running demo and one Chromium for all tests here; each test gets a browser profile of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30
COMMAND = [sys.executable, "-c", "from guardhouse.cli import main; main()", "demo", "--port", "0"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("GUARDHOUSE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no chromium")
    return found


@pytest.fixture(scope="session")
def demo(chromium: str) -> Iterator[str]:
    """Serve a demo with an empty store, and say where."""
    with running_demo() as address:
        yield address


@contextmanager
def running_demo() -> Generator[str]:
    """Serve a demo for whoever would leave behind what others do not expect."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None, "the demo did not say where it is"
            wait_for(address[0])
            yield address[0]
        finally:
            process.terminate()


def wait_for(address: str) -> None:
    for _ in range(START_SECONDS * 10):
        try:
            urlopen(f"{address}/public", timeout=1).close()  # noqa: S310 - our own address
        except (URLError, ConnectionError):
            time.sleep(0.1)  # it says where it is before it listens
            continue
        return


@pytest.fixture(scope="package")
def driver(chromium: str) -> Iterator[Playwright]:
    """Start one for this package only: Playwright keeps a loop running in this thread, where other tests need theirs."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(chromium: str, driver: Playwright) -> Iterator[Browser]:
    browser = driver.chromium.launch(executable_path=chromium)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser, demo: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=demo)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return opened(context)


def opened(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/")
    page.wait_for_selector("body[data-ready]")
    return page
