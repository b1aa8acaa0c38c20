"""An app is one per user, and what was only shown is no proof: it waits for its first code, sealed and for a while."""

from __future__ import annotations

import pytest

from guardhouse.state import otp_app
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.otp_app import LIFETIME, UNCONFIRMED, Unconfirmed
from guardhouse.vault.totp import Kept

OWNER = "users:1"
SEED = Unconfirmed(OWNER, b"sealed", 100.0 + LIFETIME)


def test_what_was_shown_is_found_for_its_user_until_its_end():
    session: dict[str, object] = {}
    otp_app.offer(session, SEED)
    assert otp_app.offered(session, OWNER, 100.0) == SEED
    assert otp_app.offered(session, OWNER, 100.0 + LIFETIME) is None
    assert otp_app.offered(session, OWNER, float("nan")) is None
    assert otp_app.offered(session, "users:2", 100.0) is None


@pytest.mark.parametrize(
    "lies_there", [None, [], {}, "x", {"owner": OWNER}, {"owner": OWNER, "sealed": 1, "ends": 1}]
)
def test_what_cannot_be_read_was_not_shown(lies_there):
    assert otp_app.offered({UNCONFIRMED: lies_there}, OWNER, 0.0) is None


def test_a_user_has_one_app():
    first, other = (otp_app.enrolled(OWNER, Kept(b"sealed", step), 5.0) for step in (1, 2))
    assert first.name == other.name
    assert first.name != otp_app.enrolled("users:2", Kept(b"sealed", 1), 5.0).name
    after = otp_app.changed(first, Kept(b"other", 3), 6.0)
    assert (after.name, after.version, after.used, otp_app.kept(after)) == (
        first.name,
        2,
        6.0,
        Kept(b"other", 3),
    )


def test_only_an_app_is_read_as_one():
    app = otp_app.enrolled(OWNER, Kept(b"sealed", 1), 5.0)
    assert otp_app.kept(Enrolment(Kind.RECOVERY, "x", OWNER, 1.0, app.body)) is None
    assert otp_app.kept(Enrolment(Kind.TOTP, "x", OWNER, 1.0, b"\xff")) is None


def test_no_seed_is_in_a_repr():
    assert "sealed" not in repr(SEED)
