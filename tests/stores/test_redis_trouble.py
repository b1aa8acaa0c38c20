"""Redis down, slow, full or changing masters: an error within the time that was given, and all is well again afterwards."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.attempts import AttemptLimit
from guardhouse.state.enrolment import Kind
from guardhouse.state.record import Changes, encode
from guardhouse.stores.opening import open_store
from tests.houses import SESSION, browser, desk, log_in, starlette_house
from tests.services import Folder, Missing, free_port
from tests.services.proxy import Proxy
from tests.services.redis import HOST, Cluster, Node, Watched, watched

from .kinds import ADA, BOB, KEY, NEW_KEY, OTHER_KEY, record
from .redis_kinds import url_of
from .test_enrolments import enrolment

ONE = encode(1)


@contextmanager
def server(make: Callable[..., Any], *options: str, **more: Any) -> Iterator[Any]:
    """Start servers for one test, which may harm them."""
    try:
        started = make(*options, **more)
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        yield started
    finally:
        started.remove()


def calls(store: Any) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Every verb of a store."""
    return {
        "load": lambda: store.load(KEY),
        "create": lambda: store.create(OTHER_KEY, record(ADA)),
        "save": lambda: store.save(KEY, Changes(put={"a": ONE})),
        "move": lambda: store.move(KEY, NEW_KEY, Changes()),
        "delete": lambda: store.delete(KEY),
        "owned": lambda: store.owned("users:ada"),
        "revoke": lambda: store.revoke("users:ada"),
        "once": lambda: store.once(b"name", 5e9),
        "prune": lambda: store.prune(time.time()),
        "token": lambda: store.tokens.token("one"),
        "tokens_of": lambda: store.tokens.tokens_of("users:ada"),
        "enrol": lambda: store.enrolments.enrol(enrolment()),
        "enrolment": lambda: store.enrolments.enrolment(Kind.PASSKEY, "one"),
        "enrolled": lambda: store.enrolments.enrolled("users:ada"),
        "change": lambda: store.enrolments.change(enrolment(), enrolment().changed()),
        "withdraw": lambda: store.enrolments.withdraw("users:ada", Kind.PASSKEY, "one"),
        "withdraw_all": lambda: store.enrolments.withdraw_all("users:ada"),
        "prune_enrolments": lambda: store.enrolments.prune_enrolments(time.time()),
        "attempt": lambda: store.attempts.attempt(b"ada", AttemptLimit(), time.time),
        "limits": lambda: store.limits(time.time).incr("a", 60),
        "open": store.open,
    }


async def refused(call: Callable[[], Awaitable[Any]], within: float) -> str:
    """Hold that a call ends with an error of ours in time; return what it says."""
    began = time.monotonic()
    with pytest.raises(StoreError) as error:
        await call()
    assert time.monotonic() - began < within
    return str(error.value)


async def well(call: Callable[[], Awaitable[Any]], patience: float = 15.0) -> Any:
    """Try again until it works; whatever does not is an error of ours."""
    ends = time.monotonic() + patience
    while True:
        try:
            return await call()
        except StoreError:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.05)


# -- one server -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["redis://{}", "redis+cluster://{}", "redis+sentinel://{}/main"])
async def test_nobody_at_home_is_an_error_at_once(scheme: str):
    store = open_store(scheme.format(f"ada:hunter2@{HOST}:{free_port()}"))
    for call in calls(store).values():
        said = await refused(call, within=2)
        assert HOST in said
        assert "hunter2" not in said
    assert not await store.limits(time.time).check()  # type: ignore[union-attr]


@pytest.mark.slow
async def test_a_server_that_hangs_is_an_error_within_the_time_and_well_again_when_it_goes_on():
    with server(Node) as node:
        store: Any = open_store(f"{node.url}?timeout=0.5")
        await store.create(KEY, record(ADA))
        node.server.send(signal.SIGSTOP)
        for name, call in calls(store).items():
            said = await refused(call, within=1.5)
            assert "did not answer" in said or "Timeout" in said, name
        errors = await asyncio.gather(*(refused(lambda: store.load(KEY), within=3) for _ in range(100)))
        assert len(errors) == 100
        node.server.send(signal.SIGCONT)
        assert (await well(lambda: store.load(KEY))).logins == {"ada": ADA}
        for call in calls(store).values():
            await call()
        await store.close()


@pytest.mark.slow
async def test_a_restart_is_noticed_by_nobody_who_reads():
    with server(Node, "--appendonly", "yes", "--appendfsync", "always") as node:
        store: Any = open_store(f"{node.url}?timeout=5")
        await store.create(KEY, record(ADA))
        await asyncio.gather(*(store.load(KEY) for _ in range(20)))
        node.kill()
        assert "111" in await refused(lambda: store.load(KEY), within=2)
        node.server.start()
        assert await store.load(KEY) == record(ADA)
        assert await store.save(KEY, Changes(put={"a": ONE})), "a script that the new process does not know"
        await store.close()


async def test_a_wrong_password_is_told_and_not_shown():
    with server(Node) as node:
        node.client.config_set("requirepass", "right")
        store: Any = open_store(node.url.replace("//", "//:wrong-hunter2@"))
        said = await refused(lambda: store.load(KEY), within=2)
        assert "wrong-hunter2" not in said
        assert "password" in said
        good: Any = open_store(node.url.replace("//", "//:right@") + "?cache=tracking&timeout=5")
        await good.create(KEY, record(ADA))
        await well(lambda: trusted(good))
        assert await good.load(KEY) == record(ADA)
        await good.close()
        await store.close()


@contextmanager
def certificates() -> Iterator[dict[str, str]]:
    """Write what a server on this machine shows, and whom to trust for it; the server is another user."""
    folder, authority = Folder("certificates"), trustme.CA()
    shown = authority.issue_cert(HOST)
    pems = {"key": shown.private_key_pem, "cert": shown.cert_chain_pems[0], "ca": authority.cert_pem}
    for name, pem in pems.items():
        pem.write_to_path(str(folder.path / name))
        (folder.path / name).chmod(0o644)
    yield {name: str(folder.path / name) for name in pems}
    folder.remove()


async def test_through_tls_only_a_server_that_is_trusted_is_believed():
    port = free_port()
    with certificates() as files, certificates() as others:
        shown = (
            "--tls-cert-file",
            files["cert"],
            "--tls-key-file",
            files["key"],
            "--tls-ca-cert-file",
            files["ca"],
        )
        with server(Node, "--tls-port", str(port), "--tls-auth-clients", "no", *shown):
            store: Any = open_store(f"rediss://{HOST}:{port}?timeout=5&cache=tracking&ca={files['ca']}")
            await store.create(KEY, record(ADA))
            await well(lambda: trusted(store))
            assert await store.load(KEY) == record(ADA)
            await store.close()
            for trust in ("", f"&ca={others['ca']}"):
                wary: Any = open_store(f"rediss://{HOST}:{port}?timeout=5{trust}")
                assert "certificate verify failed" in await refused(partial(wary.load, KEY), within=5)
                await wary.close()


async def trusted(store: Any) -> None:
    """Raise while what is kept here is not vouched for."""
    if time.monotonic() >= store._links.here()._tracking.trusted_until:
        raise StoreError("not yet")


async def test_a_full_memory_refuses_writes_and_loses_nothing():
    with server(Node, "--maxmemory-policy", "noeviction") as node:
        store: Any = open_store(f"{node.url}?timeout=5")
        await store.create(KEY, record(ADA))
        node.client.config_set("maxmemory", 1)
        assert "maxmemory" in await refused(lambda: store.create(OTHER_KEY, record(BOB)), within=5)
        assert "maxmemory" in await refused(lambda: store.save(KEY, Changes(put={"a": ONE})), within=5)
        assert await store.load(KEY) == record(ADA)
        assert await store.delete(KEY), "a logout needs no memory"
        await store.close()


def test_an_outage_is_a_503_that_logs_nobody_out_and_in():
    with server(Node, "--appendonly", "yes") as node:
        house = starlette_house(store=f"{node.url}?timeout=1")
        app = Starlette(routes=[*desk(house), Route("/me", me, middleware=[house.layer("web")])])
        house.install(app)
        with browser(app) as client:
            log_in(client)
            assert client.get("/me").status_code == 200
            cookie = client.cookies[SESSION]
            node.server.send(signal.SIGSTOP)
            for answer in (client.get("/me"), client.post("/logout")):
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert "store_unavailable" in answer.text
                assert "set-cookie" not in answer.headers
            node.server.send(signal.SIGCONT)
            assert client.cookies[SESSION] == cookie
            assert client.get("/me").status_code == 200
            assert client.post("/logout").status_code == 204
            assert client.get("/me").status_code in (302, 303, 401)


async def me(request: Request) -> Response:
    return Response("hello")


async def test_a_dead_line_is_no_record_but_an_error():
    with server(Node) as node:
        proxy = Proxy(node.port)
        store: Any = open_store(f"redis://{HOST}:{proxy.port}?timeout=0.3")
        await store.create(KEY, record(ADA))
        proxy.hold()
        await refused(lambda: store.load(KEY), within=1)
        proxy.release()
        assert await well(lambda: store.load(KEY)) == record(ADA)
        await store.close()
        proxy.remove()


async def test_a_request_that_is_given_up_harms_no_other(tmp_path: Any):
    with server(Node) as node:
        store: Any = open_store(f"{node.url}?timeout=10")
        await store.create(KEY, record(ADA))
        for _ in range(30):
            at_work = [asyncio.create_task(store.load(KEY)) for _ in range(20)]
            await asyncio.sleep(0)
            for task in at_work[::2]:
                task.cancel()
            done = await asyncio.gather(*at_work, return_exceptions=True)
            assert all(found == record(ADA) for found in done[1::2])
        assert len(node.client.client_list()) < 40
        await store.close()


# -- what is told at the start ----------------------------------------------------------------------------------------


async def test_what_is_unsafe_is_told_and_what_is_safe_is_not(caplog: pytest.LogCaptureFixture):
    with server(Node, "--appendonly", "yes") as node:
        store: Any = open_store(f"{node.url}?timeout=5")
        assert await store.examine() == ()
        await store.open()
        assert not caplog.records
        node.client.config_set("appendonly", "no")
        node.client.config_set("maxmemory-policy", "allkeys-lru")
        wary: Any = open_store(f"{node.url}?timeout=5&durability=replicated")
        wary._clock = lambda: time.time() + 3600
        findings = "\n".join(map(str, await wary.examine()))
        for said in (
            "maxmemory-policy is allkeys-lru",
            "appendonly is off",
            "3600 seconds behind",
            "1 replicas and 0",
        ):
            assert said in findings
        await wary.open()
        assert len(caplog.records) == 4
        await store.close()
        await wary.close()


async def test_a_replica_and_a_node_of_a_cluster_stop_the_start():
    with server(Node) as master, server(Node, "--replicaof", f"{HOST} {master.port}") as replica:
        store: Any = open_store(f"{replica.url}?timeout=5")
        with pytest.raises(ConfigError, match="replica"):
            await store.open()
        await store.close()
        wrong: Any = open_store(f"redis+cluster://{HOST}:{master.port}?timeout=5")
        with pytest.raises(ConfigError, match="redis://"):
            await wrong.open()
        await wrong.close()
        nameless: Any = open_store(url_of("sentinel").replace("/main", "/mian") + "?timeout=5")
        with pytest.raises(StoreError, match="'mian'"):
            await nameless.open()
        await nameless.close()
    node = url_of("cluster").partition("://")[2].partition(",")[0]
    single: Any = open_store(f"redis://{node}?timeout=5")
    with pytest.raises(ConfigError, match=r"redis\+cluster://"):
        await single.open()
    await single.close()


async def test_sentinels_that_ask_are_told_who_we_are_and_no_refusal_shows_by_what():
    url = url_of("sentinel")
    for one in watched().sentinels:
        one.client.execute_command("ACL SETUSER", "shop", "on", ">hunter2", "allchannels", "+@all")
    who = "&sentinel_username=shop&sentinel_password="
    store: Any = open_store(f"{url}?timeout=5{who}hunter2")
    await store.open()
    await store.close()
    wrong: Any = open_store(f"{url}?timeout=5{who}hunter3")
    assert "hunter3" not in await refused(wrong.open, within=10)
    await wrong.close()


async def test_a_cluster_that_lacks_slots_is_told():
    with server(Node, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as node:
        node.client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 9999)
        store: Any = open_store(f"redis+cluster://{HOST}:{node.port}?timeout=5")
        await store.open()
        assert any("serves 10000 of 16384 slots" in remark.says for remark in await store.examine())
        await store.close()


# -- changing masters -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hanging"])
async def test_another_master_takes_over_within_ten_seconds(number: signal.Signals):
    with server(Watched) as servers:
        store: Any = open_store(f"{servers.url}?timeout=0.5")
        await store.create(KEY, record(ADA))
        await store.load(KEY)
        _replicated(servers.master)
        servers.master.server.send(number)
        began = time.monotonic()
        await refused(lambda: store.save(KEY, Changes(put={"a": ONE})), within=2)
        assert await well(lambda: store.save(KEY, Changes(put={"a": ONE})), patience=20)
        took = time.monotonic() - began
        loaded = await store.load(KEY)
        assert loaded.logins == {"ada": ADA}
        assert loaded.data
        print(f"written again after {took:.1f} s")
        assert took < 10
        await store.close()


@pytest.mark.slow
async def test_a_cluster_goes_on_without_one_of_its_masters():
    with server(Cluster) as servers:
        store: Any = open_store(f"{servers.url}?timeout=0.5")
        keys = [bytes([number]) * 32 for number in range(30)]
        for key in keys:
            await store.create(key, record(ADA))
        lost = servers.owner_of(store._sessions + keys[0])
        _replicated(lost)
        lost.kill()
        began = time.monotonic()
        for key in keys:
            assert await well(lambda key=key: store.save(key, Changes(put={"a": ONE})), patience=20)  # type: ignore[misc]
        took = time.monotonic() - began
        assert [await store.load(key) is not None for key in keys] == [True] * 30
        assert await well(lambda: store.revoke("users:ada")) <= 30
        assert await store.owned("users:ada") == []
        print(f"written everywhere again after {took:.1f} s")
        assert took < 10
        await store.close()


@pytest.mark.slow
async def test_a_slot_that_moves_under_load_loses_nothing():
    with server(Cluster) as servers:
        store: Any = open_store(f"{servers.url}?timeout=5&durability=replicated")
        key = bytes(range(200, 232))  # as hashes are: no text
        await store.create(key, record(ADA))
        source = servers.owner_of(store._sessions + key)
        target = next(one for one in servers.nodes[:3] if one is not source)
        writing = asyncio.create_task(_write(store, key, 150))
        await asyncio.to_thread(servers.move_slot, store._sessions + key, source, target)
        await writing
        assert servers.owner_of(store._sessions + key) is target
        loaded = await store.load(key)
        assert loaded is not None
        assert len(loaded.data) == 150
        await store.create(OTHER_KEY, record(BOB))
        assert await store.delete(key)
        assert await store.revoke("users:bob") == 1
        await store.close()


async def _write(store: Any, key: bytes, times: int) -> None:
    for number in range(times):
        assert await store.save(key, Changes(put={f"k{number}": encode(number)}))


def _replicated(node: Node) -> None:
    """Wait until the replicas have everything; WAIT would ask for the writes of its own connection only."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        said = node.client.info("replication")
        replicas = [said[name]["offset"] for name in said if re.fullmatch(r"slave\d+", name)]
        if replicas and set(replicas) == {said["master_repl_offset"]}:
            return
        time.sleep(0.01)
    raise AssertionError("the replicas lag")
