"""The aggregate ApprovalRequest: one exact change or read, from the first attempt at it to its one use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from domain.approval_change import Covered
from domain.approval_events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalUsed,
    ApprovalVoided,
    ApprovalWithdrawn,
)
from domain.approval_policy import Demand
from domain.errors import Conflict, Forbidden, NotFound, VersionConflict
from domain.event import Aggregate, Event
from domain.lineage import Lineage, person, related
from domain.names import stream_of

_ID = re.compile(r"apr_[0-9a-f]{32}\Z")


def request_stream(tenant: str, covered: Covered, lineage: Lineage, number: int) -> UUID:
    """The stream of a requester's `number`th request for an action on a path: it cannot be opened twice."""
    name = "\n".join((covered.path, covered.action, lineage[0], person(lineage), str(number)))
    return stream_of("approval", tenant, name)


def approval_id_of(stream: UUID) -> str:
    """The id that people and programs know the request by."""
    return f"apr_{stream.hex}"


def stream_of_id(approval_id: str) -> UUID:
    """The stream of the request of this id; raises `NotFound` for what is no id."""
    if not _ID.match(approval_id):
        raise NotFound(f"there is no approval request {approval_id[:40]!r}")
    return UUID(hex=approval_id[4:])


class ApprovalRequest(Aggregate):
    """`approvals` are the lineages of those who approved, of whom no two are related; `closed` says how it ended."""

    TOPIC = "approval"

    def __init__(
        self,
        approval_id: str,
        path: str,
        action: str,
        seal_id: str,
        lineage: Sequence[str],
        needed: int,
        approvers: Sequence[str],
        expires_at: datetime,
    ) -> None:
        self.approval_id = approval_id
        self.path = path
        self.action = action
        self.seal_id = seal_id
        self.requester: Lineage = tuple(lineage)
        self.promised = Demand.of(needed, approvers, 0)
        self.expires_at = expires_at
        self.approvals: list[Lineage] = []
        self.closed: str | None = None

    @classmethod
    def open(
        cls,
        tenant: str,
        covered: Covered,
        lineage: Lineage,
        demand: Demand,
        *,
        number: int,
        digest: str,
        seal_id: str,
        seal_digest: str,
        at: datetime,
    ) -> Self:
        """A new request."""
        stream = request_stream(tenant, covered, lineage, number)
        return cls._create(
            ApprovalRequested,
            id=stream,
            approval_id=approval_id_of(stream),
            path=covered.path,
            action=covered.action,
            base=covered.base,
            lives=covered.lives,
            numbers=list(covered.numbers),
            everything=covered.everything,
            recovered_from=covered.recovered_from,
            content_type=covered.content_type,
            metadata=covered.metadata,
            digest=digest,
            seal_id=seal_id,
            seal_digest=seal_digest,
            lineage=list(lineage),
            needed=demand.needed,
            approvers=sorted(demand.approvers or ()),
            expires_at=at + timedelta(seconds=demand.ttl_seconds),
            number=number,
            timestamp=at,
        )

    def must_be_open(self, at: datetime) -> None:
        """Raises `Conflict` if it has ended."""
        if self.closed or self.expires_at <= at:
            raise Conflict(
                f"{self.approval_id} is {self.closed or 'expired'}; the request is made anew by trying again"
            )

    def demand(self, configured: Demand | None) -> Demand:
        """What it takes: no less than was promised, and no less than is configured by now."""
        return self.promised.stricter(configured)

    def grant(self, approver: Lineage, configured: Demand | None, at: datetime) -> None:
        """Approve, which whoever has done so may repeat.

        Raises `Forbidden` for the requester, and for whom no policy names; `Conflict` if it has ended, or if the
        approver may be one person with somebody who has approved.
        """
        self.must_be_open(at)
        if related(approver, self.requester):
            raise Forbidden(f"whoever asked may not approve: this token and {self.requester[0]!r}'s lead to one person")
        if not self.demand(configured).accepts(approver):
            raise Forbidden(f"{person(approver)!r} is not among those whose approval counts for {self.path!r}")
        for earlier in self.approvals:
            if earlier[0] == approver[0] and person(earlier) == person(approver):
                return
            if related(approver, earlier):
                raise Conflict(f"{person(earlier)!r} has approved, and this token leads to the same person")
        self._note(ApprovalGranted, at, lineage=list(approver))

    def deny(self, approver: Lineage, reason: str, at: datetime) -> None:
        """Refuse it for good; raises `Conflict` if it has ended."""
        self.must_be_open(at)
        self._note(ApprovalDenied, at, lineage=list(approver), reason=reason)

    def withdraw(self, at: datetime) -> None:
        """Give it up; raises `Conflict` if it has ended."""
        self.must_be_open(at)
        self._note(ApprovalWithdrawn, at)

    def use(self, configured: Demand | None, at: datetime) -> None:
        """What was approved happens now; raises `VersionConflict` unless it is still good for it."""
        demand = self.demand(configured)
        if self.closed or self.expires_at <= at or demand.counted(self.approvals) < demand.needed:
            raise VersionConflict(f"{self.approval_id} changed in between; try again")
        persons = [person(lineage) for lineage in self.approvals if demand.accepts(lineage)]
        self._note(ApprovalUsed, at, approvers=persons)

    def expire(self, at: datetime) -> None:
        """Note that its time is up; raises `Conflict` if it is not, or if it has ended otherwise."""
        if self.closed or at < self.expires_at:
            raise Conflict(f"{self.approval_id} is {self.closed or 'open'}")
        self._note(ApprovalExpired, at)

    def void(self, at: datetime) -> None:
        """Note that the secret has changed since; raises `Conflict` if it has ended."""
        if self.closed:
            raise Conflict(f"{self.approval_id} is {self.closed}")
        self._note(ApprovalVoided, at)

    def _note(self, event: type[Event], at: datetime, **more: object) -> None:
        self.trigger_event(
            event, approval_id=self.approval_id, path=self.path, action=self.action, timestamp=at, **more
        )
