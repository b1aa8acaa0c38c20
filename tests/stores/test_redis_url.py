"""What a Redis URL may say: each word is understood or refused by name, and a password is shown to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.errors import ConfigError
from guardhouse.stores import opening
from guardhouse.stores.opening import open_store
from guardhouse.stores.redis import RedisStore
from guardhouse.stores.redis_url import SCHEMES, RedisAddress, read_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("redis://localhost", RedisAddress("single", (("localhost", 6379),)), id="a host"),
        pytest.param(
            "redis://10.0.0.1:7000/3", RedisAddress("single", (("10.0.0.1", 7000),), db=3), id="port, db"
        ),
        pytest.param("redis://[::1]:7000", RedisAddress("single", (("::1", 7000),)), id="IPv6"),
        pytest.param(
            "rediss://ada:p%40ss@cache?ca=/etc/ca.pem",
            RedisAddress("single", (("cache", 6379),), True, "/etc/ca.pem", "ada", "p@ss"),
            id="TLS and who",
        ),
        pytest.param(
            "redis+sentinel://:secret@a,b:7001/main/2?prefix=shop&sentinel_username=ada&sentinel_password=p%26s",
            RedisAddress(
                "sentinel",
                (("a", 26379), ("b", 7001)),
                password="secret",
                sentinel_username="ada",
                sentinel_password="p&s",
                service="main",
                db=2,
                prefix="shop",
            ),
            id="Sentinels",
        ),
        pytest.param(
            "rediss+cluster://a,b:7001?durability=replicated&replicas=2&cache=tracking&pool=50&timeout=1.5",
            RedisAddress(
                "cluster",
                (("a", 6379), ("b", 7001)),
                True,
                durability="replicated",
                replicas=2,
                cache="tracking",
                pool=50,
                timeout=1.5,
            ),
            id="a cluster, with every option",
        ),
    ],
)
def test_a_url_is_read_whole(url: str, address: RedisAddress):
    assert read_url(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://", "Write it as redis://"),
        ("redis://a,b", "Several|several"),
        ("redis://a:0", "store host: found 'a:0'"),
        ("redis://a:70000", "store host"),
        ("redis://a b", "store host"),
        ("redis://a/x", "store path: found '/x'"),
        ("redis://a/1/2", "store path"),
        ("redis://a#x", "Write it as"),
        ("redis://[::1", "cannot be read"),
        ("redis+sentinel://a", r"store path: found ''.* redis\+sentinel://"),
        ("redis+cluster://a/1", "store path: found '/1'"),
        ("redis://a?prefx=x", "store option: found 'prefx'. Did you mean 'prefix'"),
        ("redis://a?prefix=a&prefix=b", "Say it once"),
        ("redis://a?sentinel_password=x", "store option: found 'sentinel_password'. Only redis.sentinel://"),
        ("redis://a?prefix=a%20b", "A prefix is"),
        ("redis://a?prefix={a}", "A prefix is"),
        ("redis://a?durability=replicate", "Did you mean 'replicated'"),
        ("redis://a?cache=on", "It is off or tracking"),
        ("redis://a?pool=2", "from 8 to 1000"),
        ("redis://a?pool=99999999999999999999", "from 8 to 1000"),
        ("redis://a?replicas=x", "from 1 to 100"),
        ("redis://a?replicas=²", "from 1 to 100"),
        ("redis://a?timeout=0", "a number of seconds"),
        ("redis://a?timeout=nan", "a number of seconds"),
        ("redis://a?ca=/x", "Certificates are for rediss"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(url: str, says: str):
    with pytest.raises(ConfigError, match=says):
        open_store(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://ada:hunter2@a/x",
        "redis://ada:hunter2@a?x=1",
        "redis://ada:hunter2@[::1",
        "redis://:hunter2@",
        "redis://a?password=hunter2",
        "redis://a?passwd=hunter2",
        "redis://a?sentinel_password=hunter2",
        "redis+sentinel://a/main?sentinel_password=hunter2&sentinel_password=hunter2",
        "redis://ada:/hunter2@a/0",
        "redis://ada:?hunter2@a/0",
        "redis://ada:#hunter2@a/0",
    ],
)
def test_no_refusal_shows_the_password(url: str):
    with pytest.raises(ConfigError) as refused:
        open_store(url)
    assert "hunter2" not in str(refused.value)


def test_nothing_shows_the_password():
    store: Any = open_store("redis://ada:hunter2@localhost/1")
    assert "hunter2" not in f"{store!r} {store.address} {store.address!r}"
    assert store.address.password == "hunter2"


@pytest.mark.parametrize(
    ("url", "nearest"),
    [
        ("reds://a", "redis"),
        ("redis+sentinal://a/b", "redis+sentinel"),
        ("redis+clster://a", "redis+cluster"),
    ],
)
def test_a_slip_in_the_scheme_is_told_what_was_meant(url: str, nearest: str):
    with pytest.raises(ConfigError) as refused:
        open_store(url)
    assert refused.value.nearest == nearest


def test_every_scheme_that_is_read_is_opened():
    for scheme in SCHEMES:
        path = "/main" if "sentinel" in scheme else ""
        assert isinstance(open_store(f"{scheme}://localhost{path}"), RedisStore)


def test_a_driver_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'guardhouse\[redis\]'") as refused:
        open_store("redis://:hunter2@localhost")
    assert "hunter2" not in str(refused.value)


def test_another_kind_of_loop_is_told_that_the_driver_needs_asyncio():
    store: Any = open_store("redis://localhost")
    with pytest.raises(ConfigError, match="asyncio"):
        store.load(b"k" * 32).send(None)
