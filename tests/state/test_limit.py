"""Whose bucket an address falls into, how limits are written, and what headers say of them."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from guardhouse.errors import ConfigError
from guardhouse.state.limit import (
    LONGEST,
    MOST,
    NOWHERE,
    Limit,
    Spent,
    bucket_of,
    network_of,
    policies,
    read_limit,
    spent_of,
    states,
)
from tests.structured import items

# -- networks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        pytest.param("203.0.113.9", "203.0.113.0/24", id="an IPv4 address"),
        pytest.param("203.0.113.250", "203.0.113.0/24", id="its neighbour"),
        pytest.param("203.0.114.9", "203.0.114.0/24", id="another network"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="an IPv6 address"),
        pytest.param("2001:DB8:1:2:0:0:0:1", "2001:db8:1:2::/64", id="in other letters, written out"),
        pytest.param("2001:0db8:0001:0002::1", "2001:db8:1:2::/64", id="with leading zeros"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="with a zone"),
        pytest.param("fe80::1%" + "x" * 99, "fe80::/64", id="with any zone"),
        pytest.param("::ffff:203.0.113.9", "203.0.113.0/24", id="mapped"),
        pytest.param("::FFFF:cb00:7109", "203.0.113.0/24", id="mapped, in hexadecimal"),
        pytest.param("64:ff9b::203.0.113.9", "203.0.113.0/24", id="behind a NAT64"),
        pytest.param("2002:cb00:7109:42::1", "203.0.113.0/24", id="a 6to4 network has 65536 of size /64"),
        pytest.param(None, NOWHERE, id="no address"),
        pytest.param("", NOWHERE, id="an empty one"),
        pytest.param("testclient", NOWHERE, id="a name"),
        pytest.param("010.0.0.1", NOWHERE, id="octal, or not"),
        pytest.param("203.0.113.9:443", NOWHERE, id="with a port"),
    ],
)
def test_one_network_has_one_bucket(peer, network):
    assert network_of(peer) == network


def spellings(address: IPv6Address) -> list[str]:
    short, full = str(address), address.exploded
    return [short, full, short.upper(), full.upper(), f"{short}%1", f"{full.upper()}%eth0"]


EMBEDDING = {IPv6Address("64:ff9b::"), IPv6Address("::")}
"""The /64 networks in which IPv4 addresses are written."""


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_no_spelling_and_no_machine_of_a_64_leaves_its_bucket(address: IPv6Address, machine: int):
    network = int(address) >> 64 << 64
    assume(IPv6Address(network) not in EMBEDDING)
    neighbour = IPv6Address(network | machine)
    assert {network_of(one) for one in (*spellings(address), *spellings(neighbour))} == {
        network_of(str(address))
    }


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_an_ipv4_address_is_itself_in_every_dress(address: IPv4Address, machine: int):
    neighbour = IPv4Address(int(address) >> 8 << 8 | machine)
    dressed = [f"::ffff:{address}", str(IPv6Address(0xFFFF00000000 | int(address))), f"64:ff9b::{neighbour}"]
    assert {network_of(one) for one in (str(address), str(neighbour), *dressed)} == {network_of(str(address))}


@given(st.text())
def test_whatever_a_server_calls_its_peer_has_a_bucket(peer: str):
    assert network_of(peer)


# -- keys -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.text()), st.lists(st.text()))
def test_two_lists_of_parts_share_a_key_only_if_they_are_one(one: list[str], other: list[str]):
    assert (bucket_of(*one) == bucket_of(*other)) is (one == other)


@pytest.mark.parametrize("text", ["\ud800", "x" * 1_000_000, "\0", "/", "é"])
def test_a_key_has_one_length_whatever_strangers_hand_in(text):
    assert len(bucket_of(text)) == 32


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("10/minute", Limit(10)),
        ("10/minutes", Limit(10)),
        ("5/second", Limit(5, timedelta(seconds=1))),
        ("100/15minutes", Limit(100, timedelta(minutes=15))),
        ("100/15 minutes", Limit(100, timedelta(minutes=15))),
        (" 1000/day ", Limit(1000, timedelta(days=1))),
    ],
)
def test_a_limit_is_written_as_people_say_it(text, limit):
    assert read_limit(text) == limit


@pytest.mark.parametrize(
    "text", ["", "10", "10/", "10/month", "-1/minute", "1.5/minute", "/minute", "٣/minute"]
)
def test_what_is_no_limit_is_an_error_that_says_how(text):
    with pytest.raises(ConfigError, match="Write 10/minute"):
        read_limit(text)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"count": 0}, "count"),
        ({"count": True}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": MOST + 1}, "count"),
        ({"per": timedelta(0)}, "per"),
        ({"per": timedelta(milliseconds=1500)}, "per"),
        ({"per": 60}, "per"),
        ({"per": LONGEST + timedelta(seconds=1)}, "per"),
        ({"name": "ü"}, "name"),
        ({"name": "a\r\nset-cookie: x"}, "name"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(wrong, key):
    with pytest.raises(ConfigError, match=f"limit.{key}"):
        Limit(**({"count": 1} | wrong))


def test_a_window_of_years_is_refused_whatever_its_number():
    with pytest.raises(ConfigError, match=r"limit\.per"):
        read_limit("1/999999999days")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit(60), "60/minute"),
        (Limit(5, timedelta(seconds=90)), "5/90seconds"),
        (Limit(1, timedelta(hours=2)), "1/2hours"),
        (Limit(1, timedelta(days=1)), "1/day"),
        (Limit(1, name="api"), "api"),
    ],
)
def test_a_limit_without_a_name_is_called_by_its_numbers(limit, said):
    assert limit.policy == said
    assert limit.name or read_limit(said) == limit


# -- headers ----------------------------------------------------------------------------------------------------------


def test_the_headers_are_those_of_the_draft():
    api, daily = Limit(60, name="api"), Limit(1000, timedelta(days=1), "daily", key="user 1")
    assert policies([api, daily]) == b'"api";q=60;w=60, "daily";q=1000;w=86400'
    spent = [(api, Spent(True, 59, 37)), (daily, Spent(False, 0, 3600))]
    assert states(spent) == b'"api";r=59;t=37, "daily";r=0;t=3600'


NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=100)


@given(st.lists(st.tuples(NAMES, st.integers(1, MOST), st.integers(1, 31_622_400)), min_size=1))
def test_every_name_and_number_is_read_back_by_the_rules_of_structured_fields(
    said: list[tuple[str, int, int]],
):
    limits = [Limit(count, timedelta(seconds=seconds), name) for name, count, seconds in said]
    assert items(policies(limits)) == [(name, {"q": count, "w": seconds}) for name, count, seconds in said]
    spent = [(limit, Spent(True, limit.count, limit.seconds)) for limit in limits]
    assert items(states(spent)) == [(name, {"r": count, "t": seconds}) for name, count, seconds in said]


@pytest.mark.parametrize(
    ("remaining", "ends", "spent"),
    [
        (9, 1060.0, Spent(True, 9, 60)),
        (0, 1000.2, Spent(False, 0, 1)),
        (-3, 900.0, Spent(False, 0, 1)),
    ],
)
def test_what_is_left_is_never_less_than_nothing_and_nobody_comes_back_at_once(remaining, ends, spent):
    assert spent_of(remaining, ends, 1000.0) == spent
