"""The JWT guard believes what its issuer signed for it, tells programs from users, and remembers without being fooled."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from joserfc.jwk import ECKey

from guardhouse import Abstain, Allow, Area, ConfigError, Deny, Facts, Identity, Reason, SessionGuard
from guardhouse.core.verdict import Client
from guardhouse.gate.visit import Visit
from guardhouse.guards.jwt import JWTGuard
from guardhouse.issuers.keys import Keys
from guardhouse.issuers.own import OwnIssuer
from guardhouse.stores.memory import MemoryStore
from guardhouse.vault import jws
from guardhouse.vault.jws import Key
from tests.supplies import NoSupply
from tests.tokens import AUDIENCE, CLAIMS, ISSUER, NOW, SECRET, by_joserfc, by_pyjwt, public, written

KEYS = Keys.of(SECRET, "HS256", "k1")


class Supply(NoSupply):
    def __init__(self, now: float = NOW + 1) -> None:
        self.clock = now
        self.store = MemoryStore()

    def now(self) -> float:
        return self.clock

    async def once(self, name: bytes, until: float) -> bool:
        return await self.store.once(name, until)


def guard(**changes: Any) -> JWTGuard:
    settings: dict[str, Any] = {"keys": KEYS, "issuer": ISSUER, "audience": AUDIENCE}
    return JWTGuard(**(settings | changes)).named("jwt", "users")


def facts(*lines: str, method: str = "GET", proofs: tuple[str, ...] = ()) -> Facts:
    headers = [(b"authorization", line.encode()) for line in lines] + [
        (b"dpop", proof.encode()) for proof in proofs
    ]
    return Facts(method, "/things", [*headers, (b"host", b"api.example.com")], scheme="https")


async def judged(
    text: str, by: JWTGuard | None = None, supply: Any = None, scheme: str = "Bearer", **more: Any
) -> Any:
    by = by or guard()
    claim: Any = by.claim(facts(f"{scheme} {text}", **more))
    if isinstance(claim, Abstain | Deny):
        return claim
    found: Any = by.fetch(claim, supply or Supply())
    return by.judge(claim, await found if hasattr(found, "__await__") else found)


# -- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "verdict", "reason"),
    [
        ((), Abstain, Reason.NO_CREDENTIAL),
        (("Basic YTpi",), Abstain, Reason.NO_CREDENTIAL),
        (("DPoP a.b.c",), Abstain, Reason.NO_CREDENTIAL),
        (("Bearer",), Deny, Reason.CREDENTIAL_MALFORMED),
        (("Bearer ghpat_abc",), Abstain, Reason.CREDENTIAL_FOREIGN),
        (("Bearer {}",), Abstain, Reason.CREDENTIAL_FOREIGN),
        (("Bearer a.b.c", "Bearer a.b.c"), Deny, Reason.CREDENTIAL_MALFORMED),
    ],
)
def test_what_has_not_three_parts_is_left_to_others(lines, verdict, reason):
    claim: Any = guard().claim(facts(*lines))
    assert (type(claim), claim.reason) == (verdict, reason)


# -- whom it believes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [by_pyjwt, by_joserfc])
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
async def test_a_token_of_the_issuer_stands_for_its_subject(library, algorithm):
    keys = Keys.of(public(algorithm), algorithm, "k1")
    verdict = await judged(library(algorithm, kid="k1"), guard(keys=keys))
    assert verdict.identity == Identity(
        "1", "users", "jwt", "jwt", float(NOW), None, frozenset({"read", "write"}), "t1"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (by_pyjwt("HS256", typ="JWT"), Reason.JWT_TYPE),
        (by_pyjwt("HS256", CLAIMS | {"iss": "evil"}), Reason.JWT_ISSUER),
        (by_pyjwt("HS256", CLAIMS | {"aud": "other"}), Reason.JWT_AUDIENCE),
        (by_pyjwt("HS256", CLAIMS | {"exp": NOW - 60, "iat": NOW - 120}), Reason.JWT_EXPIRED),
        (by_pyjwt("HS256", CLAIMS | {"iat": NOW + 100}), Reason.JWT_NOT_YET),
        (by_pyjwt("HS256", CLAIMS | {"exp": NOW + 10**7}), Reason.JWT_LIFETIME),
        (by_pyjwt("HS256", {name: CLAIMS[name] for name in CLAIMS if name != "sub"}), Reason.JWT_CLAIMS),
        (by_pyjwt("HS256", kid="k2"), Reason.JWT_KEY_UNKNOWN),
        (by_pyjwt("HS256", kid="../../dev/null"), Reason.JWT_KEY_UNKNOWN),
        (by_pyjwt("RS256", kid="k1"), Reason.JWT_ALGORITHM),
        (by_pyjwt("HS256")[:-6] + "AAAAAA", Reason.JWT_SIGNATURE),
        (written({"alg": "HS256", "typ": "at+jwt", "crit": ["x"]}), Reason.JWT_MALFORMED),
        ("eyJ.e30.AA", Reason.JWT_MALFORMED),
        ("eyJhbGciOiJkaXIifQ..a.b.c", Reason.JWT_MALFORMED),
    ],
)
async def test_a_token_that_is_no_good_is_refused_and_nothing_of_it_is_repeated(text, reason):
    two = Keys([Key.of(SECRET, "HS256", "k1"), Key.of(public("ES256"), "ES256", "e1")])
    verdict = await judged(text, guard(keys=two))
    assert (type(verdict), verdict.reason) == (Deny, reason)
    assert text not in repr(verdict)


async def test_a_signature_of_another_key_is_no_signature():
    other = Keys.of(SECRET + b"other", "HS256", "k1")
    assert (await judged(by_pyjwt("HS256", kid="k1"), guard(keys=other))).reason is Reason.JWT_SIGNATURE


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_public_key_used_as_a_secret_signs_nothing(algorithm):
    import hmac  # noqa: PLC0415

    keys = Keys.of(public(algorithm), algorithm, "k1")
    message = written({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}).rpartition(".")[0]
    mac = hmac.digest(public(algorithm), message.encode(), "sha256")
    forged = f"{message}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert (await judged(forged, guard(keys=keys))).reason is Reason.JWT_ALGORITHM


# -- several issuers ------------------------------------------------------------------------------------------------

OTHER = "https://partner.example.com/"
OTHER_SECRET = b"Zs8mQ2vK6yXc4TgUa1HnWp9LrEj3Bd7oFi5NtMuk"


@pytest.mark.parametrize(
    ("text", "ours", "theirs"),
    [
        pytest.param(by_pyjwt("HS256", kid="k1"), Reason.CREDENTIAL_ACCEPTED, Reason.CREDENTIAL_FOREIGN, id="ours"),
        pytest.param(written({"alg": "HS256", "typ": "at+jwt"}, CLAIMS | {"iss": OTHER}, key=OTHER_SECRET),
                     Reason.CREDENTIAL_FOREIGN, Reason.CREDENTIAL_ACCEPTED, id="theirs"),
        pytest.param(by_pyjwt("HS256", CLAIMS | {"iss": OTHER}),
                     Reason.CREDENTIAL_FOREIGN, Reason.JWT_SIGNATURE, id="theirs, signed by us"),
        pytest.param(written({"alg": "HS256", "typ": "at+jwt"}, key=OTHER_SECRET),
                     Reason.JWT_SIGNATURE, Reason.CREDENTIAL_FOREIGN, id="ours, signed by them"),
        pytest.param(by_pyjwt("HS256", CLAIMS | {"iss": "https://evil.example/"}),
                     Reason.JWT_ISSUER, Reason.JWT_SIGNATURE, id="a third one's"),
        pytest.param(by_pyjwt("HS256", {name: CLAIMS[name] for name in CLAIMS if name != "iss"}),
                     Reason.JWT_ISSUER, Reason.JWT_SIGNATURE, id="nobody's"),
        pytest.param(written({"alg": "HS256", "typ": "at+jwt"}, CLAIMS | {"iss": [OTHER]}),
                     Reason.JWT_ISSUER, Reason.JWT_SIGNATURE, id="several at once"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.W10.AA", Reason.JWT_SIGNATURE, Reason.JWT_SIGNATURE, id="a list"),
        pytest.param("eyJ.e30.AA", Reason.JWT_MALFORMED, Reason.JWT_MALFORMED, id="no object"),
        pytest.param("eyJ" + "A" * 9000 + ".e30.AA", Reason.JWT_MALFORMED, Reason.JWT_MALFORMED, id="too long"),
    ],
)  # fmt: skip
async def test_a_token_goes_to_the_guard_of_the_issuer_that_it_names(text, ours, theirs):
    first, second = guard(), guard(keys=Keys.of(OTHER_SECRET, "HS256"), issuer=OTHER)
    first, second = first.beside([second, object()]), second.beside([object(), first])
    assert ((await judged(text, first)).reason, (await judged(text, second)).reason) == (ours, theirs)


def test_a_guard_that_is_alone_looks_at_no_name_before_the_signature():
    alone = guard()
    assert alone.beside([]) is alone
    assert alone.beside([object(), guard()]) is alone, (
        "another guard of the same issuer has no tokens of its own"
    )


@pytest.mark.parametrize("order", [("jwt", "partner", "web"), ("partner", "jwt", "web")])
async def test_two_issuers_stand_in_one_area_in_any_order(order):
    from tests.houses import starlette_house  # noqa: PLC0415

    guards: Any = {
        "jwt": JWTGuard(KEYS, ISSUER, AUDIENCE),
        "partner": JWTGuard(Keys.of(OTHER_SECRET, "HS256"), OTHER, AUDIENCE),
        "web": SessionGuard(),
    }
    house = starlette_house(guards=guards, areas={"all": Area(guards=order)}, clock=lambda: NOW + 1.0)
    found = []
    for issuer, secret in ((ISSUER, SECRET), (OTHER, OTHER_SECRET), (OTHER, SECRET)):
        text = written({"alg": "HS256", "typ": "at+jwt"}, CLAIMS | {"iss": issuer}, key=secret)
        verdict: Any = (await Visit(house.parts, facts(f"Bearer {text}")).decide(house.stack("all"))).verdict
        found.append((verdict.by, verdict.reason))
    assert found == [
        ("jwt", Reason.CREDENTIAL_ACCEPTED),
        ("partner", Reason.CREDENTIAL_ACCEPTED),
        ("partner", Reason.JWT_SIGNATURE),
    ]


# -- programs and users ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"client_id": "1", "sub": "1"}, "client 1"),
        ({"client_id": "machine", "sub": "machine"}, "client machine"),
        ({"client_id": "machine", "sub": "1"}, "user 1"),
        ({"sub": "1"}, "user 1"),
    ],
)
async def test_a_token_that_is_its_own_subject_is_a_program_whatever_its_name(changes, who):
    caller = (await judged(by_pyjwt("HS256", CLAIMS | changes))).identity
    found = f"client {caller.client_id}" if isinstance(caller, Client) else f"user {caller.user_id}"
    assert found == who


async def test_a_token_without_a_subject_is_a_program():
    claims = {name: CLAIMS[name] for name in CLAIMS if name != "sub"} | {"client_id": "machine"}
    assert (await judged(by_pyjwt("HS256", claims))).identity == Client(
        "machine", ISSUER, "jwt", "jwt", frozenset({"read", "write"}), "t1"
    )


async def test_the_application_may_say_what_is_a_program_and_whom_a_token_stands_for():
    by = guard(client=lambda claims: claims.get("azp"), user=lambda claims: {"1": "ada"}.get(claims["sub"]))
    assert isinstance((await judged(by_pyjwt("HS256", CLAIMS | {"azp": "job"}), by)).identity, Client)
    assert (await judged(by_pyjwt("HS256"), by)).identity.user_id == "ada"
    stranger = await judged(by_pyjwt("HS256", CLAIMS | {"sub": "2"}), by)
    assert stranger.reason is Reason.CREDENTIAL_REJECTED


async def test_the_look_up_of_a_user_may_wait():
    async def user(claims: Any) -> str:
        return f"{claims['iss']} {claims['sub']}"

    assert (await judged(by_pyjwt("HS256"), guard(user=user))).identity.user_id == f"{ISSUER} 1"


# -- remembering ----------------------------------------------------------------------------------------------------


class CountingKeys(Keys):
    """Keys that count how often they are asked."""

    asked = 0

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        self.asked += 1
        return super().find(kid, algorithm)


async def test_a_signature_is_verified_once_and_all_else_each_time():
    keys = CountingKeys([Key.of(SECRET, "HS256", "k1")])
    by, supply, text = guard(keys=keys), Supply(), by_pyjwt("HS256")
    assert isinstance(await judged(text, by, supply), Allow)
    assert isinstance(await judged(text, by, supply), Allow)
    assert keys.asked == 1
    supply.clock = NOW + 600 + 30
    assert (await judged(text, by, supply)).reason is Reason.JWT_EXPIRED


async def test_revocation_is_asked_for_a_remembered_token_too():
    gone: set[str] = set()

    async def revoked(claims: Any) -> bool:
        return claims["jti"] in gone

    by, text = guard(revoked=revoked), by_pyjwt("HS256")
    assert isinstance(await judged(text, by), Allow)
    gone.add("t1")
    assert (await judged(text, by)).reason is Reason.JWT_REVOKED


async def test_a_remembered_token_is_forgotten_with_its_key():
    keys = CountingKeys([Key.of(SECRET, "HS256", "k1")])
    by, text = guard(keys=keys), by_pyjwt("HS256", kid="k1")
    assert isinstance(await judged(text, by), Allow)
    vars(keys)["_named"] = {"k2": Key.of(SECRET + b"new", "HS256", "k2")}
    assert (await judged(text, by)).reason is Reason.JWT_KEY_UNKNOWN


@pytest.mark.parametrize("remember", [0, 1, 3])
async def test_no_more_is_remembered_than_was_said(remember):
    by = guard(remember=remember)
    for number in range(6):
        assert isinstance(await judged(by_pyjwt("HS256", CLAIMS | {"jti": str(number)}), by), Allow)
    assert len(by._seen) == remember


async def test_what_is_refused_is_not_remembered():
    by = guard()
    await judged(by_pyjwt("HS256")[:-4] + "AAAA", by)
    assert by._seen == {}


# -- keys that must be waited for -----------------------------------------------------------------------------------


class LateKeys:
    """Keys that are there only after a while."""

    def __init__(self, key: Key | None) -> None:
        self.key = key

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        return self.key

    def holds(self, key: Key) -> bool:
        return key is self.key


@pytest.mark.parametrize(
    ("key", "hooks", "reason"),
    [
        (Key.of(SECRET, "HS256"), {}, Reason.CREDENTIAL_ACCEPTED),
        (Key.of(SECRET, "HS256"), {"revoked": lambda claims: True}, Reason.JWT_REVOKED),
        (Key.of(SECRET + b"other", "HS256"), {}, Reason.JWT_SIGNATURE),
        (None, {}, Reason.JWT_KEY_UNKNOWN),
    ],
)
async def test_keys_may_be_waited_for(key, hooks, reason):
    assert (await judged(by_pyjwt("HS256"), guard(keys=LateKeys(key), **hooks))).reason is reason


# -- proofs of possession -------------------------------------------------------------------------------------------

CLIENT = ECKey.generate_key("P-256")
THIEF = ECKey.generate_key("P-256")
BOUND = by_pyjwt("HS256", CLAIMS | {"cnf": {"jkt": CLIENT.thumbprint()}})
URL = "https://api.example.com/things"


def proof(
    key: Any = CLIENT, token: str = BOUND, jwk: Any = None, typ: str = "dpop+jwt", **changes: Any
) -> str:
    ath = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
    claims = {"jti": "p1", "htm": "GET", "htu": URL, "iat": NOW, "ath": ath} | changes
    protected = {"alg": "ES256", "typ": typ, "jwk": key.as_dict(private=False) if jwk is None else jwk}
    parts = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (protected, claims)
    ]
    message = ".".join(parts)
    signature = Key.of(key.as_pem(private=True), "ES256").sign(message.encode())
    return f"{message}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    ("token", "scheme", "proofs", "reason"),
    [
        (BOUND, "DPoP", (proof(),), Reason.CREDENTIAL_ACCEPTED),
        (BOUND, "dpop", (proof(),), Reason.CREDENTIAL_ACCEPTED),
        (BOUND, "DPoP", (), Reason.DPOP_MISSING),
        (BOUND, "DPoP", (proof(), proof(jti="p2")), Reason.DPOP_INVALID),
        (BOUND, "Bearer", (proof(),), Reason.DPOP_SCHEME),
        (BOUND, "Bearer", (), Reason.DPOP_SCHEME),
        (by_pyjwt("HS256"), "DPoP", (proof(),), Reason.DPOP_SCHEME),
        (by_pyjwt("HS256", CLAIMS | {"cnf": {"x5t#S256": "x"}}), "Bearer", (), Reason.DPOP_SCHEME),
        (by_pyjwt("HS256", CLAIMS | {"cnf": "x"}), "Bearer", (), Reason.DPOP_SCHEME),
        (BOUND, "DPoP", (proof(THIEF),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(THIEF, jwk=CLIENT.as_dict(private=False)),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(jwk=CLIENT.as_dict(private=True)),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(jwk={"kty": "oct", "k": "AA"}),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(jwk=CLIENT.as_dict(private=False) | {"key_ops": []}),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(iat=10**400),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(typ="jwt"),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(htm="POST"),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(htu="https://evil.example/things"),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(iat=NOW - 100),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (proof(ath="other"),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", (by_pyjwt("HS256"),), Reason.DPOP_INVALID),
        (BOUND, "DPoP", ("no proof",), Reason.DPOP_INVALID),
    ],
)
async def test_a_bound_token_needs_its_key(token, scheme, proofs, reason):
    verdict = await judged(token, guard(dpop="accept"), scheme=scheme, proofs=proofs)
    assert verdict.reason is reason


async def test_a_proof_is_good_once():
    by, supply = guard(dpop="accept"), Supply()
    for reason in (Reason.CREDENTIAL_ACCEPTED, Reason.DPOP_REPLAYED):
        assert (await judged(BOUND, by, supply, "DPoP", proofs=(proof(),))).reason is reason
    assert isinstance(await judged(BOUND, by, supply, "DPoP", proofs=(proof(jti="p2"),)), Allow)


async def test_where_proofs_are_required_no_bearer_is_believed():
    by = guard(dpop="require")
    assert by.scheme == "DPoP"
    assert (await judged(by_pyjwt("HS256"), by)).reason is Reason.DPOP_MISSING
    assert (await judged(by_pyjwt("HS256"), guard(dpop="accept"))).reason is Reason.CREDENTIAL_ACCEPTED


async def test_a_bound_token_is_refused_where_proofs_are_not_read():
    assert (await judged(BOUND)).reason is Reason.DPOP_SCHEME


async def test_the_address_may_be_configured_where_host_cannot_be_believed():
    by = guard(dpop="accept", url="https://outside.example")
    assert (await judged(BOUND, by, scheme="DPoP", proofs=(proof(),))).reason is Reason.DPOP_INVALID
    good = proof(htu="https://outside.example/things")
    assert isinstance(await judged(BOUND, by, scheme="DPoP", proofs=(good,)), Allow)


# -- our own issuer, and settings -----------------------------------------------------------------------------------


async def test_our_own_issuer_writes_what_the_guard_believes():
    issuer = OwnIssuer(KEYS, issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW)
    user = (await judged(issuer.issue("7", scopes=("read",), claims={"sid": "s1"}))).identity
    assert (user.user_id, user.abilities) == ("7", {"read"})
    assert isinstance((await judged(issuer.issue_to_client("7"))).identity, Client)
    with pytest.raises(ValueError, match="the issuer writes exp itself"):
        issuer.issue("7", claims={"exp": 1})


def test_the_newest_key_signs_and_the_former_still_verifies():
    former, newest = Key.of(SECRET, "HS256", "k1"), Key.of(SECRET + b"new", "HS256", "k2")
    keys = Keys([newest, former])
    token = jws.read(OwnIssuer(keys, issuer=ISSUER, audience=AUDIENCE).issue("7").encode())
    assert (token.protected.kid, keys.find("k1", "HS256")) == ("k2", former)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"audience": ""}, "audience"),
        ({"issuer": ""}, "issuer"),
        ({"dpop": "maybe"}, "dpop"),
        ({"remember": -1}, "remember"),
        ({"keys": SECRET.decode()}, "keys"),
        ({"keys": [Key.of(SECRET, "HS256")]}, "keys"),
        ({"keys": Keys}, "keys"),
        ({"url": "api.example.com"}, "url"),
        ({"url": "https://api.example.com/"}, "url"),
        ({"url": "https://api.example.com/base/"}, "url"),
        ({"url": ""}, "url"),
    ],
)
def test_a_guard_that_cannot_work_is_an_error(changes, key):
    with pytest.raises(ConfigError, match=key):
        guard(**changes)


@pytest.mark.parametrize(("changes", "says"), [({}, ("jwt_",)), ({"dpop": "accept"}, ("jwt_", "dpop_"))])
def test_it_says_which_headers_it_reads_and_which_reasons_it_gives(changes, says):
    by = guard(**changes)
    names = [need.name for need in by.needs]
    assert (by.says, names) == (says, ["header:authorization", "header:dpop"][: len(says)])
    assert SECRET.decode() not in repr(by)
