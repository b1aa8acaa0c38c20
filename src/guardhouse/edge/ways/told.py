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

_DEVICES = ("Back to your devices", "sessions")

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
        "password-changed": Told(
            "Your password is changed",
            "The new password counts from now on, and all other devices are logged out.",
            "Go on",
            HOME,
        ),
        "confirmed": Told("Thank you", "You have shown who you are.", "Go on", HOME),
        "session-ended": Told("The device is logged out", "It is logged out at once.", *_DEVICES),
        "others-ended": Told("Other devices are logged out", "Only this one is still logged in.", *_DEVICES),
        "device-forgotten": Told(
            "The device is forgotten", "It has to prove itself anew the next time.", *_DEVICES
        ),
        "token-revoked": Told("The token is revoked", "It opens nothing any more.", *_DEVICES),
        "tokens-revoked": Told("All tokens are revoked", "None of them opens anything any more.", *_DEVICES),
        "impersonated": Told(
            "You act in another's place", "That is written down, with your own name.", "Go on", HOME
        ),
        "impersonation-ended": Told(
            "You are yourself again", "You act for nobody else any more.", "Go on", HOME
        ),
        "foreign-linked": Told(
            "Your login is linked",
            "You can log in with it from now on.",
            "Back to the list",
            "foreign-logins",
        ),
        "foreign-unlinked": Told(
            "Your login is unlinked",
            "It does not let you in here any more.",
            "Back to the list",
            "foreign-logins",
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
        "passkey-added": Told(
            "Your passkey is added",
            "From now on you can log in with it, without your password.",
            "Back to your passkeys",
            "passkeys",
        ),
        "passkey-renamed": Told(
            "Your passkey is renamed", "It has its new name.", "Back to your passkeys", "passkeys"
        ),
        "passkey-removed": Told(
            "Your passkey is removed",
            "Nobody can log in here with it any more. Remove it on your device as well, which does not know that.",
            "Back to your passkeys",
            "passkeys",
        ),
    }
)
"""By the name of what is done. An address that names anything else says that something is done, and no more."""

_ANYTHING = Told("Done", "That is done.")


async def told(desk: Desk[Any], request: Request) -> Mapping[str, object]:
    """Find what is to be said; nothing of the address itself is."""
    await desk.auth.identity()  # so that the page can say who acts in whose place
    return {"texts": TOLD.get(request.query_params.get("what", ""), _ANYTHING)}
