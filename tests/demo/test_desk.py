"""What the demo's login desk reads."""

from __future__ import annotations

from guardhouse.demo.credentials import Credentials


def test_a_password_is_in_no_repr():
    assert "secret" not in repr(Credentials("ada@example.com", "secret"))
