"""Whom a function of the application is for, and how much it takes, read from its signature."""

from __future__ import annotations

import functools
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypeVar, Union

import pytest

from guardhouse.core.rule_function import first_hint, name_of, read_function
from guardhouse.errors import ConfigError

if TYPE_CHECKING:
    from somewhere import Hidden  # type: ignore[import-not-found] # pyright: ignore[reportMissingImports]

T = TypeVar("T")


class User:
    def owns(self, post):
        """A method whose first parameter is not whoever asks."""


MaybeUser = Optional[User]  # noqa: UP045 - the older spelling is meant
Aliased = Union[User, None]  # noqa: UP007 - as above


class Later:
    """What `type Visitor = User | None` makes, where there are such statements."""

    __value__ = User | None


def bare(user): ...
def typed(user: User): ...
def anything(user: Any): ...
def union(user: User | None): ...
def older(user: Optional[User]): ...  # noqa: UP045
def oldest(user: Union[User, None]): ...  # noqa: UP007
def oldest_without(user: Union[User, int]): ...  # noqa: UP007
def alias(user: MaybeUser): ...
def other_alias(user: Aliased): ...
def annotated(user: Annotated[User | None, "x"]): ...
def annotated_none(user: Annotated[User, None]): ...
def quoted(user: "User | None"): ...  # noqa: UP037
def hidden(user: Hidden | None): ...
def hidden_alone(user: Hidden): ...
def hidden_in_list(user: list[Hidden | None]): ...
def none(user: None): ...
def default(user=None): ...
def default_object(user: User = User()): ...
def listed(user: list[None]): ...
def dotted(user: "typing.Optional[User]"): ...  # type: ignore[name-defined]  # noqa: F821, UP037 # pyright: ignore[reportUndefinedVariable]
def broken(user: "User |"): ...  # type: ignore[valid-type]  # noqa: F722 # pyright: ignore[reportGeneralTypeIssues]
def collected(*things): ...


def evaluated(hint):
    """A function whose annotations are values, as without `from __future__ import annotations`."""

    def rule(user): ...

    rule.__annotations__ = {"user": hint}
    return rule


class Judge:
    def __call__(self, user: MaybeUser, post): ...


class Policy:
    def view(self, user: MaybeUser, post): ...


@functools.wraps(union)
def wrapper(*args, **kwargs): ...


@pytest.mark.parametrize(
    ("function", "guests"),
    [
        (bare, False),
        (typed, False),
        (anything, False),
        (union, True),
        (older, True),
        (oldest, True),
        (oldest_without, False),
        (alias, True),
        (other_alias, True),
        (annotated, True),
        (annotated_none, False),
        (quoted, True),
        (hidden, True),
        (hidden_alone, False),
        (hidden_in_list, False),
        (none, True),
        (default, True),
        (default_object, False),
        (listed, False),
        (dotted, True),
        (broken, False),
        (collected, False),
        (lambda user: True, False),
        (Judge(), True),
        (Policy().view, True),
        (functools.partial(alias), True),
        (functools.partial(functools.partial(alias)), True),
        (wrapper, True),
        (evaluated(User | None), True),
        (evaluated(None), True),
        (evaluated(NoneType), True),
        (evaluated(Later), True),
        (evaluated(User), False),
        (evaluated(Annotated[User | None, "x"]), True),
    ],
)
def test_guests_are_let_in_where_the_first_parameter_may_be_none(function, guests):
    assert read_function(function).guests is guests


@pytest.mark.parametrize(
    ("function", "least", "most", "takes"),
    [
        (lambda user: True, 0, 0, "(user)"),
        (lambda user, post: True, 1, 1, "(user, post)"),
        (lambda user, post, at=None: True, 1, 2, "(user, post, at)"),
        (lambda user, *things: True, 0, None, "(user, things)"),
        (lambda *things: True, 0, None, "(things)"),
        (lambda user, *, now=1: True, 0, 0, "(user, now)"),
        (lambda user=None, post=None: True, 0, 1, "(user, post)"),
    ],
)
def test_how_much_it_takes(function, least, most, takes):
    read = read_function(function, "rule x")
    assert (read.least, read.most, read.takes, read.name) == (least, most, takes, "rule x")


@pytest.mark.parametrize(
    ("count", "fits"),
    [(0, False), (1, True), (2, True), (3, False)],
)
def test_a_rule_is_called_with_what_it_takes_and_nothing_else(count, fits):
    read = read_function(lambda user, post, at=None: True, "rule x")
    arguments = list(range(count))
    if fits:
        assert read.checked(arguments) == arguments
        return
    with pytest.raises(ConfigError, match=r"It takes \(user, post, at\)"):
        read.checked(arguments)


def test_a_rule_that_takes_any_number_takes_any_number():
    read = read_function(lambda user, *things: True)
    assert read.checked([1, 2, 3]) == read.fitting([1, 2, 3]) == [1, 2, 3]


def test_who_hears_every_rule_is_handed_no_more_than_it_takes():
    assert read_function(lambda user, ability: True).fitting(["view", 1, 2]) == ["view"]
    with pytest.raises(ConfigError, match=r"write \*things"):
        read_function(lambda user, ability, post: True).fitting(["view"])


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda: True, id="takes nobody"),
        pytest.param(lambda *, user: True, id="by name only"),
        pytest.param(lambda user, *, post: True, id="a part by name only"),
        pytest.param("update", id="no function"),
        pytest.param(User, id="a class"),
        pytest.param(max, id="without a signature"),
    ],
)
def test_what_cannot_be_asked_is_an_error(function):
    with pytest.raises(ConfigError, match="rule x"):
        read_function(function, "x")


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (union, "union"),
        (Policy().view, "Policy.view"),
        (Judge(), "Judge"),
        (functools.partial(union), "union"),
        (lambda user: True, "<lambda>"),
        (evaluated(User), "rule"),
    ],
)
def test_a_function_has_a_name(function, name):
    assert name_of(function) == read_function(function).name == name


@pytest.mark.parametrize(
    ("function", "hint"),
    [(typed, User), (bare, None), (lambda: True, None), (hidden_alone, None), (evaluated(int), int)],
)
def test_the_type_of_the_first_parameter(function, hint):
    found = first_hint(function)
    assert (found if isinstance(found, type) and found.__module__ != "inspect" else None) is hint


def test_programs_are_let_in_only_where_it_is_said():
    assert not read_function(bare).clients
    assert read_function(bare, clients=True).clients
