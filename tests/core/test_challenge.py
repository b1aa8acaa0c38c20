"""A 401 names every way in that its stack knows, and what became of the token that came."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.core.answer import Refusal
from guardhouse.core.area import Area
from guardhouse.core.challenge import challenges
from guardhouse.core.guard import Need
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import derive
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.jwt import JWTGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.issuers.keys import Keys


class Ticket:
    """A guard of an application's own: what it calls `scheme` is something else."""

    name, provider, scheme = "ticket", "users", 17
    needs = (Need("cookie:ticket", ambient=True),)


KEYS = Keys.of("kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX", "HS256")
GUARDS: dict[str, Any] = {
    "web": SessionGuard().named("web", "users"),
    "api": SessionGuard().named("api", "users"),
    "token": FunctionGuard(scheme="Bearer", find=str).named("token", "users"),
    "loud": FunctionGuard(scheme="BEARER", find=str).named("loud", "users"),
    "old": FunctionGuard(scheme="Token", find=str).named("old", "users"),
    "key": FunctionGuard(header="X-Api-Key", find=str).named("key", "users"),
    "ticket": Ticket(),
    "bound": JWTGuard(KEYS, "issuer", "api", dpop="require").named("bound", "users"),
    "either": JWTGuard(KEYS, "issuer", "api", dpop="accept").named("either", "users"),
}

COOKIE = 'Cookie realm="guardhouse"'
BEARER = 'Bearer realm="guardhouse"'
BAD = 'Bearer realm="guardhouse", error="invalid_token"'


def said(*names: str, reason: Reason = Reason.NO_CREDENTIAL, by: str = "") -> tuple[str, ...]:
    return challenges(derive("area", Area(guards=names), GUARDS), Refusal(reason, by or names[0]))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("web",), (COOKIE,)),
        (("web", "api"), (COOKIE,)),
        (("token",), (BEARER,)),
        (("api", "token"), (BEARER, COOKIE)),
        (("old",), ('Token realm="guardhouse"',)),
        (("key",), ('ApiKey realm="guardhouse"',)),
        (("web", "key", "token"), ('ApiKey realm="guardhouse"', BEARER, COOKIE)),
        (("ticket",), (COOKIE,)),
        (("bound",), ('DPoP realm="guardhouse"',)),
        (("either", "token"), (BEARER, 'DPoP realm="guardhouse"')),
    ],
)
def test_each_way_in_is_named_once_explicit_ones_first(names, expected):
    assert said(*names) == expected


def test_outside_of_a_stack_there_is_the_login():
    assert challenges(None, Refusal(Reason.NO_LOGIN, "web")) == (COOKIE,)


@pytest.mark.parametrize(
    ("reason", "by", "expected"),
    [
        (Reason.CREDENTIAL_REJECTED, "token", (BAD, COOKIE)),
        (Reason.CREDENTIAL_MALFORMED, "token", (BAD, COOKIE)),
        (Reason.USER_MISSING, "token", (BAD, COOKIE)),
        (Reason.USER_DISABLED, "token", (BAD, COOKIE)),
        (Reason.NO_CREDENTIAL, "token", (BEARER, COOKIE)),
        (Reason.SESSION_EXPIRED, "web", (BEARER, COOKIE)),
        (Reason.USER_MISSING, "web", (BEARER, COOKIE)),
    ],
)
def test_a_token_that_came_and_is_no_good_is_called_invalid(reason, by, expected):
    assert said("token", "web", reason=reason, by=by) == expected


def test_the_word_for_it_is_that_of_bearer_alone():
    assert said("loud", reason=Reason.CREDENTIAL_REJECTED) == (
        'BEARER realm="guardhouse", error="invalid_token"',
    )
    assert said("old", reason=Reason.CREDENTIAL_REJECTED) == ('Token realm="guardhouse"',)
    assert said("key", reason=Reason.CREDENTIAL_REJECTED) == ('ApiKey realm="guardhouse"',)
