"""Commands on rotation schedules, and what happens when one has come due."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import msgspec

from domain.call import Call, Principal
from domain.commands.gate import Cleared
from domain.commands.rotations import MAX_GRACE, Planned, RotationCommands, RotationWish
from domain.errors import Invalid, NotFound, StoreUnavailable, TrstctlError, VersionConflict
from domain.names import checked_path, stream_of
from domain.ports import Append, Clock, EventLog, Replies, Repository
from domain.results import Done
from domain.rotation import Rotation
from domain.rotation_schedule import RotationSchedule, SchedulePlan
from domain.timetable import CronNext, Timetable
from domain.views import ScheduleRow, SchedulesView, Work

_NOTHING_TO_CLEAR: Final = Cleared()


class ScheduleMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as told to its tenant. `last_error` says why no rotation could be started the last time."""

    id: str
    name: str
    provider: str
    key: str
    interval_seconds: int | None
    cron: str | None
    window: str | None
    timezone: str
    grace_seconds: int
    enabled: bool
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_rotation_id: str | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: ScheduleRow) -> Self:
        """What the read model has."""
        table = msgspec.json.decode(row.timetable, type=Timetable)
        return cls(
            id=row.schedule_id,
            name=row.name,
            provider=row.provider,
            key=row.key,
            interval_seconds=table.interval_seconds or None,
            cron=table.cron or None,
            window=table.window or None,
            timezone=table.timezone,
            grace_seconds=row.grace_seconds,
            enabled=row.enabled,
            next_run_at=row.next_run_at,
            last_run_at=row.last_run_at,
            last_rotation_id=row.last_rotation_id,
            last_error=row.last_error,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation was started, and goes on by itself: see GET /api/v1/secrets/rotations/{rotation_id}."""

    schedule_id: str
    rotation_id: str


class ScheduleCommands:
    """`wake` tells the process manager of work that is due now; `entropy` gives random bytes, of which ids are made."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        rotations: RotationCommands,
        view: SchedulesView,
        replies: Replies,
        clock: Clock,
        *,
        entropy: Callable[[int], bytes],
        cron_next: CronNext,
        wake: Callable[[str], None],
    ) -> None:
        self._log = log
        self._repository = repository
        self._rotations = rotations
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy
        self._cron_next = cron_next
        self._wake = wake

    async def create(self, call: Call, plan: SchedulePlan, timetable: Timetable, old_ref: str) -> Done[ScheduleMeta]:
        """A new schedule, which could be run now as it is; raises what running it would."""
        self._require(call, plan.key)
        wish = RotationWish(
            provider=plan.provider, key=plan.key, old_ref=old_ref, grace_seconds=plan.grace_seconds, schedule_id="-"
        )
        planned = await self._rotations.planned(call, wish)
        at = self._clock()
        schedule = RotationSchedule.begin(call.tenant, f"rsc_{self._entropy(8).hex()}", at)
        # What is approved is that it is rotated at all; when, and how often, the schedule says.
        async with self._rotations.gate.passing(call, [planned.change]) as cleared:
            return await self._set(call, schedule, plan, timetable, created_at=at, cleared=cleared)

    async def change(
        self, call: Call, schedule_id: str, changes: dict[str, object], timetable: Timetable | None
    ) -> Done[ScheduleMeta]:
        """Change what is given of `name`, `grace_seconds`, `enabled` and when it comes round; raises `NotFound`."""
        row = await self._row(call, schedule_id)
        async with self._held(call.tenant, schedule_id) as schedule:
            plan = msgspec.structs.replace(schedule.must_be_there(), **changes)
            self._require(call, plan.key)
            table = timetable or msgspec.json.decode(plan.timetable, type=Timetable)
            if timetable is None and changes == {"enabled": False}:
                return await self._set(call, schedule, plan, table, created_at=row.created_at, last=row)
            planned = await self._planned(call, plan, schedule_id)
            async with self._rotations.gate.passing(call, [planned.change]) as cleared:
                return await self._set(
                    call, schedule, plan, table, created_at=row.created_at, last=row, cleared=cleared
                )

    async def remove(self, call: Call, schedule_id: str) -> Done[None]:
        """It comes round no more; rotations under way go on. Raises `NotFound`."""
        async with self._held(call.tenant, schedule_id) as schedule:
            self._require(call, schedule.must_be_there().key)
            schedule.remove(self._clock())
            return Done(None, await self._append(call, [schedule], None))

    async def show(self, call: Call, schedule_id: str) -> ScheduleMeta:
        """One schedule; raises `NotFound`."""
        call.require("rotations:read")
        return ScheduleMeta.of(await self._row(call, schedule_id))

    async def page(self, call: Call, cursor: str, limit: int) -> list[ScheduleMeta]:
        """The tenant's schedules in order of id, after `cursor`."""
        call.require("rotations:read")
        return [ScheduleMeta.of(row) for row in await self._view.page(call.tenant, cursor, limit)]

    async def run_now(self, call: Call, schedule_id: str) -> Done[Fired]:
        """Start its rotation now; its next time stays what it is. Raises `NotFound`, `Conflict`."""
        async with self._held(call.tenant, schedule_id) as schedule:
            plan = schedule.must_be_there()
            call.require("rotations:run", plan.key)
            planned = await self._planned(call, plan, schedule_id)
            async with self._rotations.gate.passing(call, [planned.change]) as cleared:
                return await self._fire(call, schedule, planned.rotation, schedule.next_run_at, cleared)

    async def run_due(self, work: Work) -> None:
        """What is due has come: start the rotation and set the next time, both or neither."""
        principal = Principal(tenant=work.tenant, subject="trstctl", scopes=("*",), token_id="")
        call = Call(principal=principal, request_id=work.stream.hex[:16])
        async with self._held(work.tenant, work.ref) as schedule:
            plan, at = schedule.must_be_there(), self._clock()
            schedule.must_be_due(at)
            table = msgspec.json.decode(plan.timetable, type=Timetable)
            next_run_at = table.next_after(at, self._cron_next)
            try:
                planned = await self._planned(call, plan, schedule.schedule_id)
                await self._fire(call, schedule, planned.rotation, next_run_at)
            except (StoreUnavailable, VersionConflict):
                raise
            except TrstctlError as error:
                schedule.skip(error.code, error.message[:500].replace("\n", " "), next_run_at, at)
                await self._append(call, [schedule], None)

    async def _planned(self, call: Call, plan: SchedulePlan, schedule_id: str) -> Planned:
        wish = RotationWish(
            provider=plan.provider,
            key=plan.key,
            old_ref=await self._rotations.holder(call.tenant, plan.key),
            grace_seconds=plan.grace_seconds,
            schedule_id=schedule_id,
        )
        return await self._rotations.planned(call, wish)

    async def _fire(
        self,
        call: Call,
        schedule: RotationSchedule,
        rotation: Rotation,
        next_run_at: datetime | None,
        cleared: Cleared = _NOTHING_TO_CLEAR,
    ) -> Done[Fired]:
        schedule.fire(rotation.rotation_id, next_run_at, self._clock())
        fired = Fired(schedule_id=schedule.schedule_id, rotation_id=rotation.rotation_id)
        position = await self._append(call, [schedule, rotation], fired, cleared)
        self._wake(rotation.destination)
        return Done(fired, position)

    async def _set(
        self,
        call: Call,
        schedule: RotationSchedule,
        plan: SchedulePlan,
        timetable: Timetable,
        *,
        created_at: datetime,
        last: ScheduleRow | None = None,
        cleared: Cleared = _NOTHING_TO_CLEAR,
    ) -> Done[ScheduleMeta]:
        if not 0 <= plan.grace_seconds <= MAX_GRACE:
            raise Invalid(f"grace_seconds is 0 to {MAX_GRACE}")
        at = self._clock()
        checked_path(plan.key)
        text = msgspec.json.encode(timetable.checked(self._cron_next, at)).decode()
        plan = msgspec.structs.replace(plan, timetable=text)
        schedule.set(plan, timetable.next_after(at, self._cron_next), at)
        row = ScheduleRow(
            schedule_id=schedule.schedule_id,
            **msgspec.structs.asdict(plan),
            next_run_at=schedule.next_run_at,
            last_run_at=last.last_run_at if last else None,
            last_rotation_id=last.last_rotation_id if last else None,
            last_error=last.last_error if last else None,
            created_at=created_at,
            updated_at=at,
        )
        meta = ScheduleMeta.of(row)
        return Done(meta, await self._append(call, [schedule], meta, cleared))

    @staticmethod
    def _require(call: Call, key: str) -> None:
        """Who schedules a rotation could as well run it."""
        call.require("rotations:write")
        call.require("rotations:run", key)
        call.require("secrets:write", key)

    async def _row(self, call: Call, schedule_id: str) -> ScheduleRow:
        row = await self._view.find(call.tenant, schedule_id)
        if row is None:
            raise NotFound(f"there is no rotation schedule {schedule_id!r}")
        return row

    @asynccontextmanager
    async def _held(self, tenant: str, schedule_id: str) -> AsyncIterator[RotationSchedule]:
        stream = stream_of("rotation_schedule", tenant, schedule_id)
        async with self._repository.hold(RotationSchedule, stream) as schedule:
            if schedule is None:
                raise NotFound(f"there is no rotation schedule {schedule_id!r}")
            yield schedule

    async def _append(
        self,
        call: Call,
        changed: Sequence[RotationSchedule | Rotation],
        result: object,
        cleared: Cleared = _NOTHING_TO_CLEAR,
    ) -> int:
        kept = await self._replies.keep(call, result)
        events = [event for each in changed for event in each.collect_events()]
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=[*cleared.events, *events],  # type: ignore[list-item]  # the library types them as its own base
                statements=[*cleared.statements, *kept.statements],
                reply=kept.reply,
            )
        )
