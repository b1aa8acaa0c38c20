"""Rules asked by hand: who is asked in which order, for whom, about what, and what every mistake is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from guardhouse import ConfigError, Deny, Identity, Reason, StoreError, User
from guardhouse.core.rule import Denied, Granted
from guardhouse.core.verdict import Client
from guardhouse.gate.refused import Refused
from guardhouse.rules import Rules
from tests.houses import ADA, GRACE

PROGRAM = Client("job-1", "us", "machine", "test")
IDENTITY = Identity("1", "users", "web", "test")


@dataclass
class Post:
    id: int
    author: str
    draft: bool = False


class Review(Post):
    """A post of another kind."""


@dataclass
class Comment:
    id: int


class PostPolicy:
    def __init__(self) -> None:
        self.heard: list[object] = []

    def before(self, user: User | None, ability: str, *things: object) -> bool | None:
        self.heard.append((ability, *things))
        return True if user is GRACE and ability == "destroy" else None

    def view(self, user: User | None, post: Post) -> Denied | bool:
        return Denied("A draft.", hidden=True) if post.draft and user is None else True

    async def update(self, user: User, post: Post) -> bool | str:
        return post.author == user.id or "Only the author may."

    def create(self, user: User) -> bool:
        return user is ADA

    def destroy(self, user: User, post: Post) -> None:
        return None

    def force_publish(self, user: User, post: Post, at: str = "now") -> bool:
        return at == "now"


POST, GRACES, DRAFT = Post(7, ADA.id), Post(8, GRACE.id), Post(9, ADA.id, draft=True)


def written(**more: Callable[..., Any]) -> Rules:
    rules = Rules()
    rules.policy(Post, PostPolicy())
    for ability, rule in more.items():
        rules.define(ability, rule)
    return rules


# -- policies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "ability", "about", "may"),
    [
        pytest.param(ADA, "update", (POST,), True, id="a method of the policy, awaited"),
        pytest.param(ADA, "update", (GRACES,), False, id="says no"),
        pytest.param(ADA, "create", (Post,), True, id="about the class it gets the user alone"),
        pytest.param(GRACE, "create", (Post,), False, id="and says no"),
        pytest.param(ADA, "update", (Review(1, ADA.id),), True, id="a subclass has its parent's policy"),
        pytest.param(ADA, "create", (Review,), True, id="also as a class"),
        pytest.param(GRACE, "destroy", (POST,), True, id="before grants"),
        pytest.param(ADA, "destroy", (POST,), False, id="silence is a no"),
        pytest.param(ADA, "force-publish", (POST,), True, id="a dash is an underscore"),
        pytest.param(ADA, "force_publish", (POST, "later"), False, id="more arguments are handed on"),
        pytest.param(None, "view", (POST,), True, id="a guest may be asked about"),
        pytest.param(None, "view", (DRAFT,), False, id="and refused"),
        pytest.param(None, "update", (POST,), False, id="where None was not expected a guest is refused"),
    ],
)
async def test_a_policy_answers_for_its_class(user, ability, about, may):
    rules = written()
    assert await rules.can(user, ability, *about) is may
    assert await rules.cannot(user, ability, *about) is not may


async def test_a_no_says_who_said_it_and_what_was_asked():
    answer = await written().inspect(ADA, "update", GRACES)
    assert isinstance(answer, Denied)
    assert (answer.message, answer.by) == ("Only the author may.", "PostPolicy.update")
    assert answer.asked == (
        "before PostPolicy.before: no opinion",
        "PostPolicy.update: no, Only the author may.",
    )
    assert answer.question is not None
    assert answer.question.about == ("Post 8",)


async def test_what_a_policy_does_not_know_may_be_defined():
    rules = written(share=lambda user, post: user is ADA)
    assert await rules.can(ADA, "share", POST)


async def test_the_policy_goes_before_what_is_defined():
    rules = written(update=lambda user, thing: "defined")
    assert (await rules.inspect(ADA, "update", GRACES)).by == "PostPolicy.update"
    assert (await rules.inspect(ADA, "update", Comment(1))).message == "defined"


async def test_a_subclass_may_have_a_policy_of_its_own():
    class ReviewPolicy:
        def update(self, user: User, review: Review) -> bool:
            return False

    rules = written()
    rules.policy(Review, ReviewPolicy())
    assert await rules.cannot(ADA, "update", Review(1, ADA.id))
    assert await rules.can(ADA, "update", POST)


# -- before and after -----------------------------------------------------------------------------------------------


async def test_before_and_after_are_heard_in_their_order():
    heard: list[object] = []
    rules = written()

    @rules.before
    def first(user: User, ability: str, *things: object) -> None:
        heard.append(("before", ability, *things))

    @rules.after
    async def last(user: User, ability: str, answer: object, *things: object) -> bool:
        heard.append(("after", ability, type(answer).__name__, *things))
        return True

    assert await rules.cannot(ADA, "update", GRACES)
    assert await rules.can(ADA, "destroy", POST)
    assert heard == [
        ("before", "update", GRACES),
        ("after", "update", "Denied", GRACES),
        ("before", "destroy", POST),
        ("after", "destroy", "NoneType", POST),
    ]


@pytest.mark.parametrize(
    ("said", "may", "asked"),
    [
        (True, True, ("before boss: yes",)),
        (False, False, ("before boss: no",)),
        ("Closed.", False, ("before boss: no, Closed.",)),
        (None, True, ("before boss: no opinion", "before PostPolicy.before: no opinion", "PostPolicy.update: yes")),
    ],
)  # fmt: skip
async def test_the_first_opinion_of_before_is_final(said, may, asked):
    rules = written()

    @rules.before
    def boss(user: User) -> object:
        return said

    answer = await rules.inspect(ADA, "update", POST)
    assert (bool(answer), answer.asked) == (may, asked)


async def test_after_overturns_nothing():
    rules = written()
    rules.after(lambda user: True)
    answer = await rules.inspect(None, "update", POST)
    assert not answer
    assert answer.asked[-2:] == (
        "PostPolicy.update: no, nobody is logged in, and this rule is for users",
        "after <lambda>: not asked, nobody is logged in, and this rule is for users",
    )


async def test_what_hears_every_rule_is_passed_over_for_those_it_is_not_for():
    rules = written()
    rules.before(lambda user, ability: user.id == "0")
    assert await rules.can(None, "view", POST)


# -- programs, and what is no user ----------------------------------------------------------------------------------


async def test_a_program_is_denied_unless_the_rule_says_otherwise():
    rules = Rules()
    rules.before(lambda user: True)
    rules.define("read", lambda user: True)
    rules.define("write", lambda user: True, clients=True)
    answer = await rules.inspect(PROGRAM, "read")
    assert isinstance(answer, Denied)
    assert answer.message == "a program calls in its own name, and this rule is for users"
    assert await rules.can(PROGRAM, "write")
    assert await rules.can(ADA, "read")


async def test_a_guest_is_no_program():
    rules = Rules()
    rules.define("write", lambda user: True, clients=True)
    rules.define("read", lambda user=None: True)
    assert await rules.cannot(None, "write")
    assert await rules.cannot(PROGRAM, "read")


async def test_a_policy_names_the_methods_for_programs():
    rules = Rules()
    rules.policy(Post, PostPolicy(), clients=["view"])
    assert await rules.can(PROGRAM, "view", POST)
    assert await rules.cannot(PROGRAM, "create", Post)


async def test_before_and_after_may_be_for_programs():
    rules = Rules()
    rules.define("read", lambda user: None, clients=True)
    rules.define("write", lambda user: None)
    rules.after(lambda user: True, clients=True)
    assert await rules.can(PROGRAM, "read")
    assert await rules.cannot(PROGRAM, "write")
    rules.before(lambda user: True, clients=True)
    assert await rules.can(PROGRAM, "write")


@pytest.mark.parametrize("user", [IDENTITY, Deny("web", Reason.USER_MISSING)])
async def test_what_only_stands_for_a_user_is_an_error(user):
    rules = Rules()
    rules.define("read", lambda user: True)
    with pytest.raises(ConfigError, match=r"house\.user"):
        await rules.can(user, "read")
    with pytest.raises(ConfigError, match=r"house\.user"):
        rules.for_user(user)


# -- what a rule may not do -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ZeroDivisionError("by nought"), StoreError("gone")])
@pytest.mark.parametrize("place", ["before", "rule", "after"])
async def test_what_a_rule_raises_is_raised(place, error):
    def breaks(user: User) -> bool:
        raise error

    rules = Rules()
    rules.define("read", breaks if place == "rule" else lambda user: None)
    if place != "rule":
        getattr(rules, place)(breaks)
    with pytest.raises(type(error)):
        await rules.can(ADA, "read")


@pytest.mark.parametrize("said", [1, b"x", object(), Granted, [True]])
async def test_what_a_rule_returns_must_be_one_of_its_words(said):
    rules = Rules()
    rules.define("read", lambda user: said)
    with pytest.raises(ConfigError, match="rule read"):
        await rules.can(ADA, "read")


# -- mistakes -------------------------------------------------------------------------------------------------------


class Abilities(StrEnum):
    UPDATE = "update"


@pytest.mark.parametrize(
    ("ability", "about", "nearest", "text"),
    [
        pytest.param("veiw-admin", (), "view-admin", "No rule of that name", id="misspelt"),
        pytest.param("updaet", (POST,), "update", "PostPolicy has no such method", id="a policy without it"),
        pytest.param("update", (Comment(1),), "update", "no policy for Comment", id="a class without a policy"),
        pytest.param("update", (), "update", "No rule of that name", id="a policy needs to know the class"),
        pytest.param("update", (None,), "update", "no policy for NoneType", id="None has no policy"),
        pytest.param("heard", (POST,), None, "PostPolicy has no such method", id="an attribute is no method"),
        pytest.param("before", (POST,), None, "PostPolicy has no such method", id="before is no ability"),
    ],
)  # fmt: skip
async def test_what_nobody_knows_is_an_error_that_names_the_nearest(ability, about, nearest, text):
    rules = written()
    rules.define("view-admin", lambda user: True)
    rules.before(lambda user: True)
    with pytest.raises(ConfigError, match=text) as raised:
        await rules.can(ADA, ability, *about)
    assert raised.value.nearest == nearest


async def test_where_there_are_no_rules_the_error_says_so():
    with pytest.raises(ConfigError, match="There are: none"):
        await Rules().can(ADA, "read")


@pytest.mark.parametrize(
    ("about", "text"),
    [
        pytest.param((Post,), "0 arguments", id="a class where a thing is meant"),
        pytest.param((POST, 1), "2 arguments", id="too many"),
    ],
)
async def test_a_rule_with_the_wrong_arguments_is_an_error(about, text):
    with pytest.raises(ConfigError, match=text) as raised:
        await written().can(ADA, "update", *about)
    assert raised.value.key == "PostPolicy.update"
    assert "(user, post)" in raised.value.fix


def writing(rules: Rules) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("define", lambda: rules.define("more", lambda user: True)),
        ("policy", lambda: rules.policy(Comment, PostPolicy())),
        ("before", lambda: rules.before(lambda user: True)),
        ("after", lambda: rules.after(lambda user: True)),
        ("bind", lambda: rules.bind("post", lambda text: None)),
    ]


def test_nothing_is_written_down_once_the_house_is_installed():
    rules = written()
    rules.freeze()
    for verb, write in writing(rules):
        with pytest.raises(ConfigError, match=r"before house\.install") as raised:
            write()
        assert verb in str(raised.value.found)


def test_nothing_is_written_down_twice():
    rules = written()
    for verb, write in writing(rules):
        write()
        if verb not in ("before", "after"):
            with pytest.raises(ConfigError):
                write()


@pytest.mark.parametrize("other", ["view-admin", "view_admin"])
async def test_a_rule_gives_way_only_where_that_is_said(other):
    rules = Rules()
    rules.define("view-admin", lambda user: False)
    with pytest.raises(ConfigError, match="replace=True"):
        rules.define(other, lambda user: True)
    rules.define(other, lambda user: True, replace=True)
    assert await rules.can(ADA, "view-admin")
    with pytest.raises(ConfigError, match="without replace"):
        rules.define("view-amdin", lambda user: True, replace=True)


@pytest.mark.parametrize(
    ("policy", "clients", "text"),
    [
        (PostPolicy, (), r"PostPolicy\(\)"),
        (PostPolicy(), ("veiw",), "Did you mean 'view'"),
    ],
)
def test_a_policy_that_cannot_answer_is_an_error(policy, clients, text):
    with pytest.raises(ConfigError, match=text):
        Rules().policy(Post, policy, clients=clients)


def test_what_is_known_is_known_beforehand():
    rules = written(share=lambda user, post: True)
    assert [rules.known(name) for name in ("share", "force-publish", Abilities.UPDATE)] == [
        "share",
        "force-publish",
        "update",
    ]
    with pytest.raises(ConfigError, match="Did you mean 'update'"):
        rules.known("updaet")
    assert repr(rules) == "Rules(share, create, destroy, force_publish, update, view)"


def test_a_class_is_found_by_its_path():
    rules = written()
    path = f"{Post.__module__}.Post"
    assert rules.kind_of(path) is Post
    with pytest.raises(ConfigError) as raised:
        rules.kind_of(path + "s")
    assert raised.value.nearest == path
    with pytest.raises(ConfigError, match="answer for: none"):
        Rules().kind_of(path)


# -- the other questions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("abilities", "some"),
    [
        (["create", "update"], True),
        (["update"], False),
        ("update", False),
        ([], False),
        (iter(["update", "view"]), True),
        ([Abilities.UPDATE], False),
    ],
)
async def test_any_and_none(abilities, some):
    abilities = abilities if isinstance(abilities, str) else list(abilities)
    rules = written(create=lambda user, post: True)
    rules = Rules()
    rules.define("create", lambda user, post: True)
    rules.define("view", lambda user, post: True)
    rules.define("update", lambda user, post: False)
    assert await rules.any(ADA, abilities, POST) is some
    assert await rules.none(ADA, abilities, POST) is not some


@pytest.mark.parametrize(
    ("user", "ability", "about", "status", "reason"),
    [
        (GRACE, "update", (POST,), 403, Reason.RULE_DENIED),
        (None, "view", (DRAFT,), 404, Reason.RULE_HIDDEN),
        (None, "update", (POST,), 403, Reason.RULE_DENIED),
    ],
)
async def test_authorize_raises_the_refusal(user, ability, about, status, reason):
    with pytest.raises(Refused) as raised:
        await written().authorize(user, ability, *about)
    refusal = raised.value.refusal
    assert (raised.value.status_code, refusal.reason, refusal.by) == (status, reason, f"rule {ability}")
    assert refusal.evidence["rule"] == ability
    assert raised.value.detail in ("Forbidden", "Not Found")


async def test_authorize_returns_the_yes():
    rules = Rules()
    rules.define("read", lambda user: Granted("as an editor"))
    assert (await rules.authorize(ADA, "read")).message == "as an editor"


async def test_the_questions_about_one_user():
    ada = written().for_user(ADA)
    assert await ada.can("update", POST)
    assert await ada.cannot("update", GRACES)
    assert await ada.any(["update", "view"], POST)
    assert await ada.none(["update"], GRACES)
    assert (await ada.inspect("update", POST)).by == "PostPolicy.update"
    assert await ada.authorize("update", POST)
    assert repr(ada) == "RulesFor(User 1)"


# -- route parameters -----------------------------------------------------------------------------------------------


def by_number(number: int) -> object:
    return f"post {number}"


async def by_text(text: str) -> object:
    return f"text {text}"


def by_uuid(uuid: UUID) -> object:
    return uuid.int


@pytest.mark.parametrize(
    ("load", "value", "found"),
    [
        (by_number, "7", "post 7"),
        (by_number, 7, "post 7"),
        (by_number, "07", None),
        (by_number, "seven", None),
        (by_number, "9" * 30, None),
        (by_text, "seven", "text seven"),
        (by_uuid, str(UUID(int=3)), 3),
        (by_uuid, "3", None),
        (lambda text: text.upper(), "a", "A"),
        (lambda text: None, "a", None),
    ],
)
async def test_a_parameter_stands_for_what_is_loaded(load, value, found):
    rules = Rules()
    rules.bind("post", load)
    assert await rules.load("post", value) == found


async def test_binding_is_a_decorator_too_and_what_is_unbound_is_its_value():
    rules = Rules()

    @rules.bind("post")
    def load(text: str) -> str:
        return text * 2

    @rules.define("read", clients=True)
    def read(user: User) -> bool:
        return True

    assert await rules.load("post", "ab") == "abab"
    assert await rules.load("other", "ab") == "ab"
    assert await rules.can(PROGRAM, "read")
