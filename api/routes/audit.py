"""/api/v1/audit: the tenant's own events, the export that verifies, verification, checkpoints."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.response import Stream

from api.decoding import in_utc, no_query, query_of
from api.queries import AuditQuery
from api.replies import answer
from api.requests import AnyRequest, call, services
from domain.errors import Invalid
from projections.audit import AuditEvent, AuditFilter

AUDIT: Final = "/api/v1/audit"
_MOST_TYPES: Final = 50


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
    query = query_of(request, AuditQuery)
    direction, position = _cursor(query)
    backwards = direction == "prev"
    newest_first = (query.order == "desc") != backwards
    await services(request).auditing.caught_up()
    found = await services(request).audit_events.page(
        caller.tenant, _filter(query), cursor=position, newest_first=newest_first, limit=query.limit + 1
    )
    return answer(_page(found, query.limit, position, backwards=backwards), 0)


def _page(found: list[AuditEvent], limit: int, position: int | None, *, backwards: bool) -> AuditPage:
    more = len(found) > limit
    items = found[:limit]
    if backwards:
        items.reverse()
    onward = f"next:{items[-1].position}" if items and (more or backwards) else None
    back = f"prev:{items[0].position}" if items and (more if backwards else position is not None) else None
    return AuditPage(items, onward, back)


def _cursor(query: AuditQuery) -> tuple[str, int | None]:
    if query.cursor is None:
        return "next", None
    direction, _, position = query.cursor.partition(":")
    return direction, int(position)


def _filter(query: AuditQuery) -> AuditFilter:
    types = tuple(each for each in query.type.split(",") if each)
    if len(types) > _MOST_TYPES:
        raise Invalid(f"type takes at most {_MOST_TYPES} types")
    return AuditFilter(
        types=types,
        since=in_utc(query.since) if query.since else None,
        until=in_utc(query.until) if query.until else None,
        actor=query.actor,
        path=query.path,
        text=query.q,
    )


@get(f"{AUDIT}/export", operation_id="auditExport", tags=["audit"])
async def export(request: AnyRequest) -> Stream:
    """The whole chain as NDJSON: the tenant's events in full, others' as digests, so that it verifies by itself."""
    no_query(request)
    caller = call(request)
    caller.require("audit:read")
    return Stream(services(request).auditing.export(caller.tenant), media_type="application/x-ndjson")


@post(f"{AUDIT}/verify", operation_id="auditVerify", tags=["audit"], status_code=200)
async def verify(request: AnyRequest) -> Response[Any]:
    """Check the whole log now, against the store's checkpoints."""
    no_query(request)
    call(request).require("audit:verify")
    return answer(await services(request).auditing.verify(), 0)


@get(f"{AUDIT}/checkpoints", operation_id="auditCheckpoints", tags=["audit"])
async def checkpoints(request: AnyRequest) -> Response[Checkpoints]:
    """The signed checkpoints held, oldest first."""
    no_query(request)
    call(request).require("audit:read")
    return answer(Checkpoints(list(await services(request).auditing.checkpoints())), 0)


@post(f"{AUDIT}/checkpoints", operation_id="auditCheckpoint", tags=["audit"], status_code=200)
async def checkpoint(request: AnyRequest) -> Response[Checkpoints]:
    """Sign and keep a checkpoint of the head now."""
    no_query(request)
    call(request).require("audit:verify")
    return answer(Checkpoints([await services(request).auditing.checkpoint()]), 0)


@get(f"{AUDIT}/key", operation_id="auditKey", tags=["audit"], media_type="text/plain")
async def key(request: AnyRequest) -> str:
    """The public key that verifies checkpoints, as a C2SP vkey."""
    return services(request).auditing.public_key() + "\n"


ROUTES = [events, export, verify, checkpoints, checkpoint, key]
