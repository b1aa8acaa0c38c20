"""All ways in, one line each: what is handed in, who acts on it, and what it needs."""

from __future__ import annotations

from guardhouse.desks import address, entry, foreign, invite, link, register, reset, verify
from guardhouse.edge.ways.back import back
from guardhouse.edge.ways.told import told
from guardhouse.edge.ways.way import Power, Way

__all__ = ["WAYS"]

_ELSEWHERE: frozenset[Power] = frozenset({"foreign", "enrolments"})

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
        fresh=True,
        needs=_ELSEWHERE,
    ),
    Way(
        "foreign-unlink",
        foreign.unlink,
        foreign.Unlink,
        path="linked-logins/unlink",
        asked_on="foreign-logins",
        inside=True,
        fresh=True,
        needs=_ELSEWHERE,
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
)
