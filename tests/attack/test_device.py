"""Each lie of a case is the only thing that is wrong with its assertion, and every lie that the corpus names can be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guardhouse.state.authenticator import read_assertion, read_attestation
from guardhouse.state.ceremony import asserted, options_to_make, registered
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.passkey import Asserted, Passkey, Rejected, name_of
from guardhouse.state.relying_party import RelyingParty
from tests.attack.device import MUTATIONS, Device

CASES = json.loads((Path(__file__).parent / "open_cases.json").read_text("utf-8"))["cases"]
PARTY = RelyingParty.of(["https://example.com"], "A shop")
HERE, THERE, MAKING, HANDLE = b"c" * 32, b"o" * 32, b"m" * 32, b"h" * 32

FAULTS = {
    "wrong origin": "wrong_origin",
    "UV flag missing when required": "user_unverified",
    "challenge of another session": "wrong_challenge",
    "credential of another user": "wrong_handle",
    "crossOrigin true": "cross_origin",
    "unknown credential id": "unknown_credential",
}


def weighed(mutation: str) -> Asserted | Rejected:
    kept: dict[bytes, Enrolment] = {}
    devices: list[Device] = []
    for owner, handle in ((b"ada", HANDLE), (b"grace", b"g" * 32)):
        device = Device("example.com", "https://example.com", owner)
        options = {"options": options_to_make(PARTY, handle, owner.decode(), MAKING)}
        made = read_attestation(device.made(json.dumps(options).encode())["credential"])
        assert made is not None
        passkey = registered(PARTY, made, MAKING, handle)
        assert isinstance(passkey, Passkey)
        kept[passkey.id] = Enrolment(Kind.PASSKEY, name_of(passkey.id), owner.decode(), 0.0, passkey.encode())
        devices.append(device)
    device, device.other = devices
    device.question, device.elsewhere = HERE, THERE
    told = json.loads(device.asserted(mutation)) if mutation else device.proved(HERE)
    answer = read_assertion(told["credential"])
    assert answer is not None
    return asserted(PARTY, answer, HERE, kept.get(answer.id))


def test_a_device_that_tells_no_lie_is_believed():
    assert isinstance(weighed(""), Asserted)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_lie_is_the_only_fault(mutation):
    found = weighed(mutation)
    assert isinstance(found, Rejected)
    assert found.fault.value == FAULTS[mutation]


def test_every_lie_of_the_corpus_can_be_told():
    bodies = [case["request"].get("body", {}) for case in CASES]
    named = {body["mutation"] for body in bodies if body.get("kind") == "webauthn_assertion"}
    assert named == set(MUTATIONS)
