"""A trace beside its stack: what was said, where it stopped, what was not reached."""

from __future__ import annotations

import pytest

from guardhouse.core.stack import Check
from guardhouse.core.walked import Line, walked

CHECKS = (
    Check("step hours", "before guards", "the area adds it"),
    Check("guard key", "explicit", "the caller puts it there"),
    Check("origin", "origin", "web trusts what browsers send"),
    Check("session", "ambient", "web reads it"),
    Check("guard web", "ambient", "the browser sends it"),
    Check("because of a driver", "note", "it is left out"),
    Check("answer", "answer", "a navigation gets a page"),
)


def said(by: str, verdict: str, code: str) -> Line:
    return {"by": by, "verdict": verdict, "code": code, "says": "", "evidence": {}}


HOURS, KEY = said("hours", "pass", "step_passed"), said("key", "abstain", "no_credential")
NO_KEY = said("key", "deny", "credential_rejected")
ORIGIN, WEB = said("origin", "pass", "same_origin"), said("web", "abstain", "no_login")
STORE = said("store", "deny", "store_unavailable")


@pytest.mark.parametrize(
    ("trace", "code", "names", "stop", "missed"),
    [
        pytest.param((HOURS, KEY, ORIGIN, WEB), "no_login", [*map(str, ("step hours", "guard key", "origin", "guard web"))], "guard web", [], id="to the end"),
        pytest.param((HOURS, NO_KEY), "credential_rejected", ["step hours", "guard key"], "guard key", ["origin", "session", "guard web"], id="a no ends it"),
        pytest.param((HOURS, KEY, ORIGIN, STORE), "store_unavailable", ["step hours", "guard key", "origin", "store"], "store", [], id="who stands in no stack comes last"),
        pytest.param((), "no_credential", [], None, [], id="nobody said anything"),
    ],
)  # fmt: skip
def test_where_it_stopped(trace, code, names, stop, missed):
    places = list(walked(CHECKS, trace, code))
    assert [place.name for place in places if place.line is not None] == names
    assert [place.name for place in places if place.stop] == ([stop] if stop else [])
    assert [place.name for place in places if not place.reached] == missed
    assert not {"answer", "because of a driver"} & {place.name for place in places}


def test_a_yes_ends_it_too():
    places = list(walked(CHECKS, (HOURS, said("key", "allow", "credential_accepted")), "credential_accepted"))
    assert [place.name for place in places if not place.reached] == ["origin", "session", "guard web"]
