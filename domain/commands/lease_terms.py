"""What is told of a lease, and what every command on leases shares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

import msgspec

from domain.backends import Account
from domain.lease import ACTIVE, PENDING, REVOKING, Lease, LeasePlan
from domain.views import LeaseRow


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long things may take."""

    ask: timedelta = timedelta(seconds=30)
    """From the intent to issue until the backend is asked at the latest; after that it is not asked any more.

    With the longest call to it, this is less than `give_up`: nothing is made that was given up.
    """

    give_up: timedelta = timedelta(seconds=90)
    """From the intent to issue until it counts as never finished: longer than a backend may take."""
    settle: timedelta = timedelta(seconds=60)
    """From a backend's silence until a look there tells the truth: longer than a call to it can last."""
    revoke_wait: float = 5.0
    """How long a request to revoke waits for the backend, in seconds; it goes on without the caller."""


class LeaseMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A lease as told to its tenant. `credential` is there once, in the answer to its issue."""

    id: str
    provider: str
    role: str
    state: str
    subject: str
    account: str
    requested_at: datetime
    issued_at: datetime | None
    expires_at: datetime
    max_expires_at: datetime
    revoked_at: datetime | None = None
    cause: str | None = None
    error: str | None = None
    credential: dict[str, str | int] | msgspec.UnsetType = msgspec.UNSET
    replayed: bool | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        """Without what is in it."""
        return f"LeaseMeta({self.id}, {self.state})"

    @classmethod
    def planned(cls, plan: LeasePlan, at: datetime) -> Self:
        """A lease whose intent is recorded."""
        return cls(
            id=plan.lease_id,
            provider=plan.provider,
            role=plan.role,
            state=PENDING,
            subject=plan.subject,
            account=plan.account,
            requested_at=at,
            issued_at=None,
            expires_at=plan.expires_at,
            max_expires_at=plan.max_expires_at,
        )

    @classmethod
    def of(cls, row: LeaseRow, now: datetime) -> Self:
        """What the read model has; one whose time is up is being revoked, whether the record says so yet or not."""
        over = row.state == ACTIVE and row.expires_at <= now
        return cls(
            id=row.lease_id,
            provider=row.provider,
            role=row.role,
            state=REVOKING if over else row.state,
            subject=row.subject,
            account=row.account,
            requested_at=row.requested_at,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            max_expires_at=row.max_expires_at,
            revoked_at=row.gone_at,
            cause=row.cause,
            error=row.error,
        )

    def issued(self, at: datetime, credential: dict[str, str | int]) -> Self:
        """With the credential."""
        return msgspec.structs.replace(self, state=ACTIVE, issued_at=at, credential=credential)


def account_of(tenant: str, lease: Lease, settings: Any) -> Account:  # noqa: ANN401 - of the kind's own type
    """The account as the backend is to know it."""
    return Account(
        name=lease.account,
        tenant=tenant,
        lease_id=lease.lease_id,
        subject=lease.subject,
        role=lease.role,
        settings=settings,
        expires_at=lease.expires_at,
        handle=lease.handle,
    )
