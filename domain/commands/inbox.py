"""Seeing requests for approval: whoever may read or decide on a path sees its requests, and everybody their own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from domain.approval_policy import Policies, PolicyBook
from domain.approval_view import ApprovalRow, ApprovalsView, noted_as, standing
from domain.call import Call
from domain.errors import NotFound
from domain.lineage import Lineage, lineage_of, person
from domain.ports import Clock
from domain.views import TokensView

_LOOK: Final = 200
"""How many requests are looked at together where a caller may see but some of them."""
_END: Final = 10**18


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """Who approved: `subject` is the token's, `person` whom the operator issued the first token to."""

    subject: str
    person: str
    at: datetime


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request for approval. `approvals` counts persons, as far as the policies accept them by now."""

    id: str
    resource: str
    action: str
    covers: str
    state: str
    requester: str
    approvals: int
    needed: int
    approvers: list[Approver]
    base_version: int
    versions: list[int]
    content_type: str | None
    metadata: dict[str, str]
    requested_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: str | None


class ApprovalPage(msgspec.Struct, frozen=True):
    """Requests, newest first; `next_cursor` is where to go on, None at the end."""

    items: list[Approval]
    next_cursor: str | None


class ApprovalFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which requests are wanted; None is no condition. `path` may end in `*`, `requester` is a subject."""

    state: str | None = None
    path: str | None = None
    requester: str | None = None


class ApprovalInbox:
    """Requests, each for those who may see it."""

    def __init__(self, view: ApprovalsView, tokens: TokensView, policies: PolicyBook, clock: Clock) -> None:
        self._view = view
        self._tokens = tokens
        self._policies = policies
        self._clock = clock

    async def show(self, call: Call, approval_id: str) -> Approval:
        """One request; raises `NotFound` if there is none, or none that the caller may see."""
        row = await self._view.by_id(call.tenant, approval_id)
        if row is None or not may_see(call, await lineage_of(self._tokens, call.principal), row):
            raise NotFound(f"there is no approval request {approval_id[:40]!r}")
        return self._told(row, await self._policies.of(call.tenant))

    async def page(self, call: Call, wanted: ApprovalFilter, cursor: int | None, limit: int) -> ApprovalPage:
        """Requests that the caller may see, newest first, before the position `cursor`."""
        lineage, policies = await lineage_of(self._tokens, call.principal), await self._policies.of(call.tenant)
        noted = noted_as(wanted.state) if wanted.state else ()
        found: list[tuple[int, Approval]] = []
        before, looked = cursor or _END, _LOOK
        while len(found) < limit and looked == _LOOK:
            rows = await self._view.page(call.tenant, noted, wanted.path, wanted.requester, before, _LOOK)
            told = [(row.position, self._told(row, policies)) for row in rows if may_see(call, lineage, row)]
            found += [each for each in told if wanted.state in {None, each[1].state}]
            looked, before = len(rows), rows[-1].position if rows else before
        kept = found[:limit]
        more = str(kept[-1][0]) if len(kept) == limit else None
        return ApprovalPage([each for _, each in kept], more)

    def _told(self, row: ApprovalRow, policies: Policies) -> Approval:
        now = standing(row, policies, self._clock())
        covered = row.covered
        return Approval(
            id=row.approval_id,
            resource=covered.resource,
            action=covered.action,
            covers=covered.sentence,
            state=now.state,
            requester=row.lineage[0],
            approvals=now.counted,
            needed=now.needed,
            approvers=[
                Approver(subject=each.lineage[0], person=person(each.lineage), at=each.at) for each in row.grants
            ],
            base_version=covered.base,
            versions=list(covered.numbers),
            content_type=covered.content_type,
            metadata=covered.metadata,
            requested_at=row.requested_at,
            expires_at=row.expires_at,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            reason=row.reason,
        )


def is_own(lineage: Lineage, row: ApprovalRow) -> bool:
    """Whether the caller is who asked: the same subject, issued by the same person."""
    return (lineage[0], person(lineage)) == (row.lineage[0], person(row.lineage))


def may_see(call: Call, lineage: Lineage, row: ApprovalRow) -> bool:
    """Whether the caller may be told of the request."""
    path = row.covered.path
    return is_own(lineage, row) or call.allows("approvals:read", path) or call.allows("approvals:decide", path)
