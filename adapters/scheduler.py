"""Work that comes round by the clock, on the event loop, by APScheduler."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from domain.errors import Invalid

_log = logging.getLogger("trstctl.scheduler")


def cron_next(line: str, timezone: str, after: datetime) -> datetime:
    """The first moment after `after`, in UTC, that a cron line of five fields names; raises `Invalid`."""
    try:
        trigger = CronTrigger.from_crontab(line, timezone=timezone)
        found: datetime | None = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"cron {line[:100]!r}: {error}; write five fields, such as 30 3 * * sun") from error
    if found is None:
        raise Invalid(f"cron {line[:100]!r} names no moment that ever comes")
    return found.astimezone(UTC)


class Scheduler:
    """Runs jobs at intervals.

    A job that is still running is not started again; one that fails is logged and comes round again.
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` each `seconds`, for the first time after as many."""

        async def run() -> None:
            try:
                await job()
            except Exception as error:  # noqa: BLE001 - whatever failed is logged, and the job comes round again
                _log.exception("a scheduled job failed", exc_info=error, extra={"job": name})

        self._scheduler.add_job(
            run, IntervalTrigger(seconds=seconds), id=name, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a job that is running is left to end by itself."""
        self._scheduler.shutdown(wait=False)
