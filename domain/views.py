"""What read models answer with, and the questions that commands ask of them, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.catalog import ProviderEntry
from domain.token_terms import Terms


class Use(msgspec.Struct, frozen=True):
    """A reference from one secret's newest version to another secret, pinned to a version or not."""

    path: str
    version: int | None


class ReferencesView(Protocol):
    """Which secret's newest version refers to which."""

    async def uses(self, tenant: str, path: str) -> list[Use]:
        """What the newest version of `path` refers to."""
        ...

    async def used_by(self, tenant: str, path: str, after_path: str, limit: int) -> list[str]:
        """Living secrets that refer to `path` and follow `after_path`, in order of name, at most `limit`."""
        ...


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is now; never the token itself."""

    tenant: str
    token_id: str
    subject: str
    scopes: tuple[str, ...]
    parent: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    reason: str | None
    policies: tuple[str, ...] = ()
    terms: Terms | None = None
    """None for a token that has scopes alone."""
    uses_left: int = 0
    """How many requests it may still make; of meaning if its terms count them."""
    life_version: int = 0
    """How many renewals and uses it has had."""
    renewed_at: datetime | None = None
    generation: int = 0
    """See `domain.call.Principal`."""


class TokensView(Protocol):
    """Tokens by hash, by id and by subject."""

    async def by_hash(self, digest: str) -> TokenRow | None:
        """The token whose text has this SHA-256, of whatever tenant and state; None if there is none."""
        ...

    async def by_id(self, tenant: str, token_id: str) -> TokenRow | None:
        """The tenant's token, of whatever state; None if there is none."""
        ...

    async def lineage(self, tenant: str, token_id: str) -> list[TokenRow]:
        """The token and what it was minted by, the oldest first, of whatever state; empty if there is none such."""
        ...

    async def minted(self, tenant: str, token_id: str, now: datetime, limit: int) -> list[str]:
        """Ids of tokens that descend from it and that live at `now`, at most `limit`."""
        ...

    async def asked_for_under(self, tenant: str, path: str, now: datetime, limit: int) -> list[str]:
        """Ids of tokens that live at `now` and were asked for at a path that begins with `path`, at most `limit`."""
        ...

    async def unrecorded(self, limit: int) -> list[TokenRow]:
        """Tokens, of any tenant, that ended with one they descend from and whose own event is not in the log yet."""
        ...

    async def page(
        self, tenant: str, subject: str | None, after_id: str, limit: int, *, include_revoked: bool
    ) -> list[TokenRow]:
        """The tenant's tokens, of one subject or all, that follow `after_id` in order of id, at most `limit`."""
        ...


class TenantRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: its id in the log, its name to people."""

    tenant: str
    name: str
    title: str
    created_at: datetime


class TenantsView(Protocol):
    """All tenants; only for the operator of the server."""

    async def all(self) -> list[TenantRow]:
        """Every tenant, in order of name."""
        ...

    async def find(self, name_or_id: str) -> TenantRow | None:
        """The tenant of that name or id, or None."""
        ...


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is to be done, as `domain.process.Due` says, and how far it has got."""

    tenant: str
    kind: str
    ref: str
    destination: str
    stream: UUID
    """Where its attempts are recorded; its id to people."""
    version: int
    """How many events that stream has: what an attempt expects."""
    due_at: datetime
    attempts: int
    needs_attention: bool
    error: str | None
    detail: str | None
    since: datetime


class DueWorkView(Protocol):
    """What is to be done, across tenants for the process manager, a tenant's own for people."""

    async def destinations(self, now: datetime) -> list[str]:
        """Where something is due."""
        ...

    async def due(self, destination: str, now: datetime, limit: int) -> Sequence[Work]:
        """What is due there, what has waited longest first, at most `limit`."""
        ...

    async def parked(self, tenant: str, after_id: str, limit: int) -> list[Work]:
        """The tenant's work that needs a person, in order of id, after `after_id`, at most `limit`."""
        ...

    async def of(self, tenant: str, kind: str, ref: str) -> Work | None:
        """What is to be done of that kind about `ref`, or None."""
        ...

    async def by_id(self, tenant: str, work_id: str) -> Work | None:
        """The tenant's work of this id, or None."""
        ...

    async def parked_anywhere(self, after_id: str, limit: int) -> list[Work]:
        """Work of any tenant that needs a person, in order of id, after `after_id`, at most `limit`."""
        ...

    async def anywhere(self, work_id: str) -> Work | None:
        """The work of this id, whatever its tenant, or None."""
        ...


class LeaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lease as it is now; never its credential."""

    lease_id: str
    provider: str
    kind: str
    destination: str
    role: str
    subject: str
    account: str
    state: str
    """One of `domain.lease.STATES`."""
    cause: str | None
    """Why it ends or ended: `expired`, `abandoned`, `revoked`, …"""
    requested_at: datetime
    issued_at: datetime | None
    expires_at: datetime
    max_expires_at: datetime
    ended_at: datetime | None
    """When its end began."""
    gone_at: datetime | None
    """When it was seen to be gone at the backend."""
    error: str | None


class LeaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which leases are meant; None means any. `prefix` is one of `provider/role`."""

    provider: str | None = None
    role: str | None = None
    subject: str | None = None
    state: str | None = None
    prefix: str | None = None


class LeasesView(Protocol):
    """Leases, a tenant's own for people, a backend's across tenants for its audit."""

    async def find(self, tenant: str, lease_id: str) -> LeaseRow | None:
        """The tenant's lease of this id, or None."""
        ...

    async def page(self, tenant: str, wanted: LeaseFilter, after_id: str, limit: int) -> list[LeaseRow]:
        """The tenant's leases that `wanted` describes, in order of id, which is that of time, after `after_id`."""
        ...

    async def there(self, accounts: Sequence[str]) -> set[str]:
        """Those of `accounts` that a lease has, at whatever backend, and that are not seen to be gone.

        Two providers, or two tenants, may have accounts in one and the same server.
        """
        ...

    async def expected(self, destination: str, after: str, limit: int) -> list[LeaseRow]:
        """Leases at this backend not seen to be gone, in order of account, after the account `after`."""
        ...


class ProvidersView(Protocol):
    """Providers that tenants have configured through the API."""

    async def find(self, tenant: str, name: str) -> ProviderEntry | None:
        """The tenant's provider of this name, with its roles, or None."""
        ...

    async def all(self, tenant: str) -> list[ProviderEntry]:
        """Every provider of the tenant, in order of name."""
        ...


class RotationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation as it is now."""

    rotation_id: str
    provider: str
    key: str
    old_ref: str
    account: str
    new_ref: str | None
    state: str
    """One of `domain.rotation.STATES`."""
    failed_phase: str | None
    error: str | None
    detail: str | None
    schedule_id: str
    subject: str
    started_at: datetime
    retire_at: datetime | None
    ended_at: datetime | None


class RotationsView(Protocol):
    """Rotations, newest first."""

    async def find(self, tenant: str, rotation_id: str) -> RotationRow | None:
        """The tenant's rotation of this id, or None."""
        ...

    async def page(
        self, tenant: str, key: str | None, schedule_id: str | None, before_id: str, limit: int
    ) -> list[RotationRow]:
        """The tenant's rotations, newest first, before `before_id` (empty: from the newest on)."""
        ...


class ScheduleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation schedule as it is now."""

    schedule_id: str
    name: str
    provider: str
    key: str
    timetable: str
    """JSON of `domain.timetable.Timetable`."""
    grace_seconds: int
    enabled: bool
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_rotation_id: str | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime


class SchedulesView(Protocol):
    """Rotation schedules."""

    async def find(self, tenant: str, schedule_id: str) -> ScheduleRow | None:
        """The tenant's schedule of this id, or None."""
        ...

    async def page(self, tenant: str, after_id: str, limit: int) -> list[ScheduleRow]:
        """The tenant's schedules in order of id, after `after_id`, at most `limit`."""
        ...
