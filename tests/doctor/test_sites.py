"""Which origins are of one site to a browser, by scheme and registrable domain."""

from __future__ import annotations

import pytest

from guardhouse.doctor.sites import address_of, same_site


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(
            "https://app.example.com", "https://api.example.com", True, id="sub-domains of one domain"
        ),
        pytest.param("https://example.com", "https://api.example.com:8443", True, id="ports do not matter"),
        pytest.param("https://a.example.co.uk", "https://b.example.co.uk", True, id="a suffix of two labels"),
        pytest.param(
            "https://example.co.uk", "https://other.co.uk", False, id="two who registered below co.uk"
        ),
        pytest.param("https://alice.github.io", "https://bob.github.io", False, id="a private suffix"),
        pytest.param("http://app.example.com", "https://app.example.com", False, id="schemes differ"),
        pytest.param("http://localhost:5173", "http://localhost:8000", True, id="two ports of localhost"),
        pytest.param("http://localhost", "http://127.0.0.1", False, id="a name and a number"),
        pytest.param("http://192.168.0.1", "http://192.168.0.2", False, id="two numbers"),
        pytest.param("http://[::1]:1", "http://[::1]:2", True, id="one number, two ports"),
        pytest.param("http://printer", "http://scanner", False, id="names of a local network"),
    ],
)
def test_one_site_or_two(one, other, same):
    assert same_site(address_of(one), address_of(other)) is same
    assert same_site(address_of(other), address_of(one)) is same


@pytest.mark.parametrize(
    ("origin", "local"),
    [
        ("http://localhost:1", True),
        ("http://app.localhost", True),
        ("http://127.0.0.5", True),
        ("http://[::1]", True),
        ("https://example.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_what_is_on_the_visitors_own_machine(origin, local):
    assert address_of(origin).local is local
