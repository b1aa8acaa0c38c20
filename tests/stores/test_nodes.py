"""Two processes of one application on one database: who was logged out in one is refused in the other, at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.houses import ORIGIN, PAGE, SESSION
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url

from .other_process import KNOWN, application, other_process, status
from .sql_kinds import PATIENT, emptied, started

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("GUARDHOUSE_ROUNDS", "100"))
"""How many sessions are ended in one process and shown to the other; the long run has ten thousand."""


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/sessions.db"
    else:
        server = emptied(started(mariadb_url if request.param == "mariadb" else postgres_url))
        yield f"{server}?{PATIENT}"


def test_who_was_logged_out_in_one_process_is_refused_in_the_other_on_the_next_request(url: str):
    """Half of them log out themselves, half are ended by somebody who ends all sessions of a user."""
    app = application(url)
    with other_process(url) as other, TestClient(app, base_url=ORIGIN) as client:
        store: Any = app.user_middleware[0].kwargs["house"].parts.store
        portal: Any = client.portal
        missed = 0
        for number in range(ROUNDS):
            client.cookies.clear()
            assert client.post("/login", headers=PAGE).status_code == 200
            cookie = client.cookies[SESSION]
            assert status(other, cookie) == 200
            if number % 2:
                assert client.post("/logout", headers=PAGE).status_code == 200
            else:
                assert portal.call(store.revoke, f"users:{KNOWN.id}") == 1
            missed += status(other, cookie) != 401
        assert missed == 0
