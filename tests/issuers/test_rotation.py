"""An issuer rotates its keys, dies and comes back, while clients call: nobody with a good token is ever refused."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import anyio
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from httpx2 import ASGITransport, AsyncClient
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import Area, JWTGuard
from guardhouse.demo.issuer import AUDIENCE, PARTNER
from guardhouse.issuers.jwks import COOLDOWN, JWKS, LIFESPAN, RETRY
from tests.attack.process import Child, free_port
from tests.attack.wire import Address
from tests.houses import starlette_house
from tests.issuers.conftest import Published

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

Said = tuple[int, str | None]
GOOD: Said = (200, None)
UNKNOWN: Said = (401, "jwt_key_unknown")
CLIENTS, ROTATIONS = 16, 6
PAIRS = [rsa.generate_private_key(65537, 2048) for _ in range(ROTATIONS + 1)]


def published(number: int) -> dict[str, Any]:
    jwk = RSAKey.import_key(PAIRS[number].public_key()).as_dict(private=False)
    return {**jwk, "kid": f"k{number}", "alg": "RS256", "use": "sig"}


def token(number: int, kid: str = "", now: float | None = None, **claims: Any) -> str:
    """Write a token as the issuer does, with a library that is not ours."""
    at = int(time.time() if now is None else now)
    said = {"iss": PARTNER, "aud": AUDIENCE, "sub": "1", "iat": at, "exp": at + 300} | claims
    return pyjwt.encode(said, PAIRS[number], "RS256", headers={"typ": "at+jwt", "kid": kid or f"k{number}"})


async def ask(client: AsyncClient, text: str) -> Said:
    answer = await client.get("/api/me", headers={"Authorization": f"Bearer {text}"})
    return answer.status_code, answer.headers.get("guardhouse-reason")


async def until(true: Callable[..., bool]) -> None:
    """Wait, however slow the machine is, and let the others run."""
    while not true():  # noqa: ASYNC110 - a test that looks at numbers, which wake nobody
        await anyio.sleep(0.02)


# -- under load, in a process of its own ----------------------------------------------------------------------------


@contextmanager
def demo(keys: str) -> Iterator[Child]:
    port = free_port()
    command = [sys.executable, "-m", "guardhouse", "demo", "--port", str(port), "--store", "memory:"]
    child = Child([*command, "--partner-keys", keys], Address("127.0.0.1", port), {})
    try:
        child.wait_until_it_listens()
        yield child
    finally:
        child.stop()


async def test_keys_rotate_under_load_and_no_good_token_is_refused(server: Published):
    """The issuer signs with a new key in the moment of its publication, and keeps the former one for tokens that are about.

    All the while others come with tokens of keys that are gone, which says nothing against those that are there.
    """
    server.publish(published(0))
    good, gone = [0], list[int]()
    refused, believed, admitted, over = list[Said](), list[Said](), 0, False
    draw, flying = Random(11), Counter[int]()

    async def load(client: AsyncClient, worker: int) -> None:
        nonlocal admitted
        number = 0
        while not over:
            number += 1
            key = draw.choice(good)
            flying[key] += 1
            said = await ask(client, token(key, jti=f"{worker}-{number}"))
            flying[key] -= 1
            admitted += said == GOOD
            refused.extend([said] if said != GOOD else [])

    async def knock(client: AsyncClient) -> None:
        while not over:
            await anyio.sleep(0.01)
            said = UNKNOWN if not gone else await ask(client, token(draw.choice(gone)))
            believed.extend([said] if said != UNKNOWN else [])

    with demo(f"{server.address}/keys") as child:
        address = f"http://127.0.0.1:{child.address.port}"
        async with (
            AsyncClient(base_url=address, trust_env=False) as client,
            anyio.create_task_group() as tasks,
        ):
            for worker in range(CLIENTS):
                tasks.start_soon(load, client, worker)
            tasks.start_soon(knock, client)
            for number in range(1, ROTATIONS + 1):
                await until(lambda goal=100 * number: admitted >= goal or bool(refused))
                good[:] = [number - 1]
                await until(lambda former=number - 2: not flying[former])  # its last tokens arrive
                server.publish(published(number - 1), published(number))
                good[:] = [number - 1, number]
                assert await ask(client, token(number)) == GOOD, f"key {number} was not noticed at once"
                gone[:] = range(number - 1)
            over = True
        assert refused == []
        assert believed == []
        assert server.asked == ROTATIONS + 1, "one fetch for each rotation, however many wait for it"


# -- on a clock that a test moves -----------------------------------------------------------------------------------


class Application:
    """An application that believes the issuer, on a clock that stands still until it is told."""

    def __init__(self, server: Published) -> None:
        self.now = 1_800_000_000.0
        keys = JWKS(f"{server.address}/keys", algorithms=("RS256",), clock=self.clock)
        guard = JWTGuard(keys, PARTNER, AUDIENCE, user=lambda claims: claims["sub"])
        house = starlette_house(guards={"jwt": guard}, areas={"api": Area(guards=("jwt",))}, clock=self.clock)

        async def me(request: Request) -> JSONResponse:
            return JSONResponse({"id": (await house.user(request)).id})

        app = Starlette(routes=[Route("/api/me", me, middleware=[house.layer("api")])])
        house.install(app)
        self.client = AsyncClient(transport=ASGITransport(app), base_url="https://testserver")

    def clock(self) -> float:
        return self.now

    async def ask(self, number: int, kid: str = "") -> Said:
        return await ask(self.client, token(number, kid, self.now))


async def test_the_issuer_dies_and_comes_back_and_nobody_has_to_do_anything(server: Published):
    app = Application(server)
    server.publish(published(0))
    assert await app.ask(0) == GOOD
    server.die()
    for _ in range(5):
        app.now += LIFESPAN
        assert await app.ask(0) == GOOD, "a known key goes on"
        assert await app.ask(1) == UNKNOWN, "a new one cannot be told from an invented one"
    server.rise()
    server.publish(published(0), published(1))
    app.now += RETRY
    assert await app.ask(1) == GOOD
    assert await app.ask(0) == GOOD
    assert server.asked == 1


async def test_an_issuer_that_was_never_there_is_an_outage_and_not_a_denial(server: Published):
    app = Application(server)
    server.publish(published(0))
    server.die()
    for _ in range(3):
        assert await app.ask(0) == (503, "issuer_unavailable")
    server.rise()
    server.publish(published(0))
    app.now += RETRY
    assert await app.ask(0) == GOOD


async def test_a_stranger_who_invents_names_all_day_hides_no_key_that_is_published_ahead(server: Published):
    """As issuers do that expect to be cached: the next key is published before it signs, the former one stays."""
    app = Application(server)
    server.publish(published(0), published(1))
    begun, step = app.now, LIFESPAN / 20
    for number in range(ROTATIONS):
        for turn in range(20):
            assert await app.ask(number) == GOOD
            assert await app.ask(number, kid=f"invented-{number}-{turn}") == UNKNOWN
            app.now += step
        around = range(max(0, number), min(number + 3, ROTATIONS + 1))
        server.publish(*map(published, around))
    seconds = app.now - begun
    assert server.asked <= 1 + seconds / COOLDOWN + seconds / LIFESPAN


async def test_a_key_that_is_gone_takes_its_tokens_with_it_also_those_that_were_believed_before(
    server: Published,
):
    app = Application(server)
    server.publish(published(0))
    text = token(0, now=app.now)
    assert await ask(app.client, text) == GOOD
    server.publish(published(1))
    assert await app.ask(1) == GOOD
    assert await ask(app.client, text) == UNKNOWN
    assert await app.ask(1, kid="k0") == UNKNOWN
    assert server.asked == 2
