"""All claims of all proofs, and what is missing among them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.causes.proof import CLAIMS, Claim, Verdict
from tests.causes.rows import Row

HERE = Path(__file__).parent
MODULES = tuple(sorted(file.stem for file in HERE.glob("test_*.py") if file.stem != "test_table"))

_ORDER = tuple(Verdict)


def claims() -> list[Claim]:
    """Import every proof, and list what they claim, in an order that does not depend on who was imported first."""
    for name in MODULES:
        import_module(f"tests.causes.{name}")
    return sorted(
        CLAIMS, key=lambda one: (one.row, _ORDER.index(one.verdict), one.code, one.module, one.test)
    )


def claims_of(row: Row, known: Sequence[Claim]) -> list[Claim]:
    """List the claims of one row."""
    return [claim for claim in known if claim.row == row.number]


def unproven(rows: Sequence[Row], known: Sequence[Claim]) -> list[int]:
    """Number the rows that nothing proves."""
    return [row.number for row in rows if not claims_of(row, known)]
