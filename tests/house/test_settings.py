"""A house that cannot work is not built: each error names the key, what stood there, the nearest name and the fix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from guardhouse import (
    Area,
    ConfigError,
    CookiePolicy,
    FunctionGuard,
    MemoryUsers,
    SessionGuard,
    SessionPolicy,
    Step,
    TokenGuard,
)
from guardhouse.core.guard import Need
from guardhouse.errors import UnmetNeedError
from guardhouse.stores.memory import MemoryStore
from guardhouse.vault.secret import Secret
from tests.houses import ADA, GRACE, OTHER_SECRET, SECRET, find_key, starlette_house

TWO = {"users": MemoryUsers([ADA]), "staff": MemoryUsers([GRACE])}


def no_step(visit: Any) -> None: ...


class ClientCertificate:
    """A guard that needs what no house supplies."""

    name, provider = "", None
    needs = (Need("certificate", ambient=True),)
    claim = fetch = judge = no_step

    def named(self, name: str, provider: str) -> ClientCertificate:
        return self


BAD: list[Any] = [
    ({"secret": "short"}, "secret[0]", None, "guardhouse secret"),
    ({"secret": []}, "secret", None, "guardhouse secret"),
    ({"secret": "x" * 64}, "secret[0]", None, "guardhouse secret"),
    ({"secret": [SECRET, "changeme" * 8]}, "secret[1]", None, "guardhouse secret"),
    ({"users": [ADA]}, "users", None, "MemoryUsers"),
    ({"users": {}}, "users", None, "MemoryUsers"),
    ({"users": None}, "users", None, "MemoryUsers"),
    ({"users": MemoryUsers}, "users", None, "MemoryUsers(...)"),
    ({"users": {"users": TWO["users"], "staff": object()}}, "users.staff", None, "by_id"),
    ({"users": TWO, "guards": {"web": SessionGuard()}}, "guards.web.provider", None, "users, staff"),
    ({"guards": {"web": SessionGuard(provider="user")}}, "guards.web.provider", "users", "users"),
    ({"guards": {"web": "session"}}, "guards.web", None, "SessionGuard()"),
    ({"guards": {"web": SessionGuard}}, "guards.web", None, "SessionGuard(...)"),
    (
        {"users": TWO, "guards": {"one": TokenGuard("users"), "two": TokenGuard("staff")}},
        "guards.two.policy.prefix",
        None,
        "Guard one issues tokens to other users that begin alike",
    ),
    ({"guards": {"a,b": SessionGuard()}}, "guards", None, "no comma"),
    ({"guards": {"auth:api": SessionGuard()}}, "guards", None, "no colon"),
    ({"guards": {"": SessionGuard()}}, "guards", None, "no comma"),
    ({"guards": {"mtls": ClientCertificate()}}, "guard mtls", None, "supplies"),
    (
        {
            "users": TWO,
            "guards": {"web": SessionGuard("users", realm="x"), "staff": SessionGuard("staff", realm="x")},
        },
        "guards.staff.realm",
        None,
        "another realm",
    ),
    (
        {
            "users": TWO,
            "guards": {"web": SessionGuard("users"), "staff": SessionGuard("staff", realm="users")},
        },
        "guards.staff.realm",
        None,
        "provider users",
    ),
    ({"default": "wed"}, "default", "web", "api, key, staff, web"),
    ({"areas": {"v1": Area(guards=("apy",))}}, "areas.v1.guards", "api", "api"),
    ({"areas": {"api": Area(guards=("web",))}}, "areas.api", None, "same name"),
    ({"areas": {"a,b": Area(guards=("web",))}}, "areas", None, "no comma"),
    ({"areas": {"v1": ("web",)}}, "areas.v1", None, "Area("),
    ({"store": "memry:"}, "store", "memory", "sqlite:///"),
    ({"store": "gopher://localhost"}, "store", None, "memory:"),
    ({"store": "sqlite://sessions.db"}, "store", None, "sqlite:///sessions.db"),
    ({"store": "sqlite:///x.db?sync=full"}, "store option", None, "synchronous"),
    ({"store": MemoryStore}, "store", None, "MemoryStore(...)"),
    ({"store": {}}, "store", None, "load"),
    ({"public_url": "app.example.com"}, "public_url", None, "scheme"),
    ({"public_url": "https://app.example.com/app"}, "public_url", "https://app.example.com", "path"),
    ({"public_url": "https://App.example.com"}, "public_url", "https://app.example.com", "lower case"),
    ({"public_url": "https://app.example.com:443"}, "public_url", "https://app.example.com", "default port"),
    ({"public_url": ["https://app.example.com", "*"]}, "public_url", None, "no '*'"),
    ({"public_url": "https://[::1"}, "public_url", None, "scheme"),
    ({"public_url": "https://app.example.com:https"}, "public_url", None, "scheme"),
    ({"trusted_origins": "https://front.example"}, "trusted_origins", None, "list"),
    ({"trusted_origins": ["*"]}, "trusted_origins", None, "no '*'"),
    ({"trusted_origins": ["null"]}, "trusted_origins", None, "no 'null'"),
    (
        {"trusted_origins": ["https://*.example.com"]},
        "trusted_origins",
        "https://*.example.com",
        "lower case",
    ),
    ({"trusted_origins": [None]}, "trusted_origins", None, "scheme"),
    ({"trusted_proxies": "10.0.0.0/8"}, "trusted_proxies", None, "list"),
    ({"trusted_proxies": ["0.0.0.0/0"]}, "trusted_proxies", None, "everybody"),
    ({"trusted_proxies": ["10.0.0.1/8"]}, "trusted_proxies", None, "10.0.0.0/8"),
    ({"trusted_proxies": ["localhost"]}, "trusted_proxies", None, "network"),
    ({"login_url": "login"}, "login_url", None, "'/login'"),
    ({"login_url": "//evil.example"}, "login_url", None, "'/login'"),
    ({"login_url": "javascript:alert(1)"}, "login_url", None, "'/login'"),
    ({"login_url": "/log in\r\nX: y"}, "login_url", None, "'/login'"),
    ({"explain": "everything"}, "explain", None, "full, code, off"),
    ({"explain": "full"}, "explain", None, "debug=True"),
]

BAD_PARTS: list[Any] = [
    (lambda: CookiePolicy(name="__Host-gh"), "cookie.name", "prefix"),
    (lambda: CookiePolicy(name="a b"), "cookie.name", "letters"),
    (lambda: CookiePolicy(same_site="lax"), "cookie.same_site", "Lax"),  # type: ignore[arg-type]
    (lambda: CookiePolicy(same_site="None"), "cookie.same_site", "partitioned=True"),
    (lambda: CookiePolicy(same_site="None", insecure_plain_http=True), "cookie.same_site", "https"),
    (lambda: CookiePolicy(domain="example.com"), "cookie.domain", "shared_with_subdomains"),
    (lambda: CookiePolicy(domain="192.0.2.1", shared_with_subdomains=True), "cookie.domain", "no IP"),
    (lambda: SessionPolicy(idle=timedelta(0)), "sessions.idle", "some time"),
    (lambda: SessionPolicy(idle=timedelta(days=2)), "sessions.idle", "longer than"),
    (lambda: SessionPolicy(remembered_idle=timedelta(days=99)), "sessions.remembered_idle", "longer than"),
    (lambda: Area(guards=()), "area.guards", "public"),
    (lambda: Area(guards=("web",), answers="xml"), "area.answers", "auto, json, page"),  # type: ignore[arg-type]
    (lambda: Step("x", no_step, phase="first"), "step x", "before guards"),  # type: ignore[arg-type]
    (lambda: FunctionGuard(header="Cookie", find=find_key), "guard header", "explicit"),
]


@pytest.mark.parametrize(("changes", "key", "nearest", "fix"), BAD, ids=lambda value: str(value)[:40])
def test_a_house_that_cannot_work_is_not_built(changes, key, nearest, fix):
    with pytest.raises(ConfigError) as raised:
        starlette_house(**changes)
    assert (raised.value.key, raised.value.nearest) == (key, nearest)
    assert fix in str(raised.value)


@pytest.mark.parametrize(("make", "key", "fix"), BAD_PARTS)
def test_a_part_that_cannot_work_is_not_made(make, key, fix):
    with pytest.raises(ConfigError) as raised:
        make()
    assert raised.value.key == key
    assert fix in str(raised.value)


@pytest.mark.parametrize(
    ("public_url", "debug", "allowed"),
    [
        ("http://localhost:8000", True, True),
        ("http://127.0.0.1:8000", True, True),
        ("http://[::1]:8000", True, True),
        ("http://app.localhost:8000", True, True),
        ("http://localhost:8000", False, False),
        ("http://192.168.0.2:8000", True, False),
        ("http://localhost.example.com", True, False),
        (["http://localhost:8000", "http://app.example.com"], True, False),
        (None, True, False),
    ],
)
def test_plain_cookies_are_for_a_developers_own_machine(public_url, debug, allowed):
    changes = {"cookie": CookiePolicy(insecure_plain_http=True), "public_url": public_url, "debug": debug}
    if allowed:
        assert starlette_house(**changes).parts.cookie.session == "gh"
    else:
        with pytest.raises(ConfigError, match="loopback"):
            starlette_house(**changes)


def test_a_secret_is_in_no_error_and_no_repr():
    with pytest.raises(ConfigError) as raised:
        starlette_house(secret=["a secret word"])
    assert "a secret word" not in str(raised.value)
    house = starlette_house(secret=Secret(SECRET))
    assert SECRET not in repr(vars(house)) + repr(house.parts)


def test_an_unmet_need_names_the_guard_and_the_fact():
    with pytest.raises(UnmetNeedError) as raised:
        starlette_house(guards={"mtls": ClientCertificate()})
    assert (raised.value.wanted_by, raised.value.need) == ("guard mtls", "certificate")


@pytest.mark.parametrize(
    "changes",
    [
        {"guards": None},
        {"secret": [SECRET, OTHER_SECRET]},
        {"secret": SECRET.encode()},
        {"users": TWO, "guards": {"web": SessionGuard("users"), "staff": SessionGuard("staff")}},
        {"areas": {"api": Area(guards=("api",), answers="json"), "shop": Area(guards=("key", "web"))}},
        {"public_url": ["https://app.example.com", "https://app.example.com:8443/", "http://[::1]:8000"]},
        {"trusted_origins": ["https://front.example", "http://localhost:5173"]},
        {"trusted_proxies": ["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"]},
        {"login_url": "https://login.example.com/"},
        {"login_url": None},
        {"explain": "full", "debug": True},
        {"explain": "off"},
        {"cookie": CookiePolicy(same_site="None", partitioned=True)},
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_works_is_built(changes):
    assert starlette_house(**changes).stack().checks


@pytest.mark.parametrize(
    ("names", "key", "nearest"),
    [
        (("wep",), "guard or area", "web"),
        (("api", "kye"), "guard or area", "key"),
        (("shop", "web"), "stack", None),
    ],
)
def test_a_stack_of_unknown_names_names_the_nearest(names, key, nearest):
    house = starlette_house(areas={"shop": Area(guards=("web",))})
    with pytest.raises(ConfigError) as raised:
        house.stack(*names)
    assert (raised.value.key, raised.value.nearest) == (key, nearest)


def test_a_stack_prints_each_check_with_its_because():
    house = starlette_house(
        areas={"shop": Area(guards=("web", "key"), answers="json", steps=(Step("x", no_step),))}
    )
    lines = str(house.stack("shop")).splitlines()
    assert lines[0] == "stack shop"
    assert [line.split("  because ")[0].strip() for line in lines[1:]] == [
        "guard key",
        "origin",
        "session",
        "guard web",
        "step x",
        "answer",
    ]
    assert all("  because " in line for line in lines[1:])


def test_a_listener_must_come_before_the_house_is_at_work():
    house = starlette_house()
    house.freeze()
    with pytest.raises(ConfigError, match=r"before house\.install"):
        house.listen(ConfigError, print)  # type: ignore[arg-type]
