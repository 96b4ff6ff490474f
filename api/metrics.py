"""What Prometheus is told: requests, commits, the head of the log, the lag of what follows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from api.request_counts import SECONDS, Requests

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """One registry a process."""

    def __init__(self, version: str) -> None:
        # Else each series has a second one beside it, of no use here.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        Gauge("trstctl_build_info", "The version that runs.", ["version"], registry=registry).labels(version).set(1)
        self._requests = Requests()
        registry.register(self._requests)
        self._batch = Histogram(
            "trstctl_commit_batch_size", "Commands in one transaction.", buckets=_SIZES, registry=registry
        )
        self._commit = Histogram(
            "trstctl_commit_seconds", "Time of one transaction.", buckets=SECONDS, registry=registry
        )
        self._head = Gauge("trstctl_log_head", "Position of the newest event this node wrote.", registry=registry)
        self._lag = Gauge(
            "trstctl_projection_lag_events", "Events that a read model is behind.", ["projection"], registry=registry
        )
        self._attempts = Counter(
            "trstctl_deliveries_total", "Attempts at work that came due.", ["kind", "outcome"], registry=registry
        )
        self._bypasses = Counter(
            "trstctl_approvals_bypassed_total", "Times the glass was broken.", ["action"], registry=registry
        )
        self._parked = Gauge(
            "trstctl_needs_attention", "Pieces of work that need a person, in the whole store.", ["kind"],
            registry=registry,
        )  # fmt: skip
        self._overdue = Gauge(
            "trstctl_due_work_overdue",
            "Pieces of work, in the whole store, that came due over a minute ago and that nobody has begun on.",
            registry=registry,
        )
        self._parked_kinds: set[str] = set()

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the template, never the path."""
        # Else whoever asks could make series without end.
        self._requests.count(route, method if method in _METHODS else "OTHER", status, seconds)

    def commit(self, commands: int, seconds: float, head: int) -> None:
        """Count one transaction."""
        self._batch.observe(commands)
        self._commit.observe(seconds)
        self._head.set(head)

    def attempt(self, kind: str, outcome: str) -> None:
        """Count one attempt at work that came due: `done` or `failed`."""
        self._attempts.labels(kind, outcome).inc()

    def bypassed(self, action: str) -> None:
        """Count what was done without the approval it needs."""
        self._bypasses.labels(action).inc()

    def work(self, parked: Mapping[str, int], overdue: int) -> None:
        """Tell how much work of each kind needs a person, and how much is late."""
        self._parked_kinds |= parked.keys()
        for kind in self._parked_kinds:
            self._parked.labels(kind).set(parked.get(kind, 0))
        self._overdue.set(overdue)

    def watch_lag(self, projection: str, lag: Callable[[], int]) -> None:
        """Ask `lag` whenever the metrics are read."""
        self._lag.labels(projection).set_function(lag)

    def rendered(self) -> tuple[bytes, str]:
        """The metrics as text, and its media type: the one that every version of Prometheus reads."""
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4
