"""What reads a stranger's answer, metadata, claims and profile: it raises nothing, and believes nothing by chance."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.issuers.answer import Answer, judge_answer, read_answer
from guardhouse.issuers.discovery import Endpoints, read_metadata
from guardhouse.issuers.id_token import LEEWAY, Expected, half_hash, judge_id_token
from guardhouse.issuers.profile import of_claims, of_userinfo, subject_in, verified_address
from guardhouse.issuers.providers import secure
from guardhouse.issuers.wire import object_of, value_of
from guardhouse.state.foreign import ForeignRefusal
from guardhouse.state.started import Started
from guardhouse.vault.jws import Protected

ISSUER, CLIENT, NOW = "https://login.example.com", "app", 1_800_000_000.0
EXPECTED = Expected(ISSUER, CLIENT, "n0nce", "access")
RIGHT: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "1",
    "iat": NOW,
    "exp": NOW + 60,
    "nonce": "n0nce",
}
STARTED = Started(
    "partner", ISSUER, "state", "n0nce", "v", "https://app.example.com/back", "/", NOW, NOW + 600
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSONS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
NAMES = st.sampled_from(["state", "code", "error", "iss", "response", "session_state", "scope", ""])


def judged(now: float = NOW, alg: str = "RS256", typ: str | None = None, **changes: Any) -> str | None:
    claims = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    return judge_id_token(Protected(alg, "k", typ), claims, EXPECTED, now)


@pytest.mark.parametrize(
    "changes",
    [{}, {"aud": [CLIENT]}, {"aud": [CLIENT], "azp": CLIENT}, {"aud": [CLIENT, "other"], "azp": CLIENT}, {"typ": "JWT"}, {"typ": "jwt"},
     {"nbf": NOW}, {"iat": NOW + LEEWAY}, {"exp": NOW - LEEWAY + 1}, {"at_hash": half_hash("access", "RS256")}],
)  # fmt: skip
def test_what_is_right_is_believed(changes):
    assert judged(**changes) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"exp": NOW - LEEWAY}, "exp"), ({"iat": NOW + LEEWAY + 1}, "iat"), ({"typ": ""}, "typ"), ({"exp": float("inf")}, "exp"),
     ({"iat": float("nan")}, "iat"), ({"at_hash": half_hash("access", "ES384")}, "at_hash")],
)  # fmt: skip
def test_the_edges_of_what_is_right(changes, problem):
    assert judged(**changes) == problem


@pytest.mark.parametrize(
    ("alg", "length"), [("RS256", 22), ("ES384", 32), ("PS512", 43), ("EdDSA", 43), ("Ed25519", 43)]
)
def test_the_hash_of_an_access_token_is_half_as_long_as_the_algorithms(alg, length):
    assert len(half_hash("access", alg)) == length
    assert judged(alg=alg, at_hash=half_hash("access", alg)) is None


def test_the_hash_of_an_access_token_is_that_of_the_specification():
    """OpenID Connect Core, appendix A.3."""
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


@given(st.sampled_from([*RIGHT, "azp", "at_hash", "nbf"]), JSONS)
def test_no_claim_can_be_anything_else(name: str, value: Any):
    harmless = {
        "aud": value == [CLIENT],
        "azp": value == CLIENT,
        "sub": isinstance(value, str) and 0 < len(value) <= 255,
    }
    number = isinstance(value, int | float) and not isinstance(value, bool)
    moment: Any = value if number else float("nan")
    harmless["exp"] = NOW - LEEWAY < moment < 1e12
    harmless["iat"] = harmless["nbf"] = -1e12 < moment <= NOW + LEEWAY
    claims = {**RIGHT, name: value}
    problem = judge_id_token(Protected("RS256", None, None), claims, EXPECTED, NOW)
    assert problem == (None if harmless.get(name) or value == RIGHT.get(name, object()) else name)


@given(st.lists(st.tuples(NAMES | st.text(), st.text())))
def test_whatever_a_browser_brings_is_an_answer_or_a_refusal(params):
    answer = read_answer(params)
    if isinstance(answer, Answer):
        assert (answer.code is None) is not (answer.error is None)
        assert [name for name, _ in params].count("state") == 1
        objection = judge_answer(answer, STARTED, Endpoints(ISSUER, "", "", names_issuer=True))
        assert (objection is None) is (answer.issuer == ISSUER and answer.error is None)
    else:
        assert isinstance(answer, ForeignRefusal)


def test_an_answer_without_iss_is_one_of_a_login_server_that_never_says_it():
    answer = Answer("state", "code")
    assert judge_answer(answer, STARTED, Endpoints(ISSUER, "", "")) is None
    assert judge_answer(answer, STARTED, Endpoints(ISSUER, "", "", names_issuer=True)) is not None


@given(st.binary() | JSONS.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_fetched_is_metadata_or_a_wrong_value(body):
    with pytest.raises(ValueError):
        read_metadata(body, ISSUER)


@given(st.binary())
def test_what_is_no_json_is_a_wrong_value(body):
    with pytest.raises(ValueError, match=r"it answered no JSON( object)?\Z"):
        object_of(body)


def test_half_of_a_surrogate_is_no_text():
    with pytest.raises(ValueError, match="no JSON"):
        value_of(b'["\\ud800"]')


@given(
    st.dictionaries(st.sampled_from(["email", "email_verified", "name", "sub", "iss", "id"]), JSONS), JSONS
)
def test_whatever_a_profile_says_makes_an_identity_and_never_another_subject(said, listed):
    found = of_claims("partner", RIGHT, said)
    assert (found.issuer, found.subject) == (ISSUER, "1")
    assert found.email_verified is False or found.email is not None
    subject = subject_in(said, "id")
    assert subject is None or (subject and str(said["id"]) == subject)
    told = of_userinfo("hub", ISSUER, "1", said, verified_address(listed))
    assert told.email_verified is (told.email is not None)


@pytest.mark.parametrize(
    ("url", "issuer", "right"),
    [("https://login.example.com/a?b=c", None, True), ("https://login.example.com:8443", None, True), ("http://127.0.0.1:9/a", None, True),
     ("http://localhost/a", "http://localhost", True), ("http://[::1]:80/a", "http://[::1]", True),
     ("http://127.0.0.1/a", "https://login.example.com", False), ("http://login.example.com", None, False), ("https://", None, False),
     ("https://a b", None, False), ("https://x/#", None, False), ("https://x/#a", None, False), ("https://u@x/", None, False),
     ("https://x:99999999/", None, False), ("https://[x", None, False), ("https://é.example.com", None, False), ("//x", None, False),
     ("https://x\n", None, False), (None, None, False), (7, None, False), ("javascript:alert(1)", None, False)],
)  # fmt: skip
def test_which_addresses_may_be_asked(url, issuer, right):
    assert secure(url, issuer) is right
