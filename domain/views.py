"""What read models answer with, and the questions that commands ask of them, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class SecretVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a secret, with what is true of its name now."""

    path: str
    number: int
    seal_id: str
    content_type: str
    metadata: dict[str, str]
    born_at: datetime
    """When the name was first used."""
    created_at: datetime
    """When this version was written."""
    actor: str
    cause: str
    recovered_from: int | None
    destroyed_at: datetime | None
    current: int
    """The number of the name's newest version."""
    live: bool
    """Whether the name answers."""


class SecretsView(Protocol):
    """Secrets as they are now, and every version they had."""

    async def current(self, tenant: str, path: str) -> SecretVersion | None: ...

    async def version(self, tenant: str, path: str, number: int) -> SecretVersion | None: ...

    async def history(self, tenant: str, path: str, before: int, limit: int) -> list[SecretVersion]: ...

    async def seals(self, tenant: str, path: str) -> dict[int, str]: ...

    async def at(self, tenant: str, path: str, moment: datetime) -> SecretVersion | None: ...

    async def page(
        self, tenant: str, prefix: str, after_path: str, limit: int, *, live: bool
    ) -> list[SecretVersion]: ...

    async def next_name(self, tenant: str, prefix: str, after_path: str, *, live: bool) -> str | None: ...

    async def living(self, tenant: str, paths: Sequence[str]) -> dict[str, SecretVersion]: ...


class Use(msgspec.Struct, frozen=True):
    """A reference from one secret's newest version to another secret, pinned to a version or not."""

    path: str
    version: int | None


class ReferencesView(Protocol):
    """Which secret's newest version refers to which."""

    async def uses(self, tenant: str, path: str) -> list[Use]: ...

    async def used_by(self, tenant: str, path: str, after_path: str, limit: int) -> list[str]: ...


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


class TokensView(Protocol):
    """Tokens by hash, by id and by subject."""

    async def by_hash(self, digest: str) -> TokenRow | None: ...

    async def by_id(self, tenant: str, token_id: str) -> TokenRow | None: ...

    async def page(
        self, tenant: str, subject: str | None, after_id: str, limit: int, *, include_revoked: bool
    ) -> list[TokenRow]: ...


class TenantRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: its id in the log, its name to people."""

    tenant: str
    name: str
    title: str
    created_at: datetime


class TenantsView(Protocol):
    """All tenants; only for the operator of the server."""

    async def all(self) -> list[TenantRow]: ...

    async def find(self, name_or_id: str) -> TenantRow | None: ...
