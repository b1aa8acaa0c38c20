"""A trusted browser spares one user the second factor, for a month, until his password changes; it proves nothing itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from guardhouse.state.enrolment import Kind
from guardhouse.state.handed import Presented, read
from guardhouse.state.remembered import begin
from guardhouse.state.trusted import CHANCE, LIFETIME, Trust, Trusted, trust, weigh

NOW = 1_000_000.0
VALUE, KEPT = trust("users:1", "v1.key.mac", bytes(range(CHANCE)), NOW)
PRESENTED = read(VALUE.encode())
assert PRESENTED is not None
REMEMBERED = begin("users:1", "web", None, bytes(range(CHANCE)), NOW)[1]


@pytest.mark.parametrize(
    ("kept", "presented", "owner", "now", "same_password", "trusted"),
    [
        pytest.param(KEPT, PRESENTED, "users:1", NOW, True, Trusted.YES, id="at once"),
        pytest.param(KEPT, PRESENTED, "users:1", NOW + LIFETIME - 1, True, Trusted.YES, id="the last second"),
        pytest.param(KEPT, PRESENTED, "users:1", NOW + LIFETIME, True, Trusted.EXPIRED, id="after a month"),
        pytest.param(
            KEPT, PRESENTED, "users:2", NOW, True, Trusted.ANOTHER_USER, id="another user of this browser"
        ),
        pytest.param(
            KEPT, PRESENTED, "admins:1", NOW, True, Trusted.ANOTHER_USER, id="a namesake of other users"
        ),
        pytest.param(KEPT, PRESENTED, "users:1", NOW, False, Trusted.WRONG_PASSWORD, id="a new password"),
        pytest.param(
            KEPT,
            Presented(KEPT.name, b"x" * 32),
            "users:1",
            NOW,
            True,
            Trusted.UNKNOWN,
            id="a made-up secret",
        ),
        pytest.param(
            replace(KEPT, name="x"), PRESENTED, "users:1", NOW, True, Trusted.UNKNOWN, id="another row"
        ),
        pytest.param(replace(KEPT, body=b""), PRESENTED, "users:1", NOW, True, Trusted.UNKNOWN, id="no body"),
        pytest.param(
            REMEMBERED, PRESENTED, "users:1", NOW, True, Trusted.UNKNOWN, id="a series, which is another kind"
        ),
    ],
)
def test_a_browser_is_weighed(kept, presented, owner, now, same_password, trusted):
    assert weigh(kept, presented, owner, now, same_password=same_password) is trusted


def test_what_is_kept_shows_no_secret():
    assert VALUE.split(".")[1].encode() not in KEPT.body
    assert repr(Trust.of(KEPT)) == "Trust(hidden)"
    assert (KEPT.kind, KEPT.ends) == (Kind.TRUSTED, NOW + LIFETIME)


@given(st.binary(max_size=60))
@example(b"\x93\xc4\x01a\xc0" + b"\x91" * 50_000)
def test_a_body_that_is_none_reads_as_none(body: bytes):
    found = Trust.of(replace(KEPT, body=body))
    assert found is None or isinstance(found.digest, bytes)
