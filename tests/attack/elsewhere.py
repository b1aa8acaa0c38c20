"""Logins that were begun at a login server of somebody else, each as one case wants it, after one that is shown to work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from tests.attack.cases import SetUpError, SkippedError
from tests.attack.jar import Jar
from tests.attack.message import write
from tests.attack.scene import Scene
from tests.services.issuer import ForeignServer

__all__ = ["oauth_client_started"]

PERSON = "ada"
"""Whose login there is linked to USER."""


def oauth_client_started(scene: Scene) -> None:
    """Show that a linked login lets USER in, then begin the login that this case is about."""
    begin = STARTED.get(scene.case)
    if begin is None:
        raise SkippedError(f"no way to begin the login of {scene.case}")
    _link(scene)
    begin(scene)


def _of_another_browser(scene: Scene) -> None:
    _start(scene, scene.jar)
    _start(scene, Jar())


def _guessed(scene: Scene) -> None:
    _start(scene, scene.jar)
    scene.names["STATE"] = "state"


def _unverified(scene: Scene) -> None:
    _as_somebody(scene, {"sub": "9009", "email": scene.user("USER").username, "email_verified": False})


def _same_name(scene: Scene) -> None:
    person = scene.application.issuers[0].people[PERSON]
    _as_somebody(
        scene, {"sub": "9011", "preferred_username": person["preferred_username"], "name": person["name"]}
    )


def _same_subject(scene: Scene) -> None:
    other = scene.application.issuers[1]
    other.people["double"] = {"sub": scene.application.issuers[0].people[PERSON]["sub"]}
    _start(scene, scene.jar, "double", other, "oauth_begin_other")


STARTED: Mapping[str, Callable[[Scene], None]] = {
    "oauth-client-002": _of_another_browser,
    "oauth-client-004": _guessed,
    "oauth-client-008": _unverified,
    "oauth-client-009": _same_subject,
    "oauth-client-011": _same_name,
}


def _as_somebody(scene: Scene, person: Mapping[str, object]) -> None:
    scene.application.issuers[0].people["somebody"] = dict(person)
    _start(scene, scene.jar, "somebody")


def _link(scene: Scene) -> None:
    """Link the login of a person there to USER, and see that it lets him in: a case that is refused anyway shows nothing."""
    jar = Jar()
    scene.log_in("USER", jar)
    _come_back(scene, jar, "oauth_link")
    other = Jar()
    _come_back(scene, other, "oauth_begin")
    if scene.who(other.cookies) != scene.user("USER").marker:
        raise SetUpError("a login that is linked to USER does not let him in")


def _come_back(scene: Scene, jar: Jar, role: str) -> None:
    _start(scene, jar, role=role)
    query = urlencode({"code": scene.names["UPSTREAM_CODE"], "state": scene.names["STATE"]})
    known = scene.target.roles["oauth_callback"]
    request = {
        "method": "GET",
        "path": f"{known.path}?{query}",
        "path_role": "oauth_callback",
        "cookies": "jar",
    }
    answer = scene.ask(write(request, known, scene.value("HOST"), jar, scene.value))
    jar.take(answer.headers)


def _start(
    scene: Scene, jar: Jar, who: str = PERSON, server: ForeignServer | None = None, role: str = "oauth_begin"
) -> None:
    """Begin in one browser, log in there, and keep what the browser is to bring back."""
    answer = scene.visit(role, jar)
    if answer.status != 200:
        raise SetUpError(f"{role} answered {answer.status}: {answer.text[:200]}")
    url = json.loads(answer.body)["url"]
    brought = dict((server or scene.application.issuers[0]).visit(f"{url}&login_hint={who}"))
    scene.names |= {"UPSTREAM_CODE": brought["code"], "STATE": brought["state"]}
