"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from guardhouse.desks import entry, foreign, reset
from guardhouse.desks.kit import Lifetimes
from guardhouse.edge.ways.back import back
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import Power, Way

__all__ = ["WAYS"]

FRESH = Lifetimes().fresh
_ELSEWHERE: frozenset[Power] = frozenset({"foreign", "enrolments"})

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
        "foreign-login",
        foreign.begin,
        foreign.LogInElsewhere,
        path="login/with/{provider}",
        asked_on="login",
        needs=_ELSEWHERE,
    ),
    Way("foreign-callback", path="login/with/{provider}/callback", back=back, needs=_ELSEWHERE),
    Way(
        "foreign-logins",
        page="foreign_logins",
        show=foreign.list_linked,
        path="linked-logins",
        inside=True,
        needs=_ELSEWHERE,
    ),
    Way(
        "foreign-link",
        foreign.link,
        foreign.LogInElsewhere,
        path="linked-logins/with/{provider}",
        asked_on="foreign-logins",
        inside=True,
        fresh=FRESH,
        needs=_ELSEWHERE,
    ),
    Way(
        "foreign-unlink",
        foreign.unlink,
        foreign.Unlink,
        path="linked-logins/unlink",
        asked_on="foreign-logins",
        inside=True,
        fresh=FRESH,
        needs=_ELSEWHERE,
    ),
)
