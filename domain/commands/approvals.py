"""Deciding on requests for approval: approve, deny, withdraw; and noting what has expired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from domain.approval import ApprovalRequest, stream_of_id
from domain.approval_policy import Demand, PolicyBook
from domain.approval_view import ApprovalRow, ApprovalsView
from domain.call import Call, Principal
from domain.commands.asking import has_ended, note_end
from domain.commands.inbox import is_own, may_see
from domain.errors import Conflict, Forbidden, NotFound, VersionConflict
from domain.lineage import Lineage, lineage_of, related
from domain.names import checked_path
from domain.ports import Append, Clock, EventLog, Replies, Repository, Sealer
from domain.results import Done
from domain.views import TokensView

T = TypeVar("T")
_TRIES: Final = 16
_MOST_TOLD: Final = 50
"""How many open requests for one action on one path are told apart."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request stands once somebody has approved it; `approvals` counts persons."""

    id: str
    resource: str
    action: str
    approver: str
    approvals: int
    needed: int
    state: str


class ApprovalCommands:
    """Each is one append. A request that has ended meanwhile is noted as such, and then refused."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: ApprovalsView,
        tokens: TokensView,
        replies: Replies,
        policies: PolicyBook,
        clock: Clock,
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._tokens = tokens
        self._replies = replies
        self._policies = policies
        self._clock = clock

    async def approve_on(self, call: Call, path: str, action: str, approval_id: str | None) -> Done[Decision]:
        """Approve the open request for `action` on `path`, or the one of this id, which has to be for these.

        Raises `NotFound` if there is none, `Conflict` with their ids if there are several, else as `approve`.
        """
        call.require("approvals:decide", checked_path(path))
        lineage = await lineage_of(self._tokens, call.principal)
        if approval_id is None:
            row = await self._only(call.tenant, lineage, path, action)
        else:
            row = await self._seen(call, lineage, approval_id)
            if (row.covered.path, row.covered.action) != (path, action):
                raise NotFound(f"{approval_id} is not for {action} on {path!r}, but {row.covered.action} on another")
        return await self._approve(call, lineage, row)

    async def approve(self, call: Call, approval_id: str) -> Done[Decision]:
        """Approve a request; raises `Forbidden` for whoever asked, `Conflict` if it has ended."""
        lineage = await lineage_of(self._tokens, call.principal)
        row = await self._seen(call, lineage, approval_id)
        call.require("approvals:decide", row.covered.path)
        return await self._approve(call, lineage, row)

    async def deny(self, call: Call, approval_id: str, reason: str) -> Done[None]:
        """Refuse a request for good; raises `Conflict` if it has ended."""
        lineage = await lineage_of(self._tokens, call.principal)
        row = await self._seen(call, lineage, approval_id)
        call.require("approvals:decide", row.covered.path)
        return await self._changed(call, row, lambda request, at: request.deny(lineage, reason, at))

    async def withdraw(self, call: Call, approval_id: str) -> Done[None]:
        """Give up an own request; raises `Forbidden` for another's, `Conflict` if it has ended."""
        lineage = await lineage_of(self._tokens, call.principal)
        row = await self._seen(call, lineage, approval_id)
        if not is_own(lineage, row):
            raise Forbidden("only whoever asked withdraws a request; an approver denies it")
        return await self._changed(call, row, lambda request, at: request.withdraw(at))

    async def expire(self, tenant: str, approval_id: str, request_id: str) -> None:
        """Note that the request has ended by the clock, or that it is void; raises `Conflict` if it has not."""
        clock = Principal(tenant=tenant, subject="trstctl", scopes=(), token_id="")
        row = await self._view.by_id(tenant, approval_id)
        if row is None or not has_ended(row, self._clock()):
            raise Conflict(f"{approval_id} has not expired")
        async with self._repository.hold(ApprovalRequest, stream_of_id(approval_id)) as request:
            if request is None or request.closed:
                raise Conflict(f"{approval_id} has ended already")
            note_end(request, self._clock())
            await self._append(Call(principal=clock, request_id=request_id), request)

    async def _seen(self, call: Call, lineage: Lineage, approval_id: str) -> ApprovalRow:
        row = await self._view.by_id(call.tenant, approval_id)
        if row is None or not may_see(call, lineage, row):
            raise NotFound(f"there is no approval request {approval_id[:40]!r}")
        return row

    async def _only(self, tenant: str, lineage: Lineage, path: str, action: str) -> ApprovalRow:
        """The one that the caller could approve; a request of its own only if there is no other."""
        now = self._clock()
        found = await self._view.open_on(tenant, path, action, _MOST_TOLD)
        waiting = [row for row in found if not has_ended(row, now)]
        others = [row for row in waiting if not related(lineage, row.lineage)] or waiting
        if not others:
            raise NotFound(f"nobody waits for approval to {action} {path!r}")
        if len(others) > 1:
            ids = [row.approval_id for row in others]
            raise Conflict(
                f"{len(ids)} requests to {action} {path!r} wait; name one by its id", extensions={"ids": ids}
            )
        return others[0]

    async def _approve(self, call: Call, lineage: Lineage, row: ApprovalRow) -> Done[Decision]:
        demand = (await self._policies.of(call.tenant)).demand(row.covered.path, row.covered.actions)

        def act(request: ApprovalRequest, at: datetime) -> Decision:
            request.grant(lineage, demand, at)
            return _decision(row, lineage, request.demand(demand), request)

        return await self._changed(call, row, act)

    async def _changed(self, call: Call, row: ApprovalRow, act: Callable[[ApprovalRequest, datetime], T]) -> Done[T]:
        for _ in range(_TRIES - 1):
            try:
                return await self._once(call, row, act)
            except VersionConflict:
                row = await self._view.by_id(call.tenant, row.approval_id) or row
        return await self._once(call, row, act)

    async def _once(self, call: Call, row: ApprovalRow, act: Callable[[ApprovalRequest, datetime], T]) -> Done[T]:
        async with self._repository.hold(ApprovalRequest, stream_of_id(row.approval_id)) as request:
            if request is None:
                raise NotFound(f"there is no approval request {row.approval_id!r}")
            at = self._clock()
            if request.closed is None and has_ended(row, at):
                note_end(request, at)
                await self._append(call, request)
            result = act(request, at)
            if not request.pending_events:
                return Done(result, 0)
            return Done(result, await self._append(call, request, result=result, keep=True))

    async def _append(self, call: Call, request: ApprovalRequest, *, result: object = None, keep: bool = False) -> int:
        kept = await self._replies.keep(call, result) if keep else None
        destroyed = self._sealer.destroy(call.tenant, [request.seal_id]) if request.closed else ()
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=request.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*destroyed, *(kept.statements if kept else ())],
                reply=kept.reply if kept else None,
            )
        )


def _decision(row: ApprovalRow, lineage: Lineage, demand: Demand, request: ApprovalRequest) -> Decision:
    counted = demand.counted(request.approvals)
    return Decision(
        id=row.approval_id,
        resource=row.covered.resource,
        action=row.covered.action,
        approver=lineage[0],
        approvals=counted,
        needed=demand.needed,
        state="approved" if counted >= demand.needed else "pending",
    )
