"""The session guard believes the login of its realm, and says why it does not; without a cookie it waits for nothing."""

from __future__ import annotations

import pytest
from msgspec import to_builtins

from guardhouse.core.facts import (
    DUPLICATE_PRESENTED,
    MALFORMED_PRESENTED,
    NOTHING_PRESENTED,
    CookieState,
    Facts,
    Presented,
)
from guardhouse.core.guard import SESSION
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.guards.session import SessionGuard
from guardhouse.state.enrolment import Kind
from guardhouse.state.pending import PENDING, Pending
from guardhouse.state.record import (
    EXPIRED,
    UNKNOWN,
    UNREADABLE,
    Changes,
    Deadline,
    Login,
    Record,
    encode,
    merged,
)
from tests.supplies import NoSupply

KEY = b"k" * 32
GUARD = SessionGuard().named("web", "users")


def presented(what: Presented, *cookies: bytes) -> Facts:
    return Facts("GET", "/", [(b"cookie", line) for line in cookies], presented=what)


@pytest.mark.parametrize(
    ("facts", "claim"),
    [
        pytest.param(presented(Presented(CookieState.PRESENT, KEY)), KEY, id="a session"),
        pytest.param(presented(DUPLICATE_PRESENTED), Deny("web", Reason.SESSION_DUPLICATE), id="two of them"),
        pytest.param(
            presented(MALFORMED_PRESENTED), Abstain("web", Reason.SESSION_MALFORMED), id="none of ours"
        ),
        *(
            pytest.param(
                presented(NOTHING_PRESENTED, *cookies),
                Abstain("web", Reason.NO_CREDENTIAL, {"cookies": names}),
                id=f"nothing, but {names[:20]}",
            )
            for cookies, names in (
                ((), "none at all"),
                ((b"a=SECRET; b=SECRET",), "a, b"),
                ((b"a=SECRET", b"\tb =SECRET"), "a, b"),
                ((b"SECRET",), "one without a name"),
                ((b"x=1; SECRET; =SECRET",), "x, one without a name, "),
                ((b"n" * 99 + b"=SECRET",), "n" * 40),
                ((b"\xe9=SECRET",), "\u00e9"),
                ((b"; ".join(b"c%d=SECRET" % n for n in range(20)),), "c0, c1, c2, c3, c4, c5, c6, c7"),
            )
        ),
    ],
)
def test_what_is_claimed(facts, claim):
    assert GUARD.claim(facts) == claim
    assert "SECRET" not in str(getattr(claim, "evidence", ""))


def record(**logins: Login) -> Record:
    return Record("p", 0.0, 0.0, 1.0, 1.0, logins, {})


def half_way(realm: str, **logins: Login) -> Record:
    pending = Pending("1", "users", "web", realm, 0.0, 1.0, (Kind.TOTP, Kind.RECOVERY), "T1")
    return merged(record(**logins), Changes(put={PENDING: encode(to_builtins(pending))}))


ADA = Login("1", "users", "desk", 7.0, "v1.k.m")
HALF_WAY = Abstain("web", Reason.SECOND_FACTOR_MISSING, {"guard": "web", "factors": "totp, recovery"})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(UNKNOWN, Abstain("web", Reason.SESSION_UNKNOWN), id="not in the store"),
        pytest.param(UNREADABLE, Abstain("web", Reason.SESSION_UNREADABLE), id="not to be read"),
        pytest.param(
            EXPIRED[Deadline.IDLE],
            Abstain("web", Reason.SESSION_EXPIRED, {"deadline": "idle"}),
            id="idle for too long",
        ),
        pytest.param(
            EXPIRED[Deadline.ABSOLUTE],
            Abstain("web", Reason.SESSION_EXPIRED, {"deadline": "absolute"}),
            id="over in any case",
        ),
        pytest.param(record(), Abstain("web", Reason.NO_LOGIN), id="nobody logged in"),
        pytest.param(half_way("users"), HALF_WAY, id="half-way in"),
        pytest.param(half_way("users", staff=ADA), HALF_WAY, id="half-way in here, logged in elsewhere"),
        pytest.param(half_way("staff"), Abstain("web", Reason.NO_LOGIN), id="half-way in elsewhere"),
        pytest.param(
            half_way("users", users=ADA),
            Allow("web", Reason.SESSION_LOGIN, Identity("1", "users", "web", "session", 7.0, "v1.k.m")),
            id="logged in, and half-way in again",
        ),
        pytest.param(
            record(staff=ADA, admin=ADA),
            Abstain("web", Reason.NO_LOGIN_FOR_GUARD, {"realm": "users", "held": "admin, staff"}),
            id="logged in elsewhere",
        ),
        pytest.param(
            record(users=ADA, staff=ADA),
            Allow("web", Reason.SESSION_LOGIN, Identity("1", "users", "web", "session", 7.0, "v1.k.m")),
            id="logged in here",
        ),
        pytest.param(
            record(users=Login("2", "users", "web", 9.0, None, proofs="impersonation", behind=ADA)),
            Allow(
                "web",
                Reason.SESSION_LOGIN,
                Identity(
                    "2",
                    "users",
                    "web",
                    "session",
                    9.0,
                    proofs="impersonation",
                    behind=Identity("1", "users", "web", "session", 7.0, "v1.k.m"),
                ),
            ),
            id="one acts for another",
        ),
    ],
)
def test_what_is_judged(found, verdict):
    assert GUARD.judge(KEY, found) == verdict


@pytest.mark.parametrize(
    ("guard", "realm"),
    [
        pytest.param(SessionGuard(), "users", id="the realm is the provider's name"),
        pytest.param(SessionGuard(realm="desk"), "desk", id="unless another is given"),
        pytest.param(SessionGuard(provider="users", realm=""), "users", id="and empty is none"),
    ],
)
def test_a_guard_gets_its_name_provider_and_realm_from_the_house(guard, realm):
    named = guard.named("api", "users")
    assert (named.name, named.provider, named.realm, named.needs) == ("api", "users", realm, (SESSION,))


def test_two_guards_over_the_same_users_share_their_login():
    other = SessionGuard().named("api", "users")
    assert isinstance(other.judge(KEY, record(users=ADA)), Allow)


def test_a_guard_outside_of_any_house_believes_nobody():
    verdict = SessionGuard().judge(KEY, record(users=ADA))
    assert isinstance(verdict, Abstain)
    assert verdict.reason is Reason.NO_LOGIN_FOR_GUARD


def test_the_session_is_what_the_visit_supplies():
    class Supply(NoSupply):
        def session(self) -> Record:
            return record(users=ADA)

    assert GUARD.fetch(KEY, Supply()) == record(users=ADA)
