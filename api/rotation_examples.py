"""Examples of rotations and their schedules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from api.rotation_bodies import RotationBody, ScheduleBody, ScheduleChangeBody
from api.routes.rotation_schedules import SchedulePage
from api.routes.rotations import RotationPage
from domain.commands.rotation_schedules import Fired, ScheduleMeta
from domain.commands.rotation_terms import RotationMeta

_ROTATION: Final = RotationMeta(
    id="rot_019a0123456789abcdef0123",
    provider="postgresql",
    key="db/reporting",
    old_ref="reporting",
    new_ref="rot-report-0123456789ab",
    state="completed",
    completed=True,
    rolled_back=False,
    failed_phase=None,
    error=None,
    detail=None,
    started_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
    retires_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
    ended_at=datetime(2026, 6, 25, 12, 0, 1, tzinfo=UTC),
    schedule_id=None,
)
_SCHEDULE: Final = ScheduleMeta(
    id="rsc_0123456789abcdef",
    name="weekly",
    provider="postgresql",
    key="db/reporting",
    interval_seconds=None,
    cron="30 3 * * sun",
    window=None,
    timezone="UTC",
    grace_seconds=3600,
    enabled=True,
    next_run_at=datetime(2026, 6, 28, 3, 30, tzinfo=UTC),
    last_run_at=None,
    last_rotation_id=None,
    last_error=None,
    created_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
    updated_at=datetime(2026, 6, 25, 12, 0, tzinfo=UTC),
)

ROTATION_BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "runRotation": {"now": RotationBody(provider="postgresql", key="db/reporting", old_ref="reporting")},
    "createRotationSchedule": {
        "weekly": ScheduleBody(
            name="weekly",
            provider="postgresql",
            key="db/reporting",
            old_ref="reporting",
            cron="30 3 * * sun",
            grace_seconds=3600,
        )
    },
    "changeRotationSchedule": {"paused": ScheduleChangeBody(enabled=False)},
}
ROTATION_ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {
    "runRotation": {"done": _ROTATION},
    "listRotations": {"one": RotationPage([_ROTATION], None)},
    "showRotation": {"done": _ROTATION},
    "createRotationSchedule": {"weekly": _SCHEDULE},
    "listRotationSchedules": {"one": SchedulePage([_SCHEDULE], None)},
    "showRotationSchedule": {"weekly": _SCHEDULE},
    "changeRotationSchedule": {"weekly": _SCHEDULE},
    "runRotationSchedule": {"begun": Fired(schedule_id=_SCHEDULE.id, rotation_id=_ROTATION.id)},
}
