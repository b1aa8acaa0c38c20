"""A proof of possession is good for one request, one token and one moment."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.core.dpop import Expected, judge_proof

NOW = 1_800_000_000.0
EXPECTED = Expected("POST", "https://api.example.com/things/a b", "hash")
PROOF: dict[str, Any] = {
    "jti": "p1", "htm": "POST", "htu": "https://api.example.com/things/a%20b", "iat": NOW, "ath": "hash",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"htu": "https://API.example.com:443/things/a%20b?query#fragment"}, None),
        ({"htu": "https://api.example.com/things/%61%20b"}, None),
        ({"iat": NOW - 60}, None),
        ({"iat": NOW + 60}, None),
        ({"iat": NOW - 61}, "iat"),
        ({"iat": NOW + 61}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"iat": True}, "iat"),
        ({"iat": None}, "iat"),
        ({"iat": float("nan")}, "iat"),
        ({"iat": float("inf")}, "iat"),
        ({"iat": 10**400}, "iat"),
        ({"iat": -(10**400)}, "iat"),
        ({"htm": "GET"}, "htm"),
        ({"htm": "post"}, "htm"),
        ({"htm": None}, "htm"),
        ({"htu": "http://api.example.com/things/a%20b"}, "htu"),
        ({"htu": "https://api.example.com:444/things/a%20b"}, "htu"),
        ({"htu": "https://evil.example/things/a%20b"}, "htu"),
        ({"htu": "https://api.example.com/things"}, "htu"),
        ({"htu": "https://user@api.example.com/things/a%20b"}, "htu"),
        ({"htu": "https://api.example.com:x/things/a%20b"}, "htu"),
        ({"htu": "https://[broken/things"}, "htu"),
        ({"htu": "/things/a%20b"}, "htu"),
        ({"htu": 7}, "htu"),
        ({"ath": "other"}, "ath"),
        ({"ath": None}, "ath"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"jti": "x" * 256}, "jti"),
    ],
)
def test_every_part_of_a_proof_is_held_against_the_request(changes, problem):
    assert judge_proof("dpop+jwt", PROOF | changes, EXPECTED, NOW) == problem


@pytest.mark.parametrize(
    ("typ", "problem"), [("DPoP+JWT", None), ("jwt", "typ"), (None, "typ"), ("at+jwt", "typ")]
)
def test_nothing_else_is_a_proof(typ, problem):
    assert judge_proof(typ, PROOF, EXPECTED, NOW) == problem


def test_a_path_that_is_not_named_is_the_root():
    assert (
        judge_proof("dpop+jwt", PROOF | {"htu": "https://a"}, Expected("POST", "https://a/", "hash"), NOW)
        is None
    )
