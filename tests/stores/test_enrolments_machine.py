"""Whatever users enrol, change and withdraw, in whatever order and at once: each store tells the same as a dict does."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from guardhouse.state.enrolment import Enrolment, Kind, is_same
from guardhouse.state.store import Closable

from .histories import play
from .kinds import KINDS

T = TypeVar("T")

OWNERS = st.sampled_from(["users:ada", "users:bob", "staff:{a}*"])
SOME_KINDS = st.sampled_from([Kind.TOTP, Kind.REMEMBERED, Kind.FOREIGN])
NAMES = st.sampled_from(["a", "A", "a ", "\0", "é" * 150, "é" * 151])
MOMENTS = st.sampled_from([10.0, 20.0, 30.0])
ENDS = st.none() | MOMENTS
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


class Enrolling(RuleBasedStateMachine):
    """Three users, three kinds, six names, one store."""

    kind = "memory"
    seen: Bundle[Enrolment] = Bundle("seen")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[tuple[Kind, str], Enrolment] = {}
        self.made = 0.0
        self.folder = tempfile.TemporaryDirectory()
        self.store = KINDS[self.kind].make(Path(self.folder.name))
        self.kept: Any = self.store.enrolments
        self.runner = asyncio.Runner()

    def teardown(self) -> None:
        if isinstance(self.store, Closable):
            self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def at_once(self, times: int, ask: Callable[[int], Awaitable[T]]) -> list[T]:
        async def all_of_them() -> list[T]:
            return await asyncio.gather(*(ask(number) for number in range(times)))

        return self.run(all_of_them())

    def those_of(self, owner: str, kinds: set[Kind]) -> list[Enrolment]:
        theirs = [
            one for one in self.model.values() if one.owner == owner and (not kinds or one.kind in kinds)
        ]
        return sorted(theirs, key=lambda one: (one.created, one.kind.value, one.name))

    @rule(
        kind=SOME_KINDS,
        name=NAMES,
        owner=OWNERS,
        ends=ENDS,
        body=st.binary(max_size=50),
        label=TEXT,
        target=seen,
    )
    def enrol(
        self, kind: Kind, name: str, owner: str, ends: float | None, body: bytes, label: str
    ) -> Enrolment:
        self.made += 1
        offered = Enrolment(kind, name, owner, self.made, body, label, ends=ends)
        assert self.run(self.kept.enrol(offered)) is ((kind, name) not in self.model)
        return self.model.setdefault((kind, name), offered)

    @rule(kind=SOME_KINDS, name=NAMES, ends=ENDS, target=seen)
    def enrol_for_all_at_once(self, kind: Kind, name: str, ends: float | None) -> Enrolment:
        self.made += 1
        owners = ("users:ada", "users:bob", "users:ada")
        offered = [Enrolment(kind, name, owner, self.made, ends=ends) for owner in owners]
        said = self.at_once(3, lambda number: self.kept.enrol(offered[number]))
        assert sum(said) == ((kind, name) not in self.model)
        if True in said:
            self.model[kind, name] = offered[said.index(True)]
        return self.model[kind, name]

    @rule(before=seen, ends=ENDS, body=st.binary(max_size=50), target=seen)
    def change(self, before: Enrolment, ends: float | None, body: bytes) -> Enrolment:
        """From any version that anybody ever saw; only the newest may be."""
        after = before.changed(ends=ends, body=body)
        there = self.model.get((before.kind, before.name))
        newest = there is not None and is_same(there, before) and there.version == before.version
        assert self.run(self.kept.change(before, after)) is newest
        if newest:
            self.model[before.kind, before.name] = after
        return after if newest else before

    @rule(before=seen, target=seen)
    def change_at_once(self, before: Enrolment) -> Enrolment:
        offered = [before.changed(body=b"%d" % number) for number in range(4)]
        there = self.model.get((before.kind, before.name))
        newest = there is not None and is_same(there, before) and there.version == before.version
        said = self.at_once(4, lambda number: self.kept.change(before, offered[number]))
        assert sum(said) == newest
        if newest:
            self.model[before.kind, before.name] = offered[said.index(True)]
        return self.model.get((before.kind, before.name), before)

    @rule(owner=OWNERS, kind=SOME_KINDS, name=NAMES, times=st.sampled_from([1, 4]))
    def withdraw(self, owner: str, kind: Kind, name: str, times: int) -> None:
        there = self.model.get((kind, name))
        his = there is not None and there.owner == owner
        assert sum(self.at_once(times, lambda _: self.kept.withdraw(owner, kind, name))) == his
        if his:
            del self.model[kind, name]

    @rule(one=seen)
    def withdraw_what_was_seen(self, one: Enrolment) -> None:
        self.withdraw(one.owner, one.kind, one.name, 2)

    @rule(owner=OWNERS, kinds=st.sets(SOME_KINDS, max_size=2))
    def withdraw_all(self, owner: str, kinds: set[Kind]) -> None:
        theirs = self.those_of(owner, kinds)
        assert self.run(self.kept.withdraw_all(owner, *kinds)) == len(theirs)
        for one in theirs:
            del self.model[one.kind, one.name]

    @rule(before=MOMENTS)
    def prune(self, before: float) -> None:
        over = [key for key, one in self.model.items() if one.ends is not None and one.ends < before]
        assert self.run(self.kept.prune_enrolments(before)) == len(over)
        for key in over:
            del self.model[key]

    @rule(kind=SOME_KINDS, name=NAMES)
    def find(self, kind: Kind, name: str) -> None:
        assert self.run(self.kept.enrolment(kind, name)) == self.model.get((kind, name))

    @invariant()
    def what_each_user_has_is_listed(self) -> None:
        for owner in {one.owner for one in self.model.values()} | {"users:ada"}:
            assert list(self.run(self.kept.enrolled(owner))) == self.those_of(owner, set())


HISTORIES = {
    "memory": 200,
    "sqlite": 60,
    "redis": 40,
    "sentinel": 10,
    "cluster": 15,
    "postgres": 30,
    "mariadb": 10,
    "sqlalchemy-postgres": 10,
    "sqlalchemy-sqlite": 10,
}
"""How many are played on each kind of store: as many as the time allows."""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "examples"), HISTORIES.items())
def test_histories_of_enrolments(kind: str, examples: int):
    play(Enrolling, kind, examples)


def test_every_kind_of_store_keeps_enrolments_in_a_history():
    assert set(HISTORIES) == set(KINDS), "add the new kind to HISTORIES"
