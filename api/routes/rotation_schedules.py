"""/api/v1/secrets/rotation-schedules: rotations that come round by themselves."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, delete, get, patch, post

from api.decoding import body_of, no_query, one_line, query_of
from api.queries import SchedulesQuery
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from api.rotation_bodies import ScheduleBody, ScheduleChangeBody
from domain.commands.rotation_schedules import Fired, ScheduleMeta
from domain.rotation_schedule import SchedulePlan
from domain.timetable import Timetable

SCHEDULES: Final = "/api/v1/secrets/rotation-schedules"
_ONE: Final = f"{SCHEDULES}/{{schedule_id:str}}"


class SchedulePage(msgspec.Struct, frozen=True):
    """Schedules in order of id; `next_cursor` is where to go on, None at the end."""

    items: list[ScheduleMeta]
    next_cursor: str | None


@post(SCHEDULES, operation_id="createRotationSchedule", tags=["rotations"])
async def create(request: AnyRequest) -> Response[ScheduleMeta]:
    """Rotate a stored credential again and again; the server's own scheduler does it."""
    no_query(request)
    body = body_of(request, ScheduleBody)
    plan = SchedulePlan(
        name=one_line(body.name, "name"),
        provider=body.provider,
        key=body.key,
        timetable="",
        grace_seconds=body.grace_seconds,
        enabled=body.enabled,
    )
    commands = services(request).rotation_schedules
    old_ref = one_line(body.old_ref, "old_ref")
    return answer(*await commands.create(call(request, 201), plan, _timetable(body), old_ref), status=201)


@get(SCHEDULES, operation_id="listRotationSchedules", tags=["rotations"])
async def page(request: AnyRequest) -> Response[SchedulePage]:
    """The tenant's schedules, with the next and the last run of each."""
    query = query_of(request, SchedulesQuery)
    items = await services(request).rotation_schedules.page(call(request), query.cursor, query.limit)
    return answer(SchedulePage(items, items[-1].id if len(items) == query.limit else None), 0)


@get(_ONE, operation_id="showRotationSchedule", tags=["rotations"])
async def show(request: AnyRequest) -> Response[ScheduleMeta]:
    """One schedule."""
    no_query(request)
    return answer(await services(request).rotation_schedules.show(call(request), _id(request)), 0)


@patch(_ONE, operation_id="changeRotationSchedule", tags=["rotations"])
async def change(request: AnyRequest) -> Response[ScheduleMeta]:
    """Change its times, its grace or its name; pause it, or let it come round again."""
    no_query(request)
    body = body_of(request, ScheduleChangeBody)
    given = {"name": body.name, "grace_seconds": body.grace_seconds, "enabled": body.enabled}
    changes: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    timetable = _timetable(body) if body.interval_seconds or body.cron or body.window else None
    return answer(*await services(request).rotation_schedules.change(call(request), _id(request), changes, timetable))


@delete(_ONE, operation_id="removeRotationSchedule", tags=["rotations"], status_code=204)
async def remove(request: AnyRequest) -> Response[None]:
    """It comes round no more; rotations under way go on."""
    no_query(request)
    done = await services(request).rotation_schedules.remove(call(request, 204), _id(request))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


@post(f"{_ONE}/run", operation_id="runRotationSchedule", tags=["rotations"], status_code=202)
async def run(request: AnyRequest) -> Response[Fired]:
    """Start its rotation now; its next time stays what it is."""
    no_query(request)
    commands = services(request).rotation_schedules
    return answer(*await commands.run_now(call(request, 202), _id(request).removesuffix("/run")), status=202)


def _id(request: AnyRequest) -> str:
    return rest(request, f"{SCHEDULES}/")


def _timetable(body: ScheduleBody | ScheduleChangeBody) -> Timetable:
    return Timetable(
        interval_seconds=body.interval_seconds or 0,
        cron=one_line(body.cron or "", "cron"),
        window=one_line(body.window or "", "window"),
        timezone=one_line(body.timezone, "timezone"),
    )


ROUTES = [create, page, show, change, remove, run]
