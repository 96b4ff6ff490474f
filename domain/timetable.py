"""When something comes round: at an interval or by cron, within a window of the day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from domain.errors import Invalid

MIN_INTERVAL: Final = 60
MAX_INTERVAL: Final = 366 * 24 * 3600
_WINDOW: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])\Z")

CronNext = Callable[[str, str, datetime], datetime]
"""The first moment after the given one, in UTC, that a cron line names in a time zone; raises `Invalid`."""


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """`interval_seconds` or `cron` (five fields), one of both; `window` as `22:00-04:00`; an IANA time zone."""

    interval_seconds: int = 0
    cron: str = ""
    window: str = ""
    timezone: str = "UTC"

    def checked(self, cron_next: CronNext, now: datetime) -> Timetable:
        """Itself; raises `Invalid` if it names no times."""
        if bool(self.interval_seconds) == bool(self.cron):
            raise Invalid("give interval_seconds or cron, one of both")
        if self.interval_seconds and not MIN_INTERVAL <= self.interval_seconds <= MAX_INTERVAL:
            raise Invalid(f"interval_seconds is {MIN_INTERVAL} to {MAX_INTERVAL}")
        _zone(self.timezone)
        if self.window and not _WINDOW.match(self.window):
            raise Invalid(f"window {self.window!r}: write it as 22:00-04:00")
        self.next_after(now, cron_next)
        return self

    def next_after(self, now: datetime, cron_next: CronNext) -> datetime:
        """The first time after `now` at which it comes round; outside the window that is the window's beginning."""
        if self.cron:
            return self._in_window(cron_next(self.cron, self.timezone, now))
        return self._in_window(now + timedelta(seconds=self.interval_seconds))

    def _in_window(self, moment: datetime) -> datetime:
        if not self.window:
            return moment
        begin, end = _bounds(self.window)
        zone = _zone(self.timezone)
        local = moment.astimezone(zone)
        if _lies_in(local.time(), begin, end):
            return moment
        opening = local.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0)
        if opening <= local:
            opening += timedelta(days=1)
        return opening.astimezone(moment.tzinfo)


def _bounds(window: str) -> tuple[time, time]:
    match = _WINDOW.match(window)
    if match is None:
        raise Invalid(f"window {window!r}: write it as 22:00-04:00")
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    return time(hour, minute), time(end_hour, end_minute)


def _lies_in(moment: time, begin: time, end: time) -> bool:
    if begin <= end:
        return begin <= moment < end
    return moment >= begin or moment < end


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"there is no time zone {name[:100]!r}; use an IANA name such as Europe/Vienna") from None
