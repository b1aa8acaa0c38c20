"""The claims of a token: each that is missing, wrong or out of its time is refused under its own name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from guardhouse import ConfigError, Reason
from guardhouse.core.claims import ClaimsPolicy, judge_claims, scopes_of

NOW = 1_800_000_000.0
POLICY = ClaimsPolicy("https://login.example.com/", ("api", "other"))
CLAIMS: dict[str, Any] = {
    "iss": "https://login.example.com/", "aud": "api", "sub": "1", "iat": NOW, "exp": NOW + 600, "jti": "t1",
}  # fmt: skip
ABSENT = object()


def judged(policy: ClaimsPolicy = POLICY, typ: str | None = "at+jwt", **changes: Any) -> Any:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ABSENT}
    objection = judge_claims(typ, claims, policy, NOW)
    return objection and (objection[0], objection[1].get("claim"))


def test_a_good_token_has_nothing_against_it():
    assert judged() is None


@pytest.mark.parametrize(
    ("typ", "objection"),
    [("at+jwt", None), ("AT+JWT", None), ("application/at+jwt", None), ("Application/at+JWT", None),
     (None, Reason.JWT_TYPE), ("", Reason.JWT_TYPE), ("JWT", Reason.JWT_TYPE), ("rt+jwt", Reason.JWT_TYPE),
     ("dpop+jwt", Reason.JWT_TYPE), ("logout+jwt", Reason.JWT_TYPE), ("x" * 500, Reason.JWT_TYPE)],
)  # fmt: skip
def test_the_type_must_be_one_that_is_accepted(typ, objection):
    said = judged(typ=typ)
    assert (said and said[0]) is objection


@pytest.mark.parametrize(
    ("changes", "reason", "claim"),
    [
        ({"iss": ABSENT}, Reason.JWT_ISSUER, None),
        ({"iss": "https://login.example.com"}, Reason.JWT_ISSUER, None),
        ({"iss": ["https://login.example.com/"]}, Reason.JWT_ISSUER, None),
        ({"aud": ABSENT}, Reason.JWT_CLAIMS, "aud"),
        ({"aud": []}, Reason.JWT_CLAIMS, "aud"),
        ({"aud": {"api": 1}}, Reason.JWT_CLAIMS, "aud"),
        ({"aud": ["api", 1]}, Reason.JWT_CLAIMS, "aud"),
        ({"aud": "apis"}, Reason.JWT_AUDIENCE, None),
        ({"aud": "API"}, Reason.JWT_AUDIENCE, None),
        ({"aud": ["x", "y"]}, Reason.JWT_AUDIENCE, None),
        ({"sub": ABSENT}, Reason.JWT_CLAIMS, "sub"),
        ({"sub": ""}, Reason.JWT_CLAIMS, "sub"),
        ({"sub": 1}, Reason.JWT_CLAIMS, "sub"),
        ({"sub": None}, Reason.JWT_CLAIMS, "sub"),
        ({"sub": "x" * 256}, Reason.JWT_CLAIMS, "sub"),
        ({"client_id": 7}, Reason.JWT_CLAIMS, "client_id"),
        ({"jti": 7}, Reason.JWT_CLAIMS, "jti"),
        ({"jti": ""}, Reason.JWT_CLAIMS, "jti"),
        ({"exp": ABSENT}, Reason.JWT_CLAIMS, "exp"),
        ({"exp": str(NOW + 600)}, Reason.JWT_CLAIMS, "exp"),
        ({"exp": True}, Reason.JWT_CLAIMS, "exp"),
        ({"exp": float("inf")}, Reason.JWT_CLAIMS, "exp"),
        ({"exp": float("nan")}, Reason.JWT_CLAIMS, "exp"),
        ({"exp": 10**30}, Reason.JWT_CLAIMS, "exp"),
        ({"iat": ABSENT}, Reason.JWT_CLAIMS, "iat"),
        ({"iat": "now"}, Reason.JWT_CLAIMS, "iat"),
        ({"nbf": "now"}, Reason.JWT_CLAIMS, "nbf"),
        ({"nbf": None}, Reason.JWT_CLAIMS, "nbf"),
        ({"exp": NOW - 30}, Reason.JWT_EXPIRED, None),
        ({"exp": NOW - 600}, Reason.JWT_EXPIRED, None),
        ({"iat": NOW + 31}, Reason.JWT_NOT_YET, None),
        ({"nbf": NOW + 31}, Reason.JWT_NOT_YET, None),
        ({"iat": NOW - 86400}, Reason.JWT_LIFETIME, None),
        ({"exp": NOW + 10**9}, Reason.JWT_LIFETIME, None),
    ],
)
def test_what_is_wrong_is_refused_under_its_own_name(changes, reason, claim):
    assert judged(**changes) == (reason, claim)


@pytest.mark.parametrize(
    "changes",
    [{"aud": ["x", "api"]}, {"aud": ["other"]}, {"exp": NOW - 29}, {"iat": NOW + 30}, {"nbf": NOW + 30},
     {"exp": NOW + 0.5}, {"sub": ABSENT, "client_id": "machine"}, {"jti": ABSENT}, {"iat": NOW - 86400, "exp": NOW}],
)  # fmt: skip
def test_what_is_within_bounds_passes(changes):
    assert judged(**changes) is None


def test_a_policy_may_accept_longer_lives_and_other_types():
    assert judged(ClaimsPolicy(POLICY.issuer, ("api",), longest=None), exp=NOW + 10**9) is None
    assert judged(ClaimsPolicy(POLICY.issuer, ("api",), types=("JWT",)), typ="jwt") is None


@pytest.mark.parametrize(
    ("said", "scopes"),
    [("read write", {"read", "write"}), ("read  read ", {"read"}), ("", set()), (["read", 1, "write"], {"read", "write"}),
     (None, set()), (7, set()), ("read\twrite", {"read\twrite"})],
)  # fmt: skip
def test_scopes_are_exact_words_between_single_spaces(said, scopes):
    assert scopes_of({"scope": said}) == scopes
    assert scopes_of({"scp": said}, "scp") == scopes
    assert scopes_of({}) == set()


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"issuer": ""}, "issuer"), ({"audience": ()}, "audience"), ({"audience": "api"}, "audience"),
     ({"audience": ("",)}, "audience"), ({"types": ()}, "types"), ({"types": "at+jwt"}, "types"),
     ({"leeway": timedelta(minutes=6)}, "leeway"), ({"leeway": timedelta(-1)}, "leeway")],
)  # fmt: skip
def test_a_policy_that_cannot_hold_is_an_error(changes, key):
    with pytest.raises(ConfigError, match=key):
        ClaimsPolicy(**({"issuer": "us", "audience": ("api",)} | changes))
