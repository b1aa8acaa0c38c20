"""An account that is tried in vain must wait; the table says when and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guardhouse.errors import ConfigError
from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide

LIMIT = AttemptLimit(tries=3, window=timedelta(seconds=60))


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


@pytest.mark.parametrize(("tries", "window"), [(0, timedelta(minutes=1)), (1, timedelta(0))])
def test_a_limit_that_limits_nothing_or_everybody_is_refused(tries, window):
    with pytest.raises(ConfigError, match="attempts"):
        AttemptLimit(tries=tries, window=window)
