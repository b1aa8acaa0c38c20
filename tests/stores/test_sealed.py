"""What the stores promise, as far as it holds where sessions lie in the cookie: nothing strange opens, and nothing called back."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from guardhouse.core.facts import DUPLICATE_PRESENTED, MALFORMED_PRESENTED, CookieState
from guardhouse.errors import ConfigError, SessionTooLargeError
from guardhouse.state.cookie import LONGEST_COOKIE
from guardhouse.state.keeper import Handed
from guardhouse.state.record import Changes, Login, Record, UnreadableRecordError, encode, merged, renamed
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.opening import open_store
from guardhouse.stores.sealed import Content, SealedKeeper, SealedSessions
from guardhouse.stores.sqlite import SQLiteStore
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.seal import OVERHEAD, Sealer
from tests.houses import OTHER_SECRET, SECRET

from .kinds import ADA, BOB, record

COOKIE = "__Host-gh"
ONE = encode(1)


def keeper(secret: Any = SECRET, cookie: str = COOKIE, **stores: Any) -> SealedKeeper:
    return SealedSessions(**stores).keeper(Keyring(secret), cookie)


PLAIN = keeper()
SEALED = asyncio.run(PLAIN.create(record(ADA, a=1))).key


@pytest.fixture(params=["without epochs", "memory", "sqlite", "memory, asked and waited for"])
def sealed(request: pytest.FixtureRequest, tmp_path: Any) -> SealedKeeper:
    if request.param == "without epochs":
        return keeper()
    if request.param == "sqlite":
        return keeper(epochs=SQLiteStore(tmp_path / "epochs.db"))
    made = keeper(epochs=MemoryStore())
    if "waited" in request.param:
        made.load_now = made._epochs_now = None
    return made


def calls_back(sealed: SealedKeeper) -> bool:
    return sealed._epochs is not None


# -- what is carried ------------------------------------------------------------------------------------------------


async def test_what_was_sealed_is_opened_again(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA, a=1, b=[2]))
    assert handed.record == record(ADA, a=1, b=[2])
    assert await sealed.load(handed.key) == handed.record
    if sealed.load_now is not None:
        assert sealed.load_now(handed.key) == handed.record


async def test_nobody_reads_what_is_sealed_and_no_two_are_alike(sealed: SealedKeeper):
    values = {(await sealed.create(record(ADA, note="a secret"))).value for _ in range(50)}
    assert len(values) == 50
    opened = [urlsafe_b64decode(value + "=" * (-len(value) % 4)) for value in values]
    assert not any(word in body for word in (b"a secret", b"public") for body in opened)


async def test_what_is_handed_out_is_found_in_a_request_and_shown_by_no_repr(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA))
    reader = sealed.reader(COOKIE)
    presented = reader.present([f"a=b; {COOKIE}={handed.value}; c=d".encode()])
    assert (presented.state, presented.key) == (CookieState.PRESENT, handed.key)
    assert handed.value not in f"{presented!r}{handed!r}{sealed!r}"


async def test_a_save_merges_key_by_key_and_keeps_the_id(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA, a=1, b=1))
    changes = Changes(put={"a": encode(2)}, drop=frozenset({"b"}), seen=120.0)
    saved = await sealed.save(handed.key, changes)
    assert isinstance(saved, Handed)
    assert await sealed.load(saved.key) == saved.record == merged(handed.record, changes)
    assert sealed.binding(saved.key) == sealed.binding(handed.key) != None  # noqa: E711 - one chain


async def test_a_move_gives_another_id_to_which_no_token_of_before_is_bound(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA, a=1))
    moved = await sealed.move(handed.key, handed.record, Changes(put={"b": ONE}))
    assert moved is not None
    assert moved.record == renamed(record(ADA, a=1, b=1), moved.record.public_id)
    assert moved.record.public_id != handed.record.public_id
    assert sealed.binding(moved.key) != sealed.binding(handed.key)
    assert (await sealed.load(handed.key) is None) is calls_back(sealed)


async def test_of_two_saves_at_once_the_later_cookie_stays():
    """Nothing is stored, so nothing can be merged: this is what docs/sealed.md says is lost."""
    handed = await PLAIN.create(record(ADA))
    first, second = [await PLAIN.save(handed.key, Changes(put={name: ONE})) for name in "ab"]
    assert isinstance(first, Handed)
    assert isinstance(second, Handed)
    assert (set(first.record.data), set(second.record.data)) == ({"a"}, {"b"})


# -- what is called back --------------------------------------------------------------------------------------------


async def test_an_ended_session_stays_dead_where_epochs_are_counted(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA))
    await sealed.end(handed.key)
    dead = calls_back(sealed)
    assert (await sealed.load(handed.key) is None) is dead
    if sealed.load_now is not None:
        assert (sealed.load_now(handed.key) is None) is dead
    assert (await sealed.save(handed.key, Changes(put={"late": ONE})) is False) is dead
    assert (await sealed.move(handed.key, handed.record, Changes()) is None) is dead


async def test_of_many_moves_one_wins_where_epochs_are_counted(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA))
    moved = await asyncio.gather(*(sealed.move(handed.key, handed.record, Changes()) for _ in range(5)))
    assert sum(one is not None for one in moved) == (1 if calls_back(sealed) else 5)


async def test_all_sessions_of_a_user_are_ended_and_those_of_others_go_on(sealed: SealedKeeper):
    laptop, phone, shared, other = [
        await sealed.create(record(*logins, public_id=name))
        for name, logins in (("laptop", [ADA]), ("phone", [ADA]), ("shared", [ADA, BOB]), ("other", [BOB]))
    ]
    if not calls_back(sealed):
        with pytest.raises(ConfigError, match="epochs"):
            await sealed.end_all("users:ada")
        return
    await sealed.end_all("users:ada")
    assert [await sealed.load(one.key) is None for one in (laptop, phone, shared, other)] == [True] * 3 + [
        False
    ]
    again = await sealed.create(record(ADA, public_id="again"))
    assert await sealed.load(again.key) == again.record, "who logs in afterwards is in"
    await sealed.end_all("users:ada")
    assert await sealed.load(again.key) is None


async def test_all_others_are_ended_and_this_one_goes_on_in_another_cookie():
    sealed = keeper(epochs=MemoryStore())
    mine, phone = [await sealed.create(record(ADA, public_id=name)) for name in ("mine", "phone")]
    handed = await sealed.end_others(mine.key, "users:ada")
    assert handed is not None
    assert await sealed.load(handed.key) == mine.record
    assert await sealed.load(mine.key) is await sealed.load(phone.key) is None
    assert await sealed.end_others(mine.key, "users:ada") is None, "it was called back meanwhile"
    assert await sealed.load(handed.key) is None


@pytest.mark.parametrize("by", ["save", "move"])
async def test_nothing_escapes_the_end_of_all_sessions(by: str):
    sealed = keeper(epochs=MemoryStore())
    handed = await sealed.create(record(ADA))
    if by == "save":
        saved: Any = await sealed.save(handed.key, Changes(put={"a": ONE}))
        await sealed.end_all("users:ada")
        assert await sealed.save(saved.key, Changes(put={"b": ONE})) is False
    else:
        await sealed.end_all("users:ada")
        saved = await sealed.move(handed.key, handed.record, Changes(put={"a": ONE}))
    assert await sealed.load(saved.key) is None


async def test_only_who_logs_in_anew_takes_up_the_epoch_of_now():
    sealed = keeper(epochs=MemoryStore())
    handed = await sealed.create(record(ADA))
    await sealed.end_all("users:bob")
    both: Any = await sealed.move(handed.key, handed.record, Changes(logins={"bob": BOB}))
    assert await sealed.load(both.key) == both.record
    await sealed.end_all("users:ada")
    assert await sealed.load(both.key) is None


@pytest.mark.parametrize(
    ("login", "stands"),
    [
        pytest.param(replace(ADA, proofs="password totp"), False, id="one more proof"),
        pytest.param(replace(ADA, at=ADA.at + 1), True, id="a login of now"),
        pytest.param(replace(ADA, fingerprint="v1.k.n"), False, id="bound to another password"),
        pytest.param(replace(BOB, behind=ADA), False, id="bob in her place"),
    ],
)
async def test_what_becomes_of_a_login_is_no_login_of_now(login: Login, stands: bool):
    sealed = keeper(epochs=MemoryStore())
    handed = await sealed.create(record(ADA))
    await sealed.end_all("users:ada")
    moved: Any = await sealed.move(handed.key, handed.record, Changes(logins={"ada": login}))
    assert (await sealed.load(moved.key) is not None) is stands


async def test_sessions_from_before_epochs_were_counted_go_on_and_can_be_called_back():
    sealed = keeper(epochs=MemoryStore())
    assert await sealed.load(SEALED) == record(ADA, a=1)
    await sealed.end_all("users:ada")
    assert await sealed.load(SEALED) is None


async def test_epochs_that_were_lost_let_nobody_in_who_was_let_in_by_them():
    before = keeper(epochs=MemoryStore())
    await before.end_all("users:ada")
    handed = await before.create(record(ADA))
    assert await before.load(handed.key) is not None
    assert await keeper(epochs=MemoryStore()).load(handed.key) is None


async def test_an_epoch_store_that_is_away_is_an_error_and_never_a_yes():
    class Away:
        async def epochs(self, names: Any) -> Any:
            raise OSError(names)

        async def advance(self, name: str, until: float | None = None) -> int:
            raise OSError(name, until)

    sealed = SealedKeeper(Sealer(Keyring(SECRET), "session"), Keyring(SECRET).key_ids, COOKIE, Away())
    assert sealed.load_now is None
    for call in (sealed.load(SEALED), sealed.save(SEALED, Changes()), sealed.end(SEALED)):
        with pytest.raises(OSError):
            await call


# -- what is no session ---------------------------------------------------------------------------------------------


def strange(value: bytes) -> bytes | str:
    """Say what comes of a value: nothing but this error, whatever it is."""
    reader = PLAIN.reader(COOKIE)
    presented = reader.present([COOKIE.encode() + b"=" + value])
    if presented.state is not CookieState.PRESENT:
        return presented.state.name
    assert PLAIN.load_now is not None
    with pytest.raises(UnreadableRecordError):
        PLAIN.load_now(presented.key)
    assert PLAIN.binding(presented.key) is None
    return presented.key


FOREIGN = asyncio.run(keeper(OTHER_SECRET).create(record(ADA))).key
MOVED = asyncio.run(keeper(cookie="__Host-other").create(record(ADA))).key
NOT_A_SESSION = urlsafe_b64encode(
    Sealer(Keyring(SECRET), "session").seal(encode({"not": "a record"}), COOKIE)
).rstrip(b"=")
OTHER_PURPOSE = urlsafe_b64encode(
    Sealer(Keyring(SECRET), "totp").seal(encode(Content(record(ADA))), COOKIE)
).rstrip(b"=")


@pytest.mark.parametrize(
    ("value", "malformed"),
    [
        pytest.param(b"", True, id="nothing"),
        pytest.param(b"A" * 43, True, id="the id of a session in a store"),
        pytest.param(b"A" * 200, False, id="no version of ours"),
        pytest.param(b"A" * 201, True, id="a length that base64 never has"),
        pytest.param(b"A" * 4097, True, id="longer than a browser sends"),
        pytest.param(SEALED[:64], None, id="cut to its head"),
        pytest.param(SEALED[:-4], None, id="four letters cut off"),
        pytest.param(SEALED + b"AAAA", None, id="four letters more"),
        pytest.param(SEALED + b"=", True, id="padded"),
        pytest.param(SEALED.replace(SEALED[70:71], b"+"), True, id="the other base64"),
        pytest.param(b"%22" + SEALED, True, id="percent-encoded"),
        pytest.param(b'"' + SEALED + b'"', True, id="in quotes"),
        pytest.param(FOREIGN, False, id="a key of nobody here"),
        pytest.param(MOVED, False, id="sealed for a cookie of another name"),
        pytest.param(OTHER_PURPOSE, False, id="sealed for another purpose"),
        pytest.param(NOT_A_SESSION, False, id="sealed, and no session"),
    ],
)
def test_what_is_no_session_of_ours_is_none(value: bytes, malformed: bool | None):
    found = strange(value)
    assert malformed is None or (found == "MALFORMED") is malformed


@pytest.mark.parametrize("place", range(0, len(SEALED), 7))
def test_a_letter_that_was_changed_opens_nothing(place: int):
    other = b"B" if SEALED[place : place + 1] == b"A" else b"A"
    strange(SEALED[:place] + other + SEALED[place + 1 :])


def test_a_value_has_one_spelling():
    """The last letter may hold bits that decoding drops: with them it would be another text for the same bytes."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for length in range(3):
        sealed = asyncio.run(PLAIN.create(record(ADA, a="x" * length))).key
        reader = PLAIN.reader(COOKIE)
        same = [
            letter
            for letter in alphabet
            if reader.present([COOKIE.encode() + b"=" + sealed[:-1] + bytes([letter])]).key
            and urlsafe_b64decode(sealed[:-1] + bytes([letter]) + b"=" * (-len(sealed) % 4))
            == urlsafe_b64decode(sealed + b"=" * (-len(sealed) % 4))
        ]
        assert bytes(same) == sealed[-1:]


def test_two_different_values_are_nobodys():
    reader = PLAIN.reader(COOKIE)
    line = COOKIE.encode() + b"=" + SEALED
    assert reader.present([line, line]).key == SEALED
    assert reader.present([line, COOKIE.encode() + b"=" + MOVED]) == DUPLICATE_PRESENTED
    assert reader.present([COOKIE.encode() + b"=junk"]) == MALFORMED_PRESENTED


PIECES = st.sampled_from(
    [b"__Host-gh=", SEALED, MOVED, b"; ", b";", b" ", b"a=b", b"=", b"x", b'"', b"\t", b"__Host-gh"]
)


@settings(deadline=None)
@given(st.lists(st.lists(PIECES, max_size=8).map(b"".join), max_size=2))
@example([b"a=b; __Host-gh=" + SEALED + b"; c=d"])
@example([b"a__Host-gh=" + SEALED])
def test_a_cookie_that_stands_alone_is_read_as_any_other(lines: list[bytes]):
    reader = PLAIN.reader(COOKIE)
    assert reader.present(lines) == reader._examined(reader.values(lines))


BASE64 = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", max_size=400)


@settings(max_examples=300, deadline=None)  # it is about what comes of it, on a machine however busy
@given(st.one_of(st.binary(max_size=300), BASE64.map(str.encode)))
@example(b"AQ" + b"A" * 300)
def test_no_strange_value_opens_or_raises_anything_else(value: bytes):
    for one in (value, SEALED[:10] + value):
        if isinstance(found := strange(one), bytes):
            assert "sealed" in PLAIN.seen(found)


@settings(deadline=None)  # each makes an event loop
@given(
    st.dictionaries(st.text(max_size=8), st.binary(max_size=40), max_size=5),
    st.dictionaries(st.text(max_size=8), st.integers(0, 1 << 40), max_size=3),
)
def test_whatever_a_session_holds_comes_back(data: dict[str, bytes], users: dict[str, int]):
    logins = {name: Login(str(number), "users", "web", 1.0) for name, number in users.items()}
    carried = Record("id", 1.0, 2.0, 3.0, 4.0, logins, {key: Raw(encode(body)) for key, body in data.items()})
    handed = asyncio.run(PLAIN.create(carried))
    assert asyncio.run(PLAIN.load(handed.key)) == carried


# -- keys and sizes -------------------------------------------------------------------------------------------------


async def test_an_old_key_still_opens_and_the_next_write_seals_with_the_new_one():
    both = keeper([OTHER_SECRET, SECRET])
    assert await both.load(SEALED) == record(ADA, a=1)
    saved: Any = await both.save(SEALED, Changes(seen=120.0))
    assert await keeper(OTHER_SECRET).load(saved.key) == saved.record
    with pytest.raises(UnreadableRecordError):
        await PLAIN.load(saved.key)


def test_what_a_key_outside_of_the_ring_has_sealed_is_told_from_what_was_changed():
    mine, theirs = Keyring(SECRET).key_ids[0], Keyring(OTHER_SECRET).key_ids[0]
    assert PLAIN.seen(FOREIGN) == {
        "sealed": "with a key that is not in the ring",
        "key": theirs,
        "seals": mine,
    }
    for value in (MOVED, b"A" * 200, SEALED[:-4]):
        assert PLAIN.seen(value) == {"sealed": "by nobody here for this cookie, or changed on the way"}


async def test_what_no_browser_would_keep_is_refused_when_it_is_written(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA, small=1))
    with pytest.raises(SessionTooLargeError) as raised:
        await sealed.save(handed.key, Changes(put={"basket": encode("x" * 4000), "note": encode("y" * 40)}))
    assert raised.value.largest == ("basket", "note", "small")
    assert raised.value.limit == LONGEST_COOKIE < raised.value.size
    assert "x" * 20 not in str(raised.value)
    assert await sealed.load(handed.key) == handed.record


async def test_a_login_that_does_not_fit_leaves_the_session_as_it_was(sealed: SealedKeeper):
    handed = await sealed.create(record(ADA))
    with pytest.raises(SessionTooLargeError):
        await sealed.move(handed.key, handed.record, Changes(put={"a": encode("x" * 4000)}))
    assert await sealed.load(handed.key) == handed.record


async def test_exactly_what_a_browser_keeps_is_sealed():
    most = (LONGEST_COOKIE - len(COOKIE)) * 3 // 4 - OVERHEAD
    room = most - len(encode(Content(record(ADA, a="x" * 300)))) + 300
    fits = await PLAIN.create(record(ADA, a="x" * room))
    assert len(COOKIE) + len(fits.value) <= LONGEST_COOKIE
    with pytest.raises(SessionTooLargeError):
        await PLAIN.create(record(ADA, a="x" * (room + 3)))


async def test_nothing_is_compressed_so_that_lengths_tell_nothing_of_what_is_alike():
    alike, random = [
        len((await PLAIN.create(record(ADA, a=body))).value)
        for body in (b"a" * 500, bytes(range(250)) + bytes(range(250)))
    ]
    assert alike == random


async def test_logins_that_take_all_the_room_are_named():
    logins = [Login(f"{number}{'x' * 90}", "users", "web", 1.0) for number in range(40)]
    with pytest.raises(SessionTooLargeError, match="its logins"):
        await PLAIN.create(record(*logins))


# -- a house's setting ----------------------------------------------------------------------------------------------


def test_a_url_names_it_with_or_without_a_store_of_epochs(tmp_path: Any):
    plain: Any = open_store("sealed:")
    counted: Any = open_store(f"sealed:sqlite:///{tmp_path}/epochs.db")
    assert (plain.epochs, plain.beside) == (None, None)
    assert isinstance(counted.beside, SQLiteStore)
    assert counted.epochs is counted.beside.epochs


@pytest.mark.parametrize(
    ("url", "found"),
    [("sealed:nonsense", "nonsense"), ("sealed:sealed:", "sealed:..."), ("seald:", "Did you mean 'sealed'")],
)
def test_a_url_that_is_none_says_what_is_wrong(url: str, found: str):
    with pytest.raises(ConfigError, match=found):
        open_store(url)


def test_what_counts_no_epochs_is_refused_when_it_is_built():
    bad: Any = object()
    with pytest.raises(ConfigError, match="counts no epochs"):
        SealedSessions(epochs=bad)


async def test_without_epochs_it_says_what_does_not_hold(caplog: pytest.LogCaptureFixture, tmp_path: Any):
    plain, counted = SealedSessions(), SealedSessions(epochs=SQLiteStore(tmp_path / "epochs.db"))
    for store in (plain, counted):
        await store.open()
        assert await store.prune(1.0) == 0
        await store.close()
    assert [remark.code for remark in await plain.examine()] == ["store-sealed"]
    assert await counted.examine() == []
    assert [line.name for line in caplog.records] == ["guardhouse.sealed"]
