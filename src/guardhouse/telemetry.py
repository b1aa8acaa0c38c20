"""Refusals counted by their reason for OpenTelemetry; nothing of it is imported before somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guardhouse.core.events import Refused
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

__all__ = ["COUNTER", "count_refusals"]

COUNTER = "guardhouse.refusals"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"})
_OTHER = "_OTHER"
"""What OpenTelemetry calls a method that it does not know; visitors may invent as many as they like."""


def count_refusals(house: Guardhouse[Any], meter: Meter | None = None) -> None:
    """Count the refusals of a house, by code, route, stack, method and status. Call it before the house is installed.

    Without a meter the global provider's is used. No attribute holds what a visitor wrote, so their number is bounded
    by the application. Raises `ConfigError` where OpenTelemetry is not installed.
    """
    counter = (meter or _meter()).create_counter(
        COUNTER, unit="{refusal}", description="Requests that guardhouse refused."
    )

    def count(event: Refused) -> None:
        counter.add(1, attributes_of(event))

    house.listen(Refused, count)


def attributes_of(event: Refused) -> dict[str, str | int]:
    """Name a refusal for a counter."""
    return {
        "guardhouse.code": event.code,
        "guardhouse.stack": event.stack,
        "http.route": event.route,
        "http.request.method": event.method if event.method in _METHODS else _OTHER,
        "http.response.status_code": event.status,
    }


def _meter() -> Meter:
    try:
        from opentelemetry import metrics  # noqa: PLC0415 - an extra, and costly to import
    except ModuleNotFoundError as missing:
        fix = "It needs the extra: pip install 'guardhouse[otel]'."
        raise ConfigError("telemetry", missing.name, fix) from missing
    return metrics.get_meter("guardhouse")
