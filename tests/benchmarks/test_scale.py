"""The sessions that are measured are as large as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scale.sessions import record_of
from guardhouse.state.record import encode

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


@pytest.mark.parametrize("number", [0, 1, 999_999])
def test_a_session_has_the_bytes_that_are_written_down(number: int):
    assert f"A session is {len(encode(record_of(number)))} bytes as it is stored" in PAGE.read_text()
