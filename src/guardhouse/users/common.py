"""Passwords that whoever guesses tries first: a bundled list of 48 thousand, read when the first one is looked for."""

from __future__ import annotations

from functools import cached_property

__all__ = ["CommonPasswords"]

FILE = "common.txt"


class CommonPasswords:
    """The bundled list, as a container of folded passwords of six characters and more.

    A set, and no Bloom filter: at this size it takes 5 MB, and some milliseconds to read, and what it says is never wrong. The
    file is a plain list, folded and sorted, made by `scripts/common_passwords`; its sources and licences lie beside it.
    """

    def __contains__(self, fold: object) -> bool:
        return fold in self._held

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return "CommonPasswords()"

    def prepare(self) -> None:
        """Load the list now, so that nobody waits for that later."""
        _ = self._held

    @cached_property
    def _held(self) -> frozenset[str]:
        from importlib.resources import files  # noqa: PLC0415 - takes as long to load as the list itself

        return frozenset(
            files("guardhouse.users").joinpath(FILE).read_text(encoding="utf-8").split("\n")[:-1]
        )
