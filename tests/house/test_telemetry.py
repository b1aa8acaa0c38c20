"""Refusals are counted by what the application names, and by nothing that a visitor could invent."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from guardhouse import ConfigError
from guardhouse.telemetry import COUNTER, count_refusals
from tests.provoked import NEIGHBOUR, SAME, World, ask


def counted(reader: InMemoryMetricReader) -> dict[tuple[Any, ...], int]:
    data: Any = reader.get_metrics_data()
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == (COUNTER, "{refusal}")
    names = ("guardhouse.code", "http.route", "http.request.method", "http.response.status_code")
    return {tuple(point.attributes[name] for name in names): point.value for point in metric.data.data_points}


def test_refusals_are_counted_by_code_route_method_and_status():
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter("test")
    client = World(lambda house: count_refusals(house, meter)).client()
    for _ in range(2):
        ask(client, "GET", "/web?x=1", SAME)
    ask(client, "POST", "/web", NEIGHBOUR)
    assert counted(reader) == {
        ("no_credential", "/web", "GET", 401): 2,
        ("csrf_origin_untrusted", "/web", "POST", 403): 1,
    }


def test_a_method_that_a_visitor_invents_is_no_label():
    reader = InMemoryMetricReader()
    world = World(lambda house: count_refusals(house, MeterProvider([reader]).get_meter("test")))
    world.app.router.routes[0].methods = None  # type: ignore[attr-defined]
    ask(world.client(), "BREW", "/web", SAME)
    assert [key[2] for key in counted(reader)] == ["_OTHER"]


def test_without_a_meter_it_is_the_global_one():
    assert ask(World(count_refusals).client(), "GET", "/web", SAME).status == 401


def test_a_house_at_work_takes_no_more_listeners():
    with pytest.raises(ConfigError, match="listen before"):
        count_refusals(World().house)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param(
            "import guardhouse.house, guardhouse.starlette, sys; print('opentelemetry.metrics' in sys.modules)",
            "False",
            id="not asked",
        ),
        pytest.param(
            "import sys; sys.modules['opentelemetry'] = None\n"
            "from guardhouse.telemetry import count_refusals\n"
            "try: count_refusals(None)\n"
            "except Exception as error: print(error)",
            "It needs the extra: pip install 'guardhouse[otel]'.",
            id="not there",
        ),
    ],
)
def test_nothing_is_imported_before_somebody_asks(program, said):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said in done.stdout
