"""What Prometheus is told of work that waits. It is counted in the store, by index, and not at each question."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from api.metrics import Metrics
from domain.ports import Clock
from projections.due_work import DueWork

_LATE: Final = timedelta(minutes=1)
_MOST: Final = 10_000


async def count_work(view: DueWork, metrics: Metrics, clock: Clock) -> None:
    """Count what needs a person, and what came due a while ago and is not begun on."""
    metrics.work(await view.parked_by_kind(), await view.overdue(clock() - _LATE, _MOST))
