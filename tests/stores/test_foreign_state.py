"""On every store: what one browser began at a login server is neither a login nor a link in another (CVE-2025-68481, CVE-2025-14546)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from guardhouse.state.store import Closable
from tests.houses import ADA
from tests.services.issuer import foreign_server
from tests.ways.elsewhere import Elsewhere

from .kinds import Kind

LINK = "/linked-logins/with/partner"


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as loop:
        yield loop


@pytest.fixture
def world(portal: BlockingPortal, kind: Kind, tmp_path: Path) -> Iterator[Elsewhere]:
    store: Any = kind.make(tmp_path)
    try:
        with foreign_server() as server:
            yield Elsewhere(portal, server, {"store": store})
    finally:
        if isinstance(store, Closable):
            portal.call(store.close)


def test_the_state_of_another_browser_is_no_login_here(world):
    world.through(world.inside(), path=LINK)
    attacker, victim = world.person(), world.person()
    params = world.visit(world.begin(attacker))
    world.begin(victim)
    assert world.bring(victim, params).headers["guardhouse-reason"] == "foreign_state"
    assert world.who(victim) is None
    assert world.bring(attacker, params).headers["location"] == "/"
    assert world.who(attacker) == ADA.email


def test_the_state_of_another_browser_is_no_link_here(world):
    params = world.visit(world.begin(world.inside(), LINK))
    victim = world.inside()
    assert world.bring(victim, params).headers["guardhouse-reason"] == "foreign_state"
    assert not world.linked()


def test_of_many_who_bring_one_answer_at_once_one_comes_in(world):
    world.through(world.inside(), path=LINK)
    browser = world.person()
    params = world.visit(world.begin(browser))
    copies = [world.person() for _ in range(5)]
    for copy in copies:
        copy.cookies.update(browser.cookies)
    with ThreadPoolExecutor(len(copies)) as pool:
        answers = list(pool.map(lambda copy: world.bring(copy, params), copies))
    assert sum("guardhouse-reason" not in answer.headers for answer in answers) == 1
