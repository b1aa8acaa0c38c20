"""Whom a login elsewhere makes of a visitor: a table of what is known, and what is to be done."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.core.proofs import enough
from guardhouse.core.reason import Reason
from guardhouse.flows.foreign import (
    Account,
    Caller,
    ForeignPolicy,
    Link,
    LogIn,
    Register,
    Situation,
    Unlink,
    WaysIn,
    decide,
    left,
    lookup_address,
    opened,
    proofs,
    taken_off,
    unlink,
)
from guardhouse.flows.foreign import (
    linked as plan_of_link,
)
from guardhouse.flows.plan import Enrol, Plan, Refuse, Renew, Tell, Verify, Whose, Withdraw
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.foreign import ForeignIdentity, enrolment_of, name_of

NOW = 1_800_000_000.0
ISSUER = "https://login.example.com"
ADA = ForeignIdentity("partner", ISSUER, "1001", "ada@example.com", True, "Ada")
UNVERIFIED = ForeignIdentity("partner", ISSUER, "1001", "ada@example.com", False, "Ada")
NAMELESS = ForeignIdentity("partner", ISSUER, "1001")
KNOWN = enrolment_of(ADA, "users:1", NOW - 1000)
OTHERS = enrolment_of(ADA, "users:2", NOW - 1000)
VERIFIED, CLAIMED = Account("users:1", "ada@example.com", True), Account("users:1", "ada@example.com", False)
TRUSTING = ForeignPolicy(trusted_domains=frozenset({"example.com"}))
FRESH, STALE = Caller("users:1", True), Caller("users:1", False)


def linked(owner: str, *, by_address: bool) -> Link:
    return Link(owner, enrolment_of(ADA, owner, NOW), by_address)


def row(
    name: str, outcome: Any, identity: ForeignIdentity = ADA, policy: ForeignPolicy = TRUSTING, **known: Any
) -> Any:
    return pytest.param(identity, Situation(**known), policy, outcome, id=name)


LOGINS = [
    row("known", LogIn("users:1", KNOWN), known=KNOWN),
    row("known, with another address by now", LogIn("users:1", KNOWN), NAMELESS, known=KNOWN),
    row("known, and the address is another account's", LogIn("users:1", KNOWN), known=KNOWN, account=Account("users:2", ADA.email, True)),
    row("known, while somebody else is logged in", LogIn("users:2", OTHERS), known=OTHERS, caller=FRESH),
    row("both have verified the address, of a trusted domain", linked("users:1", by_address=True), account=VERIFIED),
    row("in other letters of ASCII", linked("users:1", by_address=True), account=Account("users:1", "Ada@Example.COM", True)),
    row("the account's address was never verified", Refuse(Reason.FOREIGN_UNLINKED), account=CLAIMED),
    row("of a domain that is not trusted", Refuse(Reason.FOREIGN_UNLINKED), policy=ForeignPolicy(), account=VERIFIED),
    row("of a domain that ends like a trusted one", Refuse(Reason.FOREIGN_UNLINKED),
        ForeignIdentity("partner", ISSUER, "1001", "ada@evil-example.com", True), account=Account("users:1", "ada@evil-example.com", True)),
    row("of a domain below a trusted one", Refuse(Reason.FOREIGN_UNLINKED),
        ForeignIdentity("partner", ISSUER, "1001", "ada@x.example.com", True), account=Account("users:1", "ada@x.example.com", True)),
    row("the account has no address", Refuse(Reason.FOREIGN_UNLINKED), account=Account("users:1", None, True)),
    row("the account has another address (CVE-2019-19844)", Refuse(Reason.FOREIGN_UNLINKED),
        ForeignIdentity("partner", ISSUER, "1001", "mike@example.com", True), account=Account("users:1", "mıke@example.com", True)),
    row("an unverified address says nothing of an account", Refuse(Reason.FOREIGN_EMAIL), UNVERIFIED, account=VERIFIED),
    row("and is told the same where there is none", Refuse(Reason.FOREIGN_EMAIL), UNVERIFIED),
    row("logged in already, but no link was wanted", Refuse(Reason.FOREIGN_UNLINKED), account=CLAIMED, caller=FRESH),
    row("somebody new", Register("ada@example.com", "Ada")),
    row("somebody new without an address", Refuse(Reason.FOREIGN_EMAIL), NAMELESS),
    row("somebody new where no address is needed", Register(None, None), NAMELESS, ForeignPolicy(needs_address=False)),
    row("an unverified address is not taken along", Register(None, "Ada"), UNVERIFIED, ForeignPolicy(needs_address=False)),
    row("somebody new where nobody is taken in", Refuse(Reason.FOREIGN_UNKNOWN), policy=ForeignPolicy(register=False)),
    row("linked by address where nobody is taken in", linked("users:1", by_address=True),
        policy=ForeignPolicy(register=False, trusted_domains=frozenset({"example.com"})), account=VERIFIED),
]  # fmt: skip

LINKS = [
    row("wanted, and proved a moment ago", linked("users:1", by_address=False), wanted_by="users:1", caller=FRESH),
    row("with an unverified address", Link("users:1", enrolment_of(UNVERIFIED, "users:1", NOW), False), UNVERIFIED,
        wanted_by="users:1", caller=FRESH),
    row("the login is too old", Refuse(Reason.CONFIRMATION_NEEDED), wanted_by="users:1", caller=STALE),
    row("logged out meanwhile", Refuse(Reason.FOREIGN_STATE), wanted_by="users:1"),
    row("somebody else logged in meanwhile", Refuse(Reason.FOREIGN_STATE), wanted_by="users:1", caller=Caller("users:2", True)),
    row("somebody else logged in meanwhile, who is known by it", Refuse(Reason.FOREIGN_STATE), wanted_by="users:1", known=OTHERS,
        caller=Caller("users:2", True)),
    row("it is linked to another account", Refuse(Reason.FOREIGN_TAKEN), wanted_by="users:1", known=OTHERS, caller=FRESH),
    row("it is linked to another account, and the login is old", Refuse(Reason.FOREIGN_TAKEN), wanted_by="users:1", known=OTHERS, caller=STALE),
    row("it is linked already", LogIn("users:1", KNOWN), wanted_by="users:1", known=KNOWN, caller=FRESH),
    row("the address of another account links nobody", linked("users:1", by_address=False), wanted_by="users:1", caller=FRESH,
        account=Account("users:2", ADA.email, True)),
]  # fmt: skip


@pytest.mark.parametrize(("identity", "situation", "policy", "outcome"), LOGINS)
def test_a_login_elsewhere(identity, situation, policy, outcome):
    assert decide(identity, situation, policy, NOW) == outcome


@pytest.mark.parametrize(("identity", "situation", "policy", "outcome"), LINKS)
def test_a_link_that_somebody_wants(identity, situation, policy, outcome):
    assert decide(identity, situation, policy, NOW) == outcome


def test_who_loses_a_race_is_told_why():
    assert linked("users:1", by_address=False).otherwise is Reason.FOREIGN_TAKEN
    assert Register("ada@example.com", None).otherwise is Reason.FOREIGN_UNLINKED


def test_only_a_verified_address_is_looked_up():
    assert [lookup_address(one) for one in (ADA, UNVERIFIED, NAMELESS)] == ["ada@example.com", None, None]


@pytest.mark.parametrize(
    "known", [enrolment_of(ForeignIdentity("partner", ISSUER, "1002"), "users:1", NOW),
              Enrolment(Kind.PASSKEY, name_of(ISSUER, "1001"), "users:1", NOW)],
)  # fmt: skip
def test_an_enrolment_of_another_login_is_a_mistake(known):
    with pytest.raises(ValueError, match="of another login"):
        decide(ADA, Situation(known=known), TRUSTING, NOW)


def other(kind: Kind) -> Enrolment:
    return Enrolment(kind, "other", "users:1", NOW)


UNLINKED, LAST = Unlink(KNOWN), Refuse(Reason.LAST_WAY_IN)


@pytest.mark.parametrize(
    ("caller", "ways", "outcome"),
    [
        pytest.param(FRESH, WaysIn(True, [KNOWN]), UNLINKED, id="there is a password"),
        pytest.param(FRESH, WaysIn(False, [KNOWN], mail=True), UNLINKED, id="a link by mail is a way in"),
        pytest.param(FRESH, WaysIn(False, [KNOWN, other(Kind.PASSKEY)]), UNLINKED, id="there is a passkey"),
        pytest.param(FRESH, WaysIn(False, [KNOWN, other(Kind.FOREIGN)]), UNLINKED, id="there is another login"),
        pytest.param(FRESH, WaysIn(False, [KNOWN]), LAST, id="there is nothing else"),
        *(pytest.param(FRESH, WaysIn(False, [KNOWN, other(kind)]), LAST, id=f"{kind.value} lets nobody in")
          for kind in (Kind.TOTP, Kind.RECOVERY, Kind.REMEMBERED, Kind.TRUSTED)),
        pytest.param(STALE, WaysIn(True, [KNOWN]), Refuse(Reason.CONFIRMATION_NEEDED), id="the login is too old"),
        pytest.param(FRESH, WaysIn(True, []), Refuse(Reason.FOREIGN_UNKNOWN), id="there is no such login"),
        pytest.param(Caller("users:2", True), WaysIn(True, [KNOWN]), Refuse(Reason.FOREIGN_UNKNOWN), id="it is somebody else's"),
    ],
)  # fmt: skip
def test_a_login_is_taken_off(caller, ways, outcome):
    assert unlink(KNOWN.name, caller, ways) == outcome


WHOSE = Whose(object(), "users:1", "web")


def kinds(plan: Plan) -> list[type]:
    return [type(effect) for effect in plan.effects]


def test_a_link_is_written_before_it_is_told_of():
    plan = plan_of_link(WHOSE, linked("users:1", by_address=True), "partner", None)
    assert kinds(plan) == [Enrol, Renew, Tell]
    assert plan.effects[0] == Enrol(enrolment_of(ADA, "users:1", NOW), Reason.FOREIGN_TAKEN)


def test_a_new_account_is_bound_to_its_login_before_anything_else():
    assert kinds(opened(WHOSE, KNOWN, "ada@example.com", "partner")) == [Enrol, Verify, Tell, Tell]
    assert kinds(opened(WHOSE, KNOWN, None, "partner")) == [Enrol, Tell, Tell]


def test_of_two_who_take_a_login_off_one_has_done_it():
    assert taken_off(Unlink(KNOWN)).effects == (
        Withdraw("users:1", Kind.FOREIGN, KNOWN.name, Reason.FOREIGN_UNKNOWN),
    )


def test_nothing_is_left_of_nothing():
    assert not left(WaysIn(password=False, enrolments=[]))


BELIEVED = ForeignPolicy(trusted_factors=frozenset({"mfa", "urn:two"}))


@pytest.mark.parametrize(
    ("claims", "policy", "two"),
    [
        pytest.param({"amr": ["mfa"]}, BELIEVED, True, id="amr"),
        pytest.param({"acr": "urn:two"}, BELIEVED, True, id="acr"),
        pytest.param({"amr": ["mfa"]}, ForeignPolicy(), False, id="nobody said to believe it"),
        pytest.param({"amr": ["pwd"], "acr": "urn:one"}, BELIEVED, False, id="one factor"),
        pytest.param({"amr": "mfa"}, BELIEVED, False, id="no list"),
        pytest.param({"amr": [["mfa"], {"mfa": 1}, None, 1]}, BELIEVED, False, id="a list of other things"),
        pytest.param({"acr": ["urn:two"]}, BELIEVED, False, id="no text"),
        pytest.param({}, BELIEVED, False, id="nothing"),
    ],
)
def test_two_factors_elsewhere_are_two_where_that_is_believed(claims, policy, two):
    identity = ForeignIdentity("partner", ISSUER, "1001", claims=claims)
    assert enough(proofs(identity, policy)) is two


def test_a_login_elsewhere_and_a_code_are_two_factors():
    assert enough(("foreign", "totp"))
    assert not enough(("foreign",))
