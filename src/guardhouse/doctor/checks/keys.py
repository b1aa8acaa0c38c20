"""Keys that are not secret: written in the source, or used for something else too. Weak ones never built a house."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject
from guardhouse.errors import ConfigError
from guardhouse.vault.keyring import Keyring


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    ours: str = subject.house.parts.csrf.key_id
    for where, text in subject.sources.keyword_constants("Guardhouse", "secret"):
        if _key_id(text) == ours:
            fix = "Take a new one, `guardhouse secret`, and hand it in from outside: secret=os.environ['APP_KEY']."
            yield found("key-in-source", where, "The key stands there in plain text.", fix)
    for one in subject.inner:
        for item in one.middleware:
            if _key_id(item.kwargs.get("secret_key")) == ours:
                what = f"{item.cls.__name__} on {one.name} signs with the key of the house."
                fix = "Give each a key of its own; `guardhouse secret` makes one."
                yield found("key-shared", f"{item.cls.__name__}(secret_key)", what, fix)


def _key_id(secret: Any) -> str | None:  # noqa: ANN401 - whatever a middleware was handed
    """Name a key as the house does; None for what could not be its key."""
    try:
        return Keyring(str(secret)).key_ids[0] if secret else None
    except ConfigError:
        return None
