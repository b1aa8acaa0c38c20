"""httpx2, curl, and node's fetch and axios: with a token, a cookie, both, and nothing, each is answered as the table says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.clients.programs import Curl, Httpx, Node, Program, ask, log_in
from tests.clients.serving import Served, served
from tests.clients.table import ROWS, Row

PROGRAMS: dict[str, Callable[[Served, ExitStack], Program]] = {
    "httpx2": Httpx,
    "curl": Curl,
    "node's fetch": partial(Node, "fetch"),
    "node's axios": partial(Node, "axios"),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("clients")) as running:
        yield running


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest, demo: Served) -> Iterator[Program]:
    with ExitStack() as stack:
        made = PROGRAMS[request.param](demo, stack)
        log_in(made)
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_a_program_is_answered_by_what_it_shows(demo: Served, program: Program, row: Row):
    assert demo.outcome(row, partial(ask, program)) == row.from_a_program
