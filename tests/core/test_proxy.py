"""Only declared proxies are believed, hop by hop from the right, and nothing unreadable is repaired."""

from __future__ import annotations

import pytest

from guardhouse.core.proxy import networks, seen_through
from guardhouse.errors import ConfigError

TEN = ("10.0.0.0/8",)
SIX = ("2001:db8::/32",)
BOTH = (*TEN, *SIX)


def forwarded(*values: bytes, proto: tuple[bytes, ...] = ()) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value) for value in values] + [
        (b"x-forwarded-proto", value) for value in proto
    ]


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "client"),
    [
        pytest.param((), "10.0.0.1", forwarded(b"203.0.113.7"), "10.0.0.1", id="nobody declared"),
        pytest.param(TEN, "203.0.113.9", forwarded(b"10.0.0.1"), "203.0.113.9", id="a stranger pretends"),
        pytest.param(TEN, None, forwarded(b"203.0.113.7"), None, id="no peer, as on a Unix socket"),
        pytest.param(TEN, "unix:", forwarded(b"203.0.113.7"), "unix:", id="a peer that is no address"),
        pytest.param(TEN, "10.0.0.1", [], "10.0.0.1", id="the proxy itself calls"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"203.0.113.7"), "203.0.113.7", id="one hop"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"203.0.113.7, 10.0.0.2"), "203.0.113.7", id="two hops"),
        pytest.param(
            TEN, "10.0.0.1", forwarded(b"203.0.113.7", b"10.0.0.2"), "203.0.113.7", id="two hops, two lines"
        ),
        pytest.param(
            TEN, "10.0.0.1", forwarded(b"1.1.1.1, 203.0.113.7"), "203.0.113.7", id="a spoofed hop on the left"
        ),
        pytest.param(
            TEN, "10.0.0.1", forwarded(b"10.9.9.9, 203.0.113.7"), "203.0.113.7", id="a spoofed proxy"
        ),
        pytest.param(TEN, "10.0.0.1", forwarded(b"10.0.0.3, 10.0.0.2"), "10.0.0.3", id="nobody but proxies"),
        pytest.param(
            TEN, "10.0.0.1", forwarded(b"1.1.1.1, junk, 10.0.0.2"), "10.0.0.2", id="garbage ends the reading"
        ),
        pytest.param(TEN, "10.0.0.1", forwarded(b"junk"), "10.0.0.1", id="garbage alone"),
        pytest.param(
            TEN, "10.0.0.1", forwarded(b"203.0.113.7:4711"), "10.0.0.1", id="an address with a port"
        ),
        pytest.param(TEN, "10.0.0.1", forwarded(b""), "10.0.0.1", id="empty"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"203.0.113.7,"), "10.0.0.1", id="a comma too many"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"\xff\xfe"), "10.0.0.1", id="bytes that are no text"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"203.0.113.007"), "10.0.0.1", id="leading zeros"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"0x7f.1"), "10.0.0.1", id="hexadecimal"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"\t203.0.113.7 "), "203.0.113.7", id="blanks around"),
        pytest.param(TEN, "::ffff:10.0.0.1", forwarded(b"203.0.113.7"), "203.0.113.7", id="a mapped proxy"),
        pytest.param(TEN, "10.0.0.1", forwarded(b"::ffff:203.0.113.7"), "203.0.113.7", id="a mapped client"),
        pytest.param(
            SIX, "2001:db8::1", forwarded(b"2001:0DB9:0::7"), "2001:db9::7", id="IPv6, one spelling"
        ),
        pytest.param(SIX, "2001:db8::1", forwarded(b"[2001:db9::7]"), "2001:db8::1", id="IPv6 in brackets"),
        pytest.param(TEN, "2001:db8::1", forwarded(b"203.0.113.7"), "2001:db8::1", id="the other family"),
        pytest.param(
            BOTH, "2001:db8::1", forwarded(b"203.0.113.7, 10.0.0.2"), "203.0.113.7", id="mixed families"
        ),
        pytest.param(TEN, "10.0.0.1", [(b"forwarded", b"for=203.0.113.7")], "10.0.0.1", id="another header"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_declared_proxy(trusted, peer, headers, client):
    assert seen_through(peer, "http", headers, networks(trusted)) == (client, "http")


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        pytest.param("10.0.0.1", (b"https",), "https", id="declared"),
        pytest.param("10.0.0.1", (b"HTTPS",), "https", id="in other letters"),
        pytest.param("10.0.0.1", (b"http, https",), "https", id="the nearest wrote last"),
        pytest.param("10.0.0.1", (b"https", b"http"), "http", id="in a line of its own"),
        pytest.param("10.0.0.1", (b"javascript",), "http", id="no scheme of ours"),
        pytest.param("10.0.0.1", (b"",), "http", id="empty"),
        pytest.param("10.0.0.1", (), "http", id="unsaid"),
        pytest.param("203.0.113.9", (b"https",), "http", id="a stranger pretends"),
    ],
)
def test_the_scheme_is_what_the_nearest_declared_proxy_says(peer, proto, scheme):
    assert seen_through(peer, "http", forwarded(proto=proto), networks(TEN))[1] == scheme


@pytest.mark.parametrize(
    ("cidr", "fix"),
    [
        ("0.0.0.0/0", "not everybody's"),
        ("::/0", "not everybody's"),
        ("10.0.0.1/8", "host bits"),
        ("*", "10.0.0.0/8"),
        ("proxy.internal", "10.0.0.0/8"),
        ("", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "IPv4 network"),
    ],
)
def test_a_network_that_cannot_be_meant_is_refused(cidr, fix):
    with pytest.raises(ConfigError, match="trusted_proxies") as raised:
        networks([cidr])
    assert fix in raised.value.fix
    assert raised.value.found == cidr


def test_a_single_address_is_a_network_of_one():
    assert [str(network) for network in networks(["127.0.0.1", "::1"])] == ["127.0.0.1/32", "::1/128"]
