"""The cases that Go's net/http tests its CrossOriginProtection with, asked of us; where we differ, the reason is named.

The rows are told in our own words after golang/go, src/net/http/csrf_test.go (BSD-3-Clause). Go knows no tokens, so
none of the requests carries one. We are stricter in one way, and have no exemption by path at all.
"""

from __future__ import annotations

from typing import Literal

import pytest

from guardhouse.config.settings import trusted_origins
from guardhouse.core.facts import Facts
from guardhouse.core.origin import AskToken, Origins, TokenState, weigh, weigh_token, whence
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Pass
from guardhouse.errors import ConfigError

GoSays = Literal["allows", "refuses"]

SILENCE = (
    "a cookie with no word of where it comes from fits stripping proxies too; programs have explicit guards"
)
NO_EXEMPTIONS = "we exempt no paths: a path that needs no origin is one without a session guard"

HOST = "example.com"
ORIGINS = Origins(frozenset({b"https://example.com"}))
WITH_FRIEND = Origins(ORIGINS.own, frozenset({b"https://trusted.example"}))


def row(said: str, reason: Reason, go: GoSays, because: str = "", **wire: str):
    origins = WITH_FRIEND if wire.pop("friend", "") else ORIGINS
    return pytest.param(wire, origins, go, reason, because, id=said)


ATTACKER = "https://attacker.example"
FRIEND = "https://trusted.example"

TABLE = [
    # by Sec-Fetch-Site
    row("a page of ours", Reason.SAME_ORIGIN, "allows", site="same-origin"),
    row("the person", Reason.SAME_ORIGIN, "allows", site="none"),
    row("another site", Reason.CSRF_CROSS_SITE, "refuses", site="cross-site"),
    row("a sibling", Reason.CSRF_CROSS_SITE, "refuses", site="same-site"),
    row("neither header", Reason.CSRF_TOKEN_MISSING, "allows", SILENCE),
    row("our origin alone", Reason.OWN_ORIGIN, "allows", origin="https://example.com"),
    row("another origin alone", Reason.CSRF_ORIGIN_UNTRUSTED, "refuses", origin=ATTACKER),
    row("an opaque origin", Reason.CSRF_ORIGIN_NULL, "refuses", origin="null"),
    row("another site gets", Reason.SAFE_METHOD, "allows", method="GET", site="cross-site"),
    row("another site asks for the head", Reason.SAFE_METHOD, "allows", method="HEAD", site="cross-site"),
    row("another site asks for options", Reason.SAFE_METHOD, "allows", method="OPTIONS", site="cross-site"),
    row("another site puts", Reason.CSRF_CROSS_SITE, "refuses", method="PUT", site="cross-site"),
    # with a trusted origin
    row("a friend alone", Reason.TRUSTED_ORIGIN, "allows", friend="y", origin=FRIEND),
    row(
        "a friend on another site",
        Reason.TRUSTED_ORIGIN,
        "allows",
        friend="y",
        origin=FRIEND,
        site="cross-site",
    ),
    row("no friend", Reason.CSRF_ORIGIN_UNTRUSTED, "refuses", friend="y", origin=ATTACKER),
    row(
        "no friend, on another site",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "refuses",
        friend="y",
        origin=ATTACKER,
        site="cross-site",
    ),
    # with exempted paths, which Go calls insecure bypass patterns
    row("exempt", Reason.CSRF_ORIGIN_UNTRUSTED, "allows", NO_EXEMPTIONS, path="/bypass/", origin=ATTACKER),
    row(
        "exempt, on another site",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "allows",
        NO_EXEMPTIONS,
        path="/bypass/",
        origin=ATTACKER,
        site="cross-site",
    ),
    row("not exempt", Reason.CSRF_ORIGIN_UNTRUSTED, "refuses", path="/api/", origin=ATTACKER),
    row(
        "not exempt, on another site",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "refuses",
        path="/api/",
        origin=ATTACKER,
        site="cross-site",
    ),
    row(
        "sent on to an exempt path by dots",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "allows",
        NO_EXEMPTIONS,
        path="/foo/../bypass/bar",
        origin=ATTACKER,
    ),
    row(
        "sent on to an exempt path by a slash",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "allows",
        NO_EXEMPTIONS,
        path="/bypass",
        origin=ATTACKER,
    ),
    row(
        "sent on elsewhere by dots",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "refuses",
        path="/foo/../api/bar",
        origin=ATTACKER,
    ),
    row(
        "sent on elsewhere by a slash", Reason.CSRF_ORIGIN_UNTRUSTED, "refuses", path="/api", origin=ATTACKER
    ),
    row(
        "exempt by a pattern",
        Reason.CSRF_ORIGIN_UNTRUSTED,
        "allows",
        NO_EXEMPTIONS,
        path="/only/1",
        origin=ATTACKER,
    ),
    row(
        "outside of the pattern", Reason.CSRF_ORIGIN_UNTRUSTED, "refuses", path="/only/1/foo", origin=ATTACKER
    ),
]


@pytest.mark.parametrize(("wire", "origins", "go", "reason", "because"), TABLE)
def test_gos_requests(wire, origins, go, reason, because):
    names = {"site": b"sec-fetch-site", "origin": b"origin"}
    headers = [(names[key], value.encode()) for key, value in wire.items() if key in names]
    verdict = weigh(whence(Facts(wire.get("method", "POST"), wire.get("path", "/"), headers)), origins)
    if isinstance(verdict, AskToken):
        verdict = weigh_token(verdict, TokenState.ABSENT)
    assert verdict.reason is reason
    differs = isinstance(verdict, Pass) is not (go == "allows")
    assert differs is bool(because), "name why we differ, or do not"


def test_where_we_differ_we_refuse():
    differing = [parameters.values for parameters in TABLE if parameters.values[4]]
    assert len(differing) == 6
    assert {go for _, _, go, _, _ in differing} == {"allows"}


@pytest.mark.parametrize(
    ("origin", "go_takes_it"),
    [
        ("https://example.com", True),
        ("https://example.com:8080", True),
        ("http://example.com", True),
        ("example.com", False),
        ("https://", False),
        ("https://example.com/path", False),
        ("https://example.com?query=value", False),
        ("https://example.com#fragment", False),
        ("https://ex ample.com", False),
        ("", False),
        ("null", False),
    ],
)
def test_gos_trusted_origins(origin, go_takes_it):
    if go_takes_it:
        assert trusted_origins([origin]) == {origin.encode()}
    else:
        with pytest.raises(ConfigError, match="trusted_origins"):
            trusted_origins([origin])


def test_a_trailing_slash_is_refused_by_go_and_forgiven_by_us():
    """It is what copying from the address bar gives, and it can mean only one origin."""
    assert trusted_origins(["https://example.com/"]) == {b"https://example.com"}
