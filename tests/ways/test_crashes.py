"""Of every way in: a process that dies between any two writes leaves an account that its owner gets into, and the way can be gone again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from guardhouse import User
from guardhouse.edge.ways.table import WAYS
from guardhouse.state.enrolment import Kind
from guardhouse.state.passkey import name_of
from tests.houses import ADA, ORIGIN, PASSWORD, SESSION
from tests.services.issuer import ForeignServer, foreign_server
from tests.ways.elsewhere import Elsewhere
from tests.ways.houses import NEW_PASSWORD, World
from tests.ways.lives import Life, Process
from tests.ways.phones import Phone

MOST = 40
"""No way writes more often."""

BOSS = replace(ADA, id="9", email="boss@example.com")

Act = Callable[[], Any]


def posting(client: Any, path: str, **handed: Any) -> Act:
    return lambda: client.post(path, json=handed)


# -- coming in --------------------------------------------------------------------------------------------------------


def log_in(life: Life) -> Act:
    return posting(life.world.visitor(), "/login", **life.right(), remember=True)


def come_back(life: Life) -> Act:
    """Be remembered: no way of its own, but it writes."""
    client = life.inside(remember=True)
    del client.cookies[SESSION]
    return lambda: client.get("/me")


def log_out(life: Life) -> Act:
    return posting(life.inside(remember=True), "/logout")


def forget_password(life: Life) -> Act:
    return posting(life.world.visitor(), "/forgot-password", email=life.ada.email)


def reset_password(life: Life) -> Act:
    forget_password(life)()
    token = life.world.token(life.ada.email)
    return posting(life.world.visitor(), "/reset-password", token=token, password=other_password(life))


def other_password(life: Life) -> str:
    return NEW_PASSWORD if life.password() == PASSWORD else PASSWORD


def send_link(life: Life) -> Act:
    return posting(life.world.visitor(), "/send-link", email=life.ada.email)


def enter(life: Life) -> Act:
    client = life.world.visitor()
    assert client.post("/send-link", json={"email": life.ada.email}).status_code == 200
    return posting(client, "/enter", token=life.world.token(life.ada.email))


# -- coming for the first time -----------------------------------------------------------------------------------------


def newcomer(life: Life) -> str:
    return f"new{life.round}@example.com"


def account(life: Life) -> User | None:
    return life.world.portal.call(life.world.users.by_credentials, {"email": newcomer(life)})


def register(life: Life) -> Act:
    return posting(life.world.visitor(), "/register", email=newcomer(life), password=PASSWORD)


def accept_invitation(life: Life) -> Act:
    if account(life) is not None:  # who has an account is not invited again, and needs not be
        return posting(life.world.visitor(), "/login", email=newcomer(life), password=PASSWORD)
    life.world.portal.call(life.world.ways.invite, newcomer(life))
    token = life.world.token(newcomer(life))
    return posting(life.world.visitor(), "/accept-invitation", token=token, password=PASSWORD)


def gets_in(life: Life) -> None:
    """Somebody new, too, gets in by his password, or by one that he is sent a link for; or he has no account yet."""
    if account(life) is None:
        return
    client, right = life.world.visitor(), {"email": newcomer(life), "password": PASSWORD}
    assert client.post("/forgot-password", json=right).status_code == 200
    token = life.world.token(newcomer(life))
    assert client.post("/reset-password", json=right | {"token": token}).status_code == 200
    assert client.post("/login", json=right).json() == {"done": "logged-in"}


# -- the address ------------------------------------------------------------------------------------------------------


def send_verification(life: Life) -> Act:
    return posting(life.world.visitor(), "/send-verification", email=life.ada.email)


def verify(life: Life) -> Act:
    send_verification(life)()
    return posting(life.world.visitor(), "/verify-email", token=life.world.token(life.ada.email))


def other_address(life: Life) -> str:
    return "lovelace@example.com" if life.ada.email == ADA.email else ADA.email


def change_address(life: Life) -> Act:
    return posting(life.inside(), "/change-email", email=other_address(life))


def confirm_address(life: Life) -> Act:
    change_address(life)()
    token = life.world.token(other_address(life))
    return posting(life.world.visitor(), "/confirm-email", token=token)


# -- inside -----------------------------------------------------------------------------------------------------------


def confirm_password(life: Life) -> Act:
    return posting(life.inside(), "/confirm-password", password=life.password())


def change_password(life: Life) -> Act:
    life.inside(remember=True)
    own = {"current_password": life.password(), "new_password": other_password(life)}
    return posting(life.inside(), "/change-password", **own, tokens=True)


def end_others(life: Life) -> Act:
    life.inside(remember=True)
    life.inside()
    return posting(life.inside(), "/devices", others=True)


def act_as(life: Life) -> Act:
    return posting(life.world.enter(BOSS.id, "password"), "/impersonate", user=ADA.id)


def stop_acting(life: Life) -> Act:
    client = life.world.enter(BOSS.id, "password")
    assert client.post("/impersonate", json={"user": ADA.id}).status_code == 200
    return posting(client, "/stop-impersonating")


# -- two factors ------------------------------------------------------------------------------------------------------


def give_code(life: Life) -> Act:
    life.with_app()
    client, _ = life.half_way(remember=True)
    return posting(client, "/two-factor", code=life.phones[-1].code(life.now), trust=True)


def give_recovery_code(life: Life) -> Act:
    life.with_app()
    client, _ = life.half_way()
    return posting(client, "/two-factor-recovery", code=life.codes[0])


def half_way_without_one(life: Life) -> Any:
    """Be half-way in, and have no second factor: nobody can switch it off himself, but an administrator can."""
    store: Any = life.world.house.parts.store
    factors = (Kind.TOTP, Kind.RECOVERY, Kind.PASSKEY)
    life.world.portal.call(store.enrolments.withdraw_all, f"users:{ADA.id}", *factors)
    client, following = life.half_way()
    assert following == {"next": "two-factor-required"}
    return client


def required_passkey_options(life: Life) -> Act:
    return posting(half_way_without_one(life), "/passkey-required-options")


def make_passkey_because_he_must(life: Life) -> Act:
    return life.new_device(half_way_without_one(life), "required")


def enrol_because_he_must(life: Life) -> Act:
    client = half_way_without_one(life)
    life.phones.append(Phone(client.post("/two-factor-required", json={}).json()["uri"]))
    return posting(client, "/two-factor-required", code=life.phones[-1].code(life.now))


def set_up(life: Life) -> Act:
    return posting(life.inside(), "/two-factor-setup")


def switch_on(life: Life) -> Act:
    client = life.inside()
    life.later(60)
    life.phones.append(Phone(client.post("/two-factor-setup").json()["uri"]))
    return posting(client, "/two-factor-confirm", code=life.phones[-1].code(life.now))


def switch_off(life: Life) -> Act:
    life.with_app()
    return posting(life.inside(), "/two-factor-off", password=life.password())


def renew_codes(life: Life) -> Act:
    life.with_app()
    return posting(life.inside(), "/recovery-codes")


def passkey_options(life: Life) -> Act:
    return posting(life.world.visitor(), "/passkey-options", purpose="login")


def prove_passkey(life: Life) -> Act:
    _, device = life.with_device()
    return life.proof(life.world.visitor(), device)


def new_passkey_options(life: Life) -> Act:
    return posting(life.inside(), "/passkey-register-options")


def add_passkey(life: Life) -> Act:
    return life.new_device(life.inside())


def rename_passkey(life: Life) -> Act:
    client, device = life.with_device()
    return posting(client, "/passkey-rename", id=name_of(device.id), label=f"key {life.round}")


def remove_passkey(life: Life) -> Act:
    client, device = life.with_device()
    return posting(client, "/passkey-remove", id=name_of(device.id))


# -- logins of elsewhere ----------------------------------------------------------------------------------------------


def elsewhere(life: Life) -> Elsewhere:
    assert isinstance(life.world, Elsewhere)
    return life.world


def begin_elsewhere(life: Life) -> Act:
    browser = elsewhere(life).person()
    return lambda: elsewhere(life).begin(browser)


def come_from_elsewhere(life: Life) -> Act:
    browser = elsewhere(life).person()
    if not elsewhere(life).linked():
        elsewhere(life).through(elsewhere(life).inside(), path=LINK)
    params = elsewhere(life).visit(elsewhere(life).begin(browser))
    return lambda: elsewhere(life).bring(browser, params)


def begin_linking(life: Life) -> Act:
    browser = elsewhere(life).inside()
    return lambda: elsewhere(life).begin(browser, LINK)


def come_from_linking(life: Life) -> Act:
    unlink_all(life)
    browser = elsewhere(life).inside()
    params = elsewhere(life).visit(elsewhere(life).begin(browser, LINK))
    return lambda: elsewhere(life).bring(browser, params)


def unlink(life: Life) -> Act:
    if not elsewhere(life).linked():
        elsewhere(life).through(elsewhere(life).inside(), path=LINK)
    return posting(life.inside(), "/linked-logins/unlink", id=elsewhere(life).linked()[0].name)


def unlink_all(life: Life) -> None:
    while elsewhere(life).linked():
        assert unlink(life)().status_code == 200


LINK = "/linked-logins/with/partner"

WALKS: dict[str, tuple[Callable[[Life], Act], ...]] = {
    "login": (log_in, come_back),
    "logout": (log_out,),
    "forgot-password": (forget_password,),
    "reset-password": (reset_password,),
    "foreign-login": (begin_elsewhere,),
    "foreign-callback": (come_from_elsewhere, come_from_linking),
    "foreign-link": (begin_linking,),
    "foreign-unlink": (unlink,),
    "two-factor": (give_code,),
    "two-factor-recovery": (give_recovery_code,),
    "two-factor-required": (enrol_because_he_must,),
    "two-factor-setup": (set_up,),
    "two-factor-confirm": (switch_on,),
    "two-factor-off": (switch_off,),
    "recovery-codes": (renew_codes,),
    "register": (register,),
    "verify-email": (verify,),
    "send-verification": (send_verification,),
    "change-email": (change_address,),
    "confirm-email": (confirm_address,),
    "send-link": (send_link,),
    "enter": (enter,),
    "accept-invitation": (accept_invitation,),
    "confirm-password": (confirm_password,),
    "change-password": (change_password,),
    "sessions": (end_others,),
    "impersonate": (act_as,),
    "stop-impersonating": (stop_acting,),
    "passkey-options": (passkey_options,),
    "passkey": (prove_passkey,),
    "passkey-required-options": (required_passkey_options,),
    "passkey-required": (make_passkey_because_he_must,),
    "passkey-register-options": (new_passkey_options,),
    "passkey-register": (add_passkey,),
    "passkey-rename": (rename_passkey,),
    "passkey-remove": (remove_passkey,),
}
"""How each way is gone, from wherever Ada stands: what is done before, and the one request that the process may die in."""

ROWS = [(name, walk) for name, walks in WALKS.items() for walk in walks]


def may(admin: User, user: User) -> bool:
    return admin.id == BOSS.id


@pytest.fixture
def server() -> Iterator[ForeignServer]:
    with foreign_server() as running:
        yield running


@pytest.fixture
def life(request: pytest.FixtureRequest, name: str, portal: BlockingPortal) -> Life:
    if name.startswith("foreign"):
        return Life(Elsewhere(portal, request.getfixturevalue("server"), public_url=ORIGIN))
    told: dict[str, Any] = {"require_second_factor": True} if "-required" in name else {}
    house = {"public_url": [ORIGIN, "https://example.com"]}
    known: dict[str, Any] = {"public_url": ORIGIN, "rp_id": "example.com", "magic_links": "any-browser"}
    world = World(portal, house, **known, may_impersonate=may, **told)
    world.users.add(BOSS)
    return Life(world)


def test_every_way_that_does_anything_is_gone():
    """Whoever adds a way says here how it is gone."""
    assert set(WALKS) == {way.name for way in WAYS if way.act is not None or way.back is not None}


@pytest.mark.parametrize(("name", "walk"), ROWS, ids=[walk.__name__ for _, walk in ROWS])
def test_a_process_that_dies_between_two_writes_leaves_an_account_that_is_usable(
    life: Life, walk: Callable[[Life], Act], monkeypatch: pytest.MonkeyPatch
):
    process = Process(monkeypatch)
    for writes in range(MOST):
        life.round = writes
        act = walk(life)
        died = process.dies(writes, act)
        life.later()
        life.inside()
        gets_in(life)
        again = walk(life)()
        assert isinstance(again, str) or again.status_code in (200, 303), "the way can be gone again"
        life.later()
        life.inside()
        if not died:
            break
    else:
        pytest.fail(f"more than {MOST} writes")
    assert writes > 0, "a way that writes nothing needs no walk"
