"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from guardhouse.desks import entry, own_passkeys, reset
from guardhouse.desks import passkeys as by_passkey
from guardhouse.desks.kit import Lifetimes
from guardhouse.edge.ways import passkeys
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import Power, Way

__all__ = ["WAYS"]

_FRESH = Lifetimes().fresh
_PASSKEYS = frozenset[Power]({"enrolments", "passkeys"})

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
    Way("passkey-options", by_passkey.ask_to_prove, by_passkey.AskToProve, needs=_PASSKEYS),
    Way(passkeys.PROVE, by_passkey.prove, by_passkey.Proof, "passkey", passkeys.proving, needs=_PASSKEYS),
    Way("passkeys", page="passkeys", show=passkeys.own, inside=True, fresh=_FRESH, needs=_PASSKEYS),
    Way("passkey-register-options", own_passkeys.ask_to_make, inside=True, fresh=_FRESH, needs=_PASSKEYS),
    *(
        Way(name, act, handed, "passkeys", passkeys.own, inside=True, fresh=_FRESH, needs=_PASSKEYS)
        for name, act, handed in passkeys.CHANGES
    ),
)
