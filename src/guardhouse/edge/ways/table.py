"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from guardhouse.desks import entry, reset
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import Way

__all__ = ["WAYS"]

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
)
