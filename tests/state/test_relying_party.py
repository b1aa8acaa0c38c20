"""What browsers would refuse is refused when the house is built: by its public URLs, and the id that passkeys are bound to."""

from __future__ import annotations

import pytest

from guardhouse.errors import ConfigError
from guardhouse.state.relying_party import RelyingParty


@pytest.mark.parametrize(
    ("urls", "rp_id", "expected"),
    [
        pytest.param(["https://example.com"], None, "example.com", id="one host"),
        pytest.param(["https://example.com/"], None, "example.com", id="with a slash at the end"),
        pytest.param(
            ["https://app.example.com:8443"], None, "app.example.com", id="a port is no part of the id"
        ),
        pytest.param(
            ["https://www.example.com", "https://example.com"],
            None,
            "example.com",
            id="the host that both share",
        ),
        pytest.param(
            ["https://a.example.com", "https://b.example.com"],
            "example.com",
            "example.com",
            id="a parent, given",
        ),
        pytest.param(["http://localhost:8000"], None, "localhost", id="in development"),
        pytest.param(["http://app.localhost:8000"], "localhost", "localhost", id="under localhost"),
    ],
)
def test_the_id_is_the_host_that_all_origins_share(urls: list[str], rp_id: str | None, expected: str) -> None:
    party = RelyingParty.of(urls, "A shop", rp_id=rp_id)
    assert party.id == expected
    assert party.origins == {url.rstrip("/") for url in urls}


@pytest.mark.parametrize(
    ("urls", "rp_id", "name", "key", "fix"),
    [
        pytest.param([], None, "A shop", "public_url", "host name", id="no URL"),
        pytest.param(["http://example.com"], None, "A shop", "public_url", "https only", id="plain http"),
        pytest.param(
            ["https://127.0.0.1:8000"], None, "A shop", "public_url", "localhost", id="an IP address"
        ),
        pytest.param(["https://[::1]"], None, "A shop", "public_url", "localhost", id="an IPv6 address"),
        pytest.param(
            ["https://a.example.com", "https://b.example.com"],
            None,
            "A shop",
            "passkeys.rp_id",
            "all of them share",
            id="two hosts",
        ),
        pytest.param(
            ["https://example.com"],
            "app.example.com",
            "A shop",
            "passkeys.rp_id",
            "lie under it",
            id="an id below",
        ),
        pytest.param(
            ["https://badexample.com"],
            "example.com",
            "A shop",
            "passkeys.rp_id",
            "lie under it",
            id="an id that is only its end",
        ),
        pytest.param(
            ["https://example.com"], "com", "A shop", "passkeys.rp_id", "with a dot", id="a top-level domain"
        ),
        pytest.param(
            ["https://example.com"], "", "A shop", "passkeys.rp_id", "lie under it", id="an empty id"
        ),
        pytest.param(
            ["https://intranet"],
            None,
            "A shop",
            "passkeys.rp_id",
            "with a dot",
            id="a name of the local network",
        ),
        pytest.param(
            ["https://example.com"], None, " ", "passkeys.name", "name of your application", id="no name"
        ),
    ],
)
def test_what_browsers_would_refuse_stops_the_start(urls, rp_id, name, key, fix) -> None:
    with pytest.raises(ConfigError, match=fix) as raised:
        RelyingParty.of(urls, name, rp_id=rp_id)
    assert raised.value.key == key
