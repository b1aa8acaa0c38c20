"""The login desk's memory is bounded, and what it holds is in no repr."""

from __future__ import annotations

from datetime import timedelta

from guardhouse.demo import desk
from guardhouse.demo.credentials import Credentials
from guardhouse.demo.desk import Throttle
from guardhouse.state.attempts import AttemptLimit, Wait


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_flood_of_names_drops_the_oldest_and_never_grows(monkeypatch):
    monkeypatch.setattr(desk, "MOST_ACCOUNTS", 3)
    throttle = Throttle(AttemptLimit(tries=1), Time())
    for name in "abcde":
        assert throttle.take(name) is None
    assert isinstance(throttle.take("e"), Wait)
    assert throttle.take("a") is None, "the oldest was dropped"


def test_what_is_past_makes_room_first(monkeypatch):
    monkeypatch.setattr(desk, "MOST_ACCOUNTS", 2)
    time = Time()
    throttle = Throttle(AttemptLimit(tries=1, window=timedelta(seconds=60)), time)
    throttle.take("old")
    time.now += 50
    throttle.take("young")
    time.now += 15
    throttle.take("new")
    assert isinstance(throttle.take("young"), Wait)


def test_a_password_is_in_no_repr():
    assert "secret" not in repr(Credentials("ada@example.com", "secret"))
