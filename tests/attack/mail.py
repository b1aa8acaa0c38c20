"""What the application has mailed, as its hook shows it: to whom, and whose address a link in it makes good."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.attack.accounts import add_user
from tests.attack.cases import Failure, Finding, SkippedError
from tests.attack.jar import Jar
from tests.attack.observation import Check, Observation
from tests.attack.placeholders import expand
from tests.attack.scene import INDEXED_EMAIL, SUCCESS, Scene

PATIENCE = 5.0
"""Seconds in which a letter comes that was asked for."""
_ADDRESSES = re.compile(r"[^\s,;:<>\"']+")


@dataclass(frozen=True, slots=True)
class Sent:
    """One letter."""

    to: str
    link: str

    @property
    def token(self) -> str:
        """What the link carries."""
        return parse_qs(urlsplit(self.link).query).get("token", [""])[0]

    def reaches(self, address: str) -> bool:
        """Whether it goes to that address, be it beside others."""
        return address.casefold() in _ADDRESSES.findall(self.to.casefold())


def letters(scene: Scene) -> list[Sent]:
    """Return what was sent since the case began, oldest first."""
    return [Sent(one["to"], one["link"]) for one in scene.application.hook("letters")["letters"]]


def delivered(scene: Scene) -> list[Sent]:
    """Ask for one letter more, and return all that were sent when it has come.

    That no letter went to somebody shows nothing where none arrives at all, or where it is looked for too early.
    """
    address = expand("witness-${RANDOM:8}@example.com", scene.value).lower()
    add_user(scene, address, password=scene.value("PASS"))
    status = scene.visit("password_reset_request", Jar(), {"email": address}).status
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        sent = letters(scene)
        if any(one.reaches(address) for one in sent):
            return [one for one in sent if not one.reaches(address)]
        time.sleep(0.02)
    raise SkippedError(f"a letter that is asked for does not come ({status}): what is sent cannot be seen")


def _mail_not_to(forbidden: list[str], seen: Observation) -> Iterable[Finding]:
    addresses = [expand(one, seen.scene.value) for one in forbidden]
    for sent in delivered(seen.scene):
        yield from (
            Failure("mail_not_to", f"no letter to {one}", f"a letter to {sent.to}")
            for one in addresses
            if sent.reaches(one)
        )


def _token_address_consistent(_: bool, seen: Observation) -> Iterable[Finding]:
    """Follow every link that was sent to one of the new addresses: it makes good the one it went to, or none."""
    scene = seen.scene
    asked = [INDEXED_EMAIL.format(index) for index in range(len(seen.messages))]
    sent = [one for one in delivered(scene) if one.token and any(map(one.reaches, asked))]
    known = [scene.user("USER").username, *asked]
    held, confirmed = _shown(scene, known), 0
    for letter in sent:
        status = scene.visit(
            "email_change_confirm",
            Jar(scene.jar.cookies),
            {"token": letter.token},
            [["${CSRF_HEADER}", "${CSRF}"]],
        ).status
        confirmed += status in SUCCESS
        expected, held = letter.to if status in SUCCESS else held, _shown(scene, known)
        if held != expected:
            said = f"{held or 'no address of his'} after the link to {letter.to} ({status})"
            yield Failure("token_address_consistent", expected, said)
    if not confirmed:
        yield Failure("token_address_consistent", "a link that confirms", f"none of {len(sent)} links does")


def _shown(scene: Scene, known: Iterable[str]) -> str:
    """Return which of these addresses the account has."""
    text = scene.visit("protected_get", Jar(scene.jar.cookies)).text
    return next((address for address in known if address in text), "")


MAIL_CHECKS: Mapping[str, Check] = {
    "mail_not_to": _mail_not_to,
    "token_address_consistent": _token_address_consistent,
}
