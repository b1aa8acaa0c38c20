"""Stacked causes come out together, each once, in the order in which a developer must mend them."""

from __future__ import annotations

import pytest

from guardhouse.core.causes import ORDER, Cause, cause_document, causes_of
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity, Pass

ADA = Identity("1", "users", "web", "session")


def abstain(reason: Reason) -> Abstain:
    return Abstain("somebody", reason)


def clue(reason: Reason) -> Cause:
    return Cause(reason, {"seen": "it"})


def test_every_reason_has_a_place_in_the_order():
    assert set(ORDER) == set(Reason)
    assert sorted(ORDER.values()) == list(range(len(Reason)))


@pytest.mark.parametrize(
    ("refused", "trace", "revealed", "expected"),
    [
        pytest.param(Reason.NO_LOGIN, (), (), ["no_login"], id="one"),
        pytest.param(
            Reason.NO_CREDENTIAL,
            (abstain(Reason.NO_CREDENTIAL), abstain(Reason.CSRF_ORIGIN_UNTRUSTED)),
            (clue(Reason.CREDENTIALS_OMITTED),),
            ["credentials_omitted", "csrf_origin_untrusted", "no_credential"],
            id="another origin, without credentials, and nobody logged in",
        ),
        pytest.param(
            Reason.NO_LOGIN_FOR_GUARD,
            (Pass("origin", Reason.SAME_ORIGIN), abstain(Reason.NO_LOGIN_FOR_GUARD)),
            (clue(Reason.LOGIN_KEY_UNKNOWN),),
            ["login_key_unknown", "no_login_for_guard"],
            id="the login of another realm, bound with another key",
        ),
        pytest.param(
            Reason.CSRF_KEY_UNKNOWN,
            (Deny("origin", Reason.CSRF_KEY_UNKNOWN), abstain(Reason.NO_LOGIN_FOR_GUARD)),
            (clue(Reason.LOGIN_KEY_UNKNOWN), clue(Reason.CSRF_KEY_UNKNOWN)),
            ["csrf_key_unknown", "login_key_unknown", "no_login_for_guard"],
            id="the same, each once",
        ),
        pytest.param(
            Reason.SESSION_EXPIRED,
            (abstain(Reason.CSRF_TOKEN_INVALID), abstain(Reason.SESSION_EXPIRED)),
            (),
            ["csrf_token_invalid", "session_expired"],
            id="a tab that stood idle",
        ),
        pytest.param(
            Reason.CSRF_TOKEN_MISSING,
            (Deny("origin", Reason.CSRF_TOKEN_MISSING),),
            (clue(Reason.CSRF_COOKIE_WITHOUT_HEADER),),
            ["csrf_cookie_without_header"],
            id="what says why stands for what it explains",
        ),
        pytest.param(
            Reason.NO_LOGIN_FOR_GUARD,
            (abstain(Reason.NO_CREDENTIAL), abstain(Reason.CREDENTIAL_FOREIGN)),
            (),
            ["no_login_for_guard"],
            id="guards that had no part in it",
        ),
        pytest.param(
            Reason.STEP_REFUSED,
            (abstain(Reason.NO_LOGIN_FOR_GUARD), Deny("step", Reason.STEP_REFUSED)),
            (),
            ["step_refused"],
            id="who was let in is not told what other guards missed",
        ),
        pytest.param(
            Reason.USER_MISSING,
            (abstain(Reason.NO_LOGIN_FOR_GUARD), Allow("web", Reason.SESSION_LOGIN, ADA)),
            (),
            ["user_missing"],
            id="a login that lost its user: another guard believed him",
        ),
    ],
)
def test_causes(refused, trace, revealed, expected):
    causes = causes_of(Deny("gate", refused), trace, revealed)
    assert [str(cause.reason) for cause in causes] == expected


def test_what_stands_behind_a_yes_is_no_cause():
    behind = (Allow("web", Reason.SESSION_LOGIN, ADA), abstain(Reason.CSRF_CROSS_SITE))
    assert [cause.reason for cause in causes_of(Deny("users", Reason.USER_MISSING), behind)] == [
        Reason.USER_MISSING
    ]


def test_a_cause_is_written_with_its_evidence_in_the_hint():
    (written,) = cause_document(
        [Cause(Reason.HOSTS_MIXED, {"page": "http://localhost", "host": "127.0.0.1"})]
    )
    assert written["code"] == "hosts_mixed"
    assert written["says"] == REASONS[Reason.HOSTS_MIXED].title
    assert "The page is at http://localhost, the call went to 127.0.0.1" in str(written["hint"])
