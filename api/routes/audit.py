"""/api/v1/audit: the tenant's own events, the export that verifies, verification, checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.response import Stream

from api.replies import answer
from api.requests import AnyRequest, call, integer, services
from domain.errors import Invalid
from projections.audit import AuditEvent, AuditFilter

AUDIT = "/api/v1/audit"


class AuditPage(msgspec.Struct, frozen=True):
    """Events in the order asked.

    `next_cursor` goes on in that order, `previous_cursor` back; both None where there is no more.
    """

    items: list[AuditEvent]
    next_cursor: str | None
    previous_cursor: str | None


class Checkpoints(msgspec.Struct, frozen=True):
    """Signed notes, oldest first."""

    items: list[str]


@get(f"{AUDIT}/events", operation_id="auditEvents", tags=["audit"])
async def events(request: AnyRequest) -> Response[AuditPage]:
    """The tenant's events. Cursors go both ways: `cursor=next:POSITION` or `cursor=prev:POSITION`."""
    caller = call(request)
    caller.require("audit:read")
    limit = integer(request, "limit", default=100, low=1, high=1000) or 100
    newest_first = _order(request)
    direction, position = _cursor(request)
    backwards = direction == "prev"
    await services(request).auditing.caught_up()
    found = await services(request).audit_events.page(
        caller.tenant, _filter(request), cursor=position, newest_first=newest_first != backwards, limit=limit + 1
    )
    return answer(_page(found, limit, position, backwards=backwards), 0)


def _page(found: list[AuditEvent], limit: int, position: int | None, *, backwards: bool) -> AuditPage:
    more = len(found) > limit
    items = found[:limit]
    if backwards:
        items.reverse()
    onward = f"next:{items[-1].position}" if items and (more or backwards) else None
    back = f"prev:{items[0].position}" if items and (more if backwards else position is not None) else None
    return AuditPage(items, onward, back)


def _order(request: AnyRequest) -> bool:
    order = request.query_params.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise Invalid("order is asc (oldest first) or desc (newest first)")
    return bool(order == "desc")


def _cursor(request: AnyRequest) -> tuple[str, int | None]:
    text = request.query_params.get("cursor")
    if not text:
        return "next", None
    direction, _, position = text.partition(":")
    if direction not in {"next", "prev"} or not (position.isascii() and position.isdigit() and len(position) <= 18):
        raise Invalid("cursor is one that an earlier answer gave, such as next:120")
    return direction, int(position)


def _filter(request: AnyRequest) -> AuditFilter:
    query = request.query_params
    types = tuple(each for each in query.get("type", "").split(",") if each)
    if len(types) > 50 or any(len(query.get(name, "")) > 1100 for name in ("actor", "path", "q")):
        raise Invalid("type takes at most 50 types; actor, path and q at most 1100 characters")
    return AuditFilter(
        types=types,
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        actor=query.get("actor"),
        path=query.get("path"),
        text=query.get("q"),
    )


def _moment(request: AnyRequest, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{name} is a point in time as in RFC 3339, such as 2026-06-25T12:00:00Z") from error
    if moment.tzinfo is None:
        raise Invalid(f"{name} needs its offset from UTC, such as 2026-06-25T12:00:00Z")
    return moment


@get(f"{AUDIT}/export", operation_id="auditExport", tags=["audit"])
async def export(request: AnyRequest) -> Stream:
    """The whole chain as NDJSON: the tenant's events in full, others' as digests, so that it verifies by itself."""
    caller = call(request)
    caller.require("audit:read")
    return Stream(services(request).auditing.export(caller.tenant), media_type="application/x-ndjson")


@post(f"{AUDIT}/verify", operation_id="auditVerify", tags=["audit"], status_code=200)
async def verify(request: AnyRequest) -> Response[Any]:
    """Check the whole log now, against the store's checkpoints."""
    call(request).require("audit:verify")
    return answer(await services(request).auditing.verify(), 0)


@get(f"{AUDIT}/checkpoints", operation_id="auditCheckpoints", tags=["audit"])
async def checkpoints(request: AnyRequest) -> Response[Checkpoints]:
    """The signed checkpoints held, oldest first."""
    call(request).require("audit:read")
    return answer(Checkpoints(list(await services(request).auditing.checkpoints())), 0)


@post(f"{AUDIT}/checkpoints", operation_id="auditCheckpoint", tags=["audit"], status_code=200)
async def checkpoint(request: AnyRequest) -> Response[Checkpoints]:
    """Sign and keep a checkpoint of the head now."""
    call(request).require("audit:verify")
    return answer(Checkpoints([await services(request).auditing.checkpoint()]), 0)


@get(f"{AUDIT}/key", operation_id="auditKey", tags=["audit"], media_type="text/plain")
async def key(request: AnyRequest) -> str:
    """The public key that verifies checkpoints, as a C2SP vkey."""
    return services(request).auditing.public_key() + "\n"


ROUTES = [events, export, verify, checkpoints, checkpoint, key]
