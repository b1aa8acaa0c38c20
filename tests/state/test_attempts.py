"""An account that is tried in vain must wait; the table says when and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guardhouse.errors import ConfigError
from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide

LIMIT = AttemptLimit(tries=3, most=3, window=timedelta(seconds=60))
GROWING = AttemptLimit(
    tries=3, most=8, window=timedelta(hours=1), delay=timedelta(seconds=10), longest=timedelta(seconds=60)
)


@pytest.mark.parametrize(
    ("attempts", "now", "decided"),
    [
        pytest.param(NO_ATTEMPTS, 1000.0, Attempts(1, 1000.0), id="the first try begins the window"),
        pytest.param(Attempts(1, 1000.0), 1001.0, Attempts(2, 1000.0), id="the next one counts in it"),
        pytest.param(Attempts(2, 1000.0), 1002.0, Attempts(3, 1000.0), id="the last one still passes"),
        pytest.param(Attempts(3, 1000.0), 1003.0, Wait(57), id="one more waits for the end of the window"),
        pytest.param(Attempts(3, 1000.0), 1059.5, Wait(1), id="never for less than a second"),
        pytest.param(Attempts(3, 1000.0), 1060.0, Attempts(1, 1060.0), id="at the end a new window begins"),
        pytest.param(Attempts(1, 1000.0), 9999.0, Attempts(1, 9999.0), id="an old failure is forgotten"),
        pytest.param(Attempts(3, 1000.0), 400.0, Attempts(1, 400.0), id="a clock set back locks nobody out"),
        pytest.param(NO_ATTEMPTS, 0.0, Attempts(1, 0.0), id="the epoch is a moment like any other"),
    ],
)
def test_a_try_is_counted_or_must_wait(attempts, now, decided):
    assert decide(attempts, LIMIT, now) == decided


def test_a_thousand_tries_in_one_window_are_three():
    attempts, passed = NO_ATTEMPTS, 0
    for number in range(1000):
        decided = decide(attempts, LIMIT, 1000.0 + number / 1000)
        if isinstance(decided, Attempts):
            attempts, passed = decided, passed + 1
    assert passed == LIMIT.tries


@pytest.mark.parametrize(
    ("attempts", "now", "decided"),
    [
        pytest.param(Attempts(1, 1000.0), 1001.0, Attempts(2, 1000.0), id="the first tries cost nothing"),
        pytest.param(Attempts(2, 1000.0), 1002.0, Attempts(3, 1000.0, 1012.0), id="the last of them begins the delays"),
        pytest.param(Attempts(3, 1000.0, 1012.0), 1002.5, Wait(10), id="one more waits for the delay"),
        pytest.param(Attempts(3, 1000.0, 1012.0), 1012.0, Attempts(4, 1000.0, 1032.0), id="the next delay is twice as long"),
        pytest.param(Attempts(5, 1000.0, 1100.0), 1100.0, Attempts(6, 1000.0, 1160.0), id="no delay is longer than the longest"),
        pytest.param(Attempts(7, 1000.0, 1300.0), 1300.0, Attempts(8, 1000.0), id="the last of all"),
        pytest.param(Attempts(8, 1000.0), 2000.0, Wait(2600), id="after the most the window must end"),
        pytest.param(Attempts(8, 1000.0), 4600.0, Attempts(1, 4600.0), id="nobody is locked out for good"),
        pytest.param(Attempts(3, 1000.0, 1012.0), 939.9, Attempts(1, 939.9), id="a clock set back locks nobody out"),
        pytest.param(Attempts(3, 1000.0, 1012.0), 999.9, Wait(13), id="a try that was overtaken begins no new window"),
    ],
)  # fmt: skip
def test_delays_grow_with_the_tries(attempts, now, decided):
    assert decide(attempts, GROWING, now) == decided


def test_the_default_is_a_hundred_guesses_a_day_at_most_and_ten_at_once():
    limit, attempts, passed = AttemptLimit(), NO_ATTEMPTS, []
    for second in range(24 * 3600):
        decided = decide(attempts, limit, float(second))
        if isinstance(decided, Attempts):
            attempts = decided
            passed.append(second)
    assert len(passed) == 100
    assert passed[:12] == [*range(10), 39, 99]


def test_a_huge_count_overflows_nothing():
    limit = AttemptLimit(most=10**9)
    assert decide(Attempts(10**8, 0.0), limit, 1.0) == Attempts(10**8 + 1, 0.0, 901.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tries": 0},
        {"tries": 101},
        {"most": 9},
        {"window": timedelta(0)},
        {"delay": timedelta(0)},
        {"delay": timedelta(hours=1)},
    ],
)
def test_a_limit_that_limits_nothing_or_everybody_is_refused(wrong):
    with pytest.raises(ConfigError, match="attempts"):
        AttemptLimit(**wrong)
