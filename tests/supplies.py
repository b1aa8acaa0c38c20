"""What a guard's look-up is handed in tests: nothing, unless a test says what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn


class NoSupply:
    """A supply that must not be asked; a test overrides the verbs that its guard has business with."""

    def session(self) -> Any:
        self._refuse("session")

    def now(self) -> float:
        self._refuse("now")

    def tokens(self) -> Any:
        self._refuse("tokens")

    def provider(self, name: str) -> Any:
        self._refuse("provider")

    async def authenticate(self, guard: str, provider: str, credentials: Mapping[str, str]) -> Any:
        self._refuse("authenticate")

    async def once(self, name: bytes, until: float) -> bool:
        self._refuse("once")

    def _refuse(self, verb: str) -> NoReturn:
        raise AssertionError(f"this guard has no business with {verb}")
