"""What a host is to a browser, with the list of public suffixes that is installed."""

from __future__ import annotations

import pytest

from guardhouse.doctor.hosts import is_public_suffix, registrable


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("com", True),
        ("co.uk", True),
        ("github.io", True),
        ("example.com", False),
        ("127.0.0.1", False),
        ("[::1]", False),
    ],
)
def test_below_which_names_strangers_register(host: str, expected: bool):
    assert is_public_suffix(host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("app.example.co.uk", "example.co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("co.uk", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("::1", None),
        ("[::1]", None),
    ],
)
def test_which_domain_somebody_registered(host: str, expected: str | None):
    assert registrable(host) == expected
