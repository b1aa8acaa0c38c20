"""A throttle at real routes: who counts where, what a refused request costs, and what headers say of it."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.
from datetime import timedelta
from typing import Annotated, Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from guardhouse import Area, ConfigError, Deny, FunctionGuard, MemoryUsers, Reason, SessionGuard, Step
from guardhouse.core.verdict import Identity
from guardhouse.errors import StoreError
from guardhouse.state.limit import Limit
from guardhouse.steps.aliases import ALIASES, read_alias
from guardhouse.steps.throttle import NamedThrottle, Throttle
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.memory_limits import MemoryLimits
from tests.house.test_stacks import ForGuests, PrefixGuard, bearer
from tests.houses import ADA, GRACE, desk, fastapi_house, find_key, log_in, said, starlette_house
from tests.stores.test_limits import Time
from tests.structured import items

GUARDS = {
    "web": SessionGuard(),
    "alpha": PrefixGuard("a-"),
    "machine": PrefixGuard("m-", program=True),
    "key": FunctionGuard(header="X-Api-Key", find=find_key),
}
OK, REFUSED, TOO_MANY = (200, None), (401, "credential_unknown"), (429, "too_many_requests")
HERE, NEXT_DOOR, FAR = "203.0.113.9", "203.0.113.200", "198.51.100.7"


@pytest.fixture
def time() -> Time:
    return Time()


def house_of(time: Time, **changes: Any) -> Any:
    settings: dict[str, Any] = {"guards": GUARDS, "clock": time, "debug": True, "explain": "full"}
    return starlette_house(**(settings | changes))


async def page(request: Request) -> JSONResponse:
    return JSONResponse(request.path_params)


async def file(request: Request) -> JSONResponse:
    return JSONResponse(request.path_params)


async def other_page(request: Request) -> JSONResponse:
    return JSONResponse({})


def application(house: Any, *asked: Any) -> Starlette:
    routes = [
        Route("/", page, methods=["GET", "POST"], middleware=[house.layer(*asked)]),
        Route("/posts/{post}", other_page, middleware=[house.layer(*asked)]),
        *desk(house),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return app


def at(app: Any, address: str | None = HERE) -> TestClient:
    """A client at that address."""
    return TestClient(
        app,
        base_url="https://testserver",
        headers={"Sec-Fetch-Site": "same-origin"},
        client=(address, 50000),  # type: ignore[arg-type]
        follow_redirects=False,
    )


def asks(client: TestClient, times: int, token: str | None = None, path: str = "/") -> list[Any]:
    headers = bearer(token) if token else {}
    return [said(client.get(path, headers=headers)) for _ in range(times)]


# -- by caller --------------------------------------------------------------------------------------------------------


def test_every_user_has_as_many_as_the_limit_says_and_more_after_the_window(time):
    client = at(application(house_of(time), "alpha", Throttle(3)))
    assert asks(client, 5, "a-1") == [OK] * 3 + [TOO_MANY] * 2
    assert asks(client, 3, "a-2") == [OK] * 3, "a neighbour is not held responsible"
    time.now += 60
    assert asks(client, 1, "a-1") == [OK]


def test_a_refusal_says_when_to_come_back(time):
    client = at(application(house_of(time), "alpha", "throttle:1,1"))
    client.get("/", headers=bearer("a-1"))
    time.now += 23
    answer = client.get("/", headers=bearer("a-1"))
    assert answer.headers["retry-after"] == "37"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["evidence"] == {"step": "throttle:1,1", "limit": "1/minute", "retry_after": 37}


def test_a_user_is_one_caller_with_whatever_credential_and_from_wherever(time):
    house = house_of(time)
    app = application(house, "alpha,web", Throttle(4))
    browser, program = log_in(at(app, FAR)), at(app)
    assert asks(program, 2, "a-1") == asks(browser, 2) == [OK] * 2
    assert asks(program, 1, "a-1") == asks(browser, 1) == [TOO_MANY]


def test_a_program_whose_id_is_a_users_id_has_a_bucket_of_its_own(time):
    house = house_of(time, areas={"both": Area(guards=("alpha", "machine"), clients=True)})
    client = at(application(house, "both", Throttle(2)))
    assert asks(client, 3, "a-1") == asks(client, 3, "m-1") == [OK, OK, TOO_MANY]


def test_routes_with_an_equal_throttle_share_it_and_a_prefix_keeps_them_apart(time):
    house = house_of(time)
    routes = [
        Route("/one", page, middleware=[house.layer("alpha", "throttle:2,1")]),
        Route("/two", page, middleware=[house.layer("alpha", Throttle(2))]),
        Route("/own", page, middleware=[house.layer("alpha", "throttle:2,1,own")]),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    client = at(app)
    paths = ["/one", "/two", "/one", "/own", "/own", "/own"]
    statuses = [client.get(path, headers=bearer("a-1")).status_code for path in paths]
    assert statuses == [200, 200, 429, 200, 200, 429]


# -- refused requests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["strange", None])
def test_refused_requests_are_counted_and_cannot_go_on_for_ever(time, token):
    refused = REFUSED if token else (401, "no_credential")
    client = at(application(house_of(time), "alpha", Throttle(3)))
    assert asks(client, 6, token) == [refused] * 3 + [TOO_MANY] * 3
    time.now += 60
    assert asks(client, 1, token) == [refused]


def test_who_guesses_too_often_does_not_hear_whether_the_next_guess_was_right(time):
    looked_up: list[str] = []

    async def find(key: str) -> str | None:
        looked_up.append(key)
        return await find_key(key)

    house = house_of(time, guards={"key": FunctionGuard(header="X-Api-Key", find=find)})
    client = at(application(house, "key", Throttle(3)))
    for guess in ("a", "b", "c"):
        assert client.get("/", headers={"X-Api-Key": guess}).status_code == 401
    assert said(client.get("/", headers={"X-Api-Key": "sesame"})) == TOO_MANY
    assert looked_up == ["a", "b", "c"], "no guard is asked any more"


def test_refused_requests_use_up_nothing_of_a_user_elsewhere(time):
    app = application(house_of(time), "alpha", Throttle(3))
    asks(at(app), 9, "strange")
    assert asks(at(app, FAR), 3, "a-1") == [OK] * 3


def test_users_use_up_nothing_of_their_network(time):
    client = at(application(house_of(time), "alpha", Throttle(3)))
    asks(client, 9, "a-1")
    assert asks(client, 3, "strange") == [REFUSED] * 3


def test_a_request_that_the_origin_check_refuses_is_counted_too(time):
    client = log_in(at(application(house_of(time), "web", Throttle(2))))
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    statuses = [client.post("/", headers=foreign).status_code for _ in range(4)]
    assert statuses == [403, 403, 429, 429]


@pytest.mark.parametrize(
    ("addresses", "buckets"),
    [
        pytest.param([HERE, NEXT_DOOR], 1, id="neighbours in a /24"),
        pytest.param([HERE, FAR], 2, id="two networks"),
        pytest.param(["2001:db8::1", "2001:DB8::2", "2001:db8:0:0:ffff::"], 1, id="machines of a /64"),
        pytest.param([HERE, f"::ffff:{NEXT_DOOR}"], 1, id="mapped"),
        pytest.param(["2001:db8::1", "2001:db8:0:1::1"], 2, id="two /64"),
    ],
)
def test_changing_the_address_within_a_network_helps_nobody(time, addresses, buckets):
    app = application(house_of(time), "alpha", Throttle(4))
    said = [asks(at(app, address), 1, "strange")[0] for _ in range(12) for address in addresses]
    assert said.count(REFUSED) == 4 * buckets


@pytest.mark.parametrize(
    ("proxies", "refused"),
    [
        pytest.param((), 3, id="nobody vouches for it"),
        pytest.param((f"{HERE}/32",), 9, id="a declared proxy does"),
    ],
)
def test_an_address_in_a_header_counts_only_where_a_declared_proxy_wrote_it(time, proxies, refused):
    client = at(application(house_of(time, trusted_proxies=proxies), "alpha", Throttle(3)))
    statuses = [
        client.get("/", headers=bearer("strange") | {"X-Forwarded-For": f"198.51.{number}.1"}).status_code
        for number in range(9)
    ]
    assert statuses.count(401) == refused


def test_behind_a_declared_proxy_whoever_writes_the_header_himself_stays_who_he_is(time):
    client = at(application(house_of(time, trusted_proxies=(f"{HERE}/32",)), "alpha", Throttle(3)))
    statuses = [
        client.get(
            "/", headers=bearer("strange") | {"X-Forwarded-For": f"198.51.{number}.1, {FAR}"}
        ).status_code
        for number in range(9)
    ]
    assert statuses.count(401) == 3


# -- guests -----------------------------------------------------------------------------------------------------------


def test_guests_have_a_number_of_their_own(time):
    client = at(application(house_of(time), "alpha", "throttle:2|5,1"))
    assert asks(client, 4, "strange") == [REFUSED] * 2 + [TOO_MANY] * 2
    app = application(house_of(time), "alpha", Throttle(5, strangers=2))
    assert asks(at(app), 6, "a-1") == [OK] * 5 + [TOO_MANY]


def test_a_page_for_guests_counts_them_by_address(time):
    app = application(house_of(time), "web", ForGuests(), Throttle(3, by="address"))
    assert asks(at(app), 4) == [OK] * 3 + [TOO_MANY]
    assert asks(at(app, NEXT_DOOR), 1) == [TOO_MANY]
    assert asks(at(app, FAR), 1) == [OK]


def test_a_page_for_guests_may_count_what_is_refused(time):
    app = application(house_of(time), "web", ForGuests(), Throttle(3))
    assert asks(at(app), 4) == [OK] * 3 + [TOO_MANY]


# -- by other things --------------------------------------------------------------------------------------------------


def test_by_address_everybody_counts_alike(time):
    client = at(application(house_of(time), "alpha", Throttle(3, by="address")))
    assert asks(client, 1, "a-1") + asks(client, 1, "a-2") == [OK] * 2
    assert asks(client, 1, "strange") == [REFUSED]
    assert asks(client, 1, "a-1") == [TOO_MANY]


def test_by_route_all_callers_of_one_endpoint_count_together(time):
    app = application(house_of(time), "alpha", Throttle(2, by="route"))
    assert asks(at(app), 1, "a-1") + asks(at(app, FAR), 2, "a-2") == [OK, OK, TOO_MANY]
    paths = [f"/posts/{number}" for number in range(3)]
    assert [asks(at(app), 1, "a-1", path)[0] for path in paths] == [OK, OK, TOO_MANY]


def test_by_route_works_for_mounts_too(time):
    house = house_of(time)
    app = Starlette(
        routes=[
            Mount(
                "/files",
                app=Starlette(routes=[Route("/{name}", file)]),
                middleware=[house.layer("alpha", Throttle(2, by="route"))],
            )
        ]
    )
    house.install(app)
    client = at(app)
    assert [asks(client, 1, "a-1", f"/files/{number}")[0] for number in range(3)] == [OK, OK, TOO_MANY]


def with_token(identity: Identity) -> str:
    return identity.user_id


class TokenGuard(PrefixGuard):
    """What follows the prefix is a user and the id of a token: `t-1.7`."""

    def judge(self, claim: str, found: str) -> Any:
        user, _, token = claim.partition(".")
        allowed = super().judge(user, user)
        return type(allowed)(
            allowed.by,
            allowed.reason,
            Identity(user, "users", self.name, "test", token=token or None),
        )


@pytest.mark.parametrize(
    ("by", "statuses"),
    [
        ("token", [200, 200, 429, 200, 200, 429, 200]),
        ("caller", [200, 200, 429, 429, 429, 429, 429]),
        ("user", [200, 200, 429, 429, 429, 429, 429]),
        (lambda visit: "all", [200, 200, 429, 429, 429, 429, 429]),
        (lambda visit: None, [200, 200, 429, 429, 429, 429, 429]),
        (lambda visit: visit.facts.header(b"authorization").decode(), [200, 200, 429, 200, 200, 429, 200]),
    ],
)
def test_a_credential_may_have_a_bucket_of_its_own(time, by, statuses):
    client = at(application(house_of(time, guards={"token": TokenGuard("t-")}), "token", Throttle(2, by=by)))
    tokens = ["t-1.7", "t-1.7", "t-1.7", "t-1.8", "t-1.8", "t-1.8", "t-1"]
    assert [client.get("/", headers=bearer(token)).status_code for token in tokens] == statuses


@pytest.mark.parametrize(("by", "statuses"), [("user", [OK, OK, TOO_MANY]), ("caller", [OK, OK, OK])])
def test_by_user_programs_count_by_their_address(time, by, statuses):
    house = house_of(time, areas={"jobs": Area(guards=("machine",), clients=True)})
    client = at(application(house, "jobs", Throttle(2, by=by)))
    assert [asks(client, 1, token)[0] for token in ("m-1", "m-2", "m-3")] == statuses


def test_two_users_are_not_one_because_their_providers_call_them_alike(time):
    users = {"users": MemoryUsers([ADA]), "staff": MemoryUsers([ADA])}
    guards = {
        "key": FunctionGuard(header="X-Api-Key", find=find_key, provider="users"),
        "card": FunctionGuard(header="X-Card", find=find_key, provider="staff"),
    }
    house = house_of(time, users=users, guards=guards)
    client = at(application(house, "key,card", Throttle(1)))
    statuses = [
        client.get("/", headers={header: "sesame"}).status_code
        for header in ("X-Api-Key", "X-Card", "X-Api-Key", "X-Card")
    ]
    assert statuses == [200, 200, 429, 429]


# -- headers ----------------------------------------------------------------------------------------------------------


def test_answers_say_what_is_left_as_the_draft_writes_it(time):
    client = at(application(house_of(time), "alpha", Throttle(60, prefix="api")))
    time.now = 1000.0
    client.get("/", headers=bearer("a-1"))
    time.now += 23
    answer = client.get("/", headers=bearer("a-1"))
    assert answer.headers["ratelimit-policy"] == '"api";q=60;w=60'
    assert answer.headers["ratelimit"] == '"api";r=58;t=37'
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_who_is_turned_away_for_his_own_requests_reads_it_too(time):
    client = at(application(house_of(time), "alpha", Throttle(1)))
    answers = [client.get("/", headers=bearer("a-1")) for _ in range(2)]
    assert [answer.headers["ratelimit"] for answer in answers] == ['"1/minute";r=0;t=60'] * 2


def test_who_is_refused_reads_nothing_of_what_is_left(time):
    client = at(application(house_of(time), "alpha", Throttle(2)))
    answers = [client.get("/", headers=bearer("strange")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert not any(name.startswith("ratelimit") for answer in answers for name in answer.headers)


def test_no_header_is_said_where_none_is_wanted(time):
    answer = at(application(house_of(time), "alpha", Throttle(2, headers=False))).get(
        "/", headers=bearer("a-1")
    )
    assert not any(name.startswith("ratelimit") for name in answer.headers)


def test_several_throttles_are_said_in_one_list(time):
    client = at(
        application(house_of(time), "alpha", Throttle(60), Throttle(1000, timedelta(days=1), prefix="a, b"))
    )
    answer = client.get("/", headers=bearer("a-1"))
    assert items(answer.headers["ratelimit-policy"]) == [
        ("60/minute", {"q": 60, "w": 60}),
        ("a, b", {"q": 1000, "w": 86400}),
    ]
    assert items(answer.headers["ratelimit"]) == [
        ("60/minute", {"r": 59, "t": 60}),
        ("a, b", {"r": 999, "t": 86400}),
    ]


def test_nothing_that_an_answer_says_names_the_user(time):
    answer = at(application(house_of(time), "alpha", Throttle(2))).get("/", headers=bearer(f"a-{ADA.id}"))
    assert "pk" not in answer.headers["ratelimit"] + answer.headers["ratelimit-policy"]


# -- limiters by name -------------------------------------------------------------------------------------------------


def uploads(visit: Any) -> Any:
    """Grace may upload without a limit; others little, and little at once."""
    if visit.caller is None:
        return Limit(2)
    if visit.caller.user_id == GRACE.id:
        return None
    return [Limit(3), Limit(4, timedelta(hours=1))]


async def later(visit: Any) -> Any:
    return uploads(visit)


@pytest.mark.parametrize("limiter", [uploads, later])
def test_a_limiter_decides_by_who_calls(time, limiter):
    house = house_of(time)
    house.limits.define("uploads", limiter)
    client = at(application(house, "alpha", "throttle:uploads"))
    assert asks(client, 9, "a-2") == [OK] * 9
    assert asks(client, 4, "a-1") == [OK] * 3 + [TOO_MANY]
    time.now += 60
    assert asks(client, 2, "a-1") == [OK, TOO_MANY]
    assert asks(client, 3, "strange") == [REFUSED] * 2 + [TOO_MANY]


def test_the_limits_of_a_limiter_are_told_apart_in_headers(time):
    house = house_of(time)
    house.limits.define("uploads", uploads)
    house.limits.define("one", lambda _: Limit(3))
    house.limits.define("own", lambda _: Limit(3, name="its own"))
    asked = [Throttle.named(name) for name in ("uploads", "one", "own")]
    answer = at(application(house, "alpha", *asked)).get("/", headers=bearer("a-1"))
    names = [name for name, _ in items(answer.headers["ratelimit"])]
    assert names == ["uploads: 3/minute", "uploads: 4/hour", "one", "its own"]


def test_a_limiter_may_say_whose_requests_count_together(time):
    house = house_of(time)
    house.limits.define("posts", lambda visit: Limit(2, key=f"post {visit.params.get('post')}"))
    client = at(application(house, "alpha", Throttle.named("posts")))
    asked = [("a-1", "/posts/1"), ("a-2", "/posts/1"), ("a-1", "/posts/1"), ("a-1", "/posts/2")]
    assert [asks(client, 1, token, path)[0] for token, path in asked] == [OK, OK, TOO_MANY, OK]


@pytest.mark.parametrize("wrong", [5, "60,1", [Limit(1), None], {Limit(1)}])
def test_what_a_limiter_says_besides_limits_lets_nobody_pass(time, wrong):
    house = house_of(time)
    house.limits.define("uploads", lambda _: wrong)
    client = at(application(house, "alpha", "throttle:uploads"))
    with pytest.raises(ConfigError, match="limiter uploads"):
        client.get("/", headers=bearer("a-1"))


@pytest.mark.parametrize("alias", ["throttle:upload", Throttle.named("upload")])
def test_a_limiter_that_nobody_defined_stops_the_start_and_the_nearest_is_named(time, alias):
    house = house_of(time)
    app = application(house, "alpha", alias)
    house.limits.define("uploads", uploads)
    with pytest.raises(ConfigError, match="Did you mean 'uploads'"), at(app):
        pass


def test_a_limiter_may_be_defined_after_the_routes_that_ask_it(time):
    house = house_of(time)
    app = application(house, "alpha", "throttle:uploads")
    house.limits.define("uploads", uploads)
    with at(app) as client:
        assert asks(client, 1, "a-1") == [OK]


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alias", "means"),
    [
        ("throttle", Throttle(60)),
        ("throttle:60,1", Throttle(60)),
        ("throttle:60", Throttle(60)),
        ("throttle:100,15", Throttle(100, timedelta(minutes=15))),
        ("throttle:5,0.5", Throttle(5, timedelta(seconds=30))),
        ("throttle:60,1,uploads", Throttle(60, prefix="uploads")),
        ("throttle:10|60,1", Throttle(60, strangers=10)),
        ("throttle:10|60/30seconds", Throttle(60, timedelta(seconds=30), strangers=10)),
        ("throttle:10|60,1,uploads", Throttle(60, strangers=10, prefix="uploads")),
        ("throttle:10/second", Throttle(10, timedelta(seconds=1))),
        ("throttle:1000/day,daily", Throttle(1000, timedelta(days=1), prefix="daily")),
        ("throttle:uploads", NamedThrottle("uploads")),
    ],
)
def test_an_alias_is_read_and_written_back(alias, means):
    found = read_alias(alias)
    assert found == means
    assert read_alias(found.name if found else "") == means
    assert "throttle" in ALIASES


@pytest.mark.parametrize(
    "alias",
    [
        "throttle:60,x",
        "throttle:60,1,a,b",
        "throttle:60,-1",
        "throttle:|60,1",
        "throttle:10|,1",
        "throttle:10|rate_limit,1",
        "throttle:10/month",
        "throttle:10/minute|60,1",
        "throttle:/minute",
        "throttle:10/minute,a,b",
        "throttle:uploads,1",
        "throttle:0,1",
        "throttle:0|60,1",
        "throttle:60,0",
        "throttle:60,0.0001",
        "throttle:60,999999",
        "throttle:60,1,ü",
        "throttle:٣,1",
    ],
)
def test_an_alias_that_says_nothing_sensible_is_an_error_where_it_is_written(alias):
    with pytest.raises(ConfigError, match=r"^(throttle|limit)"):
        starlette_house().stack("web", alias)


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        ({"count": 0}, r"limit\.count"),
        ({"strangers": 0}, r"limit\.count"),
        ({"by": "adress"}, "Did you mean 'address'"),
        ({"by": "address", "strangers": 3}, r"throttle\.strangers"),
        ({"by": "route", "strangers": 3}, r"throttle\.strangers"),
        ({"prefix": "\n"}, r"limit\.name"),
    ],
)
def test_a_throttle_that_cannot_be_is_refused(wrong, fix):
    with pytest.raises(ConfigError, match=fix):
        Throttle(**({"count": 60} | wrong))


def test_a_printed_stack_shows_what_runs_when(time):
    printed = str(house_of(time).stack("alpha", Throttle(60), Throttle(9, by="address"), Throttle(5, by=str)))
    assert [line.split("  because ")[0].strip() for line in printed.splitlines()[1:-1]] == [
        "step throttle:60,1",
        "step throttle:9,1 by address",
        "step throttle:5,1 by key",
        "guard alpha",
        "step throttle:60,1",
        "step throttle:5,1 by key",
        "step throttle:60,1",
        "step throttle:5,1 by key",
    ]


# -- applications -----------------------------------------------------------------------------------------------------


def test_on_fastapi_a_request_counts_once_however_many_dependencies_ask(time):
    house: Any = fastapi_house(
        guards=GUARDS, clock=time, areas={"api": Area(guards=("alpha",), steps=(Throttle(3),))}
    )
    app = FastAPI(dependencies=[house.require("api")])

    @app.get("/{number}", dependencies=[house.require("api", Step("own", lambda _: None))])
    async def endpoint(me: Annotated[Any, house.guard("api")], number: int) -> str:
        return str(me.email)

    house.install(app, public=["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
    client = at(app)
    assert [asks(client, 1, "a-1", f"/{number}")[0] for number in range(4)] == [OK] * 3 + [TOO_MANY]
    assert asks(client, 4, "strange", "/1") == [REFUSED] * 3 + [TOO_MANY]
    assert "429" in client.get("/openapi.json").json()["paths"]["/{number}"]["get"]["responses"]


def test_a_rule_that_stands_behind_the_throttle_has_its_refusals_counted(time):
    no = Step("no", lambda _: Deny("", Reason.STEP_REFUSED))
    client = at(application(house_of(time), "alpha", Throttle(2), no))
    assert asks(client, 3, "a-1") == [(403, "step_refused")] * 2 + [TOO_MANY]


def test_an_outage_of_the_counting_store_lets_reads_go_on_within_the_limit(time):
    class Away(MemoryLimits):
        async def get(self, key: str) -> int:
            raise StoreError("away")

    class Store(MemoryStore):
        def limits(self, clock: Any) -> Away:
            return Away(clock)

    client = at(application(house_of(time, store=Store()), "alpha", Throttle(3)))
    assert asks(client, 5, "a-1") == [OK] * 3 + [TOO_MANY] * 2


@pytest.mark.parametrize("store", ["memory:", "sqlite:///throttle.db"])
def test_both_stores_count(time, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = application(house_of(time, store=store), "alpha", Throttle(3))
    with at(app) as client:
        assert asks(client, 5, "a-1") == [OK] * 3 + [TOO_MANY] * 2
        assert asks(client, 5, "strange") == [REFUSED] * 3 + [TOO_MANY] * 2
