"""A signed token is read by one strict parser, and a key verifies nothing but its own algorithm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from guardhouse import ConfigError
from guardhouse.vault import jws
from guardhouse.vault.jws import ALGORITHMS, JWSError, Key
from guardhouse.vault.secret import Secret
from tests.tokens import (
    CLAIMS,
    PAIRS,
    SECRET,
    b64,
    by_joserfc,
    by_pyjwt,
    private,
    public,
    public_jwk,
    written,
)

KEY = Key.of(SECRET, "HS256", "k1")
GOOD = by_pyjwt("HS256")


def flaw(text: str | bytes, key: Key = KEY) -> str | None:
    """What is wrong with a token, from the parser to the claims."""
    try:
        token = jws.read(text.encode() if isinstance(text, str) else text)
        key.verify(token)
        token.claims()
    except JWSError as error:
        return error.flaw
    return None


@pytest.mark.parametrize("library", [by_pyjwt, by_joserfc])
@pytest.mark.parametrize("algorithm", ["HS256", *PAIRS])
def test_tokens_of_two_other_libraries_are_verified(library, algorithm):
    key = Key.of(public(algorithm), algorithm)
    token = jws.read(library(algorithm, kid="k7").encode())
    key.verify(token)
    assert token.claims() == CLAIMS
    assert (token.protected.alg, token.protected.kid, token.protected.typ) == (algorithm, "k7", "at+jwt")


@pytest.mark.parametrize("algorithm", PAIRS)
def test_what_we_sign_we_verify_and_so_do_the_others(algorithm):
    key = Key.of(private(algorithm), algorithm, "k1")
    text = jws.sign(key, "at+jwt", CLAIMS)
    assert flaw(text, Key.of(public_jwk(algorithm), algorithm)) is None
    import jwt as pyjwt  # noqa: PLC0415

    audience: Any = CLAIMS["aud"]
    options: Any = {"verify_exp": False, "verify_iat": False}
    read = pyjwt.decode(text, public(algorithm), [algorithm], audience=audience, options=options)
    assert read == CLAIMS


def test_a_public_key_cannot_sign():
    with pytest.raises(ConfigError, match="Signing needs the private key"):
        Key.of(public("ES256"), "ES256").sign(b"x")


def test_an_rsa_key_verifies_its_own_padding_only():
    assert flaw(by_pyjwt("PS256"), Key.of(public("RS256"), "RS256")) == "algorithm"


PARTS = GOOD.split(".")
HEAD, BODY, SIGN = PARTS
TRAILING = SIGN[:-1] + ("B" if SIGN[-1] == "A" else chr(ord(SIGN[-1]) + 1))


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "...", HEAD, f"{HEAD}.{BODY}", f"{HEAD}.{BODY}.", f".{BODY}.{SIGN}", f"{HEAD}..{SIGN}",
        f"{GOOD}.", f"{GOOD}.x", f"{GOOD}=", f" {GOOD}", f"{GOOD}\n", f"{HEAD} .{BODY}.{SIGN}",
        f"{HEAD}.{BODY}.{SIGN}=", f"{HEAD}.{BODY}.{SIGN[:-1]}",
        f"{HEAD}.{BODY}.{SIGN}AA", f"{HEAD}.{BODY}.A", f"A.{BODY}.{SIGN}", "eyJ+/.e30.AAAA", "W10.e30.AA", f"{b64('[]')}.{BODY}.{SIGN}", f"{b64('null')}.{BODY}.{SIGN}",
        '{"payload":"e30","signatures":[]}', "a.b.c.d.e", "A" * 9000, f"{HEAD}.{'A' * 9000}.{SIGN}",
        f"{b64('[' * 4000)}.e30.AA", f"{b64(b'{' + bytes([0xff]) + b'}')}.{BODY}.{SIGN}",
        written({"alg": "HS256"}, "[1]"), written({"alg": "HS256"}, '"text"'), written({"alg": "HS256"}, "null"),
        written({"alg": "HS256"}, '{"sub":"1","sub":"2"}'), written({"alg": "HS256"}, '{"a":{"b":1,"b":2}}'),
        written({"alg": "HS256"}, '{"exp":NaN}'), written({"alg": "HS256"}, '{"exp":Infinity}'),
        written({"alg": "HS256"}, '{"exp":' + "9" * 5000 + "}"), written({"alg": "HS256"}, '{"sub":"\\ud800"}'),
        written({"alg": "HS256"}, "{'sub': 1}"), written({"alg": "HS256"}, '{"sub":"1"} trailing'),
        written('{"alg":"none","alg":"HS256"}'), written({"alg": None}), written({"alg": 1}), written({"alg": ["HS256"]}),
        written({}), written({"typ": "JWT"}), written({"alg": "HS256", "kid": 1}), written({"alg": "HS256", "kid": ""}),
        written({"alg": "HS256", "kid": "k" * 129}), written({"alg": "HS256", "kid": ["k"]}),
        written({"alg": "HS256", "typ": 1}), written({"alg": "HS256", "jwk": "x"}),
    ],
)  # fmt: skip
def test_what_is_not_plainly_a_signed_object_is_malformed(text):
    assert flaw(text) == "malformed"


def test_a_token_may_be_so_long_and_no_longer():
    pad = jws.LONGEST
    while len(written({"alg": "HS256"}, {"pad": "x" * pad})) > jws.LONGEST:
        pad -= 1
    assert flaw(written({"alg": "HS256"}, {"pad": "x" * pad})) is None
    assert flaw(written({"alg": "HS256"}, {"pad": "x" * (pad + 1)})) == "malformed"


@pytest.mark.parametrize("name", ["crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"])
@pytest.mark.parametrize("value", [None, [], ["exp"], {}, "x", True])
def test_what_would_have_to_be_understood_is_refused_also_when_it_is_well_signed(name, value):
    assert flaw(written({"alg": "HS256", name: value})) == "malformed"


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "HS384", "RS256", "ES256", "null", "hs256", " HS256"]
)
def test_the_key_decides_about_the_algorithm_and_no_spelling_of_none_is_one(alg):
    assert flaw(written({"alg": alg})) == "algorithm"


def test_one_changed_bit_of_the_signature_is_noticed():
    assert flaw(f"{HEAD}.{BODY}.{TRAILING}") in ("signature", "malformed")
    assert flaw(f"{HEAD}.{b64(CLAIMS | {'sub': '2'})}.{SIGN}") == "signature"
    assert flaw(GOOD, Key.of(SECRET + b"x", "HS256")) == "signature"


@pytest.mark.parametrize("algorithm", PAIRS)
@pytest.mark.parametrize("signature", [b"", b"\x00", b"\x00" * 64, b"\x00" * 256, b"\xff" * 64])
def test_an_empty_signature_signs_nothing(algorithm, signature):
    text = f"{b64({'alg': algorithm})}.{BODY}.{b64(signature)}"
    assert flaw(text, Key.of(public(algorithm), algorithm)) in ("signature", "malformed")


@given(st.binary(max_size=300))
def test_a_stranger_can_write_what_he_likes(text):
    assert flaw(text) is not None


@given(st.text(alphabet="eyJ.-_AQab09=+ \n", max_size=120))
def test_also_what_looks_nearly_right(text):
    assert flaw(text) is not None


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("ABCxyz019-_.="))
def test_every_changed_character_is_noticed(place, character):
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    assert (flaw(changed) is None) is (changed == GOOD)


# -- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", PAIRS)
def test_no_public_key_becomes_a_secret(algorithm):
    for text in (public(algorithm), public(algorithm).decode(), b"\n" + public(algorithm).strip()):
        with pytest.raises(ConfigError, match=r"the text of a key|white space around"):
            Key.of(text, "HS256")
    with pytest.raises(ConfigError, match="takes a secret"):
        Key.of(public_jwk(algorithm), "HS256")
    with pytest.raises(ConfigError, match="the text of a key"):
        Key.of("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHpw8mnZ2kq0 somebody", "HS256")


@pytest.mark.parametrize(
    "material", [b"", "secret", "changeme-changeme-changeme-changeme", b"k" * 40, "password"]
)
def test_a_secret_that_could_be_guessed_is_refused(material):
    with pytest.raises(ConfigError) as raised:
        Key.of(material, "HS256")
    assert str(raised.value).startswith("key HS256: found ")
    assert "changeme" not in str(raised.value)


def test_a_hidden_secret_is_a_secret_and_stays_hidden():
    key = Key.of(Secret(SECRET), "HS256", "k1")
    assert flaw(GOOD, key) is None
    assert SECRET.decode() not in repr(key)


@pytest.mark.parametrize("algorithm", ["none", "HS255", "", "A128KW", "RSA-OAEP"])
def test_there_are_no_other_algorithms(algorithm):
    with pytest.raises(ConfigError, match="It is one of: HS256"):
        Key.of(SECRET, algorithm)
    assert algorithm not in ALGORITHMS


@pytest.mark.parametrize("kid", ["", "k" * 129])
def test_a_key_has_a_name_of_some_length(kid):
    with pytest.raises(ConfigError, match="key id"):
        Key.of(SECRET, "HS256", kid)


@pytest.mark.parametrize(
    ("material", "algorithm"),
    [(lambda: public("ES256"), "RS256"), (lambda: public("RS256"), "ES256"), (lambda: public("ES256"), "EdDSA"),
     (lambda: public("ES256"), "ES384"), (lambda: b"no key", "RS256"), (lambda: {"kty": "EC"}, "ES256"),
     (lambda: {"kty": "oct", "k": b64(SECRET)}, "RS256"), (dict, "RS256")],
)  # fmt: skip
def test_a_key_of_another_kind_is_an_error_at_start(material, algorithm):
    with pytest.raises(ConfigError, match=f"{algorithm} takes a key of kind"):
        Key.of(material(), algorithm)


@pytest.mark.parametrize(
    ("more", "said"),
    [({"alg": "PS256"}, "names another algorithm"), ({"use": "enc"}, "not for signatures"),
     ({"key_ops": []}, "not for verifying"), ({"key_ops": ["sign"]}, "not for verifying")],
)  # fmt: skip
def test_a_jwk_for_something_else_is_an_error(more, said):
    with pytest.raises(ConfigError, match=said):
        Key.of(public_jwk("RS256") | more, "RS256")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ECKey.generate_key("P-256", {"key_ops": ["sign"]}), "ES256"), (OKPKey.generate_key("X25519"), "EdDSA")],
)
def test_a_key_that_may_not_verify_believes_nothing(key, algorithm):
    with pytest.raises(JWSError, match="signature"):
        Key.of(key.as_dict(private=True), algorithm).verify(jws.read(by_joserfc(algorithm).encode()))


def test_an_embedded_key_is_read_only_where_it_is_expected():
    text = written({"alg": "HS256", "jwk": {"kty": "EC"}})
    assert jws.read(text.encode(), embedded=True).protected.jwk == {"kty": "EC"}
    with pytest.raises(JWSError):
        jws.read(text.encode())
    with pytest.raises(JWSError):
        jws.read(written({"alg": "HS256", "jku": "https://evil.example"}).encode(), embedded=True)
    assert SIGN not in repr(jws.read(GOOD.encode()))


NUMBERS = st.one_of(st.integers(-(10**25), 10**25), st.floats(allow_nan=True))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
PAIRS_OF_NAMES = st.lists(st.tuples(st.sampled_from(["iss", "sub", "é", ""]), VALUES), max_size=3)


@settings(deadline=None)
@given(pairs=PAIRS_OF_NAMES, spaced=st.booleans(), escaped=st.booleans())
def test_what_is_read_the_quick_way_is_what_the_strict_way_reads(pairs, spaced, escaped):
    def text(value: Any) -> str:
        between = None if spaced else (",", ":")
        return json.dumps(value, separators=between, ensure_ascii=escaped)

    colon, comma = (": ", ", ") if spaced else (":", ",")
    written_out = "{" + comma.join(f"{text(name)}{colon}{text(value)}" for name, value in pairs) + "}"
    body = written_out.encode("utf-8", "surrogatepass")
    quick = jws._plain(body)
    if quick is not None:
        strict = jws._examined(body)
        assert quick == strict
        assert json.dumps(quick) == json.dumps(strict)  # numbers of the same kind, names in the same order


@pytest.mark.parametrize(
    "text",
    [
        b'{"sub":"1","sub":"2"}',
        b'{"a":{"sub":"1","sub":"2"}}',
        b'{"exp":NaN}',
        b'{"exp":1e999}',
        b'{"sub":"\\ud800"}',
        b'{"sub":"\xff"}',
        b"[" * 5000,
    ],
)
def test_what_is_in_doubt_is_not_read_the_quick_way(text):
    assert jws._plain(text) is None


@given(text=st.binary(max_size=12), letters=st.text("AQgwBz019-_+/=.\n", max_size=12))
def test_one_value_has_one_way_of_being_written(text, letters):
    assert jws._bytes(b64(text).encode()) == text
    part = letters.encode()
    try:
        value = jws._bytes(part)
    except JWSError:
        return
    assert b64(value).encode() == part
