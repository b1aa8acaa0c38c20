"""What comes of all who were asked: the first opinion, never a silence; and a no that says who said it, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.core.rule import (
    Denied,
    Granted,
    Question,
    Turn,
    Voice,
    ability_text,
    answer_of,
    conclude,
    denial,
    key_of,
    missing,
    shown,
)
from guardhouse.errors import ConfigError

QUESTION = Question("update", ("Post 7",))
YES, NO = Granted(), Denied("Only the author may.")
TURNS: list[Turn] = ["before", "rule", "after"]


def voices(*opinions):
    return [Voice(turn, turn, said) for turn, said in zip(TURNS, opinions, strict=True)]


@pytest.mark.parametrize(
    ("before", "rule", "after", "may", "by"),
    [
        pytest.param(None, YES, None, True, "rule", id="the rule alone"),
        pytest.param(None, NO, None, False, "rule", id="and its no"),
        pytest.param(YES, None, None, True, "before", id="before takes the rule's place"),
        pytest.param(NO, YES, YES, False, "before", id="also for a no"),
        pytest.param(None, None, YES, True, "after", id="after fills a silence"),
        pytest.param(None, None, NO, False, "after", id="also with a no"),
        pytest.param(None, NO, YES, False, "rule", id="after never overturns a no"),
        pytest.param(None, YES, NO, True, "rule", id="nor a yes"),
        pytest.param(None, None, None, False, "nobody", id="silence is a no"),
    ],
)
def test_the_first_opinion_decides(before, rule, after, may, by):
    answer = conclude(QUESTION, voices(before, rule, after))
    assert (bool(answer), answer.by, answer.question) == (may, by, QUESTION)
    assert len(answer.asked) == 3


def test_nobody_asked_is_a_no():
    assert conclude(QUESTION, []) == Denied("nobody said yes", by="nobody", question=QUESTION)


@given(st.lists(st.sampled_from([None, YES, NO, Denied(hidden=True)]), max_size=6))
def test_no_yes_comes_of_people_who_said_none(opinions):
    answer = conclude(QUESTION, [Voice("x", "before", said) for said in opinions])
    first = next((said for said in opinions if said is not None), None)
    assert bool(answer) is isinstance(first, Granted)


@pytest.mark.parametrize(
    ("heard", "lines"),
    [
        pytest.param(
            [
                Voice("is_owner", "before"),
                Voice("PostPolicy.update", "rule", NO),
                Voice("audit", "after", YES),
            ],
            (
                "before is_owner: no opinion",
                "PostPolicy.update: no, Only the author may.",
                "after audit: yes; it came too late to count",
            ),
            id="all three",
        ),
        pytest.param(
            [Voice("rule x", "rule", Denied(hidden=True), "not asked")], ("rule x: no, hidden",), id="hidden"
        ),
        pytest.param([Voice("x", "before", None, "not asked")], ("before x: not asked",), id="passed over"),
        pytest.param(
            [Voice("x", "rule", Granted("as an editor"))], ("x: yes, as an editor",), id="with a word"
        ),
    ],
)
def test_every_voice_has_its_line(heard, lines):
    assert conclude(QUESTION, heard).asked == lines


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (None, None),
        (True, Granted()),
        (False, Denied()),
        ("Only the author may.", Denied("Only the author may.")),
        ("", Denied("")),
        (Granted("x"), Granted("x")),
        (Denied("x", "c", hidden=True), Denied("x", "c", hidden=True)),
    ],
)
def test_the_words_of_a_rule(said, answer):
    assert answer_of("rule x", said) == answer


@pytest.mark.parametrize("said", [1, 0, [], object(), Granted, Denied, b"no"])
def test_anything_else_is_an_error_and_no_yes(said):
    with pytest.raises(ConfigError, match="True, False, None") as raised:
        answer_of("rule x", said)
    assert raised.value.key == "rule x"


@pytest.mark.parametrize(
    ("denied", "reason", "evidence"),
    [
        pytest.param(
            Denied("No.", "not_author", by="PostPolicy.update", question=QUESTION, asked=("a line",)),
            Reason.RULE_DENIED,
            {
                "rule": "update",
                "said_by": "PostPolicy.update",
                "message": "No.",
                "about": ["Post 7"],
                "rule_code": "not_author",
                "asked": ["a line"],
            },
            id="with all there is",
        ),
        pytest.param(
            Denied(hidden=True),
            Reason.RULE_HIDDEN,
            {"rule": "", "said_by": "", "message": ""},
            id="with nothing",
        ),
        pytest.param(
            missing(Question("view", ("post",)), "post"),
            Reason.RULE_HIDDEN,
            {
                "rule": "view",
                "said_by": "bind post",
                "message": "there is no such thing",
                "about": ["post"],
            },
            id="what is not there looks like what is hidden",
        ),
    ],
)
def test_a_no_explains_itself(denied, reason, evidence):
    deny = denial(denied)
    assert (deny.reason, deny.evidence) == (reason, evidence)


# -- names ----------------------------------------------------------------------------------------------------------


class Plain(Enum):
    UPDATE = "update"
    NUMBER = 1


class Text(StrEnum):
    UPDATE = "update"


@pytest.mark.parametrize(
    ("ability", "text"),
    [("update-post", "update-post"), ("posts:update", "posts:update"), (Plain.UPDATE, "update"),
     (Text.UPDATE, "update")],
)  # fmt: skip
def test_an_ability_has_a_name(ability, text):
    assert ability_text(ability) == text
    assert type(ability_text(ability)) is str


@pytest.mark.parametrize(
    "ability", ["", "_private", "__init__", "1st", "a b", "a,b", "é", "a\n", Plain.NUMBER, None, 3]
)
def test_what_is_no_name_is_an_error(ability):
    with pytest.raises(ConfigError, match="begins with a letter"):
        ability_text(ability)


def test_a_dash_is_an_underscore():
    assert key_of("update-the-post") == key_of("update_the-post") == "update_the_post"


@dataclass
class Post:
    id: object
    secret: str = "do not show"

    def __repr__(self) -> str:
        raise AssertionError("a rule shows no model")


@dataclass(slots=True)
class Slotted:
    id: int


class Record(Struct):
    id: str


class Without(Struct):
    name: str


class Lazy:
    __slots__ = ()

    @property
    def id(self) -> int:
        raise AssertionError("a model is not asked")


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        (Post, "class Post"),
        (Post(7), "Post 7"),
        (Post("a-1"), "Post a-1"),
        (Post(UUID(int=1)), "Post 00000000-0000-0000-0000-000000000001"),
        (Post(None), "Post"),
        (Post(True), "Post"),
        (Post(["x"]), "Post"),
        (Post("x" * 65), "Post"),
        (Post("a\nb"), "Post"),
        (Post(""), "Post"),
        (Slotted(7), "Slotted 7"),
        (Record("r"), "Record r"),
        (Without("n"), "Without"),
        (Lazy(), "Lazy"),
        (SimpleNamespace(name="ada"), "SimpleNamespace"),
        ("a text that may be a secret", "str"),
        (3, "int"),
        (None, "NoneType"),
    ],
)
def test_what_a_rule_is_about_is_shown_by_type_and_id_alone(argument, name):
    assert shown(argument) == name
