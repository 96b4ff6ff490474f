"""Work that failed so often that a person is needed: shown, tried again, or closed on somebody's word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from domain.call import Call
from domain.delivery import DeliveryEvent, DeliveryResolved, DeliveryRetried
from domain.errors import Conflict, Invalid, NotFound, VersionConflict
from domain.ports import Append, Clock, EventLog, Replies
from domain.results import Done
from domain.views import DueWorkView, Work

MAX_REASON: Final = 500
"""Longest reason for closing work by hand, in characters."""
_TRIES: Final = 8
"""How often a decision is tried anew when an attempt at the same work was recorded in between."""


class AttentionItem(msgspec.Struct, frozen=True, kw_only=True):
    """Work that needs a person."""

    id: str
    kind: str
    ref: str
    """What it is about: the id of a lease, for example."""
    destination: str
    since: datetime
    attempts: int
    error: str | None
    detail: str | None
    next_attempt_at: datetime
    """It is tried all the same, seldom: a backend that comes back heals by itself."""


def item_of(work: Work) -> AttentionItem:
    """What is told of it."""
    return AttentionItem(
        id=str(work.stream),
        kind=work.kind,
        ref=work.ref,
        destination=work.destination,
        since=work.since,
        attempts=work.attempts,
        error=work.error,
        detail=work.detail,
        next_attempt_at=work.due_at,
    )


class AttentionCommands:
    """What people decide about it. Each decision is an event of the work's own stream."""

    def __init__(self, log: EventLog, view: DueWorkView, replies: Replies, clock: Clock) -> None:
        self._log = log
        self._view = view
        self._replies = replies
        self._clock = clock

    async def page(self, call: Call, cursor: str, limit: int) -> list[AttentionItem]:
        """The tenant's work that needs a person, in order of id, after `cursor`."""
        call.require("operations:read")
        return [item_of(work) for work in await self._view.parked(call.tenant, cursor, limit)]

    async def retry(self, call: Call, work_id: str) -> Done[AttentionItem]:
        """Have it tried at once, and as often as at first; raises `NotFound`, `Conflict`."""
        call.require("operations:write")

        def decided(work: Work, at: datetime) -> tuple[DeliveryEvent, AttentionItem]:
            event = DeliveryRetried(
                originator_id=work.stream,
                originator_version=work.version + 1,
                timestamp=at,
                kind=work.kind,
                ref=work.ref,
            )
            return event, msgspec.structs.replace(item_of(work), attempts=0, next_attempt_at=at)

        return await self._decided(call, work_id, decided)

    async def resolve(self, call: Call, work_id: str, reason: str) -> Done[AttentionItem]:
        """Close it: nothing more is tried, because somebody says that it is settled. Raises `NotFound`, `Conflict`."""
        call.require("operations:write")
        if not 1 <= len(reason.strip()) <= MAX_REASON:
            raise Invalid(f"reason: say in 1 to {MAX_REASON} characters why nothing is left to do; it is recorded")

        def decided(work: Work, at: datetime) -> tuple[DeliveryEvent, AttentionItem]:
            event = DeliveryResolved(
                originator_id=work.stream,
                originator_version=work.version + 1,
                timestamp=at,
                kind=work.kind,
                ref=work.ref,
                reason=reason,
            )
            return event, item_of(work)

        return await self._decided(call, work_id, decided)

    async def _decided(
        self, call: Call, work_id: str, decided: Callable[[Work, datetime], tuple[DeliveryEvent, AttentionItem]]
    ) -> Done[AttentionItem]:
        for _ in range(_TRIES):
            work = await self._needing(call, work_id)
            event, item = decided(work, self._clock())
            try:
                return Done(item, await self._append(call, event, item))
            except VersionConflict:
                continue
        raise VersionConflict(f"{work_id} is being attempted again and again; try again in a moment")

    async def _needing(self, call: Call, work_id: str) -> Work:
        work = await self._view.by_id(call.tenant, work_id)
        if work is None:
            raise NotFound(f"there is no work {work_id!r} left to do; see the list of what needs attention")
        if not work.needs_attention:
            raise Conflict(f"{work_id} needs nobody: it is tried by itself")
        return work

    async def _append(self, call: Call, event: DeliveryEvent, item: AttentionItem) -> int:
        kept = await self._replies.keep(call, item)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=[event],
                statements=kept.statements,
                reply=kept.reply,
            )
        )
