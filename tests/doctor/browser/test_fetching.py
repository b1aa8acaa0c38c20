"""One visitor in front of answers from a table: preflights, redirects, and what becomes of cookies on the way."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from guardhouse.doctor.browser.fetching import Fetched, Reply, Visitor, Wanted
from guardhouse.doctor.browser.sites import origin_in
from guardhouse.doctor.browser.whys import Why
from guardhouse.doctor.sending import Asked
from tests.doctor.browser.places import API, CHROME, FAR, NOW, SPA

OPEN = (
    ("access-control-allow-origin", SPA),
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-headers", "content-type"),
    ("access-control-max-age", "600"),
)
JSON = (("content-type", "application/json"),)


def visitor(answers: Mapping[str, Reply], *known: str) -> Visitor:
    async def network(asked: Asked) -> Reply:
        return answers.get(f"{asked.method} {asked.url}") or answers.get(asked.url) or Reply(200, OPEN)

    return Visitor(CHROME, network, [origin_in(one) for one in known or (API,)], NOW)


def wanted(
    method: str = "GET", url: str = f"{API}/", page: str = SPA, headers: tuple[tuple[str, str], ...] = ()
) -> Wanted:
    return Wanted(
        method, url, "cors", "include", origin_in(page), headers=headers, client="fetch", remedy="Ask."
    )


def sent(fetched: Fetched) -> list[str]:
    return [f"{one.method} {one.url}" for one in fetched.exchanges]


@pytest.mark.anyio
async def test_a_preflight_goes_first_and_is_not_repeated():
    browser = visitor({})
    assert sent(await browser.fetch(wanted("POST", headers=JSON))) == [f"OPTIONS {API}/", f"POST {API}/"]
    assert sent(await browser.fetch(wanted("POST", headers=JSON))) == [f"POST {API}/"]
    browser.now += 600
    assert sent(await browser.fetch(wanted("POST", headers=JSON))) == [f"OPTIONS {API}/", f"POST {API}/"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param(
            Reply(302, (("location", "/x"), *OPEN)), Why.PREFLIGHT_REDIRECT, id="Fetch 4.8: redirected"
        ),
        pytest.param(Reply(405, OPEN), Why.PREFLIGHT_STATUS, id="Fetch 4.8: an error"),
        pytest.param(Reply(204, ()), Why.CORS_NO_ORIGIN, id="Fetch 4.8: no CORS"),
    ],
)
async def test_nothing_follows_a_preflight_that_failed(reply: Reply, why: Why):
    fetched = await visitor({f"OPTIONS {API}/": reply}).fetch(wanted("PUT"))
    assert sent(fetched) == [f"OPTIONS {API}/"]
    assert fetched.error is not None
    assert fetched.error.why is why
    assert fetched.status is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        pytest.param(302, "POST", "GET", id="Fetch 4.4 step 12: 302"),
        pytest.param(301, "PUT", "PUT", id="Fetch 4.4 step 12: only POST"),
        pytest.param(303, "PUT", "GET", id="Fetch 4.4 step 12: 303"),
        pytest.param(303, "HEAD", "HEAD", id="Fetch 4.4 step 12: HEAD stays"),
        pytest.param(307, "POST", "POST", id="Fetch 4.4 step 12: 307"),
        pytest.param(308, "POST", "POST", id="Fetch 4.4 step 12: 308"),
    ],
)
async def test_redirects_choose_the_method(status: int, method: str, expected: str):
    answers = {f"{API}/": Reply(status, (("location", "/end#part"),))}
    fetched = await visitor(answers).fetch(wanted(method, page=API, headers=JSON))
    assert sent(fetched)[-1] == f"{expected} {API}/end"
    kept = "content-type" in dict(fetched.exchanges[-1].headers)
    assert kept is (expected == method)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("location", "why"),
    [
        pytest.param("/", Why.TOO_MANY_REDIRECTS, id="Fetch 4.4 step 7: twenty"),
        pytest.param(f"{FAR}/", Why.ELSEWHERE, id="to somebody who cannot be asked here"),
        pytest.param("mailto:ada@example.com", None, id="Fetch 4.4 step 5: not http"),
        pytest.param("https://[", None, id="no address"),
    ],
)
async def test_redirects_that_end_the_way(location: str, why: Why | None):
    fetched = await visitor({f"{API}/": Reply(302, (("location", location),))}).fetch(wanted(page=API))
    assert (fetched.error.why if fetched.error else None) is why
    assert len(fetched.exchanges) <= 21


@pytest.mark.anyio
async def test_cookies_are_kept_although_the_page_may_not_read_the_answer():
    browser = visitor({f"{API}/": Reply(200, (("set-cookie", "a=b; Secure"),))})
    fetched = await browser.fetch(wanted())
    assert fetched.error is not None
    assert [cookie.name for cookie in browser.jar] == ["a"]


@pytest.mark.anyio
async def test_cookies_that_were_not_asked_for_are_told_with_what_would_drop_them_next():
    browser = visitor({f"{API}/": Reply(200, (("set-cookie", "a=b"), ("set-cookie", "__Host-c=d"), *OPEN))})
    asked = Wanted("GET", f"{API}/", "cors", "same-origin", origin_in(SPA), client="fetch", remedy="Ask.")
    fetched = await browser.fetch(asked)
    assert browser.jar == ()
    assert [(lost.name, lost.ruling.why) for lost in fetched.exchanges[0].dropped] == [
        ("a", Why.NO_CREDENTIALS),
        ("__Host-c", Why.NO_CREDENTIALS),
        ("__Host-c", Why.PREFIX_HOST),
    ]
    assert fetched.exchanges[0].dropped[0].ruling.fix == "Ask."


@pytest.mark.anyio
async def test_a_cookie_without_a_name_is_sent_as_its_value():
    browser = visitor({f"{API}/": Reply(200, (("set-cookie", "=b"),))})
    await browser.fetch(wanted(page=API))
    fetched = await browser.fetch(wanted(page=API))
    assert dict(fetched.exchanges[0].headers)["cookie"] == "b"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("way", "origin"),
    [
        pytest.param((API, SPA), "https://api.example.com", id="Fetch 4.4 step 11: from home"),
        pytest.param((SPA, API), "null", id="Fetch 4.4 step 11: home again"),
        pytest.param((SPA, FAR), "null", id="Fetch 4.4 step 11: from abroad to another"),
    ],
)
async def test_a_way_over_two_foreign_borders_hides_the_page(way: tuple[str, str], origin: str):
    everybody = tuple((name, "*" if name.endswith("origin") else value) for name, value in OPEN)
    first = Reply(302, (("location", f"{way[1]}/end"), *everybody))
    browser = visitor({f"{way[0]}/": first, f"{way[1]}/end": Reply(200, everybody)}, API, SPA, FAR)
    asked = Wanted("GET", f"{way[0]}/", "cors", "same-origin", origin_in(API))
    fetched = await browser.fetch(asked)
    assert dict(fetched.exchanges[-1].headers).get("origin") == origin
    assert fetched.error is None


@pytest.mark.anyio
async def test_no_cookies_of_the_same_origin_go_along_after_a_way_abroad():
    everybody = tuple((name, "*" if name.endswith("origin") else value) for name, value in OPEN)
    answers = {
        f"{API}/": Reply(200, (("set-cookie", "a=b; SameSite=None; Secure"),)),
        f"{SPA}/": Reply(302, (("location", f"{API}/end"), *everybody)),
        f"{API}/end": Reply(200, everybody),
    }
    browser = visitor(answers, API, SPA)
    await browser.fetch(Wanted("GET", f"{API}/", "cors", "same-origin", origin_in(API)))
    fetched = await browser.fetch(Wanted("GET", f"{SPA}/", "cors", "same-origin", origin_in(API)))
    assert [cookie.name for cookie in browser.jar] == ["a"]
    assert fetched.exchanges[-1].cookies == ()
