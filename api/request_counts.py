"""How many requests were answered, and in what time.

The Prometheus client's own counters take a lock and several calls each; here two list items are counted up, and the
series are made when somebody reads them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Times:
    """Of one route: how many took at most so long as each bound says, and how long all took together."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0

    def cumulated(self) -> list[tuple[str, float]]:
        bounds = (*map(str, SECONDS), "+Inf")
        return list(zip(bounds, accumulate(self.buckets), strict=True))


class Requests(Collector):
    """Counts on one thread, the event loop's, where it is read as well."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}
        self._times: dict[str, _Times] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """One more answer."""
        key = (route, method, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = _Times()
        times.buckets[bisect_left(SECONDS, seconds)] += 1
        times.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """The series, for the registry."""
        yield self._counted(self._counts.items())
        yield self._timed(self._times.items())

    @staticmethod
    def _counted(counts: Iterable[tuple[tuple[str, str, int], int]]) -> Metric:
        family = CounterMetricFamily(
            "trstctl_http_requests_total", "Requests answered.", labels=["route", "method", "status"]
        )
        for (route, method, status), number in counts:
            family.add_metric([route, method, str(status)], number)
        return family

    @staticmethod
    def _timed(times: Iterable[tuple[str, _Times]]) -> Metric:
        family = HistogramMetricFamily("trstctl_http_request_seconds", "Time to answer.", labels=["route"])
        for route, each in times:
            family.add_metric([route], each.cumulated(), each.seconds)
        return family
