"""`guardhouse reason`: every code is explained, whatever it was copied from, and a slip of the pen is no dead end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.core.answer import FOLDED, URN
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.doctor.meanings import MEANINGS, found_by, kind_of, meaning_document, nearest_code
from tests.cli.conftest import Call


def test_a_code_is_explained(call: Call):
    result = call("reason", "hosts_mixed")
    assert (result.exit_code, result.stderr) == (0, "")
    for part in (
        "401              hosts_mixed\n",
        "where it is met",
        "cause",
        "how to see it",
        "how to mend it",
    ):
        assert part in result.stdout
    assert "The page is at <page>, the call went to <host>" in result.stdout
    assert "what it is not   credentials_omitted: there the names are right" in result.stdout


@pytest.mark.parametrize(
    "text",
    [
        "no_login_for_guard",
        "NO_LOGIN_FOR_GUARD",
        "no-login-for-guard",
        f"{URN}no_login_for_guard",
        " no_login_for_guard\n",
    ],
)
def test_a_code_is_found_however_it_was_copied(text):
    assert found_by(text) is Reason.NO_LOGIN_FOR_GUARD


def test_all_are_listed(call: Call):
    listed = call("reason").stdout
    assert all(str(reason) in listed for reason in Reason)


def test_both_speak_json(call: Call):
    one = json.loads(call("reason", "csrf_key_unknown", "--json").stdout)
    assert one["type"] == "urn:guardhouse:reason:csrf_key_unknown"
    assert (one["status"], set(one["is_not"])) == (403, {"csrf_token_invalid"})
    every = json.loads(call("reason", "--json").stdout)
    assert [entry["code"] for entry in every] == [str(reason) for reason in Reason]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("sesion_expird", "session_expired"), (f"{URN}csrf_tokn_invalid", "csrf_token_invalid"), ("42", None)],
)
def test_a_slip_of_the_pen_is_one_clear_line(call: Call, text, nearest):
    result = call("reason", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert (f"Did you mean {nearest}?" in result.stderr) is (nearest is not None)


@given(st.text(max_size=60))
def test_no_text_raises(text):
    assert found_by(text) is None or str(found_by(text)) in str(text).lower().replace("-", "_")
    nearest = nearest_code(text)
    assert nearest is None or Reason(nearest)


def test_who_is_refused_can_look_every_code_up():
    refusing = {reason for reason in Reason if REASONS[reason].status != 200}
    assert set(MEANINGS) == refusing
    for reason, meaning in MEANINGS.items():
        assert meaning.cause.endswith(".")
        assert meaning.see.endswith(".")
        assert reason not in meaning.is_not
        assert meaning.is_not, "everything is mistaken for something"


@pytest.mark.parametrize(
    ("reason", "where"),
    [
        (Reason.SAFE_METHOD, "in a trace only"),
        (Reason.HOSTS_MIXED, "a cause beside a refusal"),
        (Reason.SESSION_ENDED, "what an answer says in place"),
        (Reason.SESSION_EXPIRED, "an outsider is told session_ended"),
        (Reason.NO_LOGIN, "the code of a refusal"),
    ],
)
def test_where_a_code_is_met(reason, where):
    assert where in kind_of(reason)


def test_a_code_that_allows_has_nothing_to_mend(call: Call):
    assert meaning_document(Reason.SAFE_METHOD)["mend"] is None
    assert "how to mend" not in call("reason", "safe_method").stdout


def test_folding_leads_to_codes_that_say_no_more_than_that_it_is_over():
    assert set(FOLDED.values()) == {Reason.SESSION_ENDED}
