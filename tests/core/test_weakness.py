"""What people read about a password that is not taken."""

from __future__ import annotations

import pytest

from guardhouse.core.weakness import TEXTS, Flaw, Weakness

EVIDENCE: dict[str, int | str] = {"shortest": 15, "longest": 1024}


@pytest.mark.parametrize("flaw", Flaw)
def test_every_flaw_has_one_sentence_that_says_what_to_do(flaw: Flaw) -> None:
    text = str(Weakness(flaw, EVIDENCE))
    assert text.split(maxsplit=1)[0] in {"Type", "Use", "Choose", "One"}
    assert text.endswith(".")
    assert text.count(".") == 1
    assert "{" not in text


def test_a_translation_is_looked_up_by_the_text_before_its_values() -> None:
    weakness = Weakness(Flaw.SHORT, {"shortest": 8})
    assert weakness.message == TEXTS[Flaw.SHORT]
    assert "{shortest}" in weakness.message
    assert str(weakness).startswith("Use at least 8 characters")
