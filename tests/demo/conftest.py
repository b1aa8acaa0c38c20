"""One demo in memory for each file of tests, and clients that behave like a browser on its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from guardhouse.demo.app import build
from guardhouse.demo.settings import Settings

HOST = "127.0.0.1:8000"
ORIGIN = f"https://{HOST}"
FROM_THE_PAGE = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
PASSWORD = "correct horse battery staple"
ADA = {"email": "ada@example.com", "password": PASSWORD}
GRACE = {"email": "grace@example.com", "password": PASSWORD}

NewClient = Callable[[], TestClient]


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    running = build(Settings(tls=True))
    with TestClient(running):  # starts it, and stops it after the last test
        yield running


@pytest.fixture
def new_client(app: FastAPI) -> Iterator[NewClient]:
    """Make clients, each with its own cookies, whose requests come from the page."""
    made: list[TestClient] = []

    def new() -> TestClient:
        made.append(browser(app))
        return made[-1]

    yield new
    for client in made:
        client.close()


@pytest.fixture
def client(new_client: NewClient) -> TestClient:
    return new_client()


@pytest.fixture
def fresh_client() -> Iterator[TestClient]:
    """Call a demo of its own, where nobody tried to log in before."""
    with browser(build(Settings(tls=True))) as client:
        yield client


def browser(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=ORIGIN, headers=dict(FROM_THE_PAGE), follow_redirects=False)


def logged_in(client: TestClient, who: dict[str, str] = ADA) -> TestClient:
    assert client.post("/login", json=who).status_code == 200
    return client
