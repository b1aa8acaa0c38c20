"""A session is a mapping that knows what this request changed, and writes neither more nor less."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import Raw

from guardhouse.errors import ConfigError, SessionTooLargeError
from guardhouse.state.record import Changes, Login, Record, encode, merged
from guardhouse.state.session import Session

ADA = Login("1", "users", "web", 0.0)


def stored(**data: object) -> Record:
    return Record(
        "public", 0.0, 0.0, 1.0, 1.0, {"users": ADA}, {key: Raw(encode(v)) for key, v in data.items()}
    )


def put(session: Session) -> Changes:
    changes = session.changes()
    assert changes is not None
    return changes


KEYS, VALUES = (
    st.sampled_from(["a", "b", "c", "d"]),
    st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2),
)


class Mapping(RuleBasedStateMachine):
    """A session beside a dict: the same operations, the same contents, now and after it was stored."""

    def __init__(self) -> None:
        super().__init__()
        self.dict: dict[str, object] = {"a": 1, "b": [2]}
        self.session = Session(stored(a=1, b=[2]))

    @rule(key=KEYS, value=VALUES)
    def write(self, key: str, value: object) -> None:
        self.dict[key] = self.session[key] = value

    @rule(key=KEYS)
    def drop(self, key: str) -> None:
        assert self.session.pop(key, None) == self.dict.pop(key, None)

    @rule(key=KEYS)
    def read(self, key: str) -> None:
        assert self.session.get(key) == self.dict.get(key)

    @rule(key=KEYS)
    def grow(self, key: str) -> None:
        if isinstance(self.session.get(key), list):
            self.session[key].append(9)
            if self.session[key] is not self.dict[key]:
                self.dict[key] = [*self.dict[key], 9]  # type: ignore[misc]

    @rule()
    def flush(self) -> None:
        self.session.flush()
        self.dict.clear()

    @rule()
    def store_and_load(self) -> None:
        changes = self.session.changes()
        record = self.session.record
        if changes is not None and record is not None:
            self.session = Session(merged(record, changes))
            self.dict = {key: list(v) if isinstance(v, list) else v for key, v in self.dict.items()}

    @invariant()
    def same(self) -> None:
        assert set(self.session) == set(self.dict)
        assert len(self.session) == len(self.dict)
        assert {key: self.session[key] for key in self.session} == self.dict
        assert all(key in self.session for key in self.dict)
        assert "z" not in self.session


TestMapping = Mapping.TestCase
TestMapping.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_it_is_a_mutable_mapping_and_missing_keys_are_key_errors():
    session = Session()
    assert isinstance(session, MutableMapping)
    for use in (session.__getitem__, session.__delitem__):
        with pytest.raises(KeyError, match="a"):
            use("a")
    assert session.public_id is None
    assert Session(stored()).public_id == "public"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        -(2**63),
        1.5,
        "text",
        "\u00e9\u2603",
        b"bytes",
        [1, [2]],
        {"a": {"b": None}},
        datetime.now(UTC),
    ],
)
def test_a_value_comes_back_as_it_was_put(value):
    session = Session()
    session["key"] = value
    assert Session(merged(stored(), put(session)))["key"] == value


@pytest.mark.parametrize("value", [object(), complex(1), lambda: None, "\ud800", 2**70])
def test_a_value_that_cannot_be_kept_is_refused_where_it_is_put(value):
    session = Session()
    with pytest.raises((TypeError, ValueError, OverflowError)):
        session["key"] = value
    assert session.changes() is None
    assert "key" not in session


@pytest.mark.parametrize("key", [1, None, b"a", ("a",)])
def test_a_key_that_is_no_text_is_refused(key):
    with pytest.raises(TypeError, match="session keys are text"):
        Session()[key] = 1


def use_list(session: Session) -> None:
    session["list"].append(4)


def use_dict(session: Session) -> None:
    session["dict"]["b"] = 2


def use_deep(session: Session) -> None:
    session["dict"]["a"].append(1)


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        pytest.param(len, None, id="nothing but counting"),
        pytest.param(lambda s: s["list"], None, id="a read"),
        pytest.param(lambda s: (s.get("zz"), list(s), len(s), "a" in s), None, id="other reads"),
        pytest.param(lambda s: s.update(text="x"), Changes(put={"text": encode("x")}), id="a write"),
        pytest.param(lambda s: s.pop("text"), Changes(drop=frozenset({"text"})), id="a drop"),
        pytest.param(lambda s: (s.update(new=1), s.pop("new")), None, id="put and dropped again"),
        pytest.param(
            lambda s: (s.pop("text"), s.update(text="y")),
            Changes(put={"text": encode("y")}),
            id="dropped and put again",
        ),
        pytest.param(use_list, Changes(put={"list": encode([1, 2, 3, 4])}), id="a list changed in place"),
        pytest.param(
            use_dict, Changes(put={"dict": encode({"a": [], "b": 2})}), id="a dict changed in place"
        ),
        pytest.param(use_deep, Changes(put={"dict": encode({"a": [1]})}), id="deep inside"),
        pytest.param(
            Session.flush,
            Changes(drop=frozenset({"text", "list", "dict"})),
            id="everything of the application",
        ),
        pytest.param(
            lambda s: s.set_login("users", None), Changes(logins={"users": None}), id="a logout is a change"
        ),
    ],
)
def test_only_what_was_changed_is_written(change, changes):
    session = Session(stored(text="t", list=[1, 2, 3], dict={"a": []}))
    change(session)
    assert session.changes() == changes


def test_a_value_put_and_then_changed_in_place_is_written_as_it_is_at_the_end():
    session = Session()
    session["cart"] = cart = [1]
    cart.append(2)
    assert put(session).put == {"cart": encode([1, 2])}


def test_a_flash_is_shown_once_and_others_wait():
    session = Session()
    session.flash("notice", "saved")
    session.flash("error", "no")
    later = Session(merged(stored(), put(session)))
    assert later.flashed("notice") == "saved"
    assert later.flashed("notice") is None
    assert later.flashed("notice", "nothing") == "nothing"
    assert later.flashed("error") == "no"
    assert put(later) == Changes(drop=frozenset({"_flash"}))


def test_one_flash_taken_leaves_the_other_stored():
    later = Session(stored(_flash={"notice": 1, "error": 2}))
    later.flashed("notice")
    assert put(later).put == {"_flash": encode({"error": 2})}


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("/orders?page=2", "/orders?page=2"),
        ("https://evil.test/", "/home"),
        ("//evil.test", "/home"),
        ("", "/home"),
    ],
)
def test_only_a_path_of_ours_is_remembered_as_wanted(wanted, sent):
    session = Session()
    session.intend(wanted)
    assert session.intended("/home") == sent
    assert session.intended() == "/"


@pytest.mark.parametrize("kept", ["https://evil.test/", "//evil.test", 5, None, ["/"]])
def test_what_was_put_there_by_other_means_is_checked_on_the_way_out(kept):
    assert Session(stored(_intended=kept)).intended("/home") == "/home"


def test_logins_are_read_with_this_requests_changes():
    session = Session(stored())
    assert session.login("users") == ADA
    assert session.login("staff") is None
    session.set_login("users", None)
    assert session.login("users") is None
    assert Session().login("users") is None


def test_a_users_id_that_is_no_text_is_refused_before_it_makes_the_session_unreadable():
    with pytest.raises(ConfigError, match=r"users staff.*type int.*str\(user.id\)"):
        Session().set_login("users", Login(5, "staff", "web", 0.0))  # type: ignore[arg-type]


def test_a_session_that_grows_too_large_names_its_largest_keys():
    session = Session(stored(small="s", large="l" * 300, larger="x" * 400))
    session["new"] = "n" * 200
    with pytest.raises(SessionTooLargeError) as raised:
        session.refuse_oversize(500)
    assert raised.value.largest == ("larger", "large", "new")
    assert raised.value.limit == 500
    assert raised.value.size > 900
    session.refuse_oversize(raised.value.size)


def test_growing_in_place_counts_too():
    session = Session(stored(items=[]))
    session["items"].extend(range(1000))
    with pytest.raises(SessionTooLargeError):
        session.refuse_oversize(500)


@pytest.mark.parametrize("shrink", [lambda s: s.pop("large"), lambda s: s.set_login("users", None), len])
def test_who_only_drops_or_logs_out_is_never_refused(shrink):
    session = Session(stored(large="l" * 1000, larger="x" * 1000))
    shrink(session)
    session.refuse_oversize(100)
