"""Keys that another process publishes: fetched once for all who wait, again when a new one is named, and never lost."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from anyio import create_task_group
from joserfc.jwk import ECKey

from guardhouse import ConfigError
from guardhouse.errors import IssuerUnavailableError
from guardhouse.issuers.jwks import COOLDOWN, JWKS, LIFESPAN, RETRY
from guardhouse.vault.jws import Key
from tests.issuers.conftest import Published
from tests.tokens import public_jwk

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def found(keys: JWKS, kid: str | None, algorithm: str = "ES256") -> Key | None:
    asked: Any = keys.find(kid, algorithm)
    key: Key | None = await asked if hasattr(asked, "__await__") else asked
    return key


def keys_of(server: Published, clock: Any = None, **more: Any) -> JWKS:
    return JWKS(
        f"{server.address}/keys", algorithms=("ES256", "RS256", "EdDSA"), clock=clock or Clock(), **more
    )


async def test_keys_are_fetched_when_they_are_first_asked_for_and_then_kept(server):
    server.publish(public_jwk("ES256", "e1"), public_jwk("RS256", "r1"), public_jwk("EdDSA", "o1"))
    keys = keys_of(server)
    assert [
        (await found(keys, kid, alg)) is not None
        for kid, alg in (("e1", "ES256"), ("r1", "RS256"), ("o1", "EdDSA"))
    ]
    assert await found(keys, "e1", "RS256") is None
    assert await found(keys, "e1", "HS256") is None
    assert server.asked == 2, "once at first, and once for a pair that was not there"


async def test_all_who_wait_are_served_by_one_fetch(server):
    server.publish(public_jwk("ES256", "e1"), delay=0.2)
    keys, heard = keys_of(server), []

    async def ask() -> None:
        heard.append(await found(keys, "e1"))

    async with create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
    assert (len(set(map(id, heard))), server.asked) == (1, 1)


async def test_a_flood_of_invented_names_costs_a_few_fetches(server):
    server.publish(public_jwk("ES256", "e1"))
    clock = Clock()
    keys = keys_of(server, clock)
    for number in range(200):
        assert await found(keys, f"invented{number}") is None
        clock.now += 0.1
    assert server.asked == 1
    assert await found(keys, "e1") is not None


async def test_an_invented_name_hides_a_new_key_for_seconds_and_no_longer(server):
    server.publish(public_jwk("ES256", "e1"))
    clock = Clock()
    keys = keys_of(server, clock)
    assert await found(keys, "invented") is None
    server.publish(public_jwk("ES256", "e1"), public_jwk("ES256", "e2"))
    clock.now += COOLDOWN - 1
    assert await found(keys, "e2") is None
    clock.now += 1
    assert await found(keys, "e2") is not None
    assert server.asked == 2


async def test_a_former_key_is_not_asked_for_and_hides_no_new_one(server):
    clock = Clock()
    keys = keys_of(server, clock)
    for number in range(5):
        server.publish(public_jwk("ES256", f"e{number}"))
        assert await found(keys, f"e{number}") is not None
        assert [await found(keys, f"e{former}") for former in range(number)] == [None] * number
    assert server.asked == 5
    clock.now += LIFESPAN
    assert await found(keys, "e0") is None, "a look, for what there is was fetched too long ago"
    server.publish(public_jwk("ES256", "e0"), public_jwk("ES256", "e5"))
    assert await found(keys, "e5") is not None, "which hides no new key either"
    assert await found(keys, "e0") is not None, "what is published again is a key again"
    assert server.asked == 7


async def test_a_new_key_is_noticed_at_once_and_a_former_one_is_gone_with_its_publication(server):
    server.publish(public_jwk("ES256", "e1"))
    clock = Clock()
    keys = keys_of(server, clock)
    former = await found(keys, "e1")
    assert former is not None
    server.publish(public_jwk("ES256", "e2"))
    assert keys.holds(former)
    assert await found(keys, "e2") is not None
    assert not keys.holds(former)


async def test_a_key_that_stays_is_the_same_key(server):
    server.publish(public_jwk("ES256", "e1"))
    clock = Clock()
    keys = keys_of(server, clock)
    former = await found(keys, "e1")
    clock.now += LIFESPAN
    assert await found(keys, "e1") is former
    assert server.asked == 2


@pytest.mark.parametrize(
    "trouble",
    [{"status": 500}, {"document": "no json"}, {"document": "[]"}, {"document": '{"keys": 7}'}, {"document": '{"keys": []}'},
     {"document": '{"keys": [7]}'}, {"document": '{"keys": [{"kty": "oct", "k": "AA"}]}'}, {"document": "x" * 300_000}, {"document": "[" * 100_000},
     {"document": json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=True)]})}, {"status": 302}],
)  # fmt: skip
async def test_while_the_issuer_is_away_or_mad_the_former_keys_stay_good(server, trouble):
    server.publish(public_jwk("ES256", "e1"))
    clock = Clock()
    keys = keys_of(server, clock)
    former = await found(keys, "e1")
    server.publish(**trouble)
    clock.now += LIFESPAN
    assert await found(keys, "e1") is former
    server.publish(public_jwk("ES256", "e1"), public_jwk("RS256", "r1"), status=200)
    clock.now += RETRY
    assert await found(keys, "r1", "RS256") is not None


@pytest.mark.parametrize("trouble", [{"status": 503}, {"document": "no json"}])
async def test_an_issuer_that_was_never_reached_is_no_denial(server, trouble):
    server.publish(**trouble)
    with pytest.raises(IssuerUnavailableError, match="see that this machine reaches that address"):
        await found(keys_of(server), "e1")


async def test_an_address_where_nobody_listens_is_no_denial():
    with pytest.raises(IssuerUnavailableError):
        await found(JWKS("http://127.0.0.1:1/keys"), "e1")


async def test_a_slow_issuer_is_not_waited_for_by_those_whose_key_is_known():
    clock, gate = Clock(), anyio.Event()
    document = json.dumps({"keys": [public_jwk("ES256", "e1")]}).encode()

    async def fetch(url: str) -> bytes:
        if clock.now > 1000.0:
            await gate.wait()
        return document

    keys = JWKS("https://login.example.com/keys", fetch=fetch, clock=clock)
    former = await found(keys, "e1")
    clock.now += LIFESPAN
    async with create_task_group() as tasks:
        tasks.start_soon(found, keys, "e1")
        await anyio.sleep(0.01)
        assert keys.find("e1", "ES256") is former
        gate.set()


async def test_what_is_of_another_kind_in_the_set_is_passed_over(server):
    strange = [{"kty": "future"}, {"kty": "EC", "crv": "P-256"}, public_jwk("RS256", "r1") | {"use": "enc"}]
    server.publish(*strange, public_jwk("ES256", "e1"), public_jwk("EdDSA"))
    keys = keys_of(server)
    assert await found(keys, "e1") is not None
    assert await found(keys, None, "EdDSA") is not None
    assert await found(keys, None, "RS256") is None


@pytest.mark.parametrize(
    "url", ["http://login.example.com/keys", "ftp://127.0.0.1/", "/keys", "", "https:/x" * 0]
)
def test_keys_come_over_https_or_from_this_machine(url):
    with pytest.raises(ConfigError, match="Write an https address"):
        JWKS(url)


def test_one_algorithm_stands_in_a_tuple_too():
    with pytest.raises(ConfigError, match=r"algorithms=\('RS256',\)"):
        JWKS("https://login.example.com/keys", algorithms="RS256")


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS255"])
def test_no_secret_is_published(algorithm):
    with pytest.raises(ConfigError, match="A published key has one of"):
        JWKS("https://login.example.com/keys", algorithms=(algorithm,))
