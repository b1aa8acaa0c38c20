"""What a list of devices calls a program and a place: words that people know, and never more than was asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardhouse.state.device import described, network_from

CHROME = "(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 {CHROME}", "Chrome on macOS"),
        (f"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 {CHROME} Edg/126.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {CHROME} OPR/111.0.0.0", "Opera on Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 {CHROME}", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome on iPad"),
        ("Mozilla/5.0 (X11; OpenBSD amd64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox on Unix"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36", "headless Chrome on Linux"),
        ("Mozilla/5.0 (PlayStation 4)", "a browser"),
        ("Mozilla/5.0", "a browser"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.27.0", "python-httpx"),
        ("testclient", "testclient"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
        ("curl<b>", ""),
        ("a" * 33, ""),
    ],
)  # fmt: skip
def test_a_program_is_called_by_its_family_and_system(sent: str, words: str):
    assert described(sent.encode()) == words


@given(st.binary(max_size=600))
def test_whatever_is_sent_gives_short_and_printable_words(sent: bytes):
    for header in (sent, b"Mozilla/" + sent):
        words = described(header)
        assert len(words) <= 32
        assert words.isascii()
        assert not set(words) & set("<>&\"'\r\n\0")


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_place_is_named_by_its_network_and_never_by_the_one_address(peer: str | None, network: str):
    assert network_from(peer) == network
