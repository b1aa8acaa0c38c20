"""What proofs are worth: a table, and nothing that was not asked for counts."""

from __future__ import annotations

import pytest

from guardhouse.core.proofs import strength


@pytest.mark.parametrize(
    ("proofs", "factors"),
    [
        pytest.param((), 0, id="an application that says nothing"),
        pytest.param(("remembered",), 0, id="a device that remembers"),
        pytest.param(("mail",), 0, id="mail is no factor"),
        pytest.param(("impersonation",), 0, id="somebody else"),
        pytest.param(("password",), 1, id="a password"),
        pytest.param(("foreign",), 1, id="a login elsewhere"),
        pytest.param(("password", "foreign"), 1, id="twice what one knows"),
        pytest.param(("totp", "recovery"), 1, id="twice what one has"),
        pytest.param(("remembered", "totp"), 1, id="a device that remembers adds nothing"),
        pytest.param(("remembered", "password"), 1, id="a device that remembers adds nothing to a password"),
        pytest.param(("password", "totp"), 2, id="a password and an authenticator"),
        pytest.param(("password", "recovery"), 2, id="a password and a recovery code"),
        pytest.param(("foreign", "totp"), 2, id="a login elsewhere and an authenticator"),
        pytest.param(("passkey",), 2, id="a passkey is both"),
        pytest.param(("foreign", "foreign-factors"), 2, id="a login elsewhere that is believed to be both"),
        pytest.param(("password", "passkey", "totp"), 2, id="there are no three"),
    ],
)
def test_factors_are_counted_by_kind(proofs, factors):
    assert strength(proofs) == factors
