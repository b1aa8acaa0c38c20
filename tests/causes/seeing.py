"""What a proof may bring home: a start that stopped, findings, a journey's broken hop, a refusal, or what happens instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.testclient import WebSocketDenialResponse

from guardhouse.core.events import Refused
from guardhouse.doctor.browser.browsers import BROWSERS
from guardhouse.doctor.browser.clients import client_with
from guardhouse.doctor.browser.journey import Plan, journey
from guardhouse.doctor.browser.sites import bare_origin
from guardhouse.doctor.finding import Finding
from guardhouse.errors import ConfigError, GuardhouseError
from guardhouse.testing import recorded
from tests.causes.proof import Seen
from tests.doctor.conftest import HERE
from tests.houses import PASSWORD

CREDENTIALS = {"email": "ada@example.com", "password": PASSWORD}


def stopped(build: Callable[[], object]) -> Seen:
    """Build or start something that must not be; the code is the setting that the error names, or the error itself."""
    with pytest.raises(GuardhouseError) as raised:
        build()
    error = raised.value
    code = error.key if isinstance(error, ConfigError) else type(error).__name__
    return Seen("start", {code: {"says": str(error)}})


def findings(found: list[Finding]) -> Seen:
    """Take what the doctor found; the place is `here` where the text of the application marks that line so."""
    codes: dict[str, dict[str, object]] = {}
    for finding in found:
        codes.setdefault(finding.code, {"where": _place(finding), "says": f"{finding.what} {finding.fix}"})
    return Seen("finding", codes)


def _place(finding: Finding) -> str:
    if finding.file is None or finding.line is None:
        return finding.where
    line = Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1]
    return "here" if HERE in line else finding.where


def refusal(house: Any, ask: Callable[[], Any]) -> Seen:
    """Ask, and take the code and all causes of the one refusal that the house tells of; the answer must be that refusal."""
    with recorded(house) as events:
        answer = ask()
    (refused,) = [event for event in events if isinstance(event, Refused)]
    assert answer.status_code == refused.status
    return _told(refused)


def refused_socket(house: Any, connect: Callable[[], Any]) -> Seen:
    """Open a WebSocket that is refused, and take the code and all causes of that."""
    with recorded(house) as events, pytest.raises(WebSocketDenialResponse) as denied, connect():
        pass
    (refused,) = [event for event in events if isinstance(event, Refused)]
    assert denied.value.status_code == refused.status
    return _told(refused)


def _told(refused: Refused) -> Seen:
    codes: dict[str, Mapping[str, object]] = {
        str(cause.reason): {**cause.evidence, "hint": cause.hint, "status": refused.status}
        for cause in refused.causes
    }
    own = {**refused.evidence, "status": refused.status, "causes": list(codes)}
    return Seen("refusal", codes | {refused.code: {**codes.get(refused.code, {}), **own}})


def hop(
    app: Any,
    house: Any,
    at: str,
    page: str,
    *,
    client: str = "axios",
    browser: str = "chrome",
    **settings: str,
) -> Seen:
    """Play a browser's journey, and take the causes of the first hop that breaks."""
    given = tuple(f"{name}={value}" for name, value in settings.items())
    plan = Plan(
        at=bare_origin(at),
        page=bare_origin(page),
        client=client_with(client, given),
        browser=BROWSERS[browser],
        credentials=CREDENTIALS,
    )
    broken = anyio.run(journey, app, app, house, plan, time.time()).broken
    assert broken is not None, "the journey passes"
    told = {
        cause.code: {"hop": broken.part, "by": cause.by, "says": f"{cause.says} {cause.fix}"}
        for cause in broken.causes
    }
    return Seen("hop", told)


def instead(seen: object, expected: object) -> Seen:
    """Hold what happens in place of a cause that cannot arise."""
    assert seen == expected
    return Seen("behaviour", {})
