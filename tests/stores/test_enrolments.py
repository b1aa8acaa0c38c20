"""What every store of enrolments does: a name is one user's, one of many wins, and what was withdrawn proves nothing again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from anyio import create_task_group

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import LONGEST_BODY, LONGEST_LABEL, LONGEST_NAME, Enrolment, Kind
from guardhouse.state.store import KeepsEnrolments
from guardhouse.stores import sqlite_file
from guardhouse.stores.server_enrolment import called
from guardhouse.stores.sqlite import SQLiteStore

from .kinds import in_sqlite, make_sqlite
from .processes import ended, process

ADA, BOB = "users:ada", "users:bob"
MANY = 20


def enrolment(name: str = "one", owner: str = ADA, kind: Kind = Kind.PASSKEY, **changes: Any) -> Enrolment:
    fields: dict[str, Any] = {"created": 100.0, "body": b"\x00sealed\xff", "label": "laptop"}
    return Enrolment(kind, name, owner, **(fields | changes))


@pytest.fixture
def enrolments(store: Any) -> Any:
    assert isinstance(store, KeepsEnrolments)
    return store.enrolments


async def awake(enrolments: Any) -> None:
    """Have connections for many: whoever must connect first comes too late for a race, and none would be seen."""
    for _ in range(2):
        await at_once(lambda number: enrolments.enrolled(f"users:{number}"))


async def at_once(work: Any, times: int = MANY) -> list[Any]:
    """Ask so often at the same moment; return the answers in the order in which they came."""
    heard: list[Any] = []

    async def ask(number: int) -> None:
        heard.append(await work(number))

    async with create_task_group() as tasks:
        for number in range(times):
            tasks.start_soon(ask, number)
    return heard


# -- one after the other --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind_of_proof", Kind)
async def test_what_was_enrolled_is_found_as_it_was(enrolments, kind_of_proof):
    kept = enrolment(kind=kind_of_proof, used=150.5, ends=1e9 + 1 / 3, created=1.8e9 + 1 / 7, version=7)
    assert await enrolments.enrol(kept)
    assert await enrolments.enrolment(kind_of_proof, "one") == kept
    assert list(await enrolments.enrolled(ADA)) == [kept]
    assert await enrolments.change(kept, kept.changed())


async def test_what_is_not_there_is_none(enrolments):
    assert await enrolments.enrolment(Kind.TOTP, "one") is None
    assert list(await enrolments.enrolled(ADA)) == []
    assert not await enrolments.change(enrolment(), enrolment().changed(used=1.0))
    assert not await enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    assert await enrolments.withdraw_all(ADA) == 0
    assert await enrolments.prune_enrolments(1e12) == 0


async def test_a_name_is_one_users_and_whoever_comes_late_writes_nothing(enrolments):
    assert await enrolments.enrol(enrolment())
    assert not await enrolments.enrol(enrolment(owner=BOB, label="stolen"))
    assert not await enrolments.enrol(enrolment(label="again"))
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == enrolment()
    assert list(await enrolments.enrolled(BOB)) == []
    assert list(await enrolments.enrolled(ADA)) == [enrolment()]
    assert await enrolments.withdraw_all(BOB) == 0


async def test_the_same_name_in_another_kind_is_another(enrolments):
    assert await enrolments.enrol(enrolment(kind=Kind.TRUSTED))
    assert await enrolments.enrol(enrolment(kind=Kind.REMEMBERED, owner=BOB))
    assert await enrolments.withdraw(ADA, Kind.TRUSTED, "one")
    assert (await enrolments.enrolment(Kind.REMEMBERED, "one")).owner == BOB


async def test_those_of_one_user_are_listed_by_kind_and_the_oldest_first(enrolments):
    for name, created, kind in (
        ("b", 2.0, Kind.TOTP), ("a", 3.0, Kind.TOTP), ("c", 1.0, Kind.RECOVERY), ("d", 2.0, Kind.TOTP),
    ):  # fmt: skip
        assert await enrolments.enrol(enrolment(name, kind=kind, created=created))
    assert await enrolments.enrol(enrolment("other", BOB, Kind.TOTP))
    assert [one.name for one in await enrolments.enrolled(ADA)] == ["c", "b", "d", "a"]
    assert [one.name for one in await enrolments.enrolled(ADA, Kind.TOTP)] == ["b", "d", "a"]
    assert [one.name for one in await enrolments.enrolled(ADA, Kind.RECOVERY, Kind.PASSKEY)] == ["c"]


async def test_a_change_puts_the_next_version_in_its_place(enrolments):
    first = enrolment(ends=200.0)
    assert await enrolments.enrol(first)
    second = first.changed(body=b"new", label="phone", used=120.0, ends=None)
    assert await enrolments.change(first, second)
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == second
    assert list(await enrolments.enrolled(ADA)) == [second]
    assert not await enrolments.change(first, first.changed(body=b"late"))
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == second
    third = second.changed(ends=300.0)
    assert await enrolments.change(second, third)
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == third


async def test_what_is_withdrawn_does_not_come_back_by_a_late_change(enrolments):
    first = enrolment()
    assert await enrolments.enrol(first)
    assert await enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    assert not await enrolments.change(first, first.changed(used=120.0))
    assert await enrolments.enrolment(Kind.PASSKEY, "one") is None
    assert list(await enrolments.enrolled(ADA)) == []


@pytest.mark.parametrize(
    "again", [{"owner": BOB}, {"created": 101.0}], ids=["by another user", "by the same, later"]
)
async def test_a_late_change_does_not_reach_what_was_enrolled_again_under_the_name(enrolments, again):
    first, second = enrolment(), enrolment(**again)
    assert await enrolments.enrol(first)
    assert await enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    assert await enrolments.enrol(second)
    assert not await enrolments.change(first, first.changed(body=b"late"))
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == second
    assert list(await enrolments.enrolled(second.owner)) == [second]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(enrolment(version=3), id="a version is left out"),
        pytest.param(enrolment(), id="the same version"),
        pytest.param(enrolment(owner=BOB, version=2), id="of another user"),
        pytest.param(enrolment("two", version=2), id="another name"),
        pytest.param(enrolment(kind=Kind.TOTP, version=2), id="another kind"),
        pytest.param(enrolment(created=1.0, version=2), id="made at another time"),
    ],
)
async def test_a_change_into_another_enrolment_is_an_error_of_the_caller(enrolments, after):
    await enrolments.enrol(enrolment())
    with pytest.raises(ValueError, match=r"not the next version of.*before\.changed"):
        await enrolments.change(enrolment(), after)
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == enrolment()


async def test_only_its_user_withdraws_one(enrolments):
    await enrolments.enrol(enrolment())
    assert not await enrolments.withdraw(BOB, Kind.PASSKEY, "one")
    assert not await enrolments.withdraw(ADA, Kind.TOTP, "one")
    assert not await enrolments.withdraw(ADA, Kind.PASSKEY, "another")
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == enrolment()
    assert await enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    assert not await enrolments.withdraw(ADA, Kind.PASSKEY, "one")


async def test_all_of_some_kinds_are_withdrawn_from_one_user_and_from_no_other(enrolments):
    for name, kind in (("a", Kind.REMEMBERED), ("b", Kind.REMEMBERED), ("c", Kind.TRUSTED), ("d", Kind.TOTP)):
        await enrolments.enrol(enrolment(name, kind=kind))
    await enrolments.enrol(enrolment("e", BOB, Kind.REMEMBERED))
    assert await enrolments.withdraw_all(ADA, Kind.REMEMBERED, Kind.TRUSTED) == 3
    assert await enrolments.withdraw_all(ADA, Kind.REMEMBERED, Kind.TRUSTED) == 0
    assert [one.name for one in await enrolments.enrolled(ADA)] == ["d"]
    assert await enrolments.withdraw_all(ADA) == 1
    assert [one.name for one in await enrolments.enrolled(BOB)] == ["e"]


async def test_pruning_takes_what_has_ended_and_leaves_what_never_does(enrolments):
    for name, ends in (("past", 99.0), ("edge", 100.0), ("later", 101.0), ("never", None)):
        await enrolments.enrol(enrolment(name, ends=ends))
    assert await enrolments.enrolment(Kind.PASSKEY, "past") is not None, "a time that is past hides nothing"
    assert await enrolments.prune_enrolments(100.0) == 1
    assert await enrolments.prune_enrolments(100.0) == 0
    assert [one.name for one in await enrolments.enrolled(ADA)] == ["edge", "later", "never"]


@pytest.mark.parametrize(("ends", "there"), [(None, True), (500.0, True), (50.0, False)])
async def test_pruning_goes_by_the_newest_version(enrolments, ends, there):
    first = enrolment(ends=99.0)
    await enrolments.enrol(first)
    await enrolments.change(first, first.changed(ends=ends))
    assert await enrolments.prune_enrolments(100.0) == (not there)
    assert (await enrolments.enrolment(Kind.PASSKEY, "one") is not None) is there


async def test_what_is_enrolled_again_is_pruned_by_its_own_time(enrolments):
    await enrolments.enrol(enrolment(ends=99.0))
    await enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    await enrolments.enrol(enrolment(owner=BOB, ends=500.0))
    assert await enrolments.prune_enrolments(100.0) == 0
    assert await enrolments.prune_enrolments(501.0) == 1
    assert list(await enrolments.enrolled(BOB)) == []


# -- strangers' text ------------------------------------------------------------------------------------------------

STRANGE = [
    pytest.param("a", id="short"),
    pytest.param("A", id="upper case"),
    pytest.param("a ", id="a space at the end"),
    pytest.param("a\0b", id="NUL"),
    pytest.param("{a}:*?[b]", id="what servers read as patterns"),
    pytest.param("o'; DROP TABLE guardhouse_enrolments; --", id="SQL"),
    pytest.param("é\u0301\u202e💥", id="beyond the first plane"),
    pytest.param("x" * LONGEST_NAME, id="as long as it may be"),
    pytest.param("https://login.example.com/|" + "s" * 255, id="a foreign login"),
]


@pytest.mark.parametrize("text", STRANGE)
async def test_whatever_strangers_write_is_kept_as_it_is(enrolments, text):
    kept = enrolment(text, f"users:{text}", label=text[:LONGEST_LABEL], body=b"\xff" * 3000)
    assert await enrolments.enrol(kept)
    assert not await enrolments.enrol(kept)
    assert await enrolments.enrolment(Kind.PASSKEY, text) == kept
    changed = kept.changed(used=1.0)
    assert await enrolments.change(kept, changed)
    assert list(await enrolments.enrolled(kept.owner, Kind.PASSKEY)) == [changed]
    for other in {"a", "A", "a ", text + "y", text[:-1], "\udcff" + text} - {text}:
        assert await enrolments.enrolment(Kind.PASSKEY, other) is None
    assert await enrolments.withdraw(kept.owner, Kind.PASSKEY, text)
    assert list(await enrolments.enrolled(kept.owner)) == []


@pytest.mark.parametrize(
    "name", ["", "\udcff", "x" * (LONGEST_NAME + 1), "é" * LONGEST_NAME, "x" * 1_000_000]
)
async def test_a_name_that_nothing_can_have_is_not_found(enrolments, name):
    assert await enrolments.enrolment(Kind.PASSKEY, name) is None
    assert not await enrolments.withdraw(ADA, Kind.PASSKEY, name)
    assert list(await enrolments.enrolled(f"users:{name}")) == []
    assert await enrolments.withdraw_all(f"users:{name}") == 0


async def test_the_largest_that_there_can_be_is_kept(enrolments):
    kept = enrolment("ü" * (LONGEST_NAME // 2), label="💥" * LONGEST_LABEL, body=b"b" * LONGEST_BODY)
    assert await enrolments.enrol(kept)
    assert await enrolments.enrolment(Kind.PASSKEY, kept.name) == kept


# -- at the same moment ---------------------------------------------------------------------------------------------


async def test_of_many_who_enrol_one_name_at_once_one_does(enrolments):
    await awake(enrolments)
    offered = [enrolment(owner=f"users:{number}") for number in range(MANY)]
    assert sorted(await at_once(lambda number: enrolments.enrol(offered[number]))) == [False] * 19 + [True]
    kept = await enrolments.enrolment(Kind.PASSKEY, "one")
    listed = [one for offer in offered for one in await enrolments.enrolled(offer.owner)]
    assert listed == [kept]
    assert await enrolments.withdraw_all(kept.owner) == 1


async def test_of_one_user_who_enrols_a_name_many_times_at_once_one_counts(enrolments):
    await awake(enrolments)
    assert sorted(await at_once(lambda _: enrolments.enrol(enrolment()))) == [False] * 19 + [True]
    assert list(await enrolments.enrolled(ADA)) == [enrolment()]
    assert await enrolments.withdraw_all(ADA) == 1
    assert await enrolments.enrolment(Kind.PASSKEY, "one") is None


async def test_of_many_who_change_the_same_version_one_wins(enrolments):
    await awake(enrolments)
    first = enrolment()
    await enrolments.enrol(first)
    offered = [first.changed(body=b"%d" % number) for number in range(MANY)]
    said: dict[int, bool] = {}

    async def change(number: int) -> bool:
        said[number] = await enrolments.change(first, offered[number])
        return said[number]

    assert sorted(await at_once(change)) == [False] * 19 + [True]
    [winner] = [number for number, won in said.items() if won]
    assert await enrolments.enrolment(Kind.PASSKEY, "one") == offered[winner]


async def test_of_many_who_withdraw_one_wins(enrolments):
    await awake(enrolments)
    await enrolments.enrol(enrolment())
    heard = await at_once(lambda _: enrolments.withdraw(ADA, Kind.PASSKEY, "one"))
    assert sorted(heard) == [False] * 19 + [True]
    assert await enrolments.enrolment(Kind.PASSKEY, "one") is None


async def test_many_who_withdraw_all_count_each_once(enrolments):
    await awake(enrolments)
    for number in range(5):
        await enrolments.enrol(enrolment(f"n{number}"))
    assert sum(await at_once(lambda _: enrolments.withdraw_all(ADA))) == 5


async def test_a_change_and_a_withdrawal_at_once_leave_nothing(enrolments):
    """Whichever comes first: who withdraws has withdrawn it, and a change after that is none."""
    await awake(enrolments)
    first = enrolment()
    await enrolments.enrol(first)

    async def work(number: int) -> bool:
        if number % 2:
            return bool(await enrolments.withdraw(ADA, Kind.PASSKEY, "one"))
        await enrolments.change(first, first.changed(body=b"%d" % number))
        return False

    assert sum(await at_once(work)) == 1
    assert await enrolments.enrolment(Kind.PASSKEY, "one") is None
    assert list(await enrolments.enrolled(ADA)) == []


async def test_what_comes_and_goes_at_once_is_listed_for_as_long_as_it_is_there(enrolments):
    await awake(enrolments)

    async def work(number: int) -> None:
        if number % 2:
            await enrolments.enrol(enrolment(created=float(number)))
        else:
            await enrolments.withdraw(ADA, Kind.PASSKEY, "one")

    for _ in range(5):
        await at_once(work, 10)
        there = await enrolments.enrolment(Kind.PASSKEY, "one")
        assert list(await enrolments.enrolled(ADA)) == ([there] if there else [])
        assert await enrolments.withdraw_all(ADA) == (there is not None)


async def test_many_at_once_are_each_kept(enrolments):
    await at_once(lambda number: enrolments.enrol(enrolment(f"n{number}", ends=50.0)), 50)
    assert len(await enrolments.enrolled(ADA)) == 50
    assert await enrolments.prune_enrolments(100.0) == 50
    assert list(await enrolments.enrolled(ADA)) == []


# -- SQLite ---------------------------------------------------------------------------------------------------------


async def test_enrolments_survive_a_restart_and_are_gone_for_every_process_at_once(tmp_path):
    one, other = make_sqlite(tmp_path), make_sqlite(tmp_path)
    assert await one.enrolments.enrol(enrolment())
    assert not await other.enrolments.enrol(enrolment(owner=BOB))
    assert await other.enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    assert await one.enrolments.enrolment(Kind.PASSKEY, "one") is None
    await one.close()
    await other.close()


@pytest.mark.parametrize(("work", "count", "times"), [("withdraw", 30, 4), ("change", 30, 4)])
async def test_of_two_processes_at_one_file_one_wins_each_time(tmp_path, work, count, times):
    store = make_sqlite(tmp_path)
    await store.enrolments.enrol(Enrolment(Kind.TOTP, "shared", ADA, 100.0))
    for number in range(count):
        await store.enrolments.enrol(enrolment(f"n{number}", kind=Kind.RECOVERY))
    asked = (work, str(count), str(times))
    with process(store, *asked) as one, process(store, *asked) as other:
        assert (await ended(one), await ended(other)) == (0, 0)
        won = [int(each.stdout.read()) for each in (one, other) if each.stdout]
    assert sum(won) == count
    left = {"withdraw": (1, 0), "change": (count + 1, count)}[work]
    shared = await store.enrolments.enrolment(Kind.TOTP, "shared")
    assert shared is not None
    assert (shared.version, len(await store.enrolments.enrolled(ADA, Kind.RECOVERY))) == left
    await store.close()


async def test_a_file_of_the_former_version_is_upgraded_by_its_first_use(tmp_path):
    store = make_sqlite(tmp_path)
    with closing(sqlite3.connect(store.path)) as former:
        former.executescript(sqlite_file.VERSIONS[0])
        former.execute("INSERT INTO guardhouse_schema VALUES (1)")
        former.execute("INSERT INTO guardhouse_used VALUES (?, 200.0)", (b"name",))
        former.commit()
    assert await store.enrolments.enrol(enrolment())
    assert not await store.once(b"name", 200.0)
    assert in_sqlite(store, "SELECT version FROM guardhouse_schema") == [(sqlite_file.SCHEMA_VERSION,)]
    await store.close()


async def test_what_somebody_else_wrote_is_an_error_and_no_absence(tmp_path):
    store = make_sqlite(tmp_path)
    await store.enrolments.enrol(enrolment())
    in_sqlite(store, "UPDATE guardhouse_enrolments SET body = x'c1'")
    for asked in (store.enrolments.enrolment(Kind.PASSKEY, "one"), store.enrolments.enrolled(ADA)):
        with pytest.raises(StoreError, match="an enrolment cannot be read"):
            await asked
    await store.close()


async def test_a_broken_file_is_an_error_on_every_verb(tmp_path):
    (tmp_path / "sessions.db").write_text("this is no database, and long enough to be noticed" * 20)
    broken = SQLiteStore(tmp_path / "sessions.db").enrolments
    for asked in (
        broken.enrol(enrolment()),
        broken.enrolment(Kind.PASSKEY, "one"),
        broken.enrolled(ADA),
        broken.change(enrolment(), enrolment().changed()),
        broken.withdraw(ADA, Kind.PASSKEY, "one"),
        broken.withdraw_all(ADA),
        broken.prune_enrolments(1.0),
    ):
        with pytest.raises(StoreError, match="SQLite says"):
            await asked


def test_what_was_found_by_the_hash_of_another_name_is_not_it():
    assert called("one", [enrolment("two")]) is None
    assert called("one", []) is None
    assert called("one", [enrolment()]) == enrolment()
