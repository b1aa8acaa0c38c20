"""For the tests of an application: time and users that obey, a browser in process, and assertions on reasons.

Nothing here replaces a guard. Whoever is logged in has a session in the store and a cookie in the jar.
"""

from guardhouse.testing.client import Client
from guardhouse.testing.doubles import (
    PASSWORD,
    BrokenStore,
    CountingStore,
    FakeUsers,
    FixedClock,
    fake_users,
    fast_passwords,
)
from guardhouse.testing.negatives import Negative, negative_tests
from guardhouse.testing.refusals import (
    Told,
    assert_admitted,
    assert_refused,
    last_refusal,
    recorded,
    refusal_of,
)

__all__ = [
    "PASSWORD",
    "BrokenStore",
    "Client",
    "CountingStore",
    "FakeUsers",
    "FixedClock",
    "Negative",
    "Told",
    "assert_admitted",
    "assert_refused",
    "fake_users",
    "fast_passwords",
    "last_refusal",
    "negative_tests",
    "recorded",
    "refusal_of",
]
