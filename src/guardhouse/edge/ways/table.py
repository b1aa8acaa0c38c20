"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from datetime import timedelta

from guardhouse.desks import change_password, confirm, devices, entry, impersonation, reset
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import Way
from guardhouse.steps.confirmed import WITHIN

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
    Way(
        "confirm-password",
        confirm.confirm,
        confirm.ConfirmWith,
        "confirm_password",
        confirm.shown,
        inside=True,
    ),
    Way(
        "change-password",
        change_password.change,
        change_password.ChangeTo,
        "change_password",
        change_password.shown,
        inside=True,
        needs=frozenset({"password"}),
    ),
    Way(
        "sessions",
        devices.end,
        devices.End,
        "sessions",
        devices.shown,
        path="devices",
        inside=True,
        fresh=WITHIN,
        needs=frozenset({"sessions"}),
    ),
    Way(
        "impersonate",
        impersonation.act_as,
        impersonation.ActAs,
        inside=True,
        fresh=timedelta(minutes=15),
        needs=frozenset({"impersonation"}),
    ),
    Way(
        "stop-impersonating",
        impersonation.stop,
        page="stop_impersonating",
        show=impersonation.shown,
        inside=True,
        acting=True,
        needs=frozenset({"impersonation"}),
    ),
)
