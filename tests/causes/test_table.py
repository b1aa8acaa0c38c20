"""Every root cause is proven, every code that is claimed exists, and nothing can be claimed that no test saw."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from guardhouse import errors
from guardhouse.core.reasons import Reason
from guardhouse.doctor.browser.whys import Why
from guardhouse.doctor.findings import CODES
from tests.causes.proof import CANNOT_ARISE, CLAIMS, FOUND, NAMED, PREVENTED, Claim, Seen, Verdict, proves
from tests.causes.rows import ROWS
from tests.causes.table import HERE, MODULES, claims, unproven
from tests.documents import ROOT

SAW = Seen("refusal", {"no_login": {"status": 401, "hint": "Log in."}})


def test_there_are_sixty_one_causes_and_each_is_proven():
    assert [row.number for row in ROWS] == list(range(1, 62))
    assert unproven(ROWS, claims()) == []
    assert {claim.row for claim in claims()} <= {row.number for row in ROWS}


def test_a_cause_without_a_proof_is_missed():
    assert unproven(ROWS, [claim for claim in claims() if claim.row not in (7, 61)]) == [7, 61]


def test_every_code_that_is_claimed_exists():
    known: dict[Verdict, set[str]] = {
        FOUND: {*CODES, *Why, *Reason},
        NAMED: set(Reason),
        CANNOT_ARISE: {""},
    }
    for claim in claims():
        assert claim.verdict is PREVENTED or claim.code in known[claim.verdict], claim
    prevented = {claim.code for claim in claims() if claim.verdict is PREVENTED}
    assert {code for code in prevented if code.endswith("Error")} <= set(errors.__all__)


@pytest.mark.parametrize("module", MODULES)
def test_every_test_beside_the_table_is_a_proof_and_sees_through_the_same_eyes(module: str):
    text = (HERE / f"{module}.py").read_text(encoding="utf-8")
    assert "Seen(" not in text, "what was seen is made in seeing.py"
    proofs = {claim.test for claim in claims() if claim.module == f"tests.causes.{module}"}
    assert set(re.findall(r"^def (test_\w+)", text, re.MULTILINE)) - OTHERS == proofs


OTHERS = {
    "test_mending_them_one_after_the_other_shortens_the_list_from_its_head_until_the_request_is_let_in",
    "test_the_three_causes_of_the_thread_come_out_before_the_first_request_and_in_the_order_of_mending",
}
"""Tests that stand beside the proofs and prove no single row."""


@pytest.mark.parametrize(
    ("verdict", "code", "evidence"),
    [
        pytest.param(NAMED, "no_credential", {"status": 401}, id="a code that was not seen"),
        pytest.param(NAMED, "no_login", {"status": 403}, id="evidence that was not seen"),
        pytest.param(NAMED, "no_login", {"realm": "users"}, id="evidence that is not there"),
        pytest.param(FOUND, "no_login", {"status": 401}, id="a finding, where a request was refused"),
        pytest.param(PREVENTED, "no_login", {"status": 401}, id="a start, where a request was refused"),
    ],
)
def test_what_was_not_seen_cannot_be_claimed(verdict: Verdict, code: str, evidence: dict[str, Any]):
    with pytest.raises(AssertionError):
        Claim(1, verdict, code, "", evidence, "", "").held_by(SAW)


def test_what_was_seen_can_be_claimed():
    Claim(1, NAMED, "no_login", "", {"status": 401}, "", "").held_by(SAW)


@pytest.mark.parametrize(
    ("verdict", "code", "why", "evidence"),
    [
        pytest.param(NAMED, "no_login", "", {}, id="a code without evidence"),
        pytest.param(NAMED, "", "", {"status": 401}, id="no code"),
        pytest.param(NAMED, "no_login", "because", {"status": 401}, id="a code and a why"),
        pytest.param(CANNOT_ARISE, "", "", {}, id="no why"),
        pytest.param(CANNOT_ARISE, "no_login", "because", {}, id="a why and a code"),
    ],
)
def test_a_claim_is_a_code_with_evidence_or_a_why(verdict, code, why, evidence):
    before = len(CLAIMS)
    with pytest.raises(ValueError, match="a code and its evidence"):
        proves(1, verdict, code, why=why, **evidence)
    assert len(CLAIMS) == before


def test_a_proof_that_brings_nothing_home_proves_nothing():
    def empty() -> None:
        return None

    held = proves(1, CANNOT_ARISE, why="nobody looks")(empty)
    CLAIMS.pop()
    with pytest.raises(AssertionError, match="a proof returns what it saw"):
        held()


def test_the_page_is_written_from_the_proofs():
    """Mend it with: .venv/bin/python scripts/causes."""
    written = runpy.run_path(str(ROOT / "scripts" / "causes"))["document"]()
    assert (ROOT / "docs" / "causes.md").read_text(encoding="utf-8") == written
