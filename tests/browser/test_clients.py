"""fetch and axios in a page of the demo: with a token, a cookie, both, and nothing, each is answered as the table says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import opened
from tests.clients.serving import PASSWORD, Served, served
from tests.clients.table import GRACE, ROWS, Row

Answer = tuple[int, str | None, str]

KINDS = {
    "fetch": """async ({method, path, headers, body}) => {
        const answer = await fetch(path, {method, headers, body});
        return [answer.status, answer.headers.get('guardhouse-reason'), await answer.text()];
    }""",
    "axios": """async ({method, path, headers, body}) => {
        const plain = {validateStatus: () => true, responseType: 'text', transformResponse: (text) => text};
        const answer = await axios.request({...plain, url: path, method, headers, data: body});
        return [answer.status, answer.headers['guardhouse-reason'] ?? null, answer.data];
    }""",
}
TOKEN_OF_THE_COOKIE = "document.cookie.match(/XSRF-TOKEN=([^;]*)/)[1]"


class Pages:
    """Two pages of the demo in one kind of client: in one Grace is logged in, the other has no cookie at all."""

    def __init__(self, kind: str, inside: Page, outside: Page) -> None:
        self._ask = KINDS[kind]
        self._inside, self._outside = inside, outside
        credentials = json.dumps({"email": GRACE, "password": PASSWORD})
        status, *_ = self._send(inside, "POST", "/login", {"Content-Type": "application/json"}, credentials)
        assert status == 200

    def ask(self, row: Row, bearer: Mapping[str, str]) -> Answer:
        page = self._inside if row.cookies else self._outside
        if not row.cookies:
            page.context.clear_cookies()  # those that looking at the page left, and axios reads its token from
        proof = {"X-XSRF-TOKEN": page.evaluate(TOKEN_OF_THE_COOKIE)} if row.csrf else {}
        return self._send(page, row.method, row.path, {**bearer, **proof})

    def _send(
        self, page: Page, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> Answer:
        asked: dict[str, Any] = {"method": method, "path": path, "headers": dict(headers)}
        status, reason, text = page.evaluate(self._ask, asked if body is None else asked | {"body": body})
        return status, reason, text


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("clients")) as running:
        yield running


@pytest.fixture(scope="module", params=KINDS)
def pages(request: pytest.FixtureRequest, browser: Browser, secure: Served) -> Iterator[Pages]:
    contexts = [browser.new_context(base_url=secure.address, ignore_https_errors=True) for _ in range(2)]
    yield Pages(request.param, *map(opened, contexts))
    for context in contexts:
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_a_page_is_answered_by_what_it_shows(secure: Served, pages: Pages, row: Row):
    assert secure.outcome(row, pages.ask) == row.from_a_page
