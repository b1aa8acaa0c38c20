"""The first check that speaks decides; if none does, the most telling silence."""

from __future__ import annotations

import pytest

from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.verdict import Abstain, Allow, Decision, Deny, Identity, Pass, conclude

ADA = Identity("1", "users", "web", "session", 1000.0)
WELCOME = Allow("web", Reason.SESSION_LOGIN, ADA)
ACCEPTED = Allow("key", Reason.CREDENTIAL_ACCEPTED, ADA)
FORGED = Deny("key", Reason.CREDENTIAL_REJECTED, {"need": "header X-Api-Key"})
TWICE = Deny("web", Reason.SESSION_DUPLICATE)
SAFE = Pass("origin", Reason.SAFE_METHOD)
STEP = Pass("step", Reason.STEP_PASSED)
FOREIGN = Deny("origin", Reason.CSRF_ORIGIN_UNTRUSTED)


def silent(reason: Reason, by: str = "web") -> Abstain:
    return Abstain(by, reason, {"seen": by})


NOTHING = silent(Reason.NO_CREDENTIAL)


@pytest.mark.parametrize(
    ("verdicts", "by", "reason"),
    [
        pytest.param([], "area", Reason.NO_CREDENTIAL, id="nobody was asked"),
        pytest.param([SAFE], "area", Reason.NO_CREDENTIAL, id="a check without objection lets nobody in"),
        pytest.param([SAFE, STEP], "area", Reason.NO_CREDENTIAL, id="nor do two of them"),
        pytest.param([NOTHING], "web", Reason.NO_CREDENTIAL, id="nobody speaks"),
        pytest.param([WELCOME], "web", Reason.SESSION_LOGIN, id="one yes"),
        pytest.param([FORGED], "key", Reason.CREDENTIAL_REJECTED, id="one no"),
        pytest.param([NOTHING, WELCOME], "web", Reason.SESSION_LOGIN, id="a silence, then a yes"),
        pytest.param([ACCEPTED, FOREIGN], "key", Reason.CREDENTIAL_ACCEPTED, id="a yes ends the asking"),
        pytest.param([FORGED, WELCOME], "key", Reason.CREDENTIAL_REJECTED, id="a no never falls through"),
        pytest.param([NOTHING, TWICE, WELCOME], "web", Reason.SESSION_DUPLICATE, id="nor after a silence"),
        pytest.param([SAFE, WELCOME], "web", Reason.SESSION_LOGIN, id="no objection, then a yes"),
        pytest.param(
            [FOREIGN, WELCOME], "origin", Reason.CSRF_ORIGIN_UNTRUSTED, id="an objection, then a yes"
        ),
    ],
)
def test_the_first_that_speaks_decides(verdicts, by, reason):
    decision = conclude("area", verdicts)
    assert (decision.verdict.by, decision.verdict.reason) == (by, reason)
    assert bool(decision) is isinstance(decision.verdict, Allow)
    assert decision.trace == verdicts


TELLING = [
    Reason.NO_CREDENTIAL,
    Reason.NO_LOGIN,
    Reason.SESSION_MALFORMED,
    Reason.SESSION_UNKNOWN,
    Reason.SESSION_UNREADABLE,
    Reason.SESSION_EXPIRED,
    Reason.NO_LOGIN_FOR_GUARD,
    Reason.SECOND_FACTOR_MISSING,
]
"""The silences, from the one that says least to the one that is nearest to what must be mended."""


@pytest.mark.parametrize("more", TELLING)
@pytest.mark.parametrize("less", TELLING)
def test_the_more_telling_silence_wins_in_either_order(less, more):
    if TELLING.index(less) >= TELLING.index(more):
        less, more = more, less
    for verdicts in ([silent(less), silent(more)], [silent(more), silent(less)]):
        assert conclude("area", verdicts).verdict.reason is more


def test_between_equals_the_first_guard_is_named_with_its_evidence():
    decision = conclude("area", [silent(Reason.NO_LOGIN, "web"), silent(Reason.NO_LOGIN, "staff")])
    assert decision.verdict == Deny("web", Reason.NO_LOGIN, {"seen": "web"})


def test_where_nobody_was_brought_anything_each_says_what_it_would_have_read():
    need, cookies = {"need": "header X-Api-Key"}, {"cookies": "none at all"}
    key, web = (
        Abstain("key", Reason.NO_CREDENTIAL, need),
        Abstain("web", Reason.NO_CREDENTIAL, cookies),
    )
    assert conclude("area", [key, web]).verdict == Deny("key, web", Reason.NO_CREDENTIAL, need | cookies)
    assert conclude("area", [key, silent(Reason.NO_LOGIN, "web")]).verdict.by == "web"


def test_the_order_of_silences_is_the_rank_in_the_table():
    assert sorted(TELLING, key=lambda reason: REASONS[reason].telling) == TELLING
    assert len({REASONS[reason].telling for reason in TELLING}) == len(TELLING)


def test_a_decision_is_a_value():
    assert Decision("area", WELCOME, (WELCOME,)) == Decision("area", WELCOME, (WELCOME,))
