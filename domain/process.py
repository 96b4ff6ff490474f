"""The process manager's rules: which event obliges us to what, and when. Events and the clock in, intents out.

`projections.due_work` keeps what `changes` says; `adapters.outbox` looks by the clock what has come due, and does it.
A rule for a further event is a function here and a line in `_RULES`; who carries it out is named in
`cli.server.processing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

import msgspec

from domain import process_vault
from domain.api_token import ApiTokenIssued, ApiTokenRevoked
from domain.approval_events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalRequested,
    ApprovalUsed,
    ApprovalVoided,
    ApprovalWithdrawn,
)
from domain.event import Event
from domain.lease import (
    BY_THE_CLOCK,
    LeaseFailed,
    LeaseIssued,
    LeaseRenewed,
    LeaseRequested,
    LeaseRevocationRequested,
    LeaseRevocationVerified,
)
from domain.obligations import Change as Change  # noqa: PLC0414 - what rules give belongs to them
from domain.obligations import Discharged as Discharged  # noqa: PLC0414 - as above
from domain.obligations import Due as Due  # noqa: PLC0414 - as above
from domain.obligations import Hastened as Hastened  # noqa: PLC0414 - as above
from domain.process_vault import END_CUBBYHOLE
from domain.rotation import (
    RotationCompleted,
    RotationCutOver,
    RotationEvent,
    RotationFailed,
    RotationRestored,
    RotationRolledBack,
    RotationStarted,
    RotationVerified,
)
from domain.rotation_schedule import ScheduleFired, ScheduleRemoved, ScheduleSet, ScheduleSkipped
from domain.secret import VersionsDestroyed
from domain.secret_events import VersionsDeleted, VersionsExpiring, VersionsPruned, VersionsUndeleted
from domain.share import ShareCreated, ShareExpired, ShareLocked, ShareRevoked, ShareViewed
from domain.token_life import ApiTokenRenewed
from domain.transit.events import (
    TransitKeyConfigured,
    TransitKeyCreated,
    TransitKeyDeleted,
    TransitKeyRestored,
    TransitKeyRotated,
)

EXPIRE_APPROVAL: Final = "approval.expire"
EXPIRE_TOKEN: Final = "api_token.expire"  # noqa: S105 - a kind of work
REVOKE_LEASE: Final = "lease.revoke"
ADVANCE_ROTATION: Final = "rotation.advance"
RUN_SCHEDULE: Final = "rotation_schedule.run"
EXPIRE_SHARE: Final = "share.expire"
DELETE_VERSION: Final = "secret_version.delete"
ROTATE_TRANSIT_KEY: Final = "transit_key.rotate"


def _token_issued(event: ApiTokenIssued) -> Iterable[Change]:
    if event.expires_at:
        yield Due(EXPIRE_TOKEN, event.token_id, event.expires_at)


def _token_renewed(event: ApiTokenRenewed) -> Iterable[Change]:
    yield Due(EXPIRE_TOKEN, event.token_id, event.expires_at)


def _token_revoked(event: ApiTokenRevoked) -> Iterable[Change]:
    yield Discharged(EXPIRE_TOKEN, event.token_id)
    yield Hastened(END_CUBBYHOLE, event.token_id, event.timestamp)


def _approval_requested(event: ApprovalRequested) -> Iterable[Change]:
    yield Due(EXPIRE_APPROVAL, event.approval_id, event.expires_at)


_ApprovalEnd = ApprovalDenied | ApprovalExpired | ApprovalUsed | ApprovalVoided | ApprovalWithdrawn


def _approval_ended(event: _ApprovalEnd) -> Iterable[Change]:
    yield Discharged(EXPIRE_APPROVAL, event.approval_id)


def _requested(event: LeaseRequested) -> Iterable[Change]:
    """Who asked for it may be dead by then: what is not issued in time is removed."""
    yield Due(REVOKE_LEASE, event.lease_id, event.give_up_at, event.destination)


def _expiring(event: LeaseIssued | LeaseRenewed) -> Iterable[Change]:
    yield Due(REVOKE_LEASE, event.lease_id, event.expires_at, event.destination)


def _failed(event: LeaseFailed) -> Iterable[Change]:
    """A backend that says it failed may have made the account all the same."""
    yield Due(REVOKE_LEASE, event.lease_id, event.look_at, event.destination)


def _revoking(event: LeaseRevocationRequested) -> Iterable[Change]:
    """At once. By whom the end was recorded while it came due does not matter: an attempt under way has its claim."""
    if event.cause not in BY_THE_CLOCK:
        yield Due(REVOKE_LEASE, event.lease_id, event.look_at, event.destination)


def _revoked(event: LeaseRevocationVerified) -> Iterable[Change]:
    yield Discharged(REVOKE_LEASE, event.lease_id)


def _shared(event: ShareCreated) -> Iterable[Change]:
    yield Due(EXPIRE_SHARE, event.share_id, event.expires_at)


def _viewed(event: ShareViewed) -> Iterable[Change]:
    if not event.remaining:
        yield Discharged(EXPIRE_SHARE, event.share_id)


def _share_ended(event: ShareExpired | ShareLocked | ShareRevoked) -> Iterable[Change]:
    yield Discharged(EXPIRE_SHARE, event.share_id)


def _rotating(event: RotationStarted | RotationEvent) -> Iterable[Change]:
    """Whoever does a phase has until then; after that another node takes it over."""
    yield Due(ADVANCE_ROTATION, event.rotation_id, event.go_on_at, event.destination)


def _rotated(event: RotationEvent) -> Iterable[Change]:
    yield Discharged(ADVANCE_ROTATION, event.rotation_id)


def _scheduled(event: ScheduleSet | ScheduleFired | ScheduleSkipped) -> Iterable[Change]:
    if event.next_run_at is None:
        yield Discharged(RUN_SCHEDULE, event.schedule_id)
    else:
        yield Due(RUN_SCHEDULE, event.schedule_id, event.next_run_at)


def _unscheduled(event: ScheduleRemoved) -> Iterable[Change]:
    yield Discharged(RUN_SCHEDULE, event.schedule_id)


def version_ref(path: str, number: int) -> str:
    """How work on a version of a secret names it; no path has an `@`."""
    return f"{path}@{number}"


def _versions_expiring(event: VersionsExpiring) -> Iterable[Change]:
    for number in event.numbers:
        yield Due(DELETE_VERSION, version_ref(event.path, number), event.expires_at)


_Settled = VersionsDeleted | VersionsDestroyed | VersionsPruned | VersionsUndeleted


def _versions_settled(event: _Settled) -> Iterable[Change]:
    for number in event.numbers:
        yield Discharged(DELETE_VERSION, version_ref(event.path, number))


_TransitTimed = TransitKeyConfigured | TransitKeyCreated | TransitKeyRestored | TransitKeyRotated


def _transit_timed(event: _TransitTimed) -> Iterable[Change]:
    if event.next_rotation_at is None:
        yield Discharged(ROTATE_TRANSIT_KEY, event.key)
    else:
        yield Due(ROTATE_TRANSIT_KEY, event.key, event.next_rotation_at)


def _transit_deleted(event: TransitKeyDeleted) -> Iterable[Change]:
    yield Discharged(ROTATE_TRANSIT_KEY, event.key)


_RULES: Final[dict[type[Event], Callable[[Any], Iterable[Change]]]] = {
    **process_vault.RULES,
    ApiTokenIssued: _token_issued,
    ApiTokenRenewed: _token_renewed,
    ApiTokenRevoked: _token_revoked,
    ApprovalDenied: _approval_ended,
    ApprovalExpired: _approval_ended,
    ApprovalRequested: _approval_requested,
    ApprovalUsed: _approval_ended,
    ApprovalVoided: _approval_ended,
    ApprovalWithdrawn: _approval_ended,
    LeaseFailed: _failed,
    LeaseIssued: _expiring,
    LeaseRenewed: _expiring,
    LeaseRequested: _requested,
    LeaseRevocationRequested: _revoking,
    LeaseRevocationVerified: _revoked,
    RotationCompleted: _rotated,
    RotationCutOver: _rotating,
    RotationFailed: _rotating,
    RotationRestored: _rotating,
    RotationRolledBack: _rotated,
    RotationStarted: _rotating,
    RotationVerified: _rotating,
    ScheduleFired: _scheduled,
    ScheduleRemoved: _unscheduled,
    ScheduleSet: _scheduled,
    ScheduleSkipped: _scheduled,
    ShareCreated: _shared,
    ShareExpired: _share_ended,
    ShareLocked: _share_ended,
    ShareRevoked: _share_ended,
    ShareViewed: _viewed,
    TransitKeyConfigured: _transit_timed,
    TransitKeyCreated: _transit_timed,
    TransitKeyDeleted: _transit_deleted,
    TransitKeyRestored: _transit_timed,
    TransitKeyRotated: _transit_timed,
    VersionsDeleted: _versions_settled,
    VersionsDestroyed: _versions_settled,
    VersionsExpiring: _versions_expiring,
    VersionsPruned: _versions_settled,
    VersionsUndeleted: _versions_settled,
}


RULED: Final = tuple(_RULES)
"""The events that oblige us to something, or free us of it."""


def changes(event: Event) -> Iterable[Change]:
    """What `event` changes in the work there is to do."""
    rule = _RULES.get(type(event))
    return rule(event) if rule else ()


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How failed work is repeated. Times in seconds."""

    first: float = 1.0
    longest: float = 300.0
    attempts: int = 8
    """After so many failures a person is needed."""
    parked: float = 3600.0
    """How often it is tried while it waits for a person: a backend that comes back heals by itself."""

    def pause(self, number: int, chance: float) -> timedelta:
        """How long to wait after the `number`th failure: doubled each time, and by `chance` (0 to 1) up to half less.

        Without the chance, all that failed together would come again together.
        """
        seconds: float = min(self.first * 2.0 ** min(number - 1, 30), self.longest)
        return timedelta(seconds=seconds * (1 - chance / 2))

    def is_hopeless(self, number: int) -> bool:
        """Whether the `number`th failure is one for a person."""
        return number >= self.attempts
