"""The aggregate RotationSchedule: which stored credential is rotated when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

import msgspec

from domain.errors import Conflict, Invalid, NotFound
from domain.event import Aggregate, Created, Event
from domain.names import stream_of


class SchedulePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule does. `timetable` is JSON of `domain.timetable.Timetable`."""

    name: str
    provider: str
    key: str
    timetable: str
    grace_seconds: int
    enabled: bool


class ScheduleCreated(Created, frozen=True, kw_only=True):
    """A schedule came to be; what it does says the event after it."""

    TOPIC: ClassVar[str] = "rotation_schedule.created"
    schedule_id: str


class ScheduleEvent(Event, frozen=True, kw_only=True):
    """What happens to a schedule."""

    schedule_id: str


class ScheduleSet(ScheduleEvent, frozen=True, kw_only=True):
    """From now on it does this; `next_run_at` is None while it is paused."""

    TOPIC: ClassVar[str] = "rotation_schedule.set"
    name: str
    provider: str
    key: str
    timetable: str
    grace_seconds: int
    enabled: bool
    next_run_at: datetime | None

    def apply(self, aggregate: RotationSchedule) -> None:
        """The new plan counts."""
        aggregate.plan = SchedulePlan(
            name=self.name,
            provider=self.provider,
            key=self.key,
            timetable=self.timetable,
            grace_seconds=self.grace_seconds,
            enabled=self.enabled,
        )
        aggregate.next_run_at = self.next_run_at


class ScheduleFired(ScheduleEvent, frozen=True, kw_only=True):
    """Its time had come, or a person wanted it: the rotation `rotation_id` was started in the same append."""

    TOPIC: ClassVar[str] = "rotation_schedule.fired"
    rotation_id: str
    next_run_at: datetime | None

    def apply(self, aggregate: RotationSchedule) -> None:
        """The next time is another one."""
        aggregate.next_run_at = self.next_run_at


class ScheduleSkipped(ScheduleEvent, frozen=True, kw_only=True):
    """Its time had come, and no rotation could be started."""

    TOPIC: ClassVar[str] = "rotation_schedule.skipped"
    error: str
    detail: str
    next_run_at: datetime | None

    def apply(self, aggregate: RotationSchedule) -> None:
        """The next time is another one."""
        aggregate.next_run_at = self.next_run_at


class ScheduleRemoved(ScheduleEvent, frozen=True, kw_only=True):
    """It comes round no more."""

    TOPIC: ClassVar[str] = "rotation_schedule.removed"

    def apply(self, aggregate: RotationSchedule) -> None:
        """The end."""
        aggregate.plan = None


class RotationSchedule(Aggregate):
    """One schedule of one tenant. `plan` is None before it is set and after it was removed."""

    TOPIC = "rotation_schedule"

    def __init__(self, schedule_id: str) -> None:
        self.schedule_id = schedule_id
        self.plan: SchedulePlan | None = None
        self.next_run_at: datetime | None = None

    @classmethod
    def begin(cls, tenant: str, schedule_id: str, at: datetime) -> Self:
        """A schedule that does nothing yet."""
        stream = stream_of("rotation_schedule", tenant, schedule_id)
        return cls._create(ScheduleCreated, id=stream, schedule_id=schedule_id, timestamp=at)

    def set(self, plan: SchedulePlan, next_run_at: datetime, at: datetime) -> None:
        """Do this from now on; raises `Invalid` for the name."""
        if not 1 <= len(plan.name) <= 100 or not plan.name.isprintable():
            raise Invalid("a schedule's name has 1 to 100 printable characters")
        self._trigger(
            ScheduleSet, at, next_run_at=next_run_at if plan.enabled else None, **msgspec.structs.asdict(plan)
        )

    def must_be_there(self) -> SchedulePlan:
        """What it does; raises `NotFound` if it was removed."""
        if self.plan is None:
            raise NotFound(f"there is no rotation schedule {self.schedule_id!r}")
        return self.plan

    def must_be_due(self, at: datetime) -> None:
        """Raises `Conflict` unless its time has come: another node may have been faster."""
        if self.next_run_at is None or self.next_run_at > at:
            raise Conflict(f"rotation schedule {self.schedule_id} is not due")

    def fire(self, rotation_id: str, next_run_at: datetime | None, at: datetime) -> None:
        """A rotation is started."""
        self._trigger(ScheduleFired, at, rotation_id=rotation_id, next_run_at=next_run_at)

    def skip(self, error: str, detail: str, next_run_at: datetime | None, at: datetime) -> None:
        """No rotation could be started."""
        self._trigger(ScheduleSkipped, at, error=error, detail=detail, next_run_at=next_run_at)

    def remove(self, at: datetime) -> None:
        """Come round no more; raises `NotFound`."""
        self.must_be_there()
        self._trigger(ScheduleRemoved, at)

    def _trigger(self, event: type[ScheduleEvent], at: datetime, **fields: object) -> None:
        self.trigger_event(event, schedule_id=self.schedule_id, timestamp=at, **fields)
