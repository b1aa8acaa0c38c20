"""One structured log record for every refusal, on the logger `guardhouse`."""

from __future__ import annotations

import logging

from guardhouse.core.events import Refused
from guardhouse.core.reasons import Reason

logger = logging.getLogger("guardhouse")

_QUIET = frozenset(
    {
        Reason.NO_CREDENTIAL,
        Reason.NO_LOGIN,
        Reason.SECOND_FACTOR_MISSING,
        Reason.SESSION_EXPIRED,
        Reason.SESSION_UNKNOWN,
    }
)
_BROKEN = 500


def write(event: Refused) -> None:
    """Write the record; its fields stand under `guardhouse` for structured handlers. Evidence holds no secret."""
    fields = {
        "event": "refused",
        "code": event.code,
        "by": event.by,
        "stack": event.stack,
        "method": event.method,
        "path": event.path,
        "status": event.status,
        "evidence": dict(event.evidence),
        "causes": [{"code": str(cause.reason), "evidence": dict(cause.evidence)} for cause in event.causes],
        "guards": event.guards,
        "route": event.route,
        "request_id": event.request_id,
    }
    message = "refused %s %s: %s by %s"
    logger.log(
        _level(event),
        message,
        event.method,
        _line(event.path),
        event.code,
        event.by,
        extra={"guardhouse": fields},
    )


def _level(event: Refused) -> int:
    if event.status >= _BROKEN:
        return logging.ERROR
    return logging.INFO if event.code in _QUIET else logging.WARNING


def _line(path: str) -> str:
    """Keep a visitor's path on its line: control characters would forge others (CWE-117)."""
    return path if path.isprintable() else ascii(path)[1:-1]
