"""A passkey is made and proved, and whatever is wrong with an answer is named and proves nothing."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from guardhouse.state.authenticator import read_assertion, read_attestation
from guardhouse.state.ceremony import asserted, options_to_make, options_to_prove, registered
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.passkey import Asserted, Fault, Passkey, Rejected, handle_for, name_of
from guardhouse.state.relying_party import RelyingParty
from tests.authenticator import BACKED_UP, PRESENT, SHARED, VERIFIED, Authenticator, b64

PARTY = RelyingParty("example.com", "A shop", frozenset({"https://example.com", "https://app.example.com"}))
CHALLENGE, OTHER = b"c" * 32, b"o" * 32
HANDLE = b"h" * 32


def make(
    device: Authenticator, challenge: bytes = CHALLENGE, party: RelyingParty = PARTY, **lies: Any
) -> Any:
    answer = read_attestation(device.make(challenge, **lies))
    assert answer is not None
    return registered(party, answer, CHALLENGE, HANDLE)


def kept(passkey: Passkey, owner: str = "users:1") -> Enrolment:
    return Enrolment(Kind.PASSKEY, name_of(passkey.id), owner, 0.0, passkey.encode())


def prove(
    device: Authenticator,
    found: Enrolment | None,
    owner: str | None = None,
    challenge: bytes = CHALLENGE,
    party: RelyingParty = PARTY,
    **lies: Any,
) -> Any:
    answer = read_assertion(device.prove(challenge, **lies))
    assert answer is not None
    return asserted(party, answer, CHALLENGE, found, owner)


DEVICE = Authenticator()
PASSKEY: Passkey = make(DEVICE)
KEPT = kept(PASSKEY)
ANOTHER = Authenticator()


# -- the good way --------------------------------------------------------------------------------------------------


def test_a_passkey_is_made_and_proved_without_a_user_name() -> None:
    assert (
        Passkey(
            id=b"one passkey",
            public_key=PASSKEY.public_key,
            handle=HANDLE,
            transports=("hybrid", "internal"),
            aaguid="00000000-0000-0000-0000-000000000000",
        )
        == PASSKEY
    )
    assert prove(DEVICE, KEPT) == Asserted(PASSKEY, user_verified=True)


@pytest.mark.parametrize("handle", [HANDLE, None], ids=["with the handle", "without one, as old keys do"])
def test_it_is_proved_after_a_password_of_its_owner(handle: bytes | None) -> None:
    assert isinstance(prove(DEVICE, KEPT, "users:1", handle=handle), Asserted)


def test_every_origin_of_the_house_may_ask() -> None:
    assert isinstance(prove(DEVICE, KEPT, client={"origin": "https://app.example.com"}), Asserted)


def test_a_shared_passkey_says_whether_it_is_backed_up_by_now() -> None:
    device = Authenticator(flags=PRESENT | VERIFIED | SHARED)
    passkey = make(device)
    assert (passkey.shared, passkey.backed_up) == (True, False)
    proved = prove(device, kept(passkey), flags=PRESENT | VERIFIED | SHARED | BACKED_UP)
    assert (proved.passkey.shared, proved.passkey.backed_up) == (True, True)


def test_a_passkey_that_attests_itself_is_taken() -> None:
    assert isinstance(make(Authenticator(), fmt="packed"), Passkey)


def test_who_only_touched_a_key_is_let_in_where_that_was_asked_for() -> None:
    lax = RelyingParty("example.com", "A shop", PARTY.origins, insecure_unverified_user=True)
    device = Authenticator(flags=PRESENT)
    assert make(device) == Rejected(Fault.USER_UNVERIFIED)
    passkey = make(device, party=lax)
    assert prove(device, kept(passkey)) == Rejected(Fault.USER_UNVERIFIED)
    assert prove(device, kept(passkey), party=lax) == Asserted(passkey, user_verified=False)
    assert options_to_prove(lax, CHALLENGE)["userVerification"] == "preferred"


# -- answers that prove nothing ------------------------------------------------------------------------------------

BOTH: list[Any] = [
    pytest.param({"challenge": OTHER}, Fault.WRONG_CHALLENGE, id="the challenge of another session"),
    pytest.param({"client": {"challenge": ""}}, Fault.WRONG_CHALLENGE, id="no challenge"),
    pytest.param({"client": {"type": "payment.get"}}, Fault.WRONG_TYPE, id="another type"),
    pytest.param(
        {"client": {"origin": "https://example.com.evil.test"}}, Fault.WRONG_ORIGIN, id="another origin"
    ),
    pytest.param(
        {"client": {"origin": "https://evil.example.com"}},
        Fault.WRONG_ORIGIN,
        id="a sub-domain nobody listed",
    ),
    pytest.param({"client": {"origin": "http://example.com"}}, Fault.WRONG_ORIGIN, id="another scheme"),
    pytest.param({"client": {"origin": "https://example.com:8443"}}, Fault.WRONG_ORIGIN, id="another port"),
    pytest.param(
        {"client": {"origin": "https://example.com/"}}, Fault.WRONG_ORIGIN, id="an origin with a path"
    ),
    pytest.param({"client": {"origin": "null"}}, Fault.WRONG_ORIGIN, id="a sandboxed frame"),
    pytest.param({"client": {"crossOrigin": True}}, Fault.CROSS_ORIGIN, id="in a frame of another site"),
    pytest.param(
        {"client": {"topOrigin": "https://evil.test"}}, Fault.CROSS_ORIGIN, id="under another origin"
    ),
    pytest.param({"rp_id": "evil.test"}, Fault.WRONG_RELYING_PARTY, id="made for another id"),
    pytest.param({"rp_id": "app.example.com"}, Fault.WRONG_RELYING_PARTY, id="made for a sub-domain"),
    pytest.param({"flags": VERIFIED}, Fault.USER_ABSENT, id="nobody touched it"),
    pytest.param({"flags": PRESENT}, Fault.USER_UNVERIFIED, id="touched by somebody"),
    pytest.param(
        {"flags": PRESENT | VERIFIED | BACKED_UP}, Fault.IMPOSSIBLE_FLAGS, id="backed up and not shared"
    ),
]


@pytest.mark.parametrize(("lies", "fault"), BOTH)
def test_a_new_passkey_is_refused_that_says(lies: dict[str, Any], fault: Fault) -> None:
    assert make(DEVICE, **lies) == Rejected(fault)


@pytest.mark.parametrize(("lies", "fault"), BOTH)
@pytest.mark.parametrize("owner", [None, "users:1"], ids=["to log in", "after the password"])
def test_a_proof_is_refused_that_says(lies: dict[str, Any], fault: Fault, owner: str | None) -> None:
    assert prove(DEVICE, KEPT, owner, **lies) == Rejected(fault)


@pytest.mark.parametrize(
    ("found", "owner", "lies", "fault"),
    [
        pytest.param(None, None, {}, Fault.UNKNOWN_CREDENTIAL, id="an id that nobody has"),
        pytest.param(KEPT, None, {"id": b"other"}, Fault.UNKNOWN_CREDENTIAL, id="found under another id"),
        pytest.param(
            replace(KEPT, body=b"?"), None, {}, Fault.UNKNOWN_CREDENTIAL, id="a body that cannot be read"
        ),
        pytest.param(replace(KEPT, kind=Kind.TOTP), None, {}, Fault.UNKNOWN_CREDENTIAL, id="another kind"),
        pytest.param(KEPT, "users:2", {}, Fault.ANOTHER_USER, id="after the password of somebody else"),
        pytest.param(KEPT, "admins:1", {}, Fault.ANOTHER_USER, id="of a namesake among other users"),
        pytest.param(KEPT, None, {"handle": b"x" * 32}, Fault.WRONG_HANDLE, id="the handle of another"),
        pytest.param(KEPT, None, {"handle": None}, Fault.WRONG_HANDLE, id="no handle and no user name"),
        pytest.param(
            KEPT,
            "users:1",
            {"handle": b"x" * 32},
            Fault.WRONG_HANDLE,
            id="the handle of another, after the password",
        ),
        pytest.param(
            KEPT,
            None,
            {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
            Fault.WRONG_SIGNATURE,
            id="a made-up signature",
        ),
        pytest.param(KEPT, None, {"signature": b"?"}, Fault.WRONG_SIGNATURE, id="no signature at all"),
        pytest.param(
            KEPT,
            None,
            {"flags": PRESENT | VERIFIED | SHARED},
            Fault.IMPOSSIBLE_FLAGS,
            id="shared all of a sudden",
        ),
        pytest.param(
            KEPT,
            None,
            {"flags": PRESENT | VERIFIED | 0x40},
            Fault.WRONG_SIGNATURE,
            id="a passkey promised and none there",
        ),
        pytest.param(
            KEPT,
            None,
            {"flags": PRESENT | VERIFIED | 0x80},
            Fault.WRONG_SIGNATURE,
            id="extensions promised and none there",
        ),
        pytest.param(
            replace(KEPT, body=replace(PASSKEY, public_key=b"\xa0").encode()),
            None,
            {},
            Fault.WRONG_SIGNATURE,
            id="a stored key that is none",
        ),
        pytest.param(
            replace(KEPT, body=replace(PASSKEY, public_key=b"").encode()),
            None,
            {},
            Fault.WRONG_SIGNATURE,
            id="no stored key",
        ),
    ],
)
def test_a_proof_is_refused(
    found: Enrolment | None, owner: str | None, lies: dict[str, Any], fault: Fault
) -> None:
    assert prove(DEVICE, found, owner, **lies) == Rejected(fault)


def test_the_signature_of_another_key_is_refused() -> None:
    assert prove(ANOTHER, KEPT) == Rejected(Fault.WRONG_SIGNATURE)


def test_what_was_signed_cannot_be_changed_afterwards() -> None:
    touched = DEVICE.prove(CHALLENGE, flags=PRESENT)
    touched["response"]["authenticatorData"] = DEVICE.prove(CHALLENGE)["response"]["authenticatorData"]
    answer = read_assertion(touched)
    assert answer is not None
    assert asserted(PARTY, answer, CHALLENGE, KEPT) == Rejected(Fault.WRONG_SIGNATURE)


@pytest.mark.parametrize(
    ("stored", "said", "fault"),
    [
        pytest.param(0, 0, None, id="never counted"),
        pytest.param(0, 1, None, id="begins to count"),
        pytest.param(7, 8, None, id="one more"),
        pytest.param(7, 4_000_000_000, None, id="many more"),
        pytest.param(7, 7, Fault.COUNTER_BACK, id="the same: a replay, or a copy"),
        pytest.param(7, 6, Fault.COUNTER_BACK, id="back"),
        pytest.param(7, 0, Fault.COUNTER_BACK, id="stops counting"),
    ],
)
def test_a_counter_that_goes_back_shows_a_copy(stored: int, said: int, fault: Fault | None) -> None:
    passkey = replace(PASSKEY, sign_count=stored)
    found = prove(DEVICE, kept(passkey), count=said)
    assert found == (
        Rejected(fault) if fault else Asserted(replace(passkey, sign_count=said), user_verified=True)
    )


def test_a_counter_is_no_warning_before_the_signature_is_good() -> None:
    found = kept(replace(PASSKEY, sign_count=7))
    assert prove(ANOTHER, found, count=1) == Rejected(Fault.WRONG_SIGNATURE)


@pytest.mark.parametrize(
    ("lies", "fault"),
    [
        pytest.param({"object": b"?"}, Fault.UNREADABLE, id="no CBOR"),
        pytest.param({"object": cbor2.dumps([])}, Fault.UNREADABLE, id="a list"),
        pytest.param(
            {"object": cbor2.dumps({"fmt": "none", "authData": "text"})},
            Fault.UNREADABLE,
            id="data that is text",
        ),
        pytest.param(
            {"object": cbor2.dumps({"fmt": "none", "authData": b"x" * 36})},
            Fault.UNREADABLE,
            id="data too short",
        ),
        pytest.param({"attested_id": b"another"}, Fault.UNREADABLE, id="another id inside"),
        pytest.param({"attested": b""}, Fault.UNREADABLE, id="no passkey inside"),
        pytest.param(
            {"cose": {"more": 1}, "attested": b"x" * 90}, Fault.UNREADABLE, id="a passkey that is none"
        ),
        pytest.param({"fmt": ["none"]}, Fault.ATTESTATION, id="a format that is a list"),
        pytest.param({"fmt": "tpm"}, Fault.ATTESTATION, id="a format with certificates"),
        pytest.param(
            {"fmt": "none", "statement": {"sig": b"x"}}, Fault.ATTESTATION, id="none, with a statement"
        ),
        pytest.param({"fmt": "packed", "statement": {}}, Fault.ATTESTATION, id="packed, without a statement"),
        pytest.param(
            {"fmt": "packed", "statement": {"alg": -7, "sig": b"x"}},
            Fault.ATTESTATION,
            id="packed, wrongly signed",
        ),
        pytest.param(
            {"fmt": "packed", "statement": {"alg": -7, "sig": b"x", "x5c": [b"x"]}},
            Fault.ATTESTATION,
            id="packed, with a certificate",
        ),
        pytest.param(
            {"fmt": "packed", "beside": {"x5c": []}},
            Fault.ATTESTATION,
            id="packed, with certificates that are none",
        ),
        pytest.param({"cose": {3: -65535}}, Fault.ATTESTATION, id="RSA with SHA-1"),
        pytest.param(
            {"cose": {"more": b"x" * 70_000}}, Fault.UNUSABLE_KEY, id="a key with a load that is not its own"
        ),
        pytest.param({"cose": {1: 99}}, Fault.UNUSABLE_KEY, id="a kind of key that nobody knows"),
        pytest.param({"cose": {-3: b"\1" * 32}}, Fault.UNUSABLE_KEY, id="a point that is on no curve"),
        pytest.param({"cose": {-2: "text"}}, Fault.UNUSABLE_KEY, id="a point that is text"),
    ],
)
def test_a_new_passkey_is_refused(lies: dict[str, Any], fault: Fault) -> None:
    assert make(DEVICE, **lies) == Rejected(fault)


def test_a_proof_does_not_make_a_passkey_nor_the_other_way() -> None:
    assert make(DEVICE, client={"type": "webauthn.get"}) == Rejected(Fault.WRONG_TYPE)
    assert prove(DEVICE, KEPT, client={"type": "webauthn.create"}) == Rejected(Fault.WRONG_TYPE)


# -- what cannot be read -------------------------------------------------------------------------------------------

UNREADABLE: list[Any] = [
    pytest.param({"credential": {"type": "password"}}, id="another kind of credential"),
    pytest.param({"credential": {"id": "b25l"}}, id="two ids"),
    pytest.param({"credential": {"id": "", "rawId": ""}}, id="no id"),
    pytest.param({"credential": {"id": "b25l=", "rawId": "b25l="}}, id="an id with padding"),
    pytest.param({"credential": {"id": "b2 5l", "rawId": "b2 5l"}}, id="an id with a space"),
    pytest.param({"credential": {"id": "\u00e9", "rawId": "\u00e9"}}, id="an id that is no ASCII"),
    pytest.param({"credential": {"id": 7, "rawId": 7}}, id="an id that is a number"),
    pytest.param({"id": b"x" * 1024}, id="an id that is too long"),
    pytest.param({"credential": {"response": None}}, id="no response"),
    pytest.param({"credential": {"response": {}}}, id="an empty response"),
    pytest.param({"client_bytes": b""}, id="no client data"),
    pytest.param({"client_bytes": b"{}"}, id="empty client data"),
    pytest.param({"client_bytes": b"[" * 100_000}, id="client data without end"),
    pytest.param({"client_bytes": b'{"a":' + b"[" * 100_000}, id="something without end beside it"),
    pytest.param({"client_bytes": "{}".encode("utf-16")}, id="client data in UTF-16"),
    pytest.param({"client": {"challenge": "a b"}}, id="a challenge that is no base64"),
    pytest.param({"client": {"crossOrigin": "yes"}}, id="a crossOrigin that is text"),
    pytest.param({"client": {"origin": ["https://example.com"]}}, id="a list of origins"),
]


@pytest.mark.parametrize("lies", UNREADABLE)
def test_what_cannot_be_read_is_no_answer(lies: dict[str, Any]) -> None:
    assert read_assertion(DEVICE.prove(CHALLENGE, **lies)) is None
    assert read_attestation(DEVICE.make(CHALLENGE, **lies)) is None


@pytest.mark.parametrize(
    "response",
    [
        pytest.param({"authenticatorData": ""}, id="no data"),
        pytest.param({"authenticatorData": b64(b"x" * 36)}, id="data too short"),
        pytest.param({"authenticatorData": "?"}, id="data that is no base64"),
        pytest.param({"signature": ""}, id="no signature"),
        pytest.param({"signature": "?"}, id="a signature that is no base64"),
        pytest.param({"userHandle": "?"}, id="a handle that is no base64"),
        pytest.param({"userHandle": 7}, id="a handle that is a number"),
        pytest.param({"clientDataJSON": "?"}, id="client data that is no base64"),
    ],
)
def test_a_proof_without_its_parts_is_no_answer(response: dict[str, Any]) -> None:
    document = DEVICE.prove(CHALLENGE)
    document["response"] |= response
    assert read_assertion(document) is None


@pytest.mark.parametrize("made", ["", "?"], ids=["nothing", "no base64"])
def test_an_answer_without_a_passkey_is_none(made: str) -> None:
    document = DEVICE.make(CHALLENGE)
    document["response"]["attestationObject"] = made
    assert read_attestation(document) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_no_strange_document_raises(document: Any) -> None:
    assert read_assertion(document) is None
    assert read_attestation(document) is None


CBOR = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers(-9, 9) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "object": st.binary(max_size=200) | CBOR.map(cbor2.dumps),
            "attested": st.binary(max_size=120),
            "cose": st.dictionaries(st.sampled_from([1, 3, -1, -2, -3]), CBOR, max_size=3),
            "fmt": CBOR,
            "statement": CBOR,
            "flags": st.integers(0, 255),
        },
    )
)
def test_whatever_is_wrong_with_a_new_passkey_nothing_else_is_raised(lies: dict[str, Any]) -> None:
    answer = read_attestation(DEVICE.make(CHALLENGE, **lies))
    assert answer is None or isinstance(registered(PARTY, answer, CHALLENGE, HANDLE), Passkey | Rejected)


@settings(deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=200), CBOR.map(cbor2.dumps) | st.binary(max_size=80))
def test_whatever_is_wrong_with_a_proof_nothing_else_is_raised(
    signature: bytes, data: bytes, key: bytes
) -> None:
    found = kept(replace(PASSKEY, public_key=key))
    for lies in ({"signature": signature or b"x"}, {"data": data}, {}):
        answer = read_assertion(DEVICE.prove(CHALLENGE, **lies))
        assert answer is None or isinstance(asserted(PARTY, answer, CHALLENGE, found), Rejected)


@given(st.binary(max_size=60))
@example(b"\x9a\xc4\x01a\xc4\x01a\xc4\x01a\x00\x90\xa0\xc2\xc2" + b"\x91" * 50_000)
def test_a_body_that_is_none_reads_as_none(body: bytes) -> None:
    assert Passkey.of(replace(KEPT, body=body)) is None


# -- what browsers are given ---------------------------------------------------------------------------------------


def test_a_browser_is_asked_for_a_passkey_that_is_found_without_a_name_and_knows_its_user() -> None:
    options = options_to_make(PARTY, HANDLE, "ada@example.com", CHALLENGE, [PASSKEY])
    json.dumps(options)
    assert options["rp"] == {"name": "A shop", "id": "example.com"}
    assert options["user"] == {"id": b64(HANDLE), "name": "ada@example.com", "displayName": "ada@example.com"}
    assert options["challenge"] == b64(CHALLENGE)
    assert options["timeout"] == 300_000
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["excludeCredentials"] == [
        {"id": b64(PASSKEY.id), "type": "public-key", "transports": ["hybrid", "internal"]}
    ]
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-8, -7, -257}


def test_a_browser_is_asked_for_any_passkey_or_for_those_of_one_user() -> None:
    options = options_to_prove(PARTY, CHALLENGE)
    assert options == {
        "challenge": b64(CHALLENGE),
        "timeout": 300_000,
        "rpId": "example.com",
        "allowCredentials": [],
        "userVerification": "required",
    }
    assert [one["id"] for one in options_to_prove(PARTY, CHALLENGE, [PASSKEY])["allowCredentials"]] == [
        b64(PASSKEY.id)
    ]


def test_all_passkeys_of_a_user_have_one_handle_that_says_nothing_of_him() -> None:
    assert handle_for([], b"n" * 32) == b"n" * 32
    assert handle_for([PASSKEY], b"n" * 32) == HANDLE
    with pytest.raises(ValueError, match="32 random bytes"):
        handle_for([], b"ada@example.com")
