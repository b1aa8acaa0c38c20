"""What no store is given twice: keys and ids come from the source of randomness, so a second one says that it is broken."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from guardhouse.errors import StoreError

SESSION_TWICE = "a session under this key exists already: the source of randomness is broken"
TOKEN_TWICE = "a token of this id exists already: the source of randomness is broken"  # noqa: S105 - what is said


@contextmanager
def never_twice(refused: type[Exception], said: str) -> Generator[None]:
    """Say so where the server refused a second one with that error of its driver; other errors leave as they are."""
    try:
        yield
    except StoreError as error:
        if isinstance(error.__cause__, refused):
            raise StoreError(said) from error
        raise
