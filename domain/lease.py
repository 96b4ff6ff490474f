"""The aggregate Lease: a credential at a backend, from the intent to make it until it is seen to be gone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import msgspec

from domain.backends import ACCOUNT_PREFIX
from domain.errors import Conflict
from domain.event import Aggregate, Created, Event
from domain.names import stream_of

PENDING: Final = "pending"
ACTIVE: Final = "active"
FAILED: Final = "failed"
REVOKING: Final = "revoking"
REVOKED: Final = "revoked"
STATES: Final = (PENDING, ACTIVE, FAILED, REVOKING, REVOKED)
"""`failed`: it could not be issued, and what may have been made of it is removed. The rest is as it says."""

EXPIRED: Final = "expired"
ABANDONED: Final = "abandoned"
BY_THE_CLOCK: Final = frozenset({EXPIRED, ABANDONED})
"""Causes of an end that nobody asked for: it came due."""


class LeaseRequested(Created, frozen=True, kw_only=True):
    """The intent to make `account` at the backend: whatever happens from here on, the account is known by its name.

    Unless the lease is issued by `give_up_at`, the account is removed, if it is there.
    """

    TOPIC: ClassVar[str] = "lease.requested"
    lease_id: str
    provider: str
    kind: str
    destination: str
    role: str
    settings: str
    subject: str
    token_id: str
    account: str
    expires_at: datetime
    max_expires_at: datetime
    give_up_at: datetime


class LeaseEvent(Event, frozen=True, kw_only=True):
    """What happens to a lease after it was requested. `lease_id` and `destination` are those of the request."""

    lease_id: str
    destination: str


class LeaseIssued(LeaseEvent, frozen=True, kw_only=True):
    """The account is there, and the credential was handed out once."""

    TOPIC: ClassVar[str] = "lease.issued"
    handle: dict[str, str]
    expires_at: datetime

    def apply(self, aggregate: Lease) -> None:
        """It lives until it expires."""
        aggregate.state, aggregate.handle = ACTIVE, self.handle


class LeaseFailed(LeaseEvent, frozen=True, kw_only=True):
    """The backend did not make the account, or did and failed to say so: from `look_at` on it is removed if there."""

    TOPIC: ClassVar[str] = "lease.failed"
    error: str
    look_at: datetime

    def apply(self, aggregate: Lease) -> None:
        """No credential was handed out, and none will be."""
        aggregate.state = FAILED


class LeaseRenewalRequested(LeaseEvent, frozen=True, kw_only=True):
    """The intent to let it live until `expires_at` at the backend."""

    TOPIC: ClassVar[str] = "lease.renewal.requested"
    expires_at: datetime


class LeaseRenewed(LeaseEvent, frozen=True, kw_only=True):
    """It lives until `expires_at`, here and at the backend."""

    TOPIC: ClassVar[str] = "lease.renewed"
    expires_at: datetime

    def apply(self, aggregate: Lease) -> None:
        """The new end counts."""
        aggregate.expires_at = self.expires_at


class LeaseRenewalFailed(LeaseEvent, frozen=True, kw_only=True):
    """The backend did not let it live longer, as far as is known; here it ends when it was to end before."""

    TOPIC: ClassVar[str] = "lease.renewal.failed"
    error: str


class LeaseRevocationRequested(LeaseEvent, frozen=True, kw_only=True):
    """The credential is to be taken back: expired, abandoned, or as somebody wanted. Nothing renews it any more."""

    TOPIC: ClassVar[str] = "lease.revocation.requested"
    cause: str
    reason: str
    look_at: datetime
    """From when on a look at the backend tells the truth: what is still being made is not there yet."""

    def apply(self, aggregate: Lease) -> None:
        """An obligation, from now until it is seen to be done."""
        aggregate.state = REVOKING


class LeaseRevocationVerified(LeaseEvent, frozen=True, kw_only=True):
    """The backend was asked after the removal, and the account is not there."""

    TOPIC: ClassVar[str] = "lease.revocation.verified"

    def apply(self, aggregate: Lease) -> None:
        """The end. A lease that failed stays one that failed."""
        aggregate.gone = True
        if aggregate.state != FAILED:
            aggregate.state = REVOKED


class Lease(Aggregate):
    """One lease of one tenant."""

    TOPIC = "lease"

    def __init__(
        self,
        *,
        lease_id: str,
        provider: str,
        kind: str,
        destination: str,
        role: str,
        settings: str,
        subject: str,
        account: str,
        expires_at: datetime,
        max_expires_at: datetime,
        give_up_at: datetime,
    ) -> None:
        self.lease_id = lease_id
        self.provider = provider
        self.kind = kind
        self.destination = destination
        self.role = role
        self.settings = settings
        self.subject = subject
        self.account = account
        self.expires_at = expires_at
        self.max_expires_at = max_expires_at
        self.give_up_at = give_up_at
        self.state = PENDING
        self.handle: dict[str, str] = {}
        self.gone = False

    @classmethod
    def request(cls, tenant: str, plan: LeasePlan, at: datetime) -> Self:
        """A lease that is still to be made."""
        return cls._create(
            LeaseRequested,
            id=stream_of("lease", tenant, plan.lease_id),
            timestamp=at,
            **msgspec.structs.asdict(plan),
        )

    def issue(self, handle: dict[str, str], at: datetime) -> None:
        """The account is there; raises `Conflict` if it was given up meanwhile."""
        if self.state != PENDING:
            raise Conflict(f"lease {self.lease_id} took too long to be issued and was given up; ask for another one")
        self._trigger(LeaseIssued, at, handle=handle, expires_at=self.expires_at)

    def fail(self, error: str, look_at: datetime, at: datetime) -> None:
        """It was not made, as far as is known; raises `Conflict` if it was given up meanwhile."""
        if self.state != PENDING:
            raise Conflict(f"lease {self.lease_id} was given up already")
        self._trigger(LeaseFailed, at, error=error, look_at=look_at)

    def request_renewal(self, seconds: timedelta, at: datetime) -> datetime:
        """The intent to extend it by so much, at most to its longest life; the new end. Raises `Conflict`."""
        self.must_live(at)
        expires_at = min(self.expires_at + seconds, self.max_expires_at)
        if expires_at <= self.expires_at:
            raise Conflict(f"lease {self.lease_id} is at the end of its longest life; ask for another one")
        self._trigger(LeaseRenewalRequested, at, expires_at=expires_at)
        return expires_at

    def renew(self, expires_at: datetime, at: datetime) -> None:
        """The backend lets it live until then; raises `Conflict` if it ended meanwhile."""
        if self.state != ACTIVE:
            raise Conflict(f"lease {self.lease_id} was revoked meanwhile; ask for another one")
        self._trigger(LeaseRenewed, at, expires_at=expires_at)

    def fail_renewal(self, error: str, at: datetime) -> None:
        """The backend did not."""
        self._trigger(LeaseRenewalFailed, at, error=error)

    def must_live(self, at: datetime) -> None:
        """Raises `Conflict` unless it is active and has not run out."""
        if self.state != ACTIVE or self.expires_at <= at:
            raise Conflict(f"lease {self.lease_id} is not active; ask for another one")

    @property
    def is_over(self) -> bool:
        """Whether its end has begun."""
        return self.state in {FAILED, REVOKING, REVOKED}

    def revoke(self, cause: str, reason: str, at: datetime) -> None:
        """Take it back; nothing if that has begun."""
        if not self.is_over:
            look_at = max(at, self.give_up_at) if self.state == PENDING else at
            self._trigger(LeaseRevocationRequested, at, cause=cause, reason=reason, look_at=look_at)

    def end(self, at: datetime) -> None:
        """Take it back because its time has come: run out, or never finished."""
        self.revoke(ABANDONED if self.state == PENDING else EXPIRED, "", at)

    def verify(self, at: datetime) -> None:
        """It is seen to be gone; nothing if that is known."""
        if not self.gone:
            self._trigger(LeaseRevocationVerified, at)

    def _trigger(self, event: type[LeaseEvent], at: datetime, **fields: object) -> None:
        self.trigger_event(event, lease_id=self.lease_id, destination=self.destination, timestamp=at, **fields)


class LeasePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a lease is to be, all of it decided before the backend is asked. `settings` are the role's, as JSON."""

    lease_id: str
    provider: str
    kind: str
    destination: str
    role: str
    settings: str
    subject: str
    token_id: str
    account: str
    expires_at: datetime
    max_expires_at: datetime
    give_up_at: datetime


_UNFIT: Final = re.compile(r"[^a-z0-9]+")


def account_name(role: str, subject: str, suffix: str, prefix: str = ACCOUNT_PREFIX) -> str:
    """A name that tells people what it is for: `prefix`, role, subject, and `suffix` (12 hex digits), 32 at most."""
    told = [_UNFIT.sub("-", part.lower()).strip("-")[:length] for part, length in ((role, 6), (subject, 6))]
    return prefix + "-".join([*(part.strip("-") for part in told if part.strip("-")), suffix])
