"""Examples of requests for approval, for the description."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from api.approval_bodies import ApproveBody, DenyBody
from domain.commands.approvals import Decision
from domain.commands.inbox import Approval, ApprovalPage, Approver
from domain.values import TEXT

_ID: Final = "apr_0123456789abcdef0123456789abcdef"
_ASKED: Final = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
_REQUEST: Final = Approval(
    id=_ID,
    resource="secret:db/password",
    action="rotate",
    covers=f"write a new value as version 4, of type {TEXT}",
    state="pending",
    requester="ci-deploy",
    approvals=1,
    needed=2,
    approvers=[Approver(subject="ada", person="ada", at=datetime(2026, 6, 25, 12, 30, tzinfo=UTC))],
    base_version=3,
    versions=[],
    content_type=TEXT,
    metadata={},
    requested_at=_ASKED,
    expires_at=datetime(2026, 6, 26, 12, 0, tzinfo=UTC),
    closed_at=None,
    closed_by=None,
    reason=None,
)
_DECISION: Final = Decision(
    id=_ID,
    resource="secret:db/password",
    action="rotate",
    approver="grace",
    approvals=2,
    needed=2,
    state="approved",
)

APPROVAL_BODIES: Final[Mapping[str, Mapping[str, object]]] = {
    "approveOnPath": {
        "the one that waits": ApproveBody(action="rotate"),
        "by id": ApproveBody(action="rotate", id=_ID),
    },
    "denyApproval": {"reason": DenyBody(reason="not during the release")},
}
APPROVAL_ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {
    "approveOnPath": {"enough": _DECISION},
    "approve": {"enough": _DECISION},
    "listApprovals": {"requests": ApprovalPage([_REQUEST], None)},
    "showApproval": {"a request": _REQUEST},
}
