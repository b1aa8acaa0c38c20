"""Users of a special kind that a case is about, each added by a hook of the application."""

from __future__ import annotations

from collections.abc import Callable

from tests.attack.cases import SetUpError, SkippedError
from tests.attack.jar import Jar
from tests.attack.scene import SUCCESS, Scene

__all__ = ["LONG_PASSWORD", "NUL_PASSWORD", "add_user", "disabled", "new_user", "old_hash"]

LONG_PASSWORD = "The first seventy-two bytes of this password are all that bcrypt reads!! " + "x" * 20
NUL_PASSWORD = "before the nul\0and after it"


def add_user(scene: Scene, email: str, *, password: str | None = None, **more: object) -> None:
    """Let somebody come: with a password, or with `password_hash`; with `disabled` he is let in nowhere."""
    values = {"password_hash": None, "disabled": False, **more}
    scene.application.hook("add_user", email=email, password=password, **values)


def new_user(who: str, *, password: str) -> Callable[[Scene], None]:
    """Let somebody come whose password is of a special kind."""

    def come(scene: Scene) -> None:
        email = f"{who.lower()}@example.com"
        add_user(scene, email, password=password)
        scene.names |= {f"{who}_USER": email, who: password}

    return come


def old_hash(scene: Scene) -> None:
    """Let somebody come whose hash was made at another cost."""
    stored = scene.target.fixtures.get("old_hash")
    if not stored:
        raise SkippedError("the target names no hash of an older cost")
    email = "oldhash@example.com"
    add_user(scene, email, password_hash=stored)
    scene.names["OLDHASH_USER"] = email


def disabled(scene: Scene) -> None:
    """Let somebody come who is disabled: his password is right, and does not help."""
    email, password = "disabled@example.com", scene.value("PASS")
    add_user(scene, email, password=password, disabled=True)
    if scene.visit("login", Jar(), {"username": email, "password": password}).status in SUCCESS:
        raise SetUpError("a user who is disabled is let in with his password")
    scene.names["DISABLED_USER"] = email
