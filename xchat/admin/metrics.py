"""Figures as Prometheus reads them, by its own library (the text format, version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_KINDS: dict[str, type[CounterMetricFamily | GaugeMetricFamily]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
}


class _Told(Collector):
    """What a server has told, a family for each name."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = rows

    def collect(self) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for row in self._rows:
            labels = [row["label"]] if row["label"] else []
            made = _KINDS[row["kind"]](row["name"], row["about"], labels=labels)
            family = families.setdefault(row["name"], made)
            family.add_metric([row["labelled"]] if labels else [], row["value"])
        yield from families.values()


def exposition(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return figures in lines, as a file for node_exporter's textfile collector has them."""
    registry = CollectorRegistry()
    registry.register(_Told(rows))
    return generate_latest(registry).decode().splitlines()
