"""Make a passkey and prove one: the options that a browser is given, and what its answer is worth.

Time and chance come in as arguments, and nothing is looked up. What the library `webauthn` judges is judged by it; what it
raises, whatever it is, becomes a `Rejected`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from guardhouse.state.authenticator import Assertion, Attestation, Signed, fault_in
from guardhouse.state.challenge import LIFETIME
from guardhouse.state.enrolment import Enrolment
from guardhouse.state.passkey import Asserted, Fault, Passkey, Rejected, name_of
from guardhouse.state.relying_party import RelyingParty

if TYPE_CHECKING:
    from webauthn.helpers.structs import (
        AttestationObject,
        AuthenticationCredential,
        AuthenticatorData,
        PublicKeyCredentialDescriptor,
        RegistrationCredential,
        UserVerificationRequirement,
    )

__all__ = ["asserted", "options_to_make", "options_to_prove", "registered"]

_MILLISECONDS = 1000
_NO_CERTIFICATE = ("none", "packed")
"""Attestations without a third party. None is asked for, so a browser leaves none, or the passkey's own."""

_LONGEST_KEY = 4096
"""Bytes of COSE; RSA with 4096 bits, the largest that is asked for, takes some 530."""

_KNOWN_TRANSPORTS = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})


def options_to_make(
    party: RelyingParty, handle: bytes, user_name: str, challenge: bytes, has: Iterable[Passkey] = ()
) -> dict[str, Any]:
    """Write what `navigator.credentials.create` is given, ready for `parseCreationOptionsFromJSON`.

    The passkey can be found without a user name, and none is made on a device that `has` one.
    """
    from webauthn import generate_registration_options  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
    from webauthn.helpers import options_to_json_dict  # noqa: PLC0415 - the same
    from webauthn.helpers.structs import (  # noqa: PLC0415 - the same
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
    )

    selection = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_verification(party)
    )
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=handle,
        user_name=user_name,
        challenge=challenge,
        timeout=int(LIFETIME * _MILLISECONDS),
        authenticator_selection=selection,
        exclude_credentials=[_descriptor(passkey) for passkey in has],
    )
    return options_to_json_dict(options)


def options_to_prove(party: RelyingParty, challenge: bytes, of: Iterable[Passkey] = ()) -> dict[str, Any]:
    """Write what `navigator.credentials.get` is given, ready for `parseRequestOptionsFromJSON`.

    Without passkeys any of this application will do: the way in without a user name, which names no account to anybody.
    """
    from webauthn import generate_authentication_options  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
    from webauthn.helpers import options_to_json_dict  # noqa: PLC0415 - the same

    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=int(LIFETIME * _MILLISECONDS),
        allow_credentials=[_descriptor(passkey) for passkey in of],
        user_verification=_verification(party),
    )
    return options_to_json_dict(options)


def registered(
    party: RelyingParty, answer: Attestation, challenge: bytes, handle: bytes
) -> Passkey | Rejected:
    """Weigh the answer that should make a passkey, and return what to keep."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
    from webauthn.helpers import parse_attestation_object  # noqa: PLC0415 - the same

    errors = _errors()
    try:
        made = parse_attestation_object(answer.object)
    except errors:
        return Rejected(Fault.UNREADABLE)
    signed = _said(made.auth_data)
    fault = fault_in(answer, signed, "webauthn.create", party, challenge) or _fault_in_object(made, answer.id)
    if fault is not None:
        return Rejected(fault)
    try:
        verified = verify_registration_response(
            credential=_made(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=sorted(party.origins),
            require_user_verification=not party.insecure_unverified_user,
        )
    except errors:
        return Rejected(Fault.ATTESTATION)
    return Passkey(
        id=answer.id,
        public_key=verified.credential_public_key,
        handle=handle,
        sign_count=verified.sign_count,
        transports=tuple(sorted(_KNOWN_TRANSPORTS.intersection(answer.transports))),
        aaguid=verified.aaguid,
        shared=signed.shared,
        backed_up=signed.backed_up,
    )


def asserted(
    party: RelyingParty,
    answer: Assertion,
    challenge: bytes,
    found: Enrolment | None,
    owner: str | None = None,
) -> Asserted | Rejected:
    """Weigh the answer that should prove a passkey: the one `found` under its id, if there is one.

    `owner` is whom it must belong to, where that is known, as half-way through a login. Where it is not, the answer has
    to bring the handle of its user (7.2, step 6), and the owner of `found` is who logs in.
    """
    passkey = Passkey.of(found) if found else None
    if found is None or passkey is None or passkey.id != answer.id:
        return Rejected(Fault.UNKNOWN_CREDENTIAL)
    if owner is not None and found.owner != owner:
        return Rejected(Fault.ANOTHER_USER)
    if answer.handle != passkey.handle and (answer.handle is not None or owner is None):
        return Rejected(Fault.WRONG_HANDLE)
    signed = answer.signed
    fault = fault_in(answer, signed, "webauthn.get", party, challenge)
    if fault is None and signed.shared is not passkey.shared:
        fault = Fault.IMPOSSIBLE_FLAGS
    fault = fault or _fault_in_signature(party, answer, challenge, passkey)
    # Only now, because anybody can write a counter: a copy of the key is told from a made-up number by its signature.
    if fault is None and (signed.count or passkey.sign_count) and signed.count <= passkey.sign_count:
        fault = Fault.COUNTER_BACK
    if fault is not None:
        return Rejected(fault)
    return Asserted(replace(passkey, sign_count=signed.count, backed_up=signed.backed_up), signed.verified)


def _fault_in_object(made: AttestationObject, identity: bytes) -> Fault | None:
    from webauthn.helpers import (  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
    )

    attested = made.auth_data.attested_credential_data
    if attested is None or attested.credential_id != identity:
        return Fault.UNREADABLE
    # As a tuple, because what stands there may be anything that CBOR can say, also what has no hash.
    if made.fmt not in _NO_CERTIFICATE or made.att_stmt.x5c is not None:
        return Fault.ATTESTATION
    if len(attested.credential_public_key) > _LONGEST_KEY:
        return Fault.UNUSABLE_KEY
    try:
        # A point that is on no curve would be found at the first login, by a user who cannot mend it.
        decoded_public_key_to_cryptography(decode_credential_public_key(attested.credential_public_key))
    except _errors():
        return Fault.UNUSABLE_KEY
    return None


def _fault_in_signature(
    party: RelyingParty, answer: Assertion, challenge: bytes, passkey: Passkey
) -> Fault | None:
    from webauthn import verify_authentication_response  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used

    try:
        verify_authentication_response(
            credential=_proof(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=sorted(party.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=not party.insecure_unverified_user,
        )
    except _errors():
        return Fault.WRONG_SIGNATURE
    return None


def _made(answer: Attestation) -> RegistrationCredential:
    from webauthn.helpers.structs import (  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
        AuthenticatorAttestationResponse,
        RegistrationCredential,
    )

    return RegistrationCredential(
        id=name_of(answer.id),
        raw_id=answer.id,
        response=AuthenticatorAttestationResponse(
            client_data_json=answer.client_bytes, attestation_object=answer.object
        ),
    )


def _proof(answer: Assertion) -> AuthenticationCredential:
    from webauthn.helpers.structs import (  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
        AuthenticationCredential,
        AuthenticatorAssertionResponse,
    )

    return AuthenticationCredential(
        id=name_of(answer.id),
        raw_id=answer.id,
        response=AuthenticatorAssertionResponse(
            client_data_json=answer.client_bytes,
            authenticator_data=answer.signed_bytes,
            signature=answer.signature,
        ),
    )


def _said(data: AuthenticatorData) -> Signed:
    flags = data.flags
    return Signed(data.rp_id_hash, flags.up, flags.uv, flags.be, flags.bs, data.sign_count)


def _verification(party: RelyingParty) -> UserVerificationRequirement:
    from webauthn.helpers.structs import UserVerificationRequirement as Verified  # noqa: PLC0415 - the extra `passkeys`

    return Verified.PREFERRED if party.insecure_unverified_user else Verified.REQUIRED


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    from webauthn.helpers.structs import (  # noqa: PLC0415 - the extra `passkeys`, loaded where it is used
        AuthenticatorTransport,
        PublicKeyCredentialDescriptor,
    )

    return PublicKeyCredentialDescriptor(
        id=passkey.id, transports=[AuthenticatorTransport(transport) for transport in passkey.transports]
    )


def _errors() -> tuple[type[Exception], ...]:
    """List what the library raises for what strangers send: its own errors, and whatever its parsers stumble over."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - comes with the extra
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - the extra `passkeys`

    stumbled = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
    return (WebAuthnException, InvalidSignature, UnsupportedAlgorithm, *stumbled)
