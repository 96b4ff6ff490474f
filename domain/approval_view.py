"""Approval requests as the read model tells of them, and what follows from that by the clock and the policies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from domain.approval_change import Covered
from domain.approval_policy import Demand, Policies
from domain.lineage import Lineage

STATES: Final = ("pending", "approved", "used", "denied", "withdrawn", "expired", "void")
"""What may become of a request. The first two are open, and so are requests whose end nobody has noted yet."""
OPEN: Final = "open"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One approval."""

    lineage: Lineage
    at: datetime


class ApprovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the log has it; `moved` if the secret is not what it was then."""

    approval_id: str
    position: int
    covered: Covered
    lineage: Lineage
    needed: int
    approvers: tuple[str, ...]
    digest: str
    seal_id: str
    grants: tuple[Grant, ...]
    noted: str
    """`open`, or how it ended as far as the log says."""
    requested_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: str | None
    moved: bool

    @property
    def approvals(self) -> list[Lineage]:
        """Those who approved."""
        return [grant.lineage for grant in self.grants]


class Standing(msgspec.Struct, frozen=True):
    """How a request stands now."""

    state: str
    needed: int
    counted: int

    @property
    def missing(self) -> int:
        """How many approvals it still takes."""
        return max(self.needed - self.counted, 0)


def standing(row: ApprovalRow, policies: Policies, now: datetime) -> Standing:
    """Its state by the clock, by the secret, and by what is configured by now, which may ask for more than then."""
    configured = policies.demand(row.covered.path, row.covered.actions)
    demand = Demand.of(row.needed, row.approvers, 0).stricter(configured)
    counted = demand.counted(row.approvals)
    return Standing(_state(row, now, enough=counted >= demand.needed), demand.needed, counted)


def _state(row: ApprovalRow, now: datetime, *, enough: bool) -> str:
    if row.noted != OPEN:
        return row.noted
    if row.expires_at <= now:
        return "expired"
    if row.moved:
        return "void"
    return "approved" if enough else "pending"


def noted_as(state: str) -> tuple[str, ...]:
    """As what the log may have noted requests that are in this state."""
    return {"pending": (OPEN,), "approved": (OPEN,), "expired": (OPEN, "expired"), "void": (OPEN, "void")}.get(
        state, (state,)
    )


class ApprovalsView(Protocol):
    """Requests, open ones and those that have ended."""

    async def by_id(self, tenant: str, approval_id: str) -> ApprovalRow | None:
        """The tenant's request of this id, or None."""
        ...

    async def opened_by(self, tenant: str, lineage: Lineage, paths: Sequence[str]) -> list[ApprovalRow]:
        """What this requester has open on these paths, by path and number."""
        ...

    async def open_on(self, tenant: str, path: str, action: str, limit: int) -> list[ApprovalRow]:
        """What is open for this action on this path, oldest first, at most `limit`."""
        ...

    async def last_number(self, tenant: str, lineage: Lineage, path: str, action: str) -> int:
        """The number of the newest request of this requester for this; 0 if there is none."""
        ...

    async def page(
        self,
        tenant: str,
        noted: Collection[str],
        path: str | None,
        requester: str | None,
        before: int,
        limit: int,
    ) -> list[ApprovalRow]:
        """Requests before the position `before`, newest first, at most `limit`.

        `path` may end in `*`; `requester` is a subject.
        """
        ...
