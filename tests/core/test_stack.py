"""What an area runs follows from what its guards need, in the one order that is safe, and prints with its reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from guardhouse.core.area import Area, Note, Step
from guardhouse.core.facts import Facts
from guardhouse.core.guard import Guard, Need, Supply, ambient, header_need
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Check, derive
from guardhouse.core.verdict import Abstain
from guardhouse.errors import UnmetNeedError
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.session import SessionGuard


def nothing(visit):
    return None


@dataclass(frozen=True)
class Reading:
    """A guard that reads what it is told to, and believes nobody."""

    needs: tuple[Need, ...]
    name: str = ""
    provider: str | None = None

    def named(self, name: str, provider: str) -> Reading:
        return replace(self, name=name, provider=provider)

    def claim(self, facts: Facts) -> Abstain:
        return Abstain(self.name, Reason.NO_CREDENTIAL)

    async def fetch(self, claim: object, supply: Supply) -> None:
        return None

    def judge(self, claim: object, found: object) -> Abstain:
        return Abstain(self.name, Reason.NO_CREDENTIAL)


COOKIE = Reading((Need("cookie:remember", ambient=True),))
KINDS: dict[str, Guard] = {
    "web": SessionGuard(),
    "staff": SessionGuard(realm="staff"),
    "key": FunctionGuard(header="X-Api-Key", find=str),
    "partner": FunctionGuard(header="X-Partner", find=str),
    "remembered": COOKIE,
}
GUARDS: dict[str, Guard] = {name: guard.named(name, "users") for name, guard in KINDS.items()}


@pytest.mark.parametrize(
    ("area", "names", "session", "origin", "plain", "varies"),
    [
        pytest.param(Area(("web",)), ("web",), True, True, True, {b"Cookie"}, id="a session"),
        pytest.param(Area(("key",)), ("key",), False, False, False, {b"X-Api-Key"}, id="an explicit guard"),
        pytest.param(
            Area(("web", "key")),
            ("key", "web"),
            True,
            True,
            False,
            {b"Cookie", b"X-Api-Key"},
            id="explicit goes first",
        ),
        pytest.param(
            Area(("web", "key", "staff", "partner")),
            ("key", "partner", "web", "staff"),
            True,
            True,
            False,
            {b"Cookie", b"X-Api-Key", b"X-Partner"},
            id="within a kind the order of the area holds",
        ),
        pytest.param(
            Area(("remembered",)), ("remembered",), False, True, True, {b"Cookie"}, id="a bare cookie"
        ),
        pytest.param(
            Area(("web",), steps=(Step("audit", nothing),)),
            ("web",),
            True,
            True,
            False,
            {b"Cookie"},
            id="a step",
        ),
    ],
)
def test_a_stack_follows_from_needs(area, names, session, origin, plain, varies):
    stack = derive("area", area, GUARDS)
    assert stack.names == names
    assert (stack.session, stack.origin, stack.plain) == (session, origin, plain)
    assert stack.explicit_vary | stack.ambient_vary == varies


@pytest.mark.parametrize("need", ["weather", "header:", "cookie:", "certificate:client", ""])
def test_a_need_that_nothing_supplies_stops_the_start(need):
    guards = {"odd": Reading((Need(need, ambient=True),)).named("odd", "users")}
    with pytest.raises(UnmetNeedError) as raised:
        derive("area", Area(("odd",)), guards)
    assert (raised.value.need, raised.value.wanted_by) == (need, "guard odd")
    assert "header:<name>, cookie:<name>, session" in str(raised.value)


def test_a_guard_is_ambient_as_soon_as_one_of_its_needs_is():
    assert header_need("X-Api-Key") == Need("header:x-api-key", ambient=False)
    assert not ambient(GUARDS["key"])
    assert ambient(GUARDS["web"])
    assert ambient(Reading((header_need("X-Device"), Need("cookie:device", ambient=True))))


ALONE = """\
stack web
  origin     because web trusts what browsers send by themselves; safe methods pass (CSRF)
  session    because web reads it; loaded when asked
  guard web  because the browser sends session by itself
  answer     because a navigation gets a page or the login, everything else a problem document; \
no-store and Vary because the answer depends on the caller"""

EVERYTHING = """\
stack api
  step brake   because the area adds it
  guard key    because the caller puts the header x-api-key there on purpose: its yes or no is final
  origin       because web and staff trust what browsers send by themselves; safe methods pass (CSRF)
  session      because web and staff read it; loaded when asked
  guard web    because the browser sends session by itself
  guard staff  because the browser sends session by itself
  step audit   because the area adds it
  throttle     because no part of guardhouse; left out
  cors         because another note
  answer       because the area answers programs: a problem document, never a redirect; \
no-store and Vary because the answer depends on the caller"""

EXPLICIT = """\
stack key
  guard key  because the caller puts the header x-api-key there on purpose: its yes or no is final
  answer     because the area is for people: the login or a page; \
no-store and Vary because the answer depends on the caller"""


@pytest.mark.parametrize(
    ("name", "area", "notes", "printed"),
    [
        pytest.param("web", Area(("web",)), (), ALONE, id="one session guard"),
        pytest.param("key", Area(("key",), answers="page"), (), EXPLICIT, id="one explicit guard"),
        pytest.param(
            "api",
            Area(
                ("web", "key", "staff"),
                answers="json",
                steps=(Step("audit", nothing), Step("brake", nothing, phase="before guards")),
                notes=(Note("throttle", "no part of guardhouse; left out"),),
            ),
            (Check("cors", "note", "another note"),),
            EVERYTHING,
            id="everything at once",
        ),
    ],
)
def test_a_stack_prints_what_it_runs_and_why(name, area, notes, printed):
    assert str(derive(name, area, GUARDS, notes)) == printed
