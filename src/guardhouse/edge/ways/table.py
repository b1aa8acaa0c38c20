"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from guardhouse.desks import (
    address,
    entry,
    invite,
    link,
    otp_app,
    own_passkeys,
    register,
    reset,
    second_factor,
    verify,
)
from guardhouse.desks import passkeys as by_passkey
from guardhouse.edge.ways import factors, passkeys
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import NOTHING, Power, Way

__all__ = ["WAYS"]

_ENROLMENTS = frozenset[Power]({"enrolments"})
_PASSKEYS = frozenset[Power]({"enrolments", "passkeys"})

WAYS: tuple[Way, ...] = (
    Way("login", entry.log_in, entry.LogInWith, "login", entry.show_login, even=True),
    Way("done", page="done", show=told),
    Way("logout", entry.log_out),
    Way(
        "forgot-password",
        reset.forgot,
        reset.Forgot,
        "forgot_password",
        even=True,
        leads=frozenset({"reset-password"}),
        needs=frozenset({"mail", "password", "address"}),
    ),
    Way(
        "reset-password",
        reset.reset,
        reset.Reset,
        "reset_password",
        needs=frozenset({"mail", "password", "address"}),
    ),
    Way(
        "two-factor",
        second_factor.give_code,
        second_factor.CodeOfApp,
        "two_factor",
        factors.asked,
        needs=_ENROLMENTS,
    ),
    Way(
        "two-factor-recovery",
        second_factor.give_recovery_code,
        second_factor.RecoveryCode,
        "two_factor_recovery",
        factors.asked,
        needs=_ENROLMENTS,
    ),
    Way(
        "two-factor-required",
        otp_app.require,
        otp_app.PerhapsCode,
        "two_factor_setup",
        factors.required,
        once="recovery_codes",
        needs=_ENROLMENTS,
    ),
    Way("account-security", page="account_security", show=factors.security, inside=True),
    Way(
        "two-factor-setup",
        otp_app.set_up,
        NOTHING,
        "two_factor_setup",
        factors.set_up,
        inside=True,
        fresh=True,
        needs=_ENROLMENTS,
    ),
    Way(
        "two-factor-confirm",
        otp_app.confirm,
        otp_app.FirstCode,
        "two_factor_setup",
        factors.set_up,
        once="recovery_codes",
        inside=True,
        fresh=True,
        needs=_ENROLMENTS,
    ),
    Way(
        "two-factor-off",
        otp_app.turn_off,
        otp_app.TurnOff,
        "two_factor_off",
        factors.off,
        inside=True,
        fresh=True,
        needs=_ENROLMENTS,
    ),
    Way(
        "recovery-codes",
        otp_app.renew_codes,
        NOTHING,
        "recovery_renew",
        factors.codes,
        once="recovery_codes",
        inside=True,
        fresh=True,
        needs=_ENROLMENTS,
    ),
    Way(
        "register",
        register.register,
        register.Register,
        "register",
        even=True,
        leads=frozenset({"verify-email"}),
        needs=frozenset({"register", "newcomers"}),
    ),
    Way("verify-email", verify.verify, verify.VerifyBy, "verify_email", needs=frozenset({"mail", "address"})),
    Way(
        "send-verification",
        verify.send,
        verify.SendVerification,
        "send_verification",
        even=True,
        leads=frozenset({"verify-email"}),
        needs=frozenset({"mail", "address"}),
    ),
    Way(
        "change-email",
        address.change,
        address.ChangeAddress,
        "change_email",
        inside=True,
        fresh=True,
        even=True,
        leads=frozenset({"confirm-email"}),
        needs=frozenset({"mail", "address"}),
    ),
    Way(
        "confirm-email",
        address.confirm,
        address.ConfirmAddress,
        "confirm_email",
        needs=frozenset({"mail", "address"}),
    ),
    Way(
        "send-link",
        link.send,
        link.SendLink,
        "send_link",
        even=True,
        leads=frozenset({"enter"}),
        needs=frozenset({"mail", "address", "links"}),
    ),
    Way("enter", link.enter, link.EnterBy, "enter", needs=frozenset({"mail", "address", "links"})),
    Way(
        "accept-invitation",
        invite.accept,
        invite.Accept,
        "accept_invitation",
        show=invite.shown,
        needs=frozenset({"mail", "address", "register"}),
    ),
    Way("passkey-options", by_passkey.ask_to_prove, by_passkey.AskToProve, needs=_PASSKEYS),
    Way(passkeys.PROVE, by_passkey.prove, by_passkey.Proof, "passkey", passkeys.proving, needs=_PASSKEYS),
    Way("passkeys", page="passkeys", show=passkeys.own, inside=True, fresh=True, needs=_PASSKEYS),
    Way("passkey-register-options", own_passkeys.ask_to_make, inside=True, fresh=True, needs=_PASSKEYS),
    *(
        Way(name, act, handed, "passkeys", passkeys.own, inside=True, fresh=True, needs=_PASSKEYS)
        for name, act, handed in passkeys.CHANGES
    ),
)
