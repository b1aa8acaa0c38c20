"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from guardhouse.desks import entry, otp_app, reset, second_factor
from guardhouse.desks.kit import Lifetimes
from guardhouse.edge.ways import factors
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import NOTHING, Power, Way

__all__ = ["WAYS"]

_FRESH = Lifetimes().fresh
_ENROLMENTS = frozenset[Power]({"enrolments"})

WAYS: tuple[Way, ...] = (
    Way("login", entry.log_in, entry.LogInWith, "login", entry.show_login),
    Way("done", page="done", show=told),
    Way("logout", entry.log_out),
    Way(
        "forgot-password",
        reset.forgot,
        reset.Forgot,
        "forgot_password",
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
        fresh=_FRESH,
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
        fresh=_FRESH,
        needs=_ENROLMENTS,
    ),
    Way(
        "two-factor-off",
        otp_app.turn_off,
        otp_app.TurnOff,
        "two_factor_off",
        factors.off,
        inside=True,
        fresh=_FRESH,
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
        fresh=_FRESH,
        needs=_ENROLMENTS,
    ),
)
