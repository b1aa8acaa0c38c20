"""A login server, or somebody between, that says something else than it should: every answer is refused with its reason."""

from __future__ import annotations

import gzip
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from joserfc.jwk import RSAKey

from guardhouse.core.reason import Reason
from guardhouse.issuers.discovery import RETRY
from guardhouse.issuers.providers import OpenIdProvider
from guardhouse.issuers.wire import LARGEST, Wire
from guardhouse.state.foreign import ForeignIdentity, ForeignRefusal
from tests.issuers.foreigners import WIRE, begin, come_back, login_at, oauth, openid, through
from tests.services.issuer import CLIENT, KID, ForeignServer, Raw, id_token
from tests.tokens import b64, public, public_jwk

pytestmark = pytest.mark.anyio

MARK = "s3cr3tM4rk0123456789"
NOW = int(time.time())
Lie = Callable[[ForeignServer], None]
LONG = b" " * (LARGEST + 1)
JSON = (("Content-Type", "application/json"),)


def claims(**changes: Any) -> Lie:
    return lambda server: server.claims.update(changes)


def tokens(**changes: Any) -> Lie:
    return lambda server: server.tokens.update(changes)


def metadata(**changes: Any) -> Lie:
    return lambda server: server.metadata.update(changes)


def answers(path: str, status: int, body: Any = b"", headers: Any = JSON, drip: float = 0.0) -> Lie:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda server: server.answers.update({path: Raw(status, raw, tuple(headers), drip)})


def loops(path: str) -> Lie:
    return lambda server: server.answers.update({path: Raw(302, b"", (("Location", f"{server.url}{path}"),))})


def signs(sign: Callable[[Mapping[str, Any]], str]) -> Lie:
    return lambda server: setattr(server, "sign", sign)


def returns(change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> Lie:
    return lambda server: setattr(server, "returns", change)


def said(**changes: str | None) -> Lie:
    """Bring back other values; None leaves one out."""

    def change(params: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, value) for name, value in ({**dict(params), **changes}).items() if value is not None]

    return returns(change)


def error(code: str) -> Lie:
    return said(code=None, error=code, error_description=MARK)


def none(claims: Mapping[str, Any]) -> str:
    return f"{b64({'alg': 'none', 'kid': KID})}.{b64(claims)}."


def by_public_key(material: Any) -> Callable[[Mapping[str, Any]], str]:
    """HS256, keyed by what everybody knows (CVE-2017-11424)."""

    def sign(claims: Mapping[str, Any]) -> str:
        import hmac  # noqa: PLC0415 - by hand, for no library does it

        message = f"{b64({'alg': 'HS256', 'kid': KID})}.{b64(claims)}"
        mac = hmac.digest(material, message.encode(), "sha256")
        return f"{message}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return sign


def by_own_key(claims: Mapping[str, Any]) -> str:
    """Signed by a key that the token brings along (CVE-2026-27962)."""
    import jwt as pyjwt  # noqa: PLC0415 - as above

    key = RSAKey.generate_key(2048)
    headers = {"kid": KID, "jwk": key.as_dict(private=False)}
    return pyjwt.encode(dict(claims), key.as_pem(private=True), "RS256", headers=headers)


def by_another_key(claims: Mapping[str, Any]) -> str:
    import jwt as pyjwt  # noqa: PLC0415 - as above

    return pyjwt.encode(
        dict(claims), RSAKey.generate_key(2048).as_pem(private=True), "RS256", headers={"kid": KID}
    )


def twice(claims: Mapping[str, Any]) -> str:
    """Two subjects in one token, of which parsers choose differently."""
    header, _, signature = id_token(claims).split(".")
    body = json.dumps(claims)[:-1] + ', "sub": "1002"}'
    return f"{header}.{b64(body)}.{signature}"


def cut(claims: Mapping[str, Any]) -> str:
    header, body, _ = id_token(claims).split(".")
    return f"{header}.{body}.AAAA"


class Row(NamedTuple):
    lie: Lie
    reason: Reason
    problem: str | None = None


TOKENS = {
    "another nonce": Row(claims(nonce=MARK), Reason.FOREIGN_TOKEN, "nonce"),
    "no nonce": Row(claims(nonce=None), Reason.FOREIGN_TOKEN, "nonce"),
    "a nonce that is a list": Row(claims(nonce=[MARK]), Reason.FOREIGN_TOKEN, "nonce"),
    "another issuer": Row(claims(iss="https://evil.example.com"), Reason.FOREIGN_TOKEN, "iss"),
    "the issuer with a slash": Row(lambda it: it.claims.update(iss=it.url + "/"), Reason.FOREIGN_TOKEN, "iss"),
    "no issuer": Row(claims(iss=None), Reason.FOREIGN_TOKEN, "iss"),
    "for another client": Row(claims(aud="other"), Reason.FOREIGN_TOKEN, "aud"),
    "for nobody": Row(claims(aud=None), Reason.FOREIGN_TOKEN, "aud"),
    "for an empty list": Row(claims(aud=[]), Reason.FOREIGN_TOKEN, "aud"),
    "for us and a number": Row(claims(aud=[CLIENT, 7], azp=CLIENT), Reason.FOREIGN_TOKEN, "aud"),
    "for us, as part of a name": Row(claims(aud=f"{CLIENT}2"), Reason.FOREIGN_TOKEN, "aud"),
    "for two, and nobody says for whom": Row(claims(aud=[CLIENT, "other"]), Reason.FOREIGN_TOKEN, "azp"),
    "for two, issued to the other": Row(claims(aud=[CLIENT, "other"], azp="other"), Reason.FOREIGN_TOKEN, "azp"),
    "for us, issued to another": Row(claims(azp="other"), Reason.FOREIGN_TOKEN, "azp"),
    "expired": Row(claims(exp=NOW - 60), Reason.FOREIGN_TOKEN, "exp"),
    "without an end": Row(claims(exp=None), Reason.FOREIGN_TOKEN, "exp"),
    "with an end that is text": Row(claims(exp=str(NOW + 60)), Reason.FOREIGN_TOKEN, "exp"),
    "with an end that is true": Row(claims(exp=True), Reason.FOREIGN_TOKEN, "exp"),
    "that never ends": Row(claims(exp=10**400), Reason.FOREIGN_TOKEN, "exp"),
    "of the future": Row(claims(iat=NOW + 3600), Reason.FOREIGN_TOKEN, "iat"),
    "of no moment": Row(claims(iat=None), Reason.FOREIGN_TOKEN, "iat"),
    "not yet good": Row(claims(nbf=NOW + 3600), Reason.FOREIGN_TOKEN, "nbf"),
    "about nobody": Row(claims(sub=None), Reason.FOREIGN_TOKEN, "sub"),
    "about an empty subject": Row(claims(sub=""), Reason.FOREIGN_TOKEN, "sub"),
    "about a number": Row(claims(sub=1001), Reason.FOREIGN_TOKEN, "sub"),
    "about a very long subject": Row(claims(sub="x" * 256), Reason.FOREIGN_TOKEN, "sub"),
    "of another access token": Row(claims(at_hash=MARK), Reason.FOREIGN_TOKEN, "at_hash"),
    "with a hash that is no text": Row(claims(at_hash=7), Reason.FOREIGN_TOKEN, "at_hash"),
    "unsigned": Row(signs(none), Reason.FOREIGN_TOKEN, "form"),
    "HS256 by the public PEM": Row(signs(by_public_key(public("RS256"))), Reason.FOREIGN_TOKEN, "alg"),
    "HS256 by the public JWK": Row(signs(by_public_key(json.dumps(public_jwk("RS256", KID)).encode())), Reason.FOREIGN_TOKEN, "alg"),
    "HS256 by the client's secret": Row(signs(by_public_key(b"clients+secret%of:ours")), Reason.FOREIGN_TOKEN, "alg"),
    "an algorithm that it does not say": Row(signs(lambda it: id_token(it, "PS256")), Reason.FOREIGN_TOKEN, "alg"),
    "by a key it brings along": Row(signs(by_own_key), Reason.FOREIGN_TOKEN, "form"),
    "by another key of that name": Row(signs(by_another_key), Reason.FOREIGN_TOKEN, "signature"),
    "by a key that is not published": Row(signs(lambda it: id_token(it, kid="r2")), Reason.FOREIGN_TOKEN, "kid"),
    "with a changed signature": Row(signs(cut), Reason.FOREIGN_TOKEN, "signature"),
    "with a critical extension": Row(signs(lambda it: id_token(it, crit=["b64"], b64=True)), Reason.FOREIGN_TOKEN, "form"),
    "with two subjects": Row(signs(twice), Reason.FOREIGN_TOKEN, "signature"),
    "an access token": Row(signs(lambda it: id_token(it, typ="at+jwt")), Reason.FOREIGN_TOKEN, "typ"),
    "a logout token": Row(signs(lambda it: id_token(it, typ="logout+jwt")), Reason.FOREIGN_TOKEN, "typ"),
    "too large": Row(claims(groups=["x" * 100] * 100), Reason.FOREIGN_TOKEN, "form"),
    "encrypted": Row(signs(lambda it: "a.b.c.d.e"), Reason.FOREIGN_TOKEN, "form"),
    "not ASCII": Row(tokens(id_token="é.é.é"), Reason.FOREIGN_TOKEN, "form"),
    "half of a surrogate": Row(tokens(id_token="\ud800"), Reason.FOREIGN_UNAVAILABLE),
    "no ID token": Row(tokens(id_token=None), Reason.FOREIGN_TOKEN, "id_token"),
    "an empty ID token": Row(tokens(id_token=""), Reason.FOREIGN_TOKEN, "form"),
    "an ID token that is none": Row(tokens(id_token=7), Reason.FOREIGN_TOKEN, "id_token"),
    "no access token": Row(tokens(access_token=None), Reason.FOREIGN_TOKEN, "access_token"),
    "an access token that breaks headers": Row(tokens(access_token=f"a\r\nX: {MARK}"), Reason.FOREIGN_TOKEN, "access_token"),
}  # fmt: skip

ANSWERS = {
    "no issuer, where it always says it": Row(said(iss=None), Reason.FOREIGN_ISSUER),
    "another issuer": Row(said(iss="https://evil.example.com"), Reason.FOREIGN_ISSUER),
    "an error of another issuer": Row(said(code=None, error="access_denied", iss="https://evil.example.com"), Reason.FOREIGN_ISSUER),
    "the person said no": Row(error("access_denied"), Reason.FOREIGN_DENIED),
    "nobody is logged in there": Row(error("login_required"), Reason.FOREIGN_DENIED),
    "it is out of order": Row(error("temporarily_unavailable"), Reason.FOREIGN_UNAVAILABLE),
    "it does not know us": Row(error("unauthorized_client"), Reason.FOREIGN_CLIENT),
    "an error that nobody knows": Row(error(MARK), Reason.FOREIGN_CLIENT),
    "no state": Row(said(state=None), Reason.FOREIGN_MALFORMED),
    "another state": Row(said(state=MARK), Reason.FOREIGN_STATE),
    "no code": Row(said(code=None), Reason.FOREIGN_MALFORMED),
    "an empty code": Row(said(code=""), Reason.FOREIGN_MALFORMED),
    "a code and an error": Row(said(error="access_denied"), Reason.FOREIGN_MALFORMED),
    "another code": Row(said(code=MARK), Reason.FOREIGN_CODE),
    "a code with a line break": Row(said(code=f"a\n{MARK}"), Reason.FOREIGN_MALFORMED),
    "a very long code": Row(said(code="x" * 3000), Reason.FOREIGN_MALFORMED),
    "an answer in a JWT": Row(said(code=None, response="a.b.c"), Reason.FOREIGN_MALFORMED),
    **{
        f"{name} twice": Row(returns(lambda it, name=name: [*it, (name, MARK)]), Reason.FOREIGN_MALFORMED)  # type: ignore[misc]
        for name in ("state", "code", "iss")
    },
    "code twice, once empty": Row(returns(lambda it: [*it, ("code", "")]), Reason.FOREIGN_MALFORMED),
}  # fmt: skip

WIRES = {
    "the token endpoint is broken": Row(answers("/token", 500, {"error": MARK}), Reason.FOREIGN_UNAVAILABLE),
    "it redirects in a circle": Row(loops("/token"), Reason.FOREIGN_UNAVAILABLE),
    "it redirects, with tokens": Row(answers("/token", 302, {"access_token": MARK, "id_token": MARK}), Reason.FOREIGN_UNAVAILABLE),
    "it answers without an end": Row(answers("/token", 200, LONG), Reason.FOREIGN_UNAVAILABLE),
    "it compresses": Row(answers("/token", 200, gzip.compress(LONG), [*JSON, ("Content-Encoding", "gzip")]), Reason.FOREIGN_UNAVAILABLE),
    "it answers no JSON": Row(answers("/token", 200, MARK.encode()), Reason.FOREIGN_UNAVAILABLE),
    "it answers a list": Row(answers("/token", 200, [MARK]), Reason.FOREIGN_UNAVAILABLE),
    "it answers no text": Row(answers("/token", 200, b"\xff\xfe\x00"), Reason.FOREIGN_UNAVAILABLE),
    "it answers JSON without a bottom": Row(answers("/token", 200, b"[" * 100_000), Reason.FOREIGN_UNAVAILABLE),
    "it answers nothing": Row(answers("/token", 200), Reason.FOREIGN_UNAVAILABLE),
    "it answers an empty object": Row(answers("/token", 200, {}), Reason.FOREIGN_TOKEN, "access_token"),
    "it does not take the code": Row(answers("/token", 400, {"error": "invalid_grant", "error_description": MARK}), Reason.FOREIGN_CODE),
    "it does not take the client": Row(answers("/token", 401, {"error": "invalid_client"}), Reason.FOREIGN_CLIENT),
    "it says an error that is no text": Row(answers("/token", 400, {"error": [MARK]}), Reason.FOREIGN_CLIENT),
    "it says an error as GitHub does": Row(answers("/token", 200, {"error": "bad_verification_code"}), Reason.FOREIGN_CODE),
    "it says itself that it is out of order": Row(answers("/token", 400, {"error": "temporarily_unavailable"}), Reason.FOREIGN_UNAVAILABLE),
    "it says two lengths": Row(answers("/token", 200, {"access_token": MARK}, [("Content-Length", "7"), ("X-Mark", MARK)]), Reason.FOREIGN_UNAVAILABLE),
    "it drips": Row(answers("/token", 200, b" " * 100, drip=0.1), Reason.FOREIGN_UNAVAILABLE),
    "the keys are away": Row(answers("/keys", 500), Reason.FOREIGN_UNAVAILABLE),
    "the keys are secret ones": Row(answers("/keys", 200, {"keys": [{"kty": "oct", "k": "AAAA", "kid": KID}]}), Reason.FOREIGN_UNAVAILABLE),
    "the keys are no set": Row(answers("/keys", 200, [MARK]), Reason.FOREIGN_UNAVAILABLE),
    "the keys have no bottom": Row(answers("/keys", 200, b"[" * 100_000), Reason.FOREIGN_UNAVAILABLE),
    "the keys do not end": Row(answers("/keys", 200, LONG), Reason.FOREIGN_UNAVAILABLE),
}  # fmt: skip

PROFILES = {
    "the profile is another person's": Row(answers("/userinfo", 200, {"sub": "1002", "email": "a@example.com"}), Reason.FOREIGN_TOKEN, "sub of userinfo"),
    "the profile is nobody's": Row(answers("/userinfo", 200, {"email": "a@example.com"}), Reason.FOREIGN_TOKEN, "sub of userinfo"),
    "the profile is away": Row(answers("/userinfo", 503), Reason.FOREIGN_UNAVAILABLE),
    "the profile is a list": Row(answers("/userinfo", 200, []), Reason.FOREIGN_UNAVAILABLE),
    "the profile is a JWT": Row(answers("/userinfo", 200, b"eyJ.e30.AA"), Reason.FOREIGN_UNAVAILABLE),
}  # fmt: skip

DISCOVERED = {
    "of another issuer": metadata(issuer="https://evil.example.com"),
    "of the issuer with a slash": lambda it: it.metadata.update(issuer=it.url + "/"),
    "without a token endpoint": metadata(token_endpoint=None),
    "with a token endpoint elsewhere, without TLS": metadata(token_endpoint="http://evil.example.com/token"),
    "with a login that is a script": metadata(authorization_endpoint="javascript:alert(1)"),
    "with keys in a file": metadata(jwks_uri="file:///etc/passwd"),
    "with an endpoint that is a list": metadata(userinfo_endpoint=["https://x"]),
    "with an endpoint that says who asks": metadata(token_endpoint="https://user:pass@evil.example.com/"),
    "that redirects": loops("/.well-known/openid-configuration"),
    "that is away": answers("/.well-known/openid-configuration", 500),
    "that is not there": answers("/.well-known/openid-configuration", 404),
    "that is no JSON": answers("/.well-known/openid-configuration", 200, b"<html>"),
    "that is a list": answers("/.well-known/openid-configuration", 200, [1]),
    "that does not end": answers("/.well-known/openid-configuration", 200, LONG),
    "without a bottom": answers("/.well-known/openid-configuration", 200, b"[" * 100_000),
    "that drips": answers("/.well-known/openid-configuration", 200, b" " * 100, drip=0.1),
}


def holds(refused: object, row: Row) -> None:
    assert isinstance(refused, ForeignRefusal), refused
    assert refused.reason is row.reason, refused
    assert row.problem is None or refused.evidence["problem"] == row.problem, refused
    assert MARK not in repr(refused)


QUICK = Wire(timeout=0.7)


def wire_for(name: str) -> Wire:
    """Wait long for nobody who drips, and long enough for all others on a busy machine."""
    return QUICK if "drips" in name else WIRE


@pytest.mark.parametrize("name", TOKENS)
async def test_a_token_that_is_not_right_is_not_believed(partner, name):
    TOKENS[name].lie(partner)
    holds(await through(login_at(openid(partner)), partner), TOKENS[name])


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_is_not_right_is_refused(partner, name):
    ANSWERS[name].lie(partner)
    holds(await through(login_at(openid(partner)), partner), ANSWERS[name])
    assert ("/token" in partner.asked) is (name == "another code"), "the code of another is sent nowhere"


@pytest.mark.parametrize("name", WIRES)
async def test_a_login_server_that_is_out_of_order_is_an_outage(partner, name):
    WIRES[name].lie(partner)
    holds(await through(login_at(openid(partner), wire=wire_for(name)), partner), WIRES[name])


@pytest.mark.parametrize("name", PROFILES)
async def test_a_profile_of_another_is_not_taken(partner, name):
    partner.claims["email"] = None
    PROFILES[name].lie(partner)
    holds(await through(login_at(openid(partner)), partner), PROFILES[name])


@pytest.mark.parametrize(
    "profile",
    [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": 0}, {"id": -1}, {"id": 1.0}, {"id": ["1"]}, {"login": "ada"}, {"id": 10**400},
     {"id": "x" * 256}],
)  # fmt: skip
async def test_a_person_without_a_subject_is_nobody(partner, profile):
    partner.answers["/user"] = Raw(200, json.dumps(profile).encode())
    holds(
        await through(login_at(oauth(partner)), partner),
        Row(claims(), Reason.FOREIGN_TOKEN, "id of userinfo"),
    )


@pytest.mark.parametrize(
    "listed", [{}, [], [7], "x", [{"email": "a@example.com", "verified": True}], [{"primary": True, "verified": 1, "email": "a@example.com"}]]
)  # fmt: skip
async def test_addresses_in_another_form_are_none(partner, listed):
    partner.answers["/user/emails"] = Raw(200, json.dumps(listed).encode())
    found = await through(login_at(oauth(partner)), partner)
    assert isinstance(found, ForeignIdentity)
    assert (found.email, found.email_verified) == (None, False)


@pytest.mark.parametrize("path", ["/user", "/user/emails"])
async def test_addresses_that_are_away_are_an_outage(partner, path):
    partner.answers[path] = Raw(500)
    holds(await through(login_at(oauth(partner)), partner), Row(claims(), Reason.FOREIGN_UNAVAILABLE))


@pytest.mark.parametrize("name", DISCOVERED)
async def test_metadata_that_is_not_right_begins_no_login(partner, name):
    DISCOVERED[name](partner)
    refused = await login_at(openid(partner), wire=wire_for(name)).begin("https://app.example.com/back")
    holds(refused, Row(claims(), Reason.FOREIGN_UNAVAILABLE))


@pytest.mark.parametrize("name", DISCOVERED)
async def test_while_it_is_away_or_mad_the_former_addresses_stay_good(partner, name):
    clock = [1000.0]
    login = login_at(openid(partner), wire=wire_for(name), monotonic=lambda: clock[0])
    await through(login, partner)
    DISCOVERED[name](partner)
    clock[0] += 4000
    assert isinstance(await through(login, partner), ForeignIdentity)
    partner.answers.clear()
    partner.metadata.clear()
    clock[0] += RETRY
    asked = len(partner.asked)
    assert isinstance(await through(login, partner), ForeignIdentity)
    assert "/.well-known/openid-configuration" in partner.asked[asked:]


async def test_a_login_server_where_nobody_listens_is_an_outage():
    nowhere = OpenIdProvider("nowhere", "http://127.0.0.1:1", CLIENT)
    refused = await login_at(nowhere).begin("https://app.example.com/back")
    holds(refused, Row(claims(), Reason.FOREIGN_UNAVAILABLE))


async def test_it_may_go_away_while_a_person_logs_in(partner):
    login, browser = login_at(openid(partner)), dict[str, Any]()
    begun = await begin(login, browser)
    answer = partner.visit(begun.url)
    partner.answers["/token"] = Raw(503)
    holds(await come_back(login, browser, answer), Row(claims(), Reason.FOREIGN_UNAVAILABLE))
