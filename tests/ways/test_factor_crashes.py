"""A process that dies between any two effects of a second factor's way leaves an account that its owner gets into."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guardhouse.state import recovery
from guardhouse.state.enrolment import Kind
from tests.houses import ADA, PASSWORD
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import World
from tests.ways.phones import RIGHT, Owner, Phone, log_in, set_up, switch_on

MOST = 12
"""No plan of these ways has more effects."""


def cut(patch: pytest.MonkeyPatch, effects: int, walk: Callable[[], Any]) -> Any:
    """Walk until the process dies; return the answer where it did not."""
    with patch.context() as now:
        crash_after(now, effects)
        try:
            return walk()
        except CrashError:
            return None


def kept(world: World, kind: Kind) -> Any:
    store: Any = world.house.parts.store
    found: Any = world.portal.call(store.enrolments.enrolled, f"users:{ADA.id}", kind)
    assert len(found) <= 1
    return found[0] if found else None


def gets_in(world: World, *ways: tuple[str, Callable[[], str]]) -> bool:
    """Whether the owner gets in by his password, and by any of these where he is asked for more."""
    world.clock.now += 60
    client = world.visitor()
    following = client.post("/login", json=RIGHT).json()
    if following == {"done": "logged-in"}:
        return True
    assert following["next"] == "two-factor"
    return any(client.post(path, json={"code": code()}).status_code == 200 for path, code in ways)


def by(world: World, phone: Phone) -> tuple[str, Callable[[], str]]:
    return "/two-factor", lambda: phone.code(world.clock.now)


def good(world: World, codes: list[str]) -> bool:
    enrolled = kept(world, Kind.RECOVERY)
    return enrolled is not None and all(recovery.without(enrolled, code, 1.0) for code in codes)


@pytest.fixture
def owner(world) -> Owner:
    return switch_on(world)


@pytest.mark.parametrize("effects", range(MOST))
@pytest.mark.parametrize("trust", [False, True])
def test_while_a_code_is_given(world, owner, monkeypatch, effects, trust):
    client = log_in(world)
    handed = {"code": owner.phone.code(world.clock.now), "trust": trust}
    answer = cut(monkeypatch, effects, lambda: client.post("/two-factor", json=handed))
    assert gets_in(world, by(world, owner.phone))
    assert good(world, owner.codes)
    if answer is None:
        assert client.get("/me").status_code == 401, "whose answer never came is not in by it"


@pytest.mark.parametrize("effects", range(MOST))
def test_while_a_recovery_code_is_given(world, owner, monkeypatch, effects):
    client = log_in(world)
    cut(
        monkeypatch,
        effects,
        lambda: client.post("/two-factor-recovery", json={"code": owner.codes[0]}),
    )
    assert good(world, owner.codes[1:])
    assert good(world, owner.codes) == (effects == 0), "used up before it counts"
    assert gets_in(world, by(world, owner.phone))


@pytest.mark.parametrize("effects", range(MOST))
def test_while_it_is_switched_on(world, monkeypatch, effects):
    client = log_in(world)
    phone = set_up(world, client)
    code = {"code": phone.code(world.clock.now)}
    answer = cut(monkeypatch, effects, lambda: client.post("/two-factor-confirm", json=code))
    assert gets_in(world, by(world, phone))
    if answer is None:
        again = log_in(world)
        if kept(world, Kind.TOTP) is not None:
            world.clock.now += 60
            again.post("/two-factor", json={"code": phone.code(world.clock.now)})
            assert len(again.post("/recovery-codes").json()["recovery_codes"]) == 10
        else:
            switch_on(world, client=again)


@pytest.mark.parametrize("effects", range(MOST))
def test_while_another_app_takes_the_place(world, owner, monkeypatch, effects):
    client = log_in(world)
    client.post("/two-factor", json={"code": owner.phone.code(world.clock.now)})
    world.clock.now += 60
    other = set_up(world, client)
    code = {"code": other.code(world.clock.now)}
    cut(monkeypatch, effects, lambda: client.post("/two-factor-confirm", json=code))
    assert kept(world, Kind.TOTP) is not None
    assert recovery.left(kept(world, Kind.RECOVERY)) == 10
    assert good(world, owner.codes) == (effects <= 1), "once the app is in, its ten take the place of these"
    # The one whose code was shown works from the first effect on, and the old one until then: never both, never neither.
    old, new = gets_in(world, by(world, owner.phone)), gets_in(world, by(world, other))
    assert (old, new) == (effects == 0, effects > 0)


@pytest.mark.parametrize("effects", range(MOST))
def test_while_who_must_have_one_enrols_it(worlds, monkeypatch, effects):
    world = worlds(require_second_factor=True)
    client = log_in(world)
    phone = Phone(client.post("/two-factor-required", json={}).json()["uri"])
    code = {"code": phone.code(world.clock.now)}
    answer = cut(monkeypatch, effects, lambda: client.post("/two-factor-required", json=code))
    world.clock.now += 60
    again = world.visitor()
    following = again.post("/login", json=RIGHT).json()["next"]
    if effects == 0:
        assert following == "two-factor-required"
        phone = Phone(again.post("/two-factor-required", json={}).json()["uri"])
        assert (
            again.post("/two-factor-required", json={"code": phone.code(world.clock.now)}).status_code == 200
        )
    else:
        assert following == "two-factor"
        assert again.post("/two-factor", json={"code": phone.code(world.clock.now)}).status_code == 200
    assert again.get("/me").status_code == 200
    assert (client.get("/me").status_code == 200) == (answer is not None)


@pytest.mark.parametrize("effects", range(MOST))
def test_while_codes_are_renewed(world, monkeypatch, effects):
    client = log_in(world)
    owner = switch_on(world, client=client)
    answer = cut(monkeypatch, effects, lambda: client.post("/recovery-codes"))
    assert recovery.left(kept(world, Kind.RECOVERY)) == 10, "never more than the last ten, and never none"
    assert good(world, owner.codes) == (effects == 0)
    if answer is not None:
        assert good(world, answer.json()["recovery_codes"])
    assert gets_in(world, by(world, owner.phone))


@pytest.mark.parametrize("effects", range(MOST))
@pytest.mark.parametrize("by_code", [False, True])
def test_while_it_is_switched_off(world, monkeypatch, effects, by_code):
    client = log_in(world)
    owner = switch_on(world, client=client)
    handed = {"code": owner.phone.code(world.clock.now)} if by_code else {"password": PASSWORD}
    cut(monkeypatch, effects, lambda: client.post("/two-factor-off", json=handed))
    assert (kept(world, Kind.TOTP) is None) == (kept(world, Kind.RECOVERY) is None), "both go, or both stay"
    assert gets_in(world, by(world, owner.phone))
