"""A refusal is told with every cause that stands behind it, in order; what was decided stays what it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from guardhouse import Area, Refused, SessionPolicy, Signed, TokenGuard
from guardhouse.stores.memory import MemoryStore
from guardhouse.testing import BrokenStore, FixedClock
from tests.houses import (
    ADA,
    KEYS,
    NAVIGATION,
    OTHER_SECRET,
    SECRET,
    browser,
    desk,
    log_in,
    parts,
    starlette_house,
)

EVIL = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Origin": "https://spa.testserver"}
SILENT: dict[str, str] = {}
"""An old browser, or a proxy that takes the headers away: nothing says where a request comes from."""


class Told:
    """An application of one house, and what it was refused for."""

    def __init__(self, **changes: Any) -> None:
        self.events: list[Refused] = []
        guards = parts()["guards"] | {"token": TokenGuard()}
        areas = {"signed": Area(("web",), steps=(Signed(),))}
        settings = {"guards": guards, "areas": areas, "explain": "full", "debug": True}
        self.house = starlette_house(**(settings | changes))
        self.house.listen(Refused, self.events.append)
        names = (*self.house.guards, "signed")
        routes = [Route(f"/{name}", self._endpoint(name), methods=["GET", "POST"]) for name in names]
        routes += [
            Route("/posts/{id:int}/{slug}", self._endpoint("web")),
            Route("/files/{path:path}", self._endpoint("web")),
        ]
        inner = Mount("/panel", app=Starlette(), middleware=[self.house.layer("web")])
        self.app = Starlette(routes=[*desk(self.house), *routes, inner])
        self.house.install(self.app)

    def _endpoint(self, name: str) -> Any:
        async def endpoint(request: Request) -> Response:
            if name == "api":
                await self.house.user(request)
            return PlainTextResponse("in")

        return self.house.requires(name)(endpoint)

    def browser(self, headers: Any = None, like: TestClient | None = None, **options: Any) -> TestClient:
        client = browser(self.app, **({} if headers is None else {"headers": headers}), **options)
        if like is not None:
            client.cookies = like.cookies
        return client

    @property
    def codes(self) -> Sequence[str]:
        return [str(cause.reason) for cause in self.events[-1].causes]

    def seen(self, code: str) -> Any:
        return next(cause.evidence for cause in self.events[-1].causes if cause.reason == code)


def two_processes(**changes: Any) -> tuple[Told, Told]:
    """Two processes over one store, whose secrets are not the same."""
    store = MemoryStore()
    return Told(store=store, **changes), Told(store=store, secret=OTHER_SECRET, **changes)


# -- keys ------------------------------------------------------------------------------------------------------------


def test_a_login_of_another_key_is_told_from_a_changed_password():
    first, second = two_processes()
    client = log_in(first.browser())
    answer = second.browser(like=client).get("/api")
    assert (answer.status_code, answer.json()["code"]) == (401, "login_key_unknown")
    signs = {name: told.house.parts.logins.key_id for name, told in (("key", first), ("signs", second))}
    assert answer.json()["evidence"] == signs
    assert signs["key"] in answer.json()["hint"]


def test_a_login_of_another_format_is_told_from_both():
    told = Told()
    client = log_in(told.browser())
    store: Any = told.house.parts.store
    for key, body in store._bodies.items():
        store._bodies[key] = body.replace(b"v1.", b"v9.")
    assert client.get("/api").json()["code"] == "login_format_unknown"
    assert told.seen("login_format_unknown") == {"format": "v9", "reads": "v1"}


def test_a_csrf_token_of_another_key_is_told_from_a_wrong_one():
    first, second = two_processes()
    client = log_in(first.browser())
    token = client.cookies["XSRF-TOKEN"]
    answer = second.browser(SILENT, like=client).post("/web", headers={"X-XSRF-TOKEN": token})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_key_unknown")
    assert answer.json()["evidence"]["key"] == token.split(".")[1]
    assert token.split(".")[3] not in answer.text


def test_a_signed_address_of_another_key_is_told_from_a_changed_one():
    first, second = two_processes()
    url = first.house.sign("/signed")
    assert second.browser().get(url).json()["code"] == "url_key_unknown"
    assert first.browser().get(url[:-4] + "AAAA").json()["code"] == "url_signature"


# -- stacked ---------------------------------------------------------------------------------------------------------


def test_the_causes_of_the_thread_come_out_together():
    """Another realm for the API, a login and a token bound with a key that this process does not have."""
    first, second = two_processes()
    client = log_in(first.browser())
    token = client.cookies["XSRF-TOKEN"]
    answer = second.browser(SILENT, like=client).post("/staff", headers={"X-XSRF-TOKEN": token})
    expected = ["csrf_key_unknown", "login_key_unknown", "no_login_for_guard"]
    assert [cause["code"] for cause in answer.json()["causes"]] == expected
    assert second.codes == expected
    assert answer.json()["code"] == "csrf_key_unknown", "a refusal has one code"


def test_without_the_origin_check_between_they_do_too():
    first, second = two_processes()
    client = log_in(first.browser())
    second.browser(like=client).get("/staff")
    assert second.events[-1].code == "no_login_for_guard"
    assert second.codes == ["csrf_key_unknown", "login_key_unknown", "no_login_for_guard"]


def test_cross_origin_without_credentials_untrusted_and_nobody_logged_in():
    told = Told()
    told.browser(EVIL).post("/web")
    assert told.events[-1].code == "csrf_origin_untrusted"
    assert told.codes == ["credentials_omitted", "csrf_origin_untrusted", "no_credential"]
    assert told.events[-1].causes[-1].evidence == {"cookies": "none at all"}
    told.browser(EVIL).get("/web")
    assert told.codes == ["credentials_omitted", "no_credential"], "a safe call may come from anywhere"
    assert told.seen("no_credential")["caller"] == "a script of https://spa.testserver (same-site)"


def test_in_development_it_is_also_told_what_stands_behind_the_origin_check():
    told = Told()
    client = log_in(told.browser())
    assert told.browser(EVIL, like=client).post("/staff").status_code == 403
    assert told.codes == ["csrf_origin_untrusted", "no_login_for_guard"]
    assert [
        verdict["code"] for verdict in told.browser(EVIL, like=client).post("/staff").json()["trace"]
    ] == ["csrf_origin_untrusted"]


def test_in_production_nobody_looks_behind_it():
    told = Told(explain="code", debug=False)
    client = log_in(told.browser())
    assert told.browser(EVIL, like=client).post("/staff").status_code == 403
    assert told.codes == ["csrf_origin_untrusted"]


def test_a_store_that_is_away_behind_the_origin_check_is_a_cause_too():
    store = BrokenStore(broken=())
    told = Told(store=store, guards=parts()["guards"])
    client = log_in(told.browser())
    store.fail({"load"})
    answer = told.browser(EVIL, like=client).post("/web")
    assert (answer.status_code, told.codes) == (403, ["store_unavailable", "csrf_origin_untrusted"])


def test_a_silent_origin_check_names_the_endpoint_of_tokens_too():
    told = Told()
    answer = told.browser({}).post("/web").json()
    hints = {cause["code"]: cause["hint"] for cause in answer["causes"]}
    assert "Fetch GET /csrf-cookie" in hints["csrf_token_missing"]


# -- a tab that stood idle ---------------------------------------------------------------------------------------------


def stale() -> tuple[Told, FixedClock, TestClient, str]:
    clock = FixedClock()
    told = Told(clock=clock, sessions=SessionPolicy(idle=timedelta(hours=1)))
    client = log_in(told.browser(SILENT | {"Origin": "https://testserver"}))
    stale_token = client.cookies["XSRF-TOKEN"]
    log_in(client)  # in another tab: the token of the first is stale from now on
    return told, clock, client, stale_token


def test_an_expired_session_with_a_stale_token_is_told_as_expired_and_goes_on_with_a_fresh_token():
    told, clock, client, token = stale()
    clock.advance(timedelta(hours=2))
    tab = told.browser(SILENT, like=client)
    answer = tab.post("/web", headers={"X-XSRF-TOKEN": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_expired")
    assert told.codes == ["csrf_token_invalid", "session_expired"]
    fresh = answer.cookies["XSRF-TOKEN"]
    assert list(answer.cookies) == ["XSRF-TOKEN"]
    body = {"email": ADA.email, "password": "correct horse battery staple"}
    assert tab.post("/login", json=body, headers={"X-XSRF-TOKEN": fresh}).status_code == 200


def test_a_live_session_with_a_stale_token_hears_of_the_token_and_gets_another():
    told, _, client, token = stale()
    tab = told.browser(SILENT, like=client)
    answer = tab.post("/web", headers={"X-XSRF-TOKEN": token})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_token_invalid")
    assert answer.json()["evidence"]["token"].startswith("of another session")
    assert tab.post("/web", headers={"X-XSRF-TOKEN": answer.cookies["XSRF-TOKEN"]}).text == "in"


@pytest.mark.parametrize("explain", ["full", "code"])
@pytest.mark.parametrize(
    "headers", [{"X-XSRF-TOKEN": "v1.stale"}, EVIL], ids=["a stale token", "another origin"]
)
def test_a_session_that_was_only_looked_at_is_not_kept_alive(explain, headers):
    """Another site could keep a login alive otherwise, by requests that are refused."""
    clock = FixedClock()
    told = Told(
        clock=clock, sessions=SessionPolicy(idle=timedelta(hours=1)), explain=explain, debug=explain == "full"
    )
    client = log_in(told.browser())
    for _ in range(3):
        clock.advance(timedelta(minutes=25))
        told.browser(SILENT, like=client).post("/web", headers=headers)
    assert told.browser(like=client).get("/web").status_code == 401
    assert told.events[-1].code in ("session_expired", "session_unknown"), (
        "what has expired is deleted when it is seen"
    )


def test_who_has_nothing_to_bind_a_token_to_gets_none():
    told = Told()
    answer = told.browser(SILENT).post("/login", json={}, headers={"X-XSRF-TOKEN": "undefined"})
    assert (answer.status_code, told.codes) == (403, ["csrf_header_unreadable"])
    assert "set-cookie" not in answer.headers
    assert told.seen("csrf_header_unreadable")["form"] == "the word that a script writes for nothing"


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        pytest.param("%22v1.x%22", "percent-encoded", id="encoded"),
        pytest.param('"v1.x"', "in quotes", id="quoted"),
        pytest.param("eyJpdiI6", "sealed by another framework", id="another framework's"),
        pytest.param("v1.abc", "cut, or changed on the way", id="cut"),
        pytest.param("x" * 40, "no token of this house", id="another's"),
    ],
)
def test_what_is_no_token_is_told_by_its_form(sent, seen):
    told = Told()
    told.browser(SILENT, like=log_in(told.browser())).post("/web", headers={"X-XSRF-TOKEN": sent})
    assert told.events[-1].evidence["token"] == seen
    assert sent not in str(told.events[-1])


def test_a_token_of_a_visitor_is_told_from_one_of_a_session():
    told = Told()
    client = told.browser()
    client.get("/csrf-cookie")
    token = client.cookies["XSRF-TOKEN"]
    stranger = told.browser(SILENT)
    stranger.get("/csrf-cookie")
    answer = stranger.post("/login", json={}, headers={"X-XSRF-TOKEN": token})
    assert answer.json()["evidence"]["token"] == "of another visitor, or of a login that has ended"


# -- what was seen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookie", "code", "shape"),
    [
        pytest.param("__Host-gh=", "session_malformed", "empty", id="empty"),
        pytest.param('__Host-gh="a"', "session_malformed", "in quotes", id="quoted"),
        pytest.param("__Host-gh=a%20b", "session_malformed", "percent-encoded", id="encoded"),
        pytest.param(
            "__Host-gh=undefined",
            "session_malformed",
            "the word that a program writes for nothing",
            id="word",
        ),
        pytest.param("__Host-gh=abc", "session_malformed", "3 characters, where ours have 43", id="short"),
        pytest.param(
            f"__Host-gh=eyJ{'a' * 60}",
            "session_malformed",
            "sealed by another framework, or a JWT",
            id="foreign",
        ),
        pytest.param(
            f"__Host-gh={'a' * 43}; __Host-gh=b",
            "session_duplicate",
            "of the right form, 1 characters, where ours have 43",
            id="two",
        ),
    ],
)
def test_a_cookie_that_is_none_of_ours_is_told_by_its_shape(cookie, code, shape):
    told = Told()
    answer = told.browser().get("/web", headers={"Cookie": cookie}).json()
    assert (answer["code"], answer["evidence"]["shape"]) == (code, shape)
    assert answer["evidence"]["cookie"] == "__Host-gh"


def test_a_stripped_authorization_and_a_proxy_are_named():
    told = Told()
    told.browser(SILENT).get("/token", headers={"Via": "1.1 front"})
    assert told.codes == ["authorization_stripped", "no_credential"]
    http = {"base_url": "http://testserver"}
    client = TestClient(told.app, **http)  # type: ignore[arg-type]
    headers = {
        "Cookie": f"__Host-gh={'a' * 43}",
        "Origin": "https://testserver",
        "X-Forwarded-Proto": "https",
    }
    assert client.post("/web", headers=headers).json()["code"] == "csrf_scheme_mismatch"
    assert told.codes[0] == "proxy_undeclared"
    assert told.seen("proxy_undeclared")["peer"] == "testclient"


def test_the_host_that_was_meant_is_listed():
    told = Told(public_url="https://app.test")
    answer = told.browser().post("/web", headers={"Cookie": f"__Host-gh={'a' * 43}"})
    assert answer.json()["evidence"] == {"host": ["testserver"], "known": ["app.test"]}


# -- the name of the request and of the route ----------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["6f9619ff-8b86-d011", "abcdefgh", "A.b_c-d.9" * 3])
def test_a_request_is_called_as_the_front_server_called_it(said):
    told = Told()
    answer = told.browser().get("/web", headers={"X-Request-ID": said})
    assert told.events[-1].request_id == answer.json()["request_id"] == said


@pytest.mark.parametrize(
    "said", ["", "short", "a b c d e f g", "x" * 200, "<script>alert(1)</script>", "-starts-so"]
)
def test_what_is_no_name_is_replaced_by_one(said):
    told = Told()
    answer = told.browser().get("/web", headers={"X-Request-ID": said})
    told.browser().get("/web", headers={"X-Request-ID": said})
    assert "request_id" not in answer.json(), "an answer is the same each time"
    first, second = (event.request_id for event in told.events)
    assert first != second
    assert len(first) == len(second) == 16


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/web", "/web"),
        ("/posts/7/hello", "/posts/{id}/{slug}"),
        ("/posts/7/7", "/posts/{id}/{slug}"),
        ("/files/a/b/c", "/files/{path}"),
        ("/panel/of/anything", "/panel/{path}"),
        ("/posts/007/x", ""),
    ],
)
def test_the_route_is_named_without_what_the_visitor_wrote(path, route):
    told = Told()
    told.browser().get(path)
    assert told.events[-1].route == route


def test_a_refusal_outside_of_any_route_names_none():
    told = Told()
    asked = told.browser(NAVIGATION).get("/web")
    assert asked.status_code == 303
    assert (told.events[-1].guards, told.events[-1].at > 0) == (("web",), True)
    assert told.events[-1].route == "/web"


def test_a_good_key_beside_a_dead_cookie_is_no_cause_of_anything():
    told = Told(secret=SECRET)
    key = next(iter(KEYS))
    assert told.browser().get("/key", headers={"X-Api-Key": key, "Cookie": "__Host-gh=x"}).text == "in"
    assert told.events == []
