"""The doctor's simulated browser and a real Chromium agree about every hop of every journey."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

import guardhouse.demo
from guardhouse.doctor.browser.browsers import BROWSERS, ThirdParty
from tests.browser.journeys import real, simulated
from tests.browser.journeys.applications import application
from tests.browser.journeys.rows import Row, rows
from tests.browser.journeys.servers import ARGUMENTS, Arrived, serving

pytestmark = pytest.mark.slow

AXIOS = Path(guardhouse.demo.__file__).parent / "static" / "axios.min.js"
# As Chrome is shipped (0), and as in its incognito windows (1): chrome/common/pref_names, cookie_controls_mode.
CONTROLS: dict[ThirdParty, int] = {"allowed": 0, "blocked": 1}
ROWS = list(rows())


@pytest.fixture(scope="module")
def arrived() -> Arrived:
    page = f"<!doctype html><title>page</title><body><script>{AXIOS.read_text(encoding='utf-8')}</script>"
    return Arrived(page.encode())


@pytest.fixture(scope="module")
def ports(arrived: Arrived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    with serving(arrived, tmp_path_factory.mktemp("tls")) as ports:
        yield ports


@pytest.fixture(scope="module")
def browsers(
    chromium: str, driver: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[ThirdParty, Browser]]:
    """Start one browser for each way of treating third parties; a profile says which."""
    started: dict[ThirdParty, Browser] = {}
    for third_party, mode in CONTROLS.items():
        folder = tmp_path_factory.mktemp("profile")
        (folder / "Default").mkdir()
        settings = {"profile": {"cookie_controls_mode": mode, "block_third_party_cookies": bool(mode)}}
        (folder / "Default" / "Preferences").write_text(json.dumps(settings))
        context = driver.chromium.launch_persistent_context(folder, executable_path=chromium, args=ARGUMENTS)
        assert context.browser is not None
        started[third_party] = context.browser
    yield started
    for one in started.values():
        one.close()


def placed(address: str, ports: dict[str, int]) -> str:
    for name, port in ports.items():
        address = address.replace(name, str(port))
    return address


def test_there_are_at_least_sixty_and_none_comes_twice():
    assert len(ROWS) >= 60
    assert len({str(row) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_simulated_and_real_agree(
    row: Row, arrived: Arrived, ports: dict[str, int], browsers: dict[ThirdParty, Browser]
):
    at, page = placed(row.at, ports), placed(row.page, ports)
    apps = [application(at, page, row.cookie, row.cors, trusted=row.trusted) for _ in range(2)]
    arrived.app = apps[0]
    settings, moved = _for_script(row.settings), row.moved
    found = list(real.play(browsers[row.third_party], arrived, at, page, row.client, settings, moved=moved))
    chrome = replace(BROWSERS["chrome"], third_party=row.third_party)
    played = simulated.play(apps[1], at, page, row.client, row.told, chrome, moved=moved)
    expected = list(simulated.seen(played))
    for simulated_hop, real_hop in zip(expected, found, strict=True):
        assert simulated_hop == real_hop


def _for_script(settings: dict[str, Any]) -> dict[str, Any]:
    common = settings.get("headers.common")
    rest = {name: value for name, value in settings.items() if name != "headers.common"}
    return rest if common is None else rest | {"common": dict([common.split(": ")])}
