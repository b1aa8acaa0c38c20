"""A configuration is understood as it stands in the thread, or refused by the full name of what is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from guardhouse.core.area import Area, Step
from guardhouse.errors import ConfigError
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.house import Guardhouse
from guardhouse.users.memory import MemoryUsers

SECRET = "ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM"
OTHER_SECRET = "ghs_Jm6Pq1Rs8Tu3Vw5Xy0Za2Bc4De7Fg9Hi"
USERS = MemoryUsers()

SESSIONS = {
    "web": {"driver": "session", "provider": "users"},
    "api": {"driver": "session", "provider": "users"},
}
THREAD = {"guards": SESSIONS}
KERNEL = {
    "defaults": {"guard": "web"},
    "guards": SESSIONS,
    "providers": {"users": {"driver": "eloquent", "model": "App\\User"}},
    "middleware": {
        "web": [
            "\\App\\Http\\Middleware\\EncryptCookies::class",
            "\\Illuminate\\Cookie\\Middleware\\AddQueuedCookiesToResponse::class",
            "\\Illuminate\\Session\\Middleware\\StartSession::class",
            "\\Illuminate\\View\\Middleware\\ShareErrorsFromSession::class",
            "\\App\\Http\\Middleware\\VerifyCsrfToken::class",
            "\\Illuminate\\Routing\\Middleware\\SubstituteBindings::class",
        ],
        "api": ["web", "\\App\\Http\\Middleware\\Authenticate::class"],
    },
}
NOVA = [
    "web",
    "Authenticate::class",
    "DispatchServingNovaEvent::class",
    "BootTools::class",
    "Authorize::class",
]
NOVA_STEPS = ("DispatchServingNovaEvent", "BootTools", "Authorize")


def passing(visit: object) -> None:
    """Let everybody pass."""


def counting(visit: object, most: str, minutes: str) -> None:
    """Take the two parameters of `throttle:60,1`."""


def find(value: str) -> str | None:
    return None


def house(config: dict[str, Any], **parts: Any) -> Guardhouse[Any]:
    return Guardhouse.from_config({"secret": SECRET, **config}, **{"users": USERS, **parts})


def lines(built: Guardhouse[Any], *names: str) -> list[str]:
    return [f"{check.phase}: {check.name}" for check in built.stack(*names).checks]


SESSION_STACK = ["origin: origin", "ambient: session", "ambient: guard api", "answer: answer"]


@pytest.mark.parametrize(
    ("config", "parts", "stack", "expected"),
    [
        pytest.param(THREAD, {}, "api", SESSION_STACK, id="the guards of the thread, and nothing else"),
        pytest.param(
            {**THREAD, "middleware": {"api": ["auth:api"]}},
            {},
            "api",
            SESSION_STACK,
            id="the route's auth:api",
        ),
        pytest.param(
            {**THREAD, "middleware": {"api": ["bindings"]}},
            {},
            "api",
            [*SESSION_STACK[:3], "note: bindings", "answer: answer"],
            id="a group without auth is transport: its notes stand at the guard of its name",
        ),
        pytest.param(
            {**THREAD, "middleware": {"api": ["throttle:60,1", "bindings"]}},
            {"steps": {"throttle": counting}},
            "api",
            ["before guards: step throttle:60,1", *SESSION_STACK[:3], "note: bindings", "answer: answer"],
            id="the api group of 5.4, where throttle is given",
        ),
        pytest.param(
            KERNEL,
            {},
            "api",
            [
                *SESSION_STACK[:3],
                "note: EncryptCookies",
                "note: AddQueuedCookiesToResponse",
                "note: StartSession",
                "note: ShareErrorsFromSession",
                "note: VerifyCsrfToken",
                "note: SubstituteBindings",
                "note: Authenticate",
                "answer: answer",
            ],
            id="the answer of the thread: web, then Authenticate",
        ),
        pytest.param(
            {**THREAD, "middleware": {"nova": NOVA}},
            {"steps": dict.fromkeys(NOVA_STEPS, passing)},
            "nova",
            [
                "origin: origin",
                "ambient: session",
                "ambient: guard web",
                *(f"after guards: step {name}" for name in NOVA_STEPS),
                "note: web",
                "note: Authenticate",
                "answer: answer",
            ],
            id="the list of Nova, as a group",
        ),
        pytest.param(
            {"middleware": NOVA},
            {"steps": dict.fromkeys(NOVA_STEPS, passing)},
            "middleware",
            [
                "origin: origin",
                "ambient: session",
                "ambient: guard web",
                *(f"after guards: step {name}" for name in NOVA_STEPS),
                "note: web",
                "note: Authenticate",
                "answer: answer",
            ],
            id="the list of Nova under its own key",
        ),
        pytest.param(
            {**THREAD, "middleware": {"both": ["auth:web,api"]}},
            {},
            "both",
            [
                "origin: origin",
                "ambient: session",
                "ambient: guard web",
                "ambient: guard api",
                "answer: answer",
            ],
            id="auth with two guards, of which any may answer",
        ),
        pytest.param(
            {
                "guards": {
                    "web": {"driver": "session"},
                    "key": {"driver": "function", "header": "X-Api-Key"},
                },
                "areas": {"shop": {"guards": ["web", "key"], "answers": "json", "middleware": ["Audit"]}},
            },
            {"functions": {"key": find}, "steps": {"Audit": passing}},
            "shop",
            [
                "explicit: guard key",
                "origin: origin",
                "ambient: session",
                "ambient: guard web",
                "after guards: step Audit",
                "answer: answer",
            ],
            id="an area with a guard of one's own and a step",
        ),
    ],
)
def test_a_configuration_becomes_a_stack(config, parts, stack, expected):
    assert lines(house(config, **parts), stack) == expected


def test_an_authenticate_without_a_guard_says_what_it_came_to():
    note = next(note for note in house(KERNEL).stack("api").notes if note.name == "Authenticate")
    assert note.because == "middleware.api[1] asks the default guard, web; guard api believes the same logins"


def test_an_auth_line_that_means_the_guard_of_the_group_says_so():
    (note,) = house({**THREAD, "middleware": {"api": ["auth:web"]}}).stack("api").notes
    assert note.because == "middleware.api[0] asks web; guard api believes the same logins"


def test_a_group_that_asks_nobody_makes_no_area():
    groups = {"transport": ["cookies", "Audit"], "office": ["transport", "auth"]}
    built = house({"middleware": groups}, steps={"Audit": passing})
    assert set(built.areas) == {"office"}
    assert [step.name for step in built.stack("office").before] == ["Audit"]


def test_notes_name_the_place_in_the_configuration():
    first = house(KERNEL).stack("web").notes[0]
    assert (
        first.because
        == "middleware.web[0] names it; derived anyway: a cookie holds a random id and nothing to hide"
    )


def test_a_line_that_comes_twice_runs_once():
    built = house(
        {"middleware": {"x": ["Audit", "auth", "Audit"], "y": ["x", "Audit"]}}, steps={"Audit": passing}
    )
    for area in ("x", "y"):
        assert [step.name for step in built.stack(area).before] == ["Audit"]
        assert built.stack(area).after == ()


def test_a_step_gets_what_stands_behind_the_colon():
    heard = []

    def can(visit: object, ability: str) -> None:
        heard.append((visit, ability))

    step = house({"middleware": {"x": ["auth", "can:viewNova"]}}, steps={"can": can}).stack("x").after[0]
    step.run("the visit")
    assert heard == [("the visit", "viewNova")]


def test_a_step_that_is_one_keeps_its_phase():
    step = Step("audit", passing, "before guards")
    assert house({"middleware": {"x": ["auth", "Audit"]}}, steps={"Audit": step}).stack("x").before == (step,)


def test_every_setting_is_read():
    built = house(
        {
            "secret": [SECRET, OTHER_SECRET],
            "store": "memory:",
            "public_url": ["https://app.example.com", "https://www.example.com"],
            "trusted_origins": ["https://spa.example.com"],
            "trusted_proxies": ["10.0.0.0/8"],
            "login_url": "/enter",
            "csrf_url": "/token",
            "explain": "FULL",
            "debug": True,
            "sessions": {
                "idle": "30m",
                "absolute": "1h30m",
                "remembered_idle": 3600,
                "touch": 60,
                "max_bytes": 1000,
            },
            "cookie": {"name": "shop", "same_site": "strict", "csrf": "TOKEN", "partitioned": False},
        }
    )
    assert (built.login_url, built.parts.csrf_url, built.explain, built.debug) == (
        "/enter",
        "/token",
        "full",
        True,
    )
    assert built.parts.sessions.idle == timedelta(minutes=30)
    assert built.parts.sessions.absolute == timedelta(minutes=90)
    assert built.parts.sessions.remembered_idle == timedelta(hours=1)
    assert (built.parts.cookie.session, built.parts.cookie.same_site) == ("__Host-shop", "Strict")
    assert built.parts.hosts == {b"app.example.com", b"www.example.com"}


def test_parts_go_before_the_configuration():
    own = SessionGuard(realm="staff")
    built = house(
        {**KERNEL, "login_url": "/a", "middleware": {}},
        login_url="/b",
        default="api",
        guards={"web": own, "staff": own},
        areas={"office": Area(guards=("staff",))},
    )
    assert (built.login_url, built.default) == ("/b", "api")
    assert built.guards["web"].provider == "users"
    assert lines(built, "office")[-2] == "ambient: guard staff"


@pytest.mark.parametrize(
    ("config", "users", "providers"),
    [
        pytest.param(THREAD, USERS, {"users"}, id="one, called as the guards call it"),
        pytest.param(
            {"guards": {"web": {"driver": "session", "provider": "staff"}}},
            USERS,
            {"staff"},
            id="another name",
        ),
        pytest.param({}, USERS, {"users"}, id="one, called nowhere"),
        pytest.param(
            {"providers": {"people": {"driver": "memory"}}}, USERS, {"people"}, id="called by its section"
        ),
        pytest.param(THREAD, {"users": USERS, "staff": USERS}, {"users", "staff"}, id="more than are named"),
    ],
)
def test_users_are_found_by_name(config, users, providers):
    assert set(house(config, users=users).parts.providers) == providers


def test_a_file_is_read_with_its_secret_beside_it(tmp_path: Path):
    (tmp_path / "key").write_text(f"{SECRET}\n")
    path = tmp_path / "house.toml"
    path.write_text('secret_file = "key"\n[guards.api]\ndriver = "session"\nprovider = "users"\n')
    for source in (path, str(path)):
        assert lines(Guardhouse.from_config(source, users=USERS)) == SESSION_STACK


BROKEN_GROUP = {"guards": {"web": {"driver": "session"}, "api": {"driver": "session", "realm": "machines"}}}


@pytest.mark.parametrize(
    ("config", "parts", "key", "nearest", "fix"),
    [
        # keys
        pytest.param({"gards": {}}, {}, "gards", "guards", "The keys are:", id="a key"),
        pytest.param(
            {"app_key": "x"}, {}, "app_key", "secret", "The keys are:", id="a key with another name elsewhere"
        ),
        pytest.param(
            {"guards": {"api": {"drivr": "session"}}},
            {},
            "guards.api.driver",
            "driver",
            "It is one of",
            id="driver",
        ),
        pytest.param(
            {"guards": {"api": {"driver": "session", "providr": "users"}}},
            {},
            "guards.api.providr",
            "provider",
            "The keys of guards.api are: driver, provider, realm.",
            id="a key of a guard",
        ),
        pytest.param(
            {"defaults": {"gard": "web"}}, {}, "defaults.gard", "guard", "The keys of defaults", id="defaults"
        ),
        pytest.param(
            {"sessions": {"lifetime": 120}},
            {},
            "sessions.lifetime",
            "idle",
            "The keys of sessions",
            id="lifetime",
        ),
        pytest.param(
            {"cookie": {"samesite": "Lax"}}, {}, "cookie.samesite", "same_site", "The keys of", id="cookie"
        ),
        pytest.param(
            {"areas": {"x": {"guard": ["web"]}}},
            {},
            "areas.x.guard",
            "guards",
            "The keys of areas.x",
            id="area key",
        ),
        pytest.param(
            {"providers": {"users": {"driver": "eloquent", "modell": "User"}}},
            {},
            "providers.users.modell",
            "model",
            "The keys of providers.users are: driver, model, table.",
            id="a key of a provider",
        ),
        pytest.param({}, {"stpes": {}}, "from_config(stpes=...)", "steps", "The parts are:", id="a part"),
        # guards and providers
        pytest.param(
            {"guards": {"api": {"driver": "sesion"}}},
            {},
            "guards.api.driver",
            "session",
            "It is one of",
            id="driver name",
        ),
        pytest.param(
            {"guards": {"api": {"driver": "passport"}}},
            {},
            "guards.api.driver",
            None,
            "has no OAuth2 server. Use 'token'",
            id="passport",
        ),
        pytest.param(
            {"guards": {"api": {"driver": "jwt", "issuer": "https://login.example.com/"}}},
            {},
            "guards.api",
            None,
            "Write issuer, audience, jwks_url, and subject",
            id="jwt without its keys",
        ),
        pytest.param(
            {"guards": {"api": {"driver": "token", "input_key": "api_token"}}},
            {},
            "guards.api.input_key",
            None,
            "URLs are logged",
            id="a token in the query",
        ),
        pytest.param(
            {"guards": {"api": {}}},
            {},
            "guards.api.driver",
            None,
            "session, token, sanctum, jwt, basic, function",
            id="no driver",
        ),
        pytest.param(
            {"guards": {"api": "session"}}, {}, "guards.api", None, "Write a table", id="a guard as a text"
        ),
        pytest.param({"guards": []}, {}, "guards", None, "Write a table", id="guards as a list"),
        pytest.param(
            {"guards": {"a:b": {"driver": "session"}}}, {}, "guards", None, "no colon", id="a guard's name"
        ),
        pytest.param(
            {"guards": {"api": {"driver": "session", "provider": "user"}}},
            {"users": {"users": USERS}},
            "guards.api.provider",
            "users",
            "The names are: users.",
            id="a provider's name",
        ),
        pytest.param(
            {"guards": {"key": {"driver": "function", "header": "X-Key"}}},
            {},
            "guards.key",
            None,
            'functions={"key": function}',
            id="a function guard without its function",
        ),
        pytest.param(
            {"guards": {"key": {"driver": "function", "header": "X-Key", "scheme": "Bearer"}}},
            {"functions": {"key": find}},
            "guard header",
            None,
            "leave the header out",
            id="a scheme in another header",
        ),
        pytest.param(
            {"guards": {"key": {"driver": "function"}}},
            {"functions": {"key": find}},
            "guards.key.header",
            None,
            "Name the header",
            id="a function guard without a header",
        ),
        pytest.param(
            THREAD,
            {"functions": {"apy": find}},
            "functions.apy",
            "api",
            "driver 'function'",
            id="a function for nobody",
        ),
        pytest.param(
            {"defaults": {"guard": "wep"}}, {}, "defaults.guard", "web", "The names are", id="default guard"
        ),
        pytest.param({}, {"default": "wep"}, "default", "web", "The names are", id="the part default"),
        pytest.param(
            {"providers": {"users": {"driver": "eloquent"}}},
            {"users": {"user": USERS}},
            "providers.users",
            "user",
            'users={"users": provider}',
            id="a provider without its object",
        ),
        pytest.param(
            {"providers": {"users": {"driver": "eloqent"}}},
            {},
            "providers.users.driver",
            "eloquent",
            "It is one of",
            id="a provider's driver",
        ),
        pytest.param(
            {"providers": {"users": {}}}, {}, "providers.users.driver", None, "It is one of", id="none at all"
        ),
        pytest.param(
            {"providers": {"a": {"driver": "memory"}, "b": {"driver": "memory"}}},
            {},
            "users",
            None,
            'users={"a": ..., "b": ...}',
            id="two providers, one object",
        ),
        pytest.param({}, {"users": None}, "users", None, 'users={"users": provider}', id="no users"),
        pytest.param(
            THREAD | {"guards": {"web": {"driver": "session"}}},
            {"users": {"a": USERS, "b": USERS}},
            "guards.web.provider",
            None,
            "There are several",
            id="a guard between two providers",
        ),
        # groups
        pytest.param(
            {"middleware": {"api": ["auth:apj"]}, **THREAD},
            {},
            "middleware.api[0]",
            "auth:api",
            "The guards are: api, web.",
            id="auth with a guard that is not there",
        ),
        *(
            pytest.param(
                {"middleware": {"x": ["auth", name]}},
                {},
                "middleware.x[1]",
                None,
                "take the line out",
                id=name,
            )
            for name in ("HandleCors", "TrustProxies")
        ),
        pytest.param(
            {"middleware": {"x": ["auth", "StartSesion::class"]}},
            {},
            "middleware.x[1]",
            "StartSession",
            'steps={"StartSesion": function}',
            id="an unknown name",
        ),
        pytest.param(
            {"middleware": {"x": ["auth", "BootTools::class"]}},
            {"steps": {"BootTool": passing}},
            "steps.BootTool",
            "BootTools",
            "No middleware group names this step.",
            id="a step that nobody names",
        ),
        pytest.param(
            {"middleware": {"x": ["auth"]}},
            {"steps": {"auth": passing}},
            "steps.auth",
            None,
            "otherwise",
            id="step auth",
        ),
        pytest.param(
            {"middleware": {"x": ["auth", "csrf:api"]}},
            {},
            "middleware.x[1]",
            None,
            "takes no parameters",
            id="csrf:api",
        ),
        pytest.param(
            {"middleware": {"x": ["auth", "throttle:60"]}},
            {"steps": {"throttle": counting}},
            "middleware.x[1]",
            None,
            "missing a required argument: 'minutes'",
            id="a step with too few parameters",
        ),
        pytest.param(
            {"middleware": {"x": ["auth", "audit:all"]}},
            {"steps": {"audit": Step("audit", passing)}},
            "middleware.x[1]",
            None,
            "A Step takes no parameters",
            id="a Step with parameters",
        ),
        pytest.param(
            {"middleware": {"a": ["b"], "b": ["auth", "a"]}},
            {},
            "middleware.b[1]",
            None,
            "hold itself",
            id="a circle",
        ),
        pytest.param(
            {"middleware": {"web": ["web"]}}, {}, "middleware.web[0]", None, "hold itself", id="itself"
        ),
        pytest.param(
            {**THREAD, "middleware": {"x": ["auth:web", "auth:api"]}},
            {},
            "middleware.x[1]",
            None,
            "one `auth` line with all of which any may answer",
            id="two auth lines would both have to agree",
        ),
        pytest.param(
            {**BROKEN_GROUP, "middleware": {"api": ["web", "Authenticate"]}},
            {},
            "middleware.api[1]",
            None,
            "there is a guard api too, which believes other credentials: write auth:api",
            id="a group with the name of a guard that it does not mean",
        ),
        pytest.param(
            {"middleware": {"transport": ["Audit"]}},
            {"steps": {"Audit": passing}},
            "middleware.transport",
            None,
            "Audit would never run: add `auth`",
            id="a step where nobody is asked",
        ),
        pytest.param(
            {"middleware": {"auth": []}}, {}, "middleware.auth", None, "name the group otherwise", id="auth"
        ),
        pytest.param(
            {"middleware": {"a:b": []}}, {}, "middleware.a:b", None, "no colon", id="a group's name"
        ),
        pytest.param(
            {"middleware": {"x": "auth"}}, {}, "middleware.x", None, "['web', 'auth:api']", id="no list"
        ),
        pytest.param(
            {"middleware": {"x": ["auth", 3]}}, {}, "middleware.x", None, "list of names", id="no texts"
        ),
        pytest.param({"middleware": "web"}, {}, "middleware", None, "Write a table", id="groups as a text"),
        # areas
        pytest.param(
            {"areas": {"x": {}}}, {}, "areas.x.guards", None, "asks nobody", id="an area without guards"
        ),
        pytest.param(
            {"areas": {"x": {"guards": ["wep"]}}},
            {},
            "areas.x.guards",
            "web",
            "The names are",
            id="an area's guard",
        ),
        pytest.param(
            {"areas": {"x": {"guards": []}}}, {}, "areas.x.guards", None, "at least one", id="an empty list"
        ),
        pytest.param(
            {"areas": {"x": {"guards": ["web"], "answers": "jsn"}}},
            {},
            "areas.x.answers",
            "json",
            "It is one of: auto, json, page.",
            id="answers",
        ),
        pytest.param(
            {"middleware": {"x": ["auth"]}, "areas": {"x": {"middleware": ["auth"]}}},
            {},
            "areas.x.middleware",
            None,
            "is its list",
            id="two lists",
        ),
        pytest.param(
            {**BROKEN_GROUP, "areas": {"api": {"guards": ["web"]}}},
            {},
            "areas.api.guards",
            None,
            "too",
            id="hidden guard",
        ),
        # values
        pytest.param({"debug": "yes"}, {}, "debug", None, "true or false", id="debug"),
        pytest.param({"explain": "ful"}, {}, "explain", "full", "full, code, off", id="explain"),
        pytest.param({"explain": "full"}, {}, "explain", None, "debug=True", id="explain without debug"),
        pytest.param({"store": 3}, {}, "store", None, "Write a text", id="store"),
        pytest.param({"store": "  "}, {}, "store", None, "Write a text", id="an empty store"),
        pytest.param({"store": "sqlit:///x"}, {}, "store", "sqlite", "Use memory:", id="a store's scheme"),
        pytest.param(
            {"trusted_origins": "https://x"}, {}, "trusted_origins", None, "even of one", id="origins"
        ),
        pytest.param(
            {"trusted_origins": ["x.com"]}, {}, "trusted_origins", None, "scheme and host", id="an origin"
        ),
        pytest.param({"public_url": 1}, {}, "public_url", None, "list of texts", id="public_url"),
        pytest.param({"sessions": {"idle": "2 hours"}}, {}, "sessions.idle", None, "'2h'", id="a duration"),
        pytest.param(
            {"sessions": {"idle": True}}, {}, "sessions.idle", None, "'2h'", id="a truth as a duration"
        ),
        pytest.param({"sessions": {"idle": 0}}, {}, "sessions.idle", None, "'2h'", id="no time"),
        pytest.param(
            {"sessions": {"idle": "999999999w"}}, {}, "sessions.idle", None, "ten years", id="for ever"
        ),
        pytest.param(
            {"sessions": {"idle": "9d"}}, {}, "sessions.idle", None, "longer than", id="idle after absolute"
        ),
        pytest.param(
            {"sessions": {"max_bytes": -1}}, {}, "sessions.max_bytes", None, "whole number", id="max_bytes"
        ),
        pytest.param(
            {"cookie": {"same_site": "Laxx"}}, {}, "cookie.same_site", "Lax", "It is one of", id="same_site"
        ),
        pytest.param(
            {"cookie": {"same_site": "none"}}, {}, "cookie.same_site", None, "partitioned", id="SameSite=None"
        ),
        pytest.param(
            {"cookie": {"partitioned": 1}}, {}, "cookie.partitioned", None, "true or false", id="a flag"
        ),
        # the secret
        pytest.param({"secret": None}, {}, "secret", None, "guardhouse secret", id="no secret"),
        pytest.param({"secret": 5}, {}, "secret", None, "guardhouse secret", id="a number as a secret"),
        pytest.param({"secret": [SECRET, ""]}, {}, "secret", None, "guardhouse secret", id="an empty secret"),
        pytest.param(
            {"secret_file": "key"}, {}, "secret_file", None, "keep one of the two", id="two secrets"
        ),
        pytest.param(
            {"secret": None, "secret_file": "no-such-file"},
            {},
            "secret_file",
            None,
            "cannot be read",
            id="a file",
        ),
    ],
)
def test_what_is_not_understood_is_an_error_that_names_it(config, parts, key, nearest, fix):
    with pytest.raises(ConfigError) as raised:
        house(config, **parts)
    assert (raised.value.key, raised.value.nearest) == (key, nearest)
    assert fix in raised.value.fix
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "fix"),
    [
        pytest.param(b"[guards", "is not TOML", id="no TOML"),
        pytest.param(b"\xff", "is not TOML", id="no text"),
        pytest.param(None, "cannot be read", id="no file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content, fix):
    path = tmp_path / "house.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"house\.toml") as raised:
        Guardhouse.from_config(path, users=USERS)
    assert fix in raised.value.fix


def test_a_secret_file_that_holds_no_text_is_named(tmp_path: Path):
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    (tmp_path / "house.toml").write_text('secret_file = "key"')
    with pytest.raises(ConfigError, match="holds no text"):
        Guardhouse.from_config(tmp_path / "house.toml", users=USERS)


def test_neither_a_mapping_nor_a_path_is_refused():
    with pytest.raises(ConfigError, match="mapping, or the path"):
        Guardhouse.from_config(3, users=USERS)  # type: ignore[arg-type]


def test_a_guard_that_is_handed_in_may_stand_for_a_driver_that_is_not_built():
    config = {"guards": {"api": {"driver": "token", "provider": "users"}}}
    built = house(config, guards={"api": FunctionGuard(header="X-Key", find=find)})
    assert (built.guards["api"].name, built.guards["api"].provider) == ("api", "users")


def test_a_function_guard_may_be_told_its_scheme_instead_of_a_header():
    config = {"guards": {"token": {"driver": "function", "scheme": "Bearer"}}}
    guard = house(config, functions={"token": find}).guards["token"]
    assert isinstance(guard, FunctionGuard)
    assert (guard.header, guard.scheme) == ("Authorization", "Bearer")
