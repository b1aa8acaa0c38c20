"""A glance and the long way decide alike, whatever the request says and whatever the store holds."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardhouse import SessionGuard, StoreError
from guardhouse.edge.asgi import Layer, Passage, facts_of
from guardhouse.gate.glance import NOTHING_SEEN, glance
from guardhouse.gate.visit import Visit
from guardhouse.state.record import Record, UnreadableRecordError
from guardhouse.stores.memory import MemoryStore
from tests.houses import ADA, ORIGIN, SESSION, starlette_house

HOUR = 3600.0
HOST = (b"host", b"testserver")
OWN = (b"sec-fetch-site", b"same-origin")
FOREIGN_ID = "A" * 43


class Counting(MemoryStore):
    """A store in reach that counts, and breaks on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.deletes = 0
        self.trouble: Exception | None = None

    def load_now(self, key: bytes) -> Record | None:
        self.reads += 1
        if self.trouble is not None:
            raise self.trouble
        return super().load_now(key)

    async def load(self, key: bytes) -> Record | None:
        return self.load_now(key)

    async def delete(self, key: bytes) -> bool:
        """Keep it all the same, for the next example."""
        self.deletes += 1
        return key in self._bodies


def at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """Run what waits for nothing, without an event loop."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    return ended.value.value


class Gate:
    """A house, and the same request to it on both ways."""

    def __init__(self, public_url: str | None = ORIGIN) -> None:
        self.now = 1_000_000.0
        self.store = Counting()
        self.house = starlette_house(
            store=self.store,
            clock=lambda: self.now,
            public_url=public_url,
            guards={"web": SessionGuard(), "staff": SessionGuard(realm="staff")},
        )
        self.ids = {name: self.log_in(name) for name in ("web", "staff")}

    def log_in(self, guard: str) -> str:
        visit = Visit(self.house.parts, facts_of(request("POST", [OWN, HOST]), self.house))
        at_once(self.house.desk(visit, guard).login(ADA))
        (line,) = [line for line in visit.cookies() if line.startswith(SESSION.encode())]
        return line.split(b";")[0].partition(b"=")[2].decode()

    def outcome(self, method: str, headers: Sequence[Any], stack: str, *, quick: bool) -> Any:
        """Decide, and say everything that may follow from it, and how often the store was read."""
        scope, asked = request(method, headers), self.house.stack(*stack.split())
        passage = passage_of(self, scope)
        self.store.reads = self.store.deletes = 0
        if quick and passage.identity(scope, asked) is not None and passage.seen:
            decision = passage.seen.decision
        else:
            decision = at_once(passage.visit(scope).decide(asked))
        assert decision is not None
        found = passage.entered or passage.seen
        left = (found and found.vary, passage.entered is None or passage.entered.clean)
        spent = (self.store.reads, self.store.deletes)
        visit = passage.visit(scope)
        again = at_once(visit.decide(asked))
        return decision.verdict, tuple(decision.trace), left, spent, visit.carried.presented, again.verdict


def passage_of(gate: Gate, scope: dict[str, Any]) -> Passage:
    """What the layer makes of a connection."""

    async def inside(*_: Any) -> None:
        pass

    at_once(_run(Layer(inside, gate.house), scope))
    passage: Passage = scope["guardhouse"]
    return passage


async def _run(layer: Layer, scope: dict[str, Any]) -> None:
    async def nothing(*_: Any) -> Any:
        return None

    await layer(scope, nothing, nothing)


def request(method: str, headers: Sequence[Any]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": "/",
        "scheme": "https",
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
    }


def cookies(gate: Gate) -> st.SearchStrategy[Sequence[Any]]:
    """Cookie lines of browsers and of nobody."""
    ids = [gate.ids["web"], gate.ids["staff"], FOREIGN_ID, "too-short", "", "B" * 44, "C" * 42 + "!"]
    crumb = st.one_of(
        st.sampled_from([f"{SESSION}={one}" for one in ids]),
        st.sampled_from(["theme=dark", f"X{SESSION}=1", f"{SESSION}", "", f' {SESSION}="{gate.ids["web"]}"']),
    )
    line = st.builds(
        lambda crumbs, between: (b"cookie", between.join(crumbs).encode()),
        st.lists(crumb, max_size=4),
        st.sampled_from(["; ", ";", " ; ", ";\t"]),
    )
    plain = st.just([(b"cookie", f"theme=dark; {SESSION}={gate.ids['web']}".encode())])
    return st.one_of(plain, st.lists(line, max_size=2))


def marks() -> st.SearchStrategy[Sequence[Any]]:
    """What tells where a request comes from: nothing, the usual, the foreign, and twice the same."""
    site = st.sampled_from([b"same-origin", b"none", b"same-site", b"cross-site", b"Same-Origin", b""])
    origin = st.sampled_from([b"https://testserver", b"https://evil.example", b"null", b""])
    host = st.sampled_from([b"testserver", b"TESTSERVER", b"evil.example"])
    return st.one_of(
        st.just([OWN, HOST]),
        st.lists(
            st.one_of(
                st.builds(lambda value: (b"sec-fetch-site", value), site),
                st.builds(lambda value: (b"origin", value), origin),
                st.builds(lambda value: (b"host", value), host),
                st.just((b"x-xsrf-token", b"forged")),
            ),
            max_size=4,
        ),
    )


@pytest.mark.parametrize("public_url", [ORIGIN, None])
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_glance_comes_to_what_the_long_way_comes_to(public_url: str | None, data: st.DataObject):
    gate = gate_at(public_url)
    method = data.draw(st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "DELETE", "get", "QUERY"]))
    headers = [*data.draw(marks()), *data.draw(cookies(gate))]
    stack = data.draw(st.sampled_from(["web", "staff", "web staff"]))
    gate.now = 1_000_000.0 + data.draw(st.sampled_from([0.0, 500.0, 1000.0, 2 * HOUR, 25 * HOUR]))
    quick, long = (gate.outcome(method, headers, stack, quick=quick) for quick in (True, False))
    assert quick == long


@cache
def gate_at(public_url: str | None) -> Gate:
    """One house for all examples: nothing here changes what it holds."""
    return Gate(public_url)


@pytest.mark.parametrize("trouble", [StoreError("no connection"), UnreadableRecordError()])
def test_trouble_of_the_store_is_left_to_the_long_way(trouble: Exception):
    gate = Gate()
    headers = [OWN, HOST, (b"cookie", f"{SESSION}={gate.ids['web']}".encode())]
    gate.store.trouble = trouble
    scope = request("GET", headers)
    passage = passage_of(gate, scope)
    assert passage.identity(scope, gate.house.stack("web")) is None
    decision = at_once(passage.visit(scope).decide(gate.house.stack("web")))
    expected = "store_unavailable" if isinstance(trouble, StoreError) else "session_unreadable"
    assert decision.verdict.reason == expected


def test_a_good_login_is_decided_without_a_visit_and_with_one_read():
    gate = Gate()
    for method in ("GET", "POST"):
        scope = request(method, [OWN, HOST, (b"cookie", f"{SESSION}={gate.ids['web']}".encode())])
        passage, before = passage_of(gate, scope), gate.store.reads
        identity = passage.identity(scope, gate.house.stack("web"))
        assert identity is not None
        assert identity.user_id == ADA.id
        assert passage.entered is None
        assert gate.store.reads == before + 1
        assert at_once(passage.visit(scope).decide(gate.house.stack("web")))
        assert gate.store.reads == before + 1


def test_what_is_found_wanting_is_not_read_twice():
    gate = Gate()
    scope = request("GET", [(b"cookie", f"{SESSION}={FOREIGN_ID}".encode())])
    passage, before = passage_of(gate, scope), gate.store.reads
    assert passage.identity(scope, gate.house.stack("web")) is None
    assert not at_once(passage.visit(scope).decide(gate.house.stack("web")))
    assert gate.store.reads == before + 1


def test_where_several_guards_are_asked_a_glance_is_not_enough():
    gate = Gate()
    assert glance(gate.house.parts, gate.house.stack("web", "staff"), [], safe=True) is NOTHING_SEEN


def test_a_store_that_loads_in_its_own_way_is_not_passed_by():
    class Audited(MemoryStore):
        async def load(self, key: bytes) -> Record | None:
            return await super().load(key)

    house = starlette_house(store=Audited())
    assert house.parts.load_now is None
