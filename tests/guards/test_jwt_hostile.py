"""Tokens that were made to be believed: each is refused for what is wrong with it, and signed well wherever that can be.

The guard has a key of each kind, as an application has that is about to change its algorithm. After RFC 8725 and the
advisories that its sections came from.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import RSAKey

from guardhouse import Allow, Deny, Facts, Reason
from guardhouse.guards.jwt import JWTGuard
from guardhouse.issuers.keys import Keys
from guardhouse.vault.jws import Key
from tests.supplies import NoSupply
from tests.tokens import (
    AUDIENCE,
    CLAIMS,
    ISSUER,
    NOW,
    b64,
    by_joserfc,
    by_pyjwt,
    private,
    public,
    public_jwk,
    written,
)

NAMES = {"HS256": "h1", "RS256": "r1", "ES256": "e1", "EdDSA": "o1", "PS256": "p1"}
GUARD = JWTGuard(
    Keys([Key.of(public(algorithm), algorithm, name) for algorithm, name in NAMES.items()]), ISSUER, AUDIENCE
).named("jwt", "users")
HS = {"alg": "HS256", "typ": "at+jwt", "kid": "h1"}
MALLORY = rsa.generate_private_key(65537, 2048)
EVIL = "https://evil.example/keys"


class Supply(NoSupply):
    def now(self) -> float:
        return NOW + 1.0


def judged(text: str) -> Any:
    claim: Any = GUARD.claim(Facts("GET", "/", [(b"authorization", b"Bearer " + text.encode())]))
    found: Any = () if isinstance(claim, Deny) else GUARD.fetch(claim, Supply())
    return claim if isinstance(claim, Deny) else GUARD.judge(claim, found)


def said(claims: str) -> str:
    """Write claims as text, so that they may be what no library writes."""
    good = json.dumps(CLAIMS)
    return f"{good[:-1]}, {claims}}}"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def unsigned(alg: str, signature: str = "") -> str:
    return f"{b64({'alg': alg, 'typ': 'at+jwt', 'kid': 'h1'})}.{b64(CLAIMS)}.{signature}"


def by_public_key(algorithm: str, kid: str) -> str:
    """Sign with what everybody knows as if it were a secret (CVE-2015-9235, CVE-2016-10555)."""
    message = f"{b64({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid})}.{b64(CLAIMS)}"
    return f"{message}.{b64(hmac.digest(public(algorithm), message.encode(), 'sha256'))}"


def by_mallory(**header: Any) -> str:
    return pyjwt.encode(CLAIMS, MALLORY, "RS256", headers={"typ": "at+jwt", **header})


def in_der() -> str:
    """Write a good ES256 signature in the other encoding there is; one token must not have two spellings."""
    text = by_pyjwt("ES256", kid="e1")
    message, _, signature = text.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    return f"{message}.{b64(encode_dss_signature(r, s))}"


def of_another_curve() -> str:
    key = ec.generate_private_key(ec.SECP384R1())
    return pyjwt.encode(CLAIMS, key, "ES384", headers={"typ": "at+jwt", "kid": "e1"})


def signed_by(algorithm: str, header: dict[str, Any]) -> str:
    """Sign well with our own key pair, whatever the header says."""
    message = f"{b64(header)}.{b64(CLAIMS)}"
    return f"{message}.{b64(Key.of(private(algorithm), algorithm).sign(message.encode()))}"


def row(said: str, text: str, reason: Reason) -> Any:
    return pytest.param(text, reason, id=said)


HEAD, BODY, SIGN = by_pyjwt("HS256", kid="h1").split(".")

ALGORITHM, MALFORMED, SIGNATURE = Reason.JWT_ALGORITHM, Reason.JWT_MALFORMED, Reason.JWT_SIGNATURE
UNKNOWN, CLAIM = Reason.JWT_KEY_UNKNOWN, Reason.JWT_CLAIMS

TABLE = [
    # the algorithm
    row("alg none, no signature", unsigned("none"), MALFORMED),
    *[row(f"alg {alg}, any signature", unsigned(alg, "AA"), ALGORITHM) for alg in ("none", "None", "NONE", "nOnE", "")],
    row("alg hs256 in small letters", written(HS | {"alg": "hs256"}), ALGORITHM),
    row("alg none, signed well", written(HS | {"alg": "none"}), ALGORITHM),
    row("HS256 by the public RSA key", by_public_key("RS256", "r1"), ALGORITHM),
    row("HS256 by the public EC key", by_public_key("ES256", "e1"), ALGORITHM),
    row("HS256 by the public RSA key, under the secret's name", by_public_key("RS256", "h1"), SIGNATURE),
    row("RS256 under the name of the secret", by_pyjwt("RS256", kid="h1"), ALGORITHM),
    row("RS256 under the name of the PS256 key, which is the same pair", by_pyjwt("RS256", kid="p1"), ALGORITHM),
    row("PS256 padding that says RS256", signed_by("PS256", {"alg": "RS256", "typ": "at+jwt", "kid": "r1"}), SIGNATURE),
    row("ES384 under the name of the ES256 key", of_another_curve(), ALGORITHM),
    # the key
    row("the name of another key of the other kind", by_joserfc("ES256", kid="o1"), ALGORITHM),
    row("another's key under our name", by_mallory(kid="r1"), SIGNATURE),
    row("a name that nobody has", by_pyjwt("RS256", kid="r2"), UNKNOWN),
    row("a name in other letters", by_pyjwt("RS256", kid="R1"), UNKNOWN),
    row("a path as a name", by_pyjwt("RS256", kid="../../../dev/null"), UNKNOWN),
    row("SQL as a name", by_pyjwt("RS256", kid="r1' OR '1'='1"), UNKNOWN),
    row("no name, an algorithm that no key has", written({"alg": "HS512", "typ": "at+jwt"}), UNKNOWN),
    row("a number as a name", written(HS | {"kid": 1}), MALFORMED),
    row("a list as a name", written(HS | {"kid": ["h1"]}), MALFORMED),
    row("a name of 129 letters", written(HS | {"kid": "k" * 129}), MALFORMED),
    row("an embedded key that fits", by_mallory(jwk=dict(RSAKey.import_key(MALLORY.public_key()).as_dict())), MALFORMED),
    row("our own key embedded, signed well", written(HS | {"jwk": public_jwk("RS256")}), MALFORMED),
    row("the address of a key set, signed well", written(HS | {"jku": EVIL}), MALFORMED),
    row("the address of a certificate, signed well", written(HS | {"x5u": EVIL}), MALFORMED),
    row("a certificate, signed well", written(HS | {"x5c": ["MIIB"]}), MALFORMED),
    # what would have to be understood
    row("crit of what we know, signed well", written(HS | {"crit": ["exp"]}), MALFORMED),
    row("crit of what nobody knows, signed well", written(HS | {"crit": ["cat"], "cat": 1}), MALFORMED),
    row("b64 false, signed well", written(HS | {"crit": ["b64"], "b64": False}), MALFORMED),
    row("b64 false without crit", written(HS | {"b64": False}), MALFORMED),
    row("compressed, signed well", written(HS | {"zip": "DEF"}), MALFORMED),
    # what is said twice
    row("two algorithms", written('{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"h1"}'), MALFORMED),
    row("two subjects", written(HS, said('"sub": "2"')), MALFORMED),
    row("two subjects, one written with an escape", written(HS, said('"s\\u0075b": "2"')), MALFORMED),
    row("a nested name twice", written(HS, said('"act": {"sub": "1", "sub": "2"}')), MALFORMED),
    # the type
    row("an ID token", written(HS | {"typ": "JWT"}), Reason.JWT_TYPE),
    row("no type", by_pyjwt("HS256", typ="", kid="h1"), Reason.JWT_TYPE),
    row("a refresh token", written(HS | {"typ": "rt+jwt"}), Reason.JWT_TYPE),
    row("a proof of possession", written(HS | {"typ": "dpop+jwt"}), Reason.JWT_TYPE),
    row("a number as a type", written(HS | {"typ": 1}), MALFORMED),
    # sizes
    row("8,193 bytes", written(HS, CLAIMS | {"pad": "x" * 8192}), MALFORMED),
    row("a megabyte", "eyJ" + "A" * 1_000_000 + ".e30.AA", MALFORMED),
    row("nested 2,000 deep", written(HS, said('"deep": ' + "[" * 2000 + "]" * 2000)), MALFORMED),
    row("a number of 5,000 digits", written(HS, said(f'"n": {"9" * 5000}')), MALFORMED),
    # the moments
    *[row(f"exp {value}", written(HS, json.dumps(without("exp"))[:-1] + f', "exp": {value}}}'), MALFORMED)
      for value in ("NaN", "Infinity", "-Infinity", "")],
    *[row(f"exp {value}", written(HS, json.dumps(without("exp"))[:-1] + f', "exp": {value}}}'), CLAIM)
      for value in (f'"{NOW + 600}"', "true", "null", "[]", "{}", "1e400", "9e99", f"[{NOW + 600}]")],
    row("no exp", written(HS, without("exp")), CLAIM),
    row("exp is over", written(HS, CLAIMS | {"exp": NOW - 60, "iat": NOW - 120}), Reason.JWT_EXPIRED),
    row("exp is below zero", written(HS, CLAIMS | {"exp": -1}), Reason.JWT_EXPIRED),
    row("exp in a thousand years", written(HS, CLAIMS | {"exp": NOW + 10**10}), Reason.JWT_LIFETIME),
    row("nbf tomorrow", written(HS, CLAIMS | {"nbf": NOW + 3600}), Reason.JWT_NOT_YET),
    row("nbf as text", written(HS, CLAIMS | {"nbf": str(NOW)}), CLAIM),
    # for whom and by whom
    row("another issuer", written(HS, CLAIMS | {"iss": "https://evil.example/"}), Reason.JWT_ISSUER),
    row("our issuer and another", written(HS, CLAIMS | {"iss": [ISSUER, "x"]}), Reason.JWT_ISSUER),
    row("our issuer without its slash", written(HS, CLAIMS | {"iss": ISSUER.rstrip("/")}), Reason.JWT_ISSUER),
    row("another service", written(HS, CLAIMS | {"aud": "https://other.example"}), Reason.JWT_AUDIENCE),
    row("a part of our name", written(HS, CLAIMS | {"aud": AUDIENCE[:-1]}), Reason.JWT_AUDIENCE),
    row("no service", written(HS, without("aud")), CLAIM),
    row("nobody", written(HS, without("sub")), CLAIM),
    row("a number as somebody", written(HS, CLAIMS | {"sub": 1}), CLAIM),
    # the signature
    row("none", f"{HEAD}.{BODY}.", MALFORMED),
    row("that of other claims", f"{HEAD}.{b64(CLAIMS | {'sub': '2'})}.{SIGN}", SIGNATURE),
    row("in DER", in_der(), SIGNATURE),
    row("of zeros, on a curve (CVE-2022-21449)", f"{by_pyjwt('ES256', kid='e1').rpartition('.')[0]}.{b64(bytes(64))}", SIGNATURE),
    row("of zeros, Ed25519", f"{by_pyjwt('EdDSA', kid='o1').rpartition('.')[0]}.{b64(bytes(64))}", SIGNATURE),
    row("with padding", f"{HEAD}.{BODY}.{SIGN}=", MALFORMED),
    # other forms
    row("an encrypted token", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AA.AA.AA", MALFORMED),
    row("four parts", f"{HEAD}.{BODY}.{SIGN}.x", MALFORMED),
    row("JSON instead of three parts", "eyJ" + json.dumps({"payload": BODY}), MALFORMED),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), TABLE)
def test_a_hostile_token_is_refused_for_what_is_wrong_with_it(text, reason):
    verdict = judged(text)
    assert (type(verdict), verdict.reason) == (Deny, reason)
    assert text not in repr(verdict)


@pytest.mark.parametrize("algorithm", NAMES)
@pytest.mark.parametrize("library", [by_pyjwt, by_joserfc])
def test_the_same_guard_believes_what_is_right(library, algorithm):
    assert isinstance(judged(library(algorithm, kid=NAMES[algorithm])), Allow)
