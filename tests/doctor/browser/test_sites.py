"""Origins and sites, by HTML 7.1.1 and W3C Secure Contexts 3.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.doctor.browser.sites import bare_origin, origin_in, relation, same_site


@pytest.mark.parametrize(
    ("page", "target", "expected"),
    [
        pytest.param(
            "https://a.example.com", "https://a.example.com:443", "same-origin", id="HTML 7.1.1 default port"
        ),
        pytest.param(
            "https://a.example.com",
            "https://a.example.com:8443",
            "same-site",
            id="HTML 7.1.1 ports make origins",
        ),
        pytest.param(
            "https://a.example.com", "https://b.example.com", "same-site", id="HTML 7.1.1 registrable domain"
        ),
        pytest.param(
            "https://a.example.com",
            "http://a.example.com",
            "cross-site",
            id="HTML 7.1.1 schemefully same site",
        ),
        pytest.param("https://a.github.io", "https://b.github.io", "cross-site", id="PSL private section"),
        pytest.param("https://a.shop.co.uk", "https://b.shop.co.uk", "same-site", id="PSL co.uk"),
        pytest.param("https://shop.co.uk", "https://other.co.uk", "cross-site", id="PSL below a suffix"),
        pytest.param(
            "http://localhost:3000",
            "http://localhost:8000",
            "same-site",
            id="HTML 7.1.1 host without a domain",
        ),
        pytest.param(
            "http://localhost", "http://127.0.0.1", "cross-site", id="HTML 7.1.1 an address is its own site"
        ),
        pytest.param(
            "http://127.0.0.1", "http://127.0.0.2", "cross-site", id="HTML 7.1.1 addresses have no parents"
        ),
        pytest.param("http://a.localhost", "http://b.localhost", "cross-site", id="PSL default rule"),
        pytest.param("http://[::1]:3000", "http://[::1]", "same-site", id="HTML 7.1.1 IPv6"),
    ],
)
def test_how_a_target_looks_from_a_page(page: str, target: str, expected: str):
    assert relation(origin_in(page), origin_in(target)) == expected


@pytest.mark.parametrize(("schemeful", "expected"), [(True, False), (False, True)])
def test_browsers_differ_about_schemes(schemeful: bool, expected: bool):
    page, target = origin_in("http://a.example.com"), origin_in("https://b.example.com")
    assert same_site(page, target, schemeful=schemeful) is expected


@pytest.mark.parametrize(
    ("url", "trustworthy"),
    [
        pytest.param("https://example.com", True, id="Secure Contexts 3.1 step 3: https"),
        pytest.param("http://localhost", True, id="Secure Contexts 3.1 step 5: localhost"),
        pytest.param("http://app.localhost:3000", True, id="Secure Contexts 3.1 step 5: below localhost"),
        pytest.param("http://127.8.9.1", True, id="Secure Contexts 3.1 step 4: 127.0.0.0/8"),
        pytest.param("http://[::1]", True, id="Secure Contexts 3.1 step 4: ::1"),
        pytest.param("http://10.0.0.1", False, id="Secure Contexts 3.1 a private network is none"),
        pytest.param("http://example.com", False, id="Secure Contexts 3.1 http"),
        pytest.param("http://notlocalhost", False, id="Secure Contexts 3.1 a name that only ends like it"),
    ],
)
def test_what_is_trustworthy(url: str, trustworthy: bool):
    assert origin_in(url).trustworthy is trustworthy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://API.example.com:443/", "https://api.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_do(text: str, expected: str):
    assert str(bare_origin(text)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "whole address"),
        ("api.example.com", "whole address"),
        ("ftp://example.com", "whole address"),
        ("https://", "no host name"),
        ("https://ada:secret@example.com", "no host name"),
        ("https://exämple.com", "no host name"),
        ("https://a b", "no host name"),
        ("https://[::1", "cannot be read"),
        ("https://[nonsense]", "cannot be read|no host name"),
        ("https://example.com:0", "number 0"),
        ("https://example.com:99999", "cannot be read"),
        ("https://example.com:port", "cannot be read"),
        ("https://example.com/path", "no path: write https://example.com"),
        ("https://example.com?a=b", "no path"),
    ],
)
def test_what_is_no_origin_is_said_in_words(text: str, says: str):
    with pytest.raises(ValueError, match=says):
        bare_origin(text)


@given(st.text())
def test_no_text_is_too_strange(text: str):
    try:
        origin = bare_origin(text)
    except ValueError:
        return
    assert bare_origin(str(origin)) == origin
