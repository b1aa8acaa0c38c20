"""What a person reads who is done with a way: one page for all, which says only what stands in this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from starlette.requests import Request

from guardhouse.desks.desk import Desk

__all__ = ["TOLD", "Told", "told"]


class Told(NamedTuple):
    """A title, a sentence, and the way that goes on from there with what its link says. All are translated."""

    title: str
    text: str
    link: str = "Go on to the login"
    way: str = "login"


HOME = "home"

TOLD: Mapping[str, Told] = MappingProxyType(
    {
        "logged-out": Told(
            "You are logged out", "Nobody is logged in on this device any more.", "Log in again"
        ),
        "reset-link-sent": Told(
            "Look into your mail",
            "If there is an account, a link to a new password is on its way to its address. It is good once and for a "
            "short while.",
            "Back to the login",
        ),
        "password-reset": Told(
            "Your password is set",
            "The new password counts from now on, and all other devices are logged out.",
        ),
        "two-factor-off": Told(
            "The second step is off",
            "The app and its recovery codes do not count any more, and no browser is trusted by them.",
            "Back to your account",
            "account-security",
        ),
        "registered": Told(
            "Look into your mail",
            "A letter is on its way to the address that you gave. What is to be done next stands in it.",
            "Back to the login",
        ),
        "verification-sent": Told(
            "Look into your mail",
            "If there is an account whose address is not confirmed yet, another letter is on its way to it.",
            "Back to the login",
        ),
        "address-verified": Told("Your address is confirmed", "Thank you. That was all."),
        "already-verified": Told(
            "Your address is confirmed", "It was confirmed before: nothing is left to be done."
        ),
        "address-change-asked": Told(
            "Look into your mail",
            "A letter is on its way to the new address. The one of before counts until you open the link in it.",
            "Go on",
            HOME,
        ),
        "address-changed": Told(
            "Your address is changed",
            "The new address counts from now on. A note of that went to the one of before.",
        ),
        "login-link-sent": Told(
            "Look into your mail",
            "If there is an account, a link that logs you in is on its way to its address. It is good once and for ten "
            "minutes.",
            "Back to the login",
        ),
        "invitation-accepted": Told(
            "Your account is open",
            "Your address is confirmed, too. Log in with the password that you have chosen.",
        ),
    }
)
"""By the name of what is done. An address that names anything else says that something is done, and no more."""

_ANYTHING = Told("Done", "That is done.")


async def told(_: Desk[Any], request: Request) -> Mapping[str, object]:
    """Find what is to be said; nothing of the address itself is."""
    return {"texts": TOLD.get(request.query_params.get("what", ""), _ANYTHING)}
