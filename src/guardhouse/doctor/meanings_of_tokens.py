"""What the codes mean that say: a token was handed in, and it is no good."""

from __future__ import annotations

from guardhouse.core.reason import Reason
from guardhouse.doctor.meaning import Meaning

__all__ = ["OF_TOKENS"]

_DECODE = "Read the parts of the token: header and claims are base64url, not encrypted. "

OF_TOKENS: dict[Reason, Meaning] = {
    Reason.TOKEN_MALFORMED: Meaning(
        "It begins as a token of this house does, and its checksum does not fit: cut, wrapped, or mistyped.",
        "Compare its length with that of a fresh one; nobody was asked about it.",
        {Reason.TOKEN_UNKNOWN: "there the form is right"},
    ),
    Reason.TOKEN_UNKNOWN: Meaning(
        "The token has the right form and is not in the store: revoked, or of another store or provider.",
        "`guardhouse tokens list` shows what there is. A wrong secret behind a right id looks the same.",
        {Reason.TOKEN_EXPIRED: "there it was found, past its end"},
    ),
    Reason.TOKEN_EXPIRED: Meaning(
        "The token's own end, or the lifetime that the policy gives all tokens, has passed.",
        "`guardhouse tokens list` shows when it ends.",
        {Reason.TOKEN_UNKNOWN: "there it is gone"},
    ),
    Reason.JWT_MALFORMED: Meaning(
        "The token is not three parts of base64url of which the first two are JSON objects.",
        "Count the dots. An opaque token of the issuer, or an encrypted one (five parts), is no JWT that can be read here.",
        {Reason.JWT_SIGNATURE: "there it can be read"},
    ),
    Reason.JWT_ALGORITHM: Meaning(
        "The header names an algorithm that the configured key is not for; `none` is never one.",
        _DECODE + "Compare `alg` with the key's.",
        {Reason.JWT_SIGNATURE: "there the algorithm is the right one"},
    ),
    Reason.JWT_KEY_UNKNOWN: Meaning(
        "The header names a key (`kid`) that the guard does not have: the issuer changed its keys, or it is another issuer.",
        _DECODE + "Look for `kid` among the keys at the issuer's jwks_uri.",
        {Reason.JWT_SIGNATURE: "there the key is known, and did not sign this"},
    ),
    Reason.JWT_SIGNATURE: Meaning(
        "The key is known and the signature is not its own: a changed token, or another secret of the same name.",
        "Verify the token with the configured key at hand; compare the secrets on both sides.",
        {Reason.JWT_KEY_UNKNOWN: "there no key of that name is known"},
    ),
    Reason.JWT_TYPE: Meaning(
        "The token is of another type (`typ`), such as an ID token that was sent as an access token.",
        _DECODE + "`typ` should be at+jwt, or what JWTGuard(types=...) says.",
        {Reason.JWT_AUDIENCE: "there the type is right, and the token is for somebody else"},
    ),
    Reason.JWT_CLAIMS: Meaning(
        "A claim is not there, or is of another kind than RFC 9068 and this guard ask for.",
        "The evidence names the claim; never its value.",
        {Reason.JWT_MALFORMED: "there the claims could not be read at all"},
    ),
    Reason.JWT_ISSUER: Meaning(
        "`iss` is not the configured issuer, character by character: often a slash at the end, or http for https.",
        _DECODE + "Compare `iss` with JWTGuard(issuer=...).",
        {Reason.JWT_KEY_UNKNOWN: "there its key is unknown already"},
    ),
    Reason.JWT_AUDIENCE: Meaning(
        "`aud` does not name this service; the client asked the issuer for a token of another one.",
        _DECODE + "Compare `aud` with JWTGuard(audience=...).",
        {Reason.JWT_ISSUER: "there somebody else issued it"},
    ),
    Reason.JWT_EXPIRED: Meaning(
        "`exp` lies in the past, beyond the few seconds that are forgiven.",
        _DECODE + "`exp` is in epoch seconds; compare it with `date +%s` on this machine.",
        {Reason.JWT_REVOKED: "there it would still be in time"},
    ),
    Reason.JWT_NOT_YET: Meaning(
        "`nbf` or `iat` lies in the future: the clock of the issuer goes ahead of ours, or ours is behind.",
        "Compare the clocks of both machines; one of them does not ask a time server.",
        {Reason.JWT_EXPIRED: "there it is too late"},
    ),
    Reason.JWT_LIFETIME: Meaning(
        "From `iat` to `exp` it is longer than this guard accepts for a token that cannot be taken back.",
        _DECODE + "Subtract `iat` from `exp`.",
        {Reason.JWT_EXPIRED: "there its end has passed"},
    ),
    Reason.JWT_REVOKED: Meaning(
        "The application's own hook says that this token, or all of this user's, was taken back.",
        "Ask the hook, or what it looks into, for the `jti` or the user.",
        {Reason.JWT_EXPIRED: "there nobody took it back"},
    ),
    Reason.DPOP_MISSING: Meaning(
        "The token is bound to a key (`cnf`), and no DPoP header came to prove that the caller has it.",
        "Look at the request for a header DPoP; a proxy may have dropped it.",
        {Reason.DPOP_INVALID: "there a proof came"},
    ),
    Reason.DPOP_SCHEME: Meaning(
        "A bound token came as Bearer, or an unbound one as DPoP.",
        "Look at the first word of Authorization.",
        {Reason.DPOP_MISSING: "there the scheme is right"},
    ),
    Reason.DPOP_INVALID: Meaning(
        "The proof is for another method, URL, token or key, or is not of this moment. Behind a proxy it is often the URL: "
        "the client signs https, and this process believes http.",
        "Read the proof's `htm`, `htu`, `iat` and `ath`; `causes` names a proxy that was not declared.",
        {Reason.DPOP_REPLAYED: "there the proof was right, once"},
    ),
    Reason.DPOP_REPLAYED: Meaning(
        "A proof is good once, and this one was used before: a client that keeps its proofs, or somebody who copied one.",
        "Look for two requests with the same `jti`; a retry must make a new proof.",
        {Reason.DPOP_INVALID: "there it never was right"},
    ),
}
