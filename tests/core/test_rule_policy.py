"""Which methods of an object are rules."""

from __future__ import annotations

import pytest

from guardhouse.core.rule_policy import read_policy
from guardhouse.errors import ConfigError


class Parent:
    def view(self, user, post):
        return True


class PostPolicy(Parent):
    threshold = 3
    helper = max

    def before(self, user, ability):
        return None

    def update(self, user, post):
        return True

    @staticmethod
    def create(user):
        return True

    @classmethod
    def purge(cls, user):
        return True

    @property
    def rank(self):
        raise AssertionError("a property is not asked")

    def helps(self):
        """A helper that takes nobody."""

    def _owns(self, user, post):
        return True


class WithAfter:
    def after(self, user, ability, answer):
        return None


class BeforeNobody:
    def before(self):
        return True


def test_its_public_methods_that_take_a_user_are_rules():
    policy = read_policy(PostPolicy(), frozenset({"view"}))
    assert policy.name == "PostPolicy"
    assert sorted(policy.methods) == ["create", "purge", "update", "view"]
    assert [name for name, method in policy.methods.items() if method.clients] == ["view"]
    assert policy.methods["create"].name == "PostPolicy.create"
    assert policy.methods["create"].most == 0
    assert policy.before is not None
    assert policy.before.name == "PostPolicy.before"
    assert read_policy(Parent()).before is None


@pytest.mark.parametrize(
    ("policy", "fix"),
    [
        pytest.param(PostPolicy, r"PostPolicy\(\)", id="a class"),
        pytest.param(WithAfter(), r"rules\.after", id="an after"),
        pytest.param(BeforeNobody(), "by position", id="a before that takes nobody"),
    ],
)
def test_what_cannot_answer_is_an_error(policy, fix):
    with pytest.raises(ConfigError, match=fix):
        read_policy(policy)
