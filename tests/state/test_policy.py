"""Lengths of sessions that could never hold are refused; touching is rarer than needed and often enough."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guardhouse.errors import ConfigError
from guardhouse.state.policy import LIFETIME_NIST_AAL2, SessionPolicy

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("settings", "key", "fix"),
    [
        *(
            ({name: length}, f"sessions.{name}", "some time")
            for name in ("idle", "absolute", "remembered_idle", "remembered_absolute")
            for length in (timedelta(0), -HOUR)
        ),
        ({"idle": 3600}, "sessions.idle", "timedelta"),
        ({"absolute": None}, "sessions.absolute", "timedelta"),
        ({"idle": 25 * HOUR}, "sessions.idle", "longer than sessions.absolute"),
        (
            {"remembered_idle": 800 * HOUR},
            "sessions.remembered_idle",
            "longer than sessions.remembered_absolute",
        ),
        ({"touch": -MINUTE}, "sessions.touch", "shorter"),
        ({"touch": 2 * HOUR}, "sessions.touch", "shorter"),
        ({"touch": HOUR, "remembered_idle": HOUR}, "sessions.touch", "shorter"),
        ({"max_bytes": 0}, "sessions.max_bytes", "room"),
    ],
)
def test_a_policy_that_cannot_hold_is_refused(settings, key, fix):
    with pytest.raises(ConfigError) as raised:
        SessionPolicy(**settings)
    assert raised.value.key == key
    assert fix in raised.value.fix


@pytest.mark.parametrize(
    ("policy", "idle", "touched"),
    [
        pytest.param(SessionPolicy(), 7200.0, 720.0, id="a tenth"),
        pytest.param(SessionPolicy(), 300.0, 60.0, id="a minute at least"),
        pytest.param(SessionPolicy(), 60.0, 30.0, id="but in time for the shortest"),
        pytest.param(SessionPolicy(touch=timedelta(seconds=5)), 7200.0, 5.0, id="as told"),
        pytest.param(SessionPolicy(touch=timedelta(0)), 7200.0, 0.0, id="every time"),
    ],
)
def test_how_often_a_session_is_touched(policy, idle, touched):
    assert policy.touch_after(idle) == touched


def test_lengths_and_the_least_touch():
    policy = SessionPolicy(idle=10 * MINUTE, absolute=HOUR)
    assert policy.lengths(remember=False) == (600.0, 3600.0)
    assert policy.lengths(remember=True) == (14 * 86400.0, 30 * 86400.0)
    assert policy.least_touch == 60.0
    assert SessionPolicy(remembered_idle=MINUTE).least_touch == 30.0
    assert LIFETIME_NIST_AAL2.lengths(remember=False) == (3600.0, 86400.0)
