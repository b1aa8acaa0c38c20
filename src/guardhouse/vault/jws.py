"""Signed tokens (RFC 7515, compact): read by one strict parser, verified under the one algorithm that a key has.

Nothing that a token says about itself chooses a key or an algorithm; it can only name one of those that are configured.
What is unusual is refused rather than understood: `crit`, embedded keys and addresses of keys, compression, names that
come twice (RFC 8725).
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast

import msgspec
from msgspec import Struct

from guardhouse.errors import ConfigError
from guardhouse.vault.keyring import examined
from guardhouse.vault.secret import Secret

__all__ = [
    "ALGORITHMS",
    "Flaw",
    "JWSError",
    "Key",
    "Material",
    "Protected",
    "Read",
    "issuer_said",
    "read",
    "sign",
]

Flaw: TypeAlias = Literal["malformed", "algorithm", "signature"]
Material: TypeAlias = str | bytes | Secret | Mapping[str, Any]
"""What a key is made of: a secret, a PEM text, or a JWK."""

LONGEST = 8 * 1024
LONGEST_KID = 128

HMACS: Mapping[str, str] = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
KINDS: Mapping[str, Literal["RSA", "EC", "OKP"]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
ALGORITHMS = (*HMACS, *KINDS)
"""All that a key may have. `none` is no algorithm here."""

_FORBIDDEN = frozenset({"crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"})
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/---")
"""From base64url to the alphabet of `binascii`; the letters of that one which base64url has not become wrong."""
_PADDING = (b"", b"===", b"==", b"=")
_ENDINGS = (None, b"", b"AQgw", b"AEIMQUYcgkosw048")
"""What a part lacks by its length modulo four, and the last letters that leave no bit over (RFC 4648 3.5)."""
_KEY_TEXT = re.compile(rb"\s*(-----BEGIN|\{|ssh-|ecdsa-sha2-)").match
"""How public keys are written. One of these as an HMAC key is the oldest confusion there is (CVE-2017-11424)."""


class JWSError(ValueError):
    """A token that cannot be believed, and the kind of flaw; nothing of the token is repeated."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw: Flaw = flaw


class Protected(Struct, frozen=True):
    """What the first part of a token says, as far as anybody asks."""

    alg: str
    kid: str | None
    typ: str | None
    jwk: Mapping[str, Any] | None = None


class Read(Struct, frozen=True):
    """A token taken apart. Nothing in it is believed before `Key.verify` has said yes."""

    protected: Protected
    message: bytes
    payload: bytes
    signature: bytes

    def __repr__(self) -> str:
        return f"Read({self.protected.alg}, kid={self.protected.kid!r})"

    def claims(self) -> dict[str, Any]:
        """Read the payload. Raise `JWSError` for what is no JSON object, or not one without doubt."""
        return _object(self.payload)


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key with its one algorithm. `kid` is only a name to find it by."""

    algorithm: str
    kid: str | None
    _verify: Callable[[bytes, bytes], bool] = field(repr=False)
    _sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)
    thumbprint: str | None = field(default=None, repr=False)
    """Names the public key itself (RFC 7638); None for a secret."""

    @classmethod
    def of(cls, material: Material, algorithm: str, kid: str | None = None) -> Key:
        """Make a key. Raise `ConfigError` for material that does not fit the algorithm, or that could be guessed."""
        if algorithm not in ALGORITHMS:
            raise ConfigError("key algorithm", algorithm, f"It is one of: {', '.join(ALGORITHMS)}.")
        if kid is not None and not 0 < len(kid) <= LONGEST_KID:
            raise ConfigError("key id", f"{len(kid)} characters", f"Use 1 to {LONGEST_KID}.")
        if algorithm in HMACS:
            return _secret_key(material, algorithm, kid)
        return _pair_key(material, algorithm, kid)

    def verify(self, token: Read) -> None:
        """Raise `JWSError` unless this key signed this token, by its own algorithm."""
        if token.protected.alg != self.algorithm:
            raise JWSError("algorithm")
        if not self._verify(token.message, token.signature):
            raise JWSError("signature")

    def sign(self, message: bytes) -> bytes:
        """Sign. Raise `ConfigError` for a key that can only verify."""
        if self._sign is None:
            raise ConfigError(f"key {self.kid}", "a public key", "Signing needs the private key.")
        return self._sign(message)


def read(text: bytes, *, embedded: bool = False) -> Read:
    """Take a token apart. Raise `JWSError` for everything that is not plainly one.

    `embedded` lets it carry a public key of its own, as a proof of possession does; nothing else may.
    """
    message, _, signature = text.rpartition(b".")
    head, _, payload = message.partition(b".")
    if len(text) > LONGEST or not (
        head and payload and signature
    ):  # a fourth part is no base64url in the second
        raise JWSError("malformed")
    return Read(_protected(head, embedded), message, _bytes(payload), _bytes(signature))


def issuer_said(text: bytes) -> str | None:
    """Say whom a token names as its issuer. Nothing is verified: that is good for choosing who is asked about it, no more."""
    payload = text.rpartition(b".")[0].partition(b".")[2] if len(text) <= LONGEST else b""
    try:
        issuer = _object(_bytes(payload)).get("iss")
    except JWSError:
        return None
    return issuer if isinstance(issuer, str) else None


def sign(key: Key, typ: str, claims: Mapping[str, Any]) -> str:
    """Write a token that this key signs."""
    protected = {"alg": key.algorithm, "typ": typ} | ({"kid": key.kid} if key.kid is not None else {})
    message = b".".join(
        _text(json.dumps(part, separators=(",", ":")).encode()) for part in (protected, claims)
    )
    return (message + b"." + _text(key.sign(message))).decode("ascii")


@lru_cache(maxsize=256)  # an issuer writes the same first part on all of its tokens
def _protected(part: bytes, embedded: bool) -> Protected:  # noqa: FBT001 - part of the question that is cached
    said = _object(_bytes(part))
    if (_FORBIDDEN - {"jwk"} if embedded else _FORBIDDEN) & said.keys():
        raise JWSError("malformed")
    alg, kid, typ, jwk = (said.get(name) for name in ("alg", "kid", "typ", "jwk"))
    if not isinstance(alg, str) or not isinstance(typ, str | None) or not isinstance(jwk, dict | None):
        raise JWSError("malformed")
    if not (kid is None or (isinstance(kid, str) and 0 < len(kid) <= LONGEST_KID)):
        raise JWSError("malformed")
    return Protected(alg, kid, typ, cast("dict[str, Any] | None", jwk))


def _object(text: bytes) -> dict[str, Any]:
    """Read one JSON object in which no name comes twice, no number is none, and every text can be written again."""
    found = _plain(text)
    if found is None:
        found = _examined(text)
    if not isinstance(found, dict):
        raise JWSError("malformed")
    return cast("dict[str, Any]", found)


def _plain(text: bytes) -> object:
    """Read what is written as we would write it, letter for letter, as nearly all tokens are; None for the others.

    So nothing in it can be in doubt: what comes twice, is rounded or is escaped would be written otherwise.
    """
    try:
        found: object = _decode(text)
        return found if _encode(found) == text else None
    except (ValueError, RecursionError):
        return None


_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def _examined(text: bytes) -> object:
    try:
        found: object = _DECODER.decode(text.decode("utf-8"))
        if b"\\u" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        raise JWSError("malformed") from None
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name came twice")
    return names


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def _bytes(part: bytes) -> bytes:
    """Decode base64url. One value has one way of being written, so that a changed token is never the same one."""
    over = len(part) % 4
    try:
        value = a2b_base64(part.translate(_TO_STANDARD) + _PADDING[over], strict_mode=True)
    except ValueError:
        raise JWSError("malformed") from None
    ending = _ENDINGS[over]
    if ending is not None and part[-1:] not in ending:
        raise JWSError("malformed")
    return value


def _text(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")


# -- keys -------------------------------------------------------------------------------------------------------


def _secret_key(material: Material, algorithm: str, kid: str | None) -> Key:
    if isinstance(material, Mapping):
        raise ConfigError(f"key {kid}", "a JWK", f"{algorithm} takes a secret: the text or bytes themselves.")
    secret = examined(material, f"key {kid or algorithm}")
    if _KEY_TEXT(secret):
        fix = f"{algorithm} would take a public key for a secret, and everybody knows it. Name the algorithm of the key pair."
        raise ConfigError(f"key {kid or algorithm}", "the text of a key", fix)
    keyed = hmac.new(secret, digestmod=HMACS[algorithm])

    def mac(message: bytes) -> bytes:
        copy = keyed.copy()
        copy.update(message)
        return copy.digest()

    def verify(message: bytes, signature: bytes) -> bool:
        copy = keyed.copy()  # as in `mac`, on purpose: one call less in what is done for every request
        copy.update(message)
        return hmac.compare_digest(copy.digest(), signature)

    return Key(algorithm, kid, verify, mac)


def _pair_key(material: Material, algorithm: str, kid: str | None) -> Key:
    from joserfc.errors import JoseError  # noqa: PLC0415 - the extra `jwt`
    from joserfc.jwk import import_key  # noqa: PLC0415
    from joserfc.jws import JWSRegistry  # noqa: PLC0415

    if isinstance(material, Mapping):
        _refuse_other_use(material, algorithm, kid)
    known = material.reveal() if isinstance(material, Secret) else material
    try:
        key: Any = import_key(
            cast("Any", dict(known) if isinstance(known, Mapping) else known), KINDS[algorithm]
        )
        model: Any = JWSRegistry.algorithms[algorithm]
        model.check_key(key)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        fix = f"{algorithm} takes a key of kind {KINDS[algorithm]}, as PEM or JWK ({type(error).__name__})."
        raise ConfigError(f"key {kid or algorithm}", type(material).__name__, fix) from None

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            return bool(model.verify(message, signature, key))
        except JoseError:  # the key may not verify: `key_ops`, or a curve that only agrees on secrets
            return False

    return Key(
        algorithm,
        kid,
        verify,
        (lambda message: cast("bytes", model.sign(message, key))) if key.is_private else None,
        key.thumbprint(),
    )


def _refuse_other_use(jwk: Mapping[str, Any], algorithm: str, kid: str | None) -> None:
    if jwk.get("alg", algorithm) != algorithm:
        raise ConfigError(f"key {kid}", jwk["alg"], f"The JWK names another algorithm than {algorithm}.")
    if jwk.get("use", "sig") != "sig":
        raise ConfigError(f"key {kid}", jwk["use"], "The JWK is not for signatures.")
    said: object = jwk.get("key_ops")
    uses = cast("list[object]", said) if isinstance(said, list) else ["verify"]
    if "d" not in jwk and "verify" not in uses:
        raise ConfigError(
            f"key {kid}", uses, 'The JWK is not for verifying: "key_ops" must have "verify", or be left out.'
        )
