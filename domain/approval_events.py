"""What may happen to a request for approval. None of it says what the value is; the digest is keyed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from domain.event import AccessEvent, Created, Event

if TYPE_CHECKING:
    from domain.approval import ApprovalRequest  # which is made of these


class ApprovalRequested(Created, frozen=True, kw_only=True):
    """Somebody tried what needs approval. `digest` binds it, by a key that lies outside the log under `seal_id`."""

    TOPIC: ClassVar[str] = "approval.requested"
    approval_id: str
    path: str
    action: str
    base: int
    lives: bool
    numbers: list[int]
    everything: bool
    recovered_from: int | None
    content_type: str | None
    metadata: dict[str, str]
    digest: str
    seal_id: str
    seal_digest: str
    lineage: list[str]
    needed: int
    approvers: list[str]
    expires_at: datetime
    number: int


class ApprovalGranted(Event, frozen=True, kw_only=True):
    """A person approved, by a token of this lineage."""

    TOPIC: ClassVar[str] = "approval.granted"
    approval_id: str
    path: str
    action: str
    lineage: list[str]

    def apply(self, aggregate: ApprovalRequest) -> None:
        """One more."""
        aggregate.approvals.append(tuple(self.lineage))


class ApprovalDenied(Event, frozen=True, kw_only=True):
    """A person refused it, for a reason."""

    TOPIC: ClassVar[str] = "approval.denied"
    approval_id: str
    path: str
    action: str
    lineage: list[str]
    reason: str

    def apply(self, aggregate: ApprovalRequest) -> None:
        """No way back."""
        aggregate.closed = "denied"


class ApprovalWithdrawn(Event, frozen=True, kw_only=True):
    """Whoever asked does not want it any more."""

    TOPIC: ClassVar[str] = "approval.withdrawn"
    approval_id: str
    path: str
    action: str

    def apply(self, aggregate: ApprovalRequest) -> None:
        """No way back."""
        aggregate.closed = "withdrawn"


class ApprovalUsed(Event, frozen=True, kw_only=True):
    """What was approved happened, in the same append: `approvers` are the persons who counted."""

    TOPIC: ClassVar[str] = "approval.used"
    approval_id: str
    path: str
    action: str
    approvers: list[str]

    def apply(self, aggregate: ApprovalRequest) -> None:
        """Once."""
        aggregate.closed = "used"


class ApprovalExpired(Event, frozen=True, kw_only=True):
    """Its time was up before it was used."""

    TOPIC: ClassVar[str] = "approval.expired"
    approval_id: str
    path: str
    action: str

    def apply(self, aggregate: ApprovalRequest) -> None:
        """No way back."""
        aggregate.closed = "expired"


class ApprovalVoided(Event, frozen=True, kw_only=True):
    """The secret is not what it was when this was asked for."""

    TOPIC: ClassVar[str] = "approval.voided"
    approval_id: str
    path: str
    action: str

    def apply(self, aggregate: ApprovalRequest) -> None:
        """No way back."""
        aggregate.closed = "void"


class ApprovalBypassed(AccessEvent, frozen=True, kw_only=True):
    """What needed approval was done without, by the right to break the glass; in the same append."""

    TOPIC: ClassVar[str] = "approval.bypassed"
    path: str
    action: str
    needed: int
    reason: str
