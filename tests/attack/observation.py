"""What was seen of one step: what was sent, what came back, and what had moved behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.attack.application import State
from tests.attack.cases import Finding, Request
from tests.attack.jar import SetCookie, set_cookies
from tests.attack.scene import SUCCESS, Scene
from tests.attack.wire import Answer, Message

UPGRADED = 101
SESSIONS = ("SID", "OLD_SID", "SECOND_SID", "ATTACKER_SID", "OTHER_SID", "SENT_SID")
"""The placeholders that stand for session ids."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One step, observed."""

    scene: Scene
    request: Request
    messages: tuple[Message, ...]
    answers: tuple[Answer, ...]
    held: Mapping[str, str]
    """The cookies that the browser held before."""
    before: State | None
    after: State | None
    line: int
    """Where the log stood before."""
    hits: int
    again: Callable[[], Sequence[Answer]]
    """Send the same once more."""

    @property
    def session_before(self) -> str:
        """The session id that the browser held before."""
        return self.held.get(self.scene.target.cookie("session"), "")

    @property
    def sent_sessions(self) -> set[str]:
        """Every value that was sent under the name of the session cookie."""
        name = re.escape(self.scene.target.cookie("session").encode())
        pattern = re.compile(rb"(?:^Cookie: |; ?)" + name + rb"=([^;\r\n]*)", re.MULTILINE | re.IGNORECASE)
        found = (pattern.findall(message.data.partition(b"\r\n\r\n")[0]) for message in self.messages)
        return {value.decode("latin-1") for values in found for value in values}

    def cookies(self, role: str) -> list[SetCookie]:
        """Return what the answers set under the name of a role."""
        name = self.scene.target.cookie(role)
        return [
            one for answer in self.answers for one in set_cookies(answer.headers) if name and one.name == name
        ]

    @property
    def new_sessions(self) -> list[str]:
        """The session ids that were handed out, as far as a browser keeps them."""
        return [one.value for one in self.cookies("session") if not one.clears and not one.refused]

    @property
    def effects(self) -> int | None:
        """How often protected_post did something; None if the application does not show it."""
        if self.before is None or self.after is None:
            return None
        return self.after.effects - self.before.effects

    def identity(self) -> str:
        """Return the marker of the user whom the application acted as, or nothing."""
        markers = self.scene.target.markers
        for answer in self.answers:
            if answer.status == UPGRADED:
                return "somebody, over a WebSocket"
            shown = next((marker for marker in markers if marker in answer.text), "")
            if answer.status in SUCCESS and shown:
                return shown
        return self._whose_effect() or next(filter(None, map(self.scene.whose, self.new_sessions)), "")

    def _whose_effect(self) -> str:
        if not self.effects or self.before is None or self.after is None:
            return ""
        moved = {user for user, count in self.after.done.items() if count != self.before.done.get(user, 0)}
        named = (
            user.marker
            for user in self.scene.target.users.values()
            if user.id in moved or user.username in moved
        )
        return next(named, "somebody")


Check: TypeAlias = Callable[[Any, Observation], Iterable[Finding]]
"""Look at one expected field."""
