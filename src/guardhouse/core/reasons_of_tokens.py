"""The reasons for which a handed-out token is no good: personal tokens, JWT, and proofs of possession."""

from __future__ import annotations

from guardhouse.core.reason import Reason, ReasonEntry

__all__ = ["OF_TOKENS"]

_CLOCKS = "If that cannot be, compare the clocks of the machines; a few seconds are forgiven."

OF_TOKENS: dict[Reason, ReasonEntry] = {
    Reason.TOKEN_MALFORMED: ReasonEntry(
        401,
        "This looks like a token of this house and is none.",
        "Its checksum does not fit: it was cut, or a character was changed on the way. Send it whole.",
    ),
    Reason.TOKEN_UNKNOWN: ReasonEntry(
        401,
        "There is no such token.",
        "It was revoked, or never issued here. Issue another: `guardhouse tokens issue`, or the endpoint of the "
        "application.",
    ),
    Reason.TOKEN_EXPIRED: ReasonEntry(
        401,
        "The token has expired.",
        "Issue another. A token may have an end of its own, and TokenPolicy(lifetime=...) sets one for all.",
    ),
    Reason.JWT_MALFORMED: ReasonEntry(
        401,
        "The token cannot be read as a signed JWT.",
        "A JWT is three parts of base64url without padding, of which the first two are JSON objects that name "
        "nothing twice (RFC 7515, RFC 8725).",
    ),
    Reason.JWT_ALGORITHM: ReasonEntry(
        401,
        "The token was signed by an algorithm that this guard does not take.",
        "Every key has the one algorithm that the configuration gives it; what the token says about itself does not "
        "count (RFC 8725 3.1).",
    ),
    Reason.JWT_KEY_UNKNOWN: ReasonEntry(
        401,
        "The token names a key that this guard does not know.",
        "If the issuer has changed its keys, they are fetched again soon; otherwise the token is another issuer's.",
    ),
    Reason.JWT_SIGNATURE: ReasonEntry(
        401,
        "The signature of the token does not fit.",
        "The token was changed, or it was signed with another key than the configured one.",
    ),
    Reason.JWT_TYPE: ReasonEntry(
        401,
        "The token is of another type than this guard takes.",
        "An ID token or a refresh token is no access token (RFC 9068 2.1, RFC 8725 3.11). If your issuer writes "
        "another `typ`, name it: JWTGuard(types=(...,)).",
    ),
    Reason.JWT_CLAIMS: ReasonEntry(
        401,
        "A claim is missing, or is not what it must be.",
        "The evidence names the claim. An access token says who issued it, for whom, about whom, since when and until when.",
    ),
    Reason.JWT_ISSUER: ReasonEntry(
        401,
        "The token is another issuer's.",
        "`iss` is compared character by character, a slash at the end included.",
    ),
    Reason.JWT_AUDIENCE: ReasonEntry(
        401,
        "The token is meant for another service.",
        "`aud` must name this service: JWTGuard(audience=...). Ask the issuer for a token of this audience.",
    ),
    Reason.JWT_EXPIRED: ReasonEntry(
        401, "The JWT has expired.", f"Fetch another token, or refresh it. {_CLOCKS}"
    ),
    Reason.JWT_NOT_YET: ReasonEntry(
        401,
        "The JWT is not valid yet.",
        f"`nbf` or `iat` lies in the future. {_CLOCKS}",
    ),
    Reason.JWT_LIFETIME: ReasonEntry(
        401,
        "The JWT is valid for longer than this guard accepts.",
        "A token that cannot be taken back should be short-lived. Let the issuer shorten it, or allow more.",
    ),
    Reason.JWT_REVOKED: ReasonEntry(
        401,
        "The JWT was revoked.",
        "The application's own hook says so. Log in again for another one.",
    ),
    Reason.DPOP_MISSING: ReasonEntry(
        401,
        "The token is bound to a key, and no proof of that key came along.",
        "Send one DPoP header with a fresh proof for this request (RFC 9449 4).",
    ),
    Reason.DPOP_SCHEME: ReasonEntry(
        401,
        "The scheme does not fit the token.",
        "A token that is bound to a key is sent as `Authorization: DPoP`, any other one as Bearer (RFC 9449 7).",
    ),
    Reason.DPOP_INVALID: ReasonEntry(
        401,
        "The proof of possession does not hold.",
        "It must be made for this method, this URL and this token, moments ago, by the key of the token (RFC 9449 4.3).",
    ),
    Reason.DPOP_REPLAYED: ReasonEntry(
        401,
        "The proof of possession was used before.",
        "Make a new proof, with another `jti`, for every request.",
    ),
}
