"""One request at the gate: what is asked, in which order, how often, and what it costs the store."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from guardhouse import Allow, Area, Decision, Deny, FunctionGuard, Reason, SessionGuard, Step, StoreError
from guardhouse.core.verdict import Identity, Verdict
from guardhouse.edge.asgi import facts_of
from guardhouse.gate.visit import Visit
from guardhouse.state.record import Changes, Record
from guardhouse.stores.memory import MemoryStore
from tests.edge.wire import Headers, scope
from tests.houses import ADA, SESSION, find_key, starlette_house

KEY = {"X-Api-Key": "sesame"}
WRONG_KEY = {"X-Api-Key": "wrong"}
OWN = {"Origin": "https://testserver"}
EVIL = {"Origin": "https://evil.example"}
UNKNOWN_COOKIE = {"Cookie": f"{SESSION}={'A' * 43}"}
MALFORMED = {"Cookie": f"{SESSION}=malformed"}
TWO_COOKIES = {"Cookie": f"{SESSION}={'A' * 43}; {SESSION}={'B' * 43}"}


class CountingStore:
    """A store that writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False
        self._behind = MemoryStore()

    async def load(self, key: bytes) -> Record | None:
        return await self._noted("load").load(key)

    async def create(self, key: bytes, record: Record) -> None:
        await self._noted("create").create(key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        return await self._noted("save").save(key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        return await self._noted("move").move(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        return await self._noted("delete").delete(key)

    def _noted(self, verb: str) -> MemoryStore:
        self.asked.append(verb)
        if self.broken:
            raise StoreError("no connection")
        return self._behind


def refuse_early(visit: Any) -> Deny | None:
    return Deny("early", Reason.STEP_REFUSED) if visit.facts.header(b"x-early") else None


async def refuse_late(visit: Any) -> Deny | None:
    return Deny("late", Reason.STEP_REFUSED) if visit.facts.header(b"x-late") else None


class Gate:
    """A house without any application around it, and visits to it."""

    def __init__(self, store: Any = None) -> None:
        self.now = 1_000_000.0
        self.house = starlette_house(
            store=store or CountingStore(),
            clock=lambda: self.now,
            guards={
                "web": SessionGuard(),
                "staff": SessionGuard(realm="staff"),
                "key": FunctionGuard(header="X-Api-Key", find=find_key),
                "other": FunctionGuard(header="X-Other", find=find_key),
            },
            areas={
                "stepped": Area(
                    guards=("web",),
                    steps=(Step("early", refuse_early, "before guards"), Step("late", refuse_late)),
                )
            },
        )

    def visit(self, method: str = "GET", headers: Headers = (), **changes: Any) -> Visit:
        return Visit(self.house.parts, facts_of(scope(method, "/", headers, **changes), self.house))

    async def decide(
        self, names: str, method: str = "GET", headers: Headers = (), **changes: Any
    ) -> Decision:
        return await self.visit(method, headers, **changes).decide(self.house.stack(*names.split()))

    async def cookie(self, guard: str = "web") -> dict[str, str]:
        """Log Ada in, and return the header that a browser sends from then on."""
        visit = self.visit("POST", OWN)
        await self.house.desk(visit, guard).login(ADA)
        (line,) = [line for line in visit.cookies() if line.startswith(SESSION.encode())]
        return {"Cookie": line.split(b";")[0].decode()}


@pytest.fixture
def gate() -> Gate:
    return Gate()


def told(trace: Any) -> list[str]:
    """The trace as words: who, and what."""
    return [f"{verdict.by} {_word(verdict)} {verdict.reason}" for verdict in trace]


def _word(verdict: Verdict) -> str:
    return type(verdict).__name__.lower()


STRANGERS: list[Any] = [
    ("web", "GET", {}, "no_credential", ["web abstain no_credential"]),
    ("web", "GET", MALFORMED, "session_malformed", ["web abstain session_malformed"]),
    ("web", "GET", TWO_COOKIES, "session_duplicate", ["web deny session_duplicate"]),
    (
        "web",
        "GET",
        UNKNOWN_COOKIE,
        "session_unknown",
        ["origin pass safe_method", "web abstain session_unknown"],
    ),
    ("web", "POST", {**UNKNOWN_COOKIE, **EVIL}, "csrf_origin_untrusted", ["origin deny csrf_origin_untrusted"]),
    ("web", "POST", UNKNOWN_COOKIE, "csrf_token_missing", ["origin deny csrf_token_missing"]),
    (
        "web",
        "POST",
        {**UNKNOWN_COOKIE, **OWN},
        "session_unknown",
        ["origin pass own_origin", "web abstain session_unknown"],
    ),
    ("web", "POST", {}, "no_credential", ["web abstain no_credential", "origin abstain csrf_token_missing"]),
    ("web", "POST", OWN, "no_credential", ["web abstain no_credential"]),
    ("key", "POST", {}, "no_credential", ["key abstain no_credential"]),
    ("key", "POST", {**WRONG_KEY, **EVIL}, "credential_rejected", ["key deny credential_rejected"]),
    ("web key", "POST", {**WRONG_KEY, **UNKNOWN_COOKIE, **EVIL}, "credential_rejected", [
        "session pass cookie_not_read",
        "key deny credential_rejected",
    ]),
    ("key other", "GET", {"X-Other": "wrong"}, "credential_rejected", [
        "key abstain no_credential",
        "other deny credential_rejected",
    ]),
    ("web staff key", "GET", {}, "no_credential", [
        "key abstain no_credential",
        "web abstain no_credential",
        "staff abstain no_credential",
    ]),
    ("stepped", "GET", {"X-Early": "1"}, "step_refused", ["early deny step_refused"]),
    ("stepped", "GET", {"X-Late": "1"}, "no_credential", [
        "early pass step_passed",
        "web abstain no_credential",
    ]),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("names", "method", "headers", "reason", "trace"), STRANGERS)
async def test_a_stranger_is_refused_for_the_most_telling_reason(
    gate: Gate, names, method, headers, reason, trace
):
    decision = await gate.decide(names, method, headers)
    assert not decision
    assert (decision.verdict.reason, told(decision.trace)) == (reason, trace)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("names", "method", "headers", "trace"),
    [
        ("web", "GET", {}, ["origin pass safe_method", "web allow session_login"]),
        ("web", "HEAD", EVIL, ["origin pass safe_method", "web allow session_login"]),
        ("web", "POST", OWN, ["origin pass own_origin", "web allow session_login"]),
        ("web", "POST", {"Sec-Fetch-Site": "none"}, ["origin pass same_origin", "web allow session_login"]),
        ("staff web", "GET", {}, ["origin pass safe_method", "staff abstain no_login_for_guard", "web allow session_login"]),
        ("key web", "GET", {}, ["key abstain no_credential", "origin pass safe_method", "web allow session_login"]),
        ("key web", "POST", {**KEY, **EVIL}, ["session pass cookie_not_read", "key allow credential_accepted"]),
        ("key", "POST", {**KEY, **EVIL}, ["key allow credential_accepted"]),
        ("stepped", "GET", {}, [
            "early pass step_passed", "origin pass safe_method", "late pass step_passed", "web allow session_login",
        ]),
    ],
)  # fmt: skip
async def test_who_is_logged_in_is_let_in_by_the_strongest_proof(gate: Gate, names, method, headers, trace):
    decision = await gate.decide(names, method, {**await gate.cookie(), **headers})
    assert decision
    assert isinstance(decision.verdict, Allow)
    assert isinstance(decision.verdict.identity, Identity)
    assert (decision.verdict.identity.user_id, told(decision.trace)) == (ADA.id, trace)


@pytest.mark.anyio
async def test_a_step_after_the_guards_has_the_last_word(gate: Gate):
    decision = await gate.decide("stepped", "GET", {**await gate.cookie(), "X-Late": "1"})
    assert (bool(decision), decision.verdict.reason, decision.verdict.by) == (False, "step_refused", "late")


@pytest.mark.anyio
async def test_a_login_of_another_realm_names_both(gate: Gate):
    decision = await gate.decide("staff", "GET", await gate.cookie())
    assert isinstance(decision.verdict, Deny)
    assert decision.verdict.evidence == {"realm": "staff", "held": "users"}


@pytest.mark.anyio
async def test_a_websocket_must_come_from_a_page_of_ours(gate: Gate):
    cookie = await gate.cookie()
    socket = {"type": "websocket", "scheme": "wss"}
    assert (await gate.decide("web", "GET", cookie, **socket)).verdict.reason == "websocket_origin"
    assert (
        await gate.decide("web", "GET", {**cookie, **EVIL}, **socket)
    ).verdict.reason == "websocket_origin"
    assert await gate.decide("web", "GET", {**cookie, **OWN}, **socket)


# -- what it costs --------------------------------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("names", "method", "headers", "with_cookie", "asked"),
    [
        ("web", "GET", {}, False, []),
        ("web", "POST", OWN, False, []),
        ("web", "GET", MALFORMED, False, []),
        ("web", "GET", TWO_COOKIES, False, []),
        ("web", "GET", {}, True, ["load"]),
        ("web", "POST", OWN, True, ["load"]),
        ("web", "POST", EVIL, True, []),
        ("web staff", "GET", {}, True, ["load"]),
        ("key web", "GET", KEY, True, []),
        ("key web", "GET", WRONG_KEY, True, []),
    ],
)
async def test_the_store_is_asked_as_rarely_as_can_be(gate: Gate, names, method, headers, with_cookie, asked):
    cookie = await gate.cookie() if with_cookie else {}
    store: Any = gate.house.parts.store
    store.asked.clear()
    visit = gate.visit(method, {**cookie, **headers})
    for _ in range(3):
        await visit.decide(gate.house.stack(*names.split()))
    assert await visit.settle()
    assert (store.asked, visit.cookies()) == (asked, [])


@pytest.mark.anyio
async def test_presence_is_written_once_in_a_while(gate: Gate):
    cookie, store = await gate.cookie(), gate.house.parts.store
    written: list[list[str]] = []
    for minutes in (1, 11, 1, 13):
        gate.now += minutes * 60
        store.asked.clear()  # type: ignore[union-attr]
        visit = gate.visit("GET", cookie)
        assert await visit.decide(gate.house.stack("web"))
        await visit.settle()
        written.append(list(store.asked))  # type: ignore[union-attr]
        assert visit.cookies() == []
    assert written == [["load"], ["load", "save"], ["load"], ["load", "save"]]


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise AssertionError("it waited")


@pytest.mark.anyio
async def test_in_memory_nothing_ever_waits():
    gate = Gate("memory:")
    cookie = await gate.cookie()
    for method in ("GET", "POST"):
        visit = gate.visit(method, {**cookie, **OWN})
        user: Any = finished(gate.house.admit_user(visit, gate.house.stack("web")))
        assert user == ADA
        assert visit.clean


# -- what is broken -------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_broken_store_is_no_denial_and_is_asked_again(gate: Gate):
    cookie, store = await gate.cookie(), gate.house.parts.store
    store.broken = True  # type: ignore[union-attr]
    visit = gate.visit("GET", cookie)
    assert (await visit.decide(gate.house.stack("web"))).verdict.reason == "store_unavailable"
    with pytest.raises(StoreError):
        await gate.house.desk(visit).identity()
    store.broken = False  # type: ignore[union-attr]
    assert await visit.decide(gate.house.stack("web"))


@pytest.mark.anyio
async def test_a_function_that_returns_no_id_is_the_developers_to_mend():
    async def wrong(key: str) -> Any:
        return ADA

    house = starlette_house(guards={"key": FunctionGuard(header="X-Api-Key", find=wrong)})
    visit = Visit(house.parts, facts_of(scope("GET", "/", KEY), house))
    with pytest.raises(Exception, match="returns a user's id as str"):
        await visit.decide(house.stack("key"))
