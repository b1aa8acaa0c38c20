"""A house remembers its last refusals, and no more of them than it was told to."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse import ConfigError, Reason, Refused
from guardhouse.core.causes import Cause
from guardhouse.gate.recent import Recent
from guardhouse.testing import last_refusal
from tests.provoked import NEIGHBOUR, SAME, World, ask


def event(code: str = "no_login", **changes: Any) -> Refused:
    settings: dict[str, Any] = {
        "code": code,
        "by": "web",
        "stack": "api",
        "method": "GET",
        "path": "/me",
        "status": 401,
        "evidence": {"realm": "staff"},
        "at": 7.0,
        "request_id": "r1",
        "route": "/me",
        "guards": ("web",),
    }
    return Refused(**(settings | changes))


def test_a_refusal_is_kept_as_text():
    ring = Recent()
    cause = Cause(Reason.HOSTS_MIXED)
    ring(event(evidence={"of the application": object(), "long": "x" * 500}, causes=(cause,)))
    assert ring.last is not None
    assert (ring.last.code, ring.last.at, ring.last.causes) == ("no_login", 7.0, ("hosts_mixed",))
    assert ring.last.evidence["of the application"].startswith("<object")
    assert len(ring.last.evidence["long"]) == 200


def test_the_oldest_goes_when_the_ring_is_full():
    ring = Recent(2)
    for code in ("a", "b", "b"):
        ring(event(code))
    assert [noted.code for noted in ring] == ["b", "b"]
    assert (len(ring), ring.by_code(), repr(ring)) == (2, {"b": 2}, "Recent(2 of 2)")
    ring.clear()
    assert (len(ring), ring.last) == (0, None)


def test_a_ring_of_nothing_is_a_mistake():
    with pytest.raises(ConfigError, match="Keep one refusal at least"):
        Recent(0)


def test_a_house_keeps_its_own():
    world = World()
    assert last_refusal(world.house) is None
    client = world.client()
    ask(client, "POST", "/web", NEIGHBOUR)
    noted = last_refusal(world.house)
    assert noted is not None
    assert (noted.code, noted.route, noted.guards) == ("csrf_origin_untrusted", "/web", ("web",))
    assert (noted.request_id, noted.at) == ("example-of-the-docs", world.clock())
    assert noted.causes == ("credentials_omitted", "csrf_origin_untrusted", "no_credential")
    ask(client, "GET", "/web", SAME)
    assert [one.code for one in world.house.recent] == ["csrf_origin_untrusted", "no_credential"]


def test_who_may_pass_is_not_noted():
    world = World()
    assert ask(world.logged_in(), "GET", "/web").status == 200
    assert len(world.house.recent) == 0
