"""The Vault surface put together."""

from __future__ import annotations

import os
from typing import Protocol

from api.services import Services
from api.vault.services import VaultServices
from cli.server.config.vault import VaultSurface
from cli.server.logging_in import LoggingIn
from cli.server.stores import Views
from domain.commands.cubbyholes import CubbyholeCommands
from domain.commands.database_ends import DatabaseEnds
from domain.commands.mount_ends import MountEnds
from domain.commands.mounts import MountCommands
from domain.commands.policies import PolicyCommands
from domain.commands.token_life import TokenLife
from domain.commands.token_minting import TokenMinting
from domain.commands.token_renewal import TokenRenewal
from domain.commands.token_roles import TokenRoleCommands
from domain.commands.vault_config import VaultConfiguration
from domain.commands.wrapping import WrappingCommands
from domain.ports import Clock, EventLog, Replies, Repository, Sealer, TenantKeys


class Base(Protocol):
    """What it rests on."""

    @property
    def log(self) -> EventLog:
        """Where events are appended."""
        ...

    @property
    def repository(self) -> Repository:
        """Aggregates."""
        ...

    @property
    def sealer(self) -> Sealer:
        """What is secret of configurations."""
        ...

    @property
    def ring(self) -> TenantKeys:
        """What is told of tenants' keys."""
        ...

    @property
    def replies(self) -> Replies:
        """What was answered before."""
        ...

    @property
    def views(self) -> Views:
        """Every read model."""
        ...


class Vaulting:
    """What only the Vault surface needs, and how tokens with policies live."""

    def __init__(self, base: Base, clock: Clock, settings: VaultSurface = VaultSurface()) -> None:  # noqa: B008 - frozen
        self._views = base.views
        self._keys = base.ring
        self._clock = clock
        self._settings = settings
        self.token_life = TokenLife(base.log, base.views.tokens, base.replies, clock, os.urandom)
        self.minting = TokenMinting(base.log, base.views.tokens, base.replies, clock, os.urandom)
        self.book = VaultConfiguration(base.views.vault_config)
        self.policies = PolicyCommands(base.log, base.repository, base.views.vault_config, base.replies, clock)
        self.mounts = MountCommands(base.log, base.repository, base.replies, clock, os.urandom)
        self.logging_in = LoggingIn(base, self.minting, clock)
        self.token_roles = TokenRoleCommands(base.log, base.repository, base.views.token_roles, base.replies, clock)
        self.cubbyholes = CubbyholeCommands(
            base.log, base.repository, base.sealer, base.views.cubbyholes, base.replies, clock, os.urandom
        )
        self.wrapping = WrappingCommands(
            base.log, base.repository, base.sealer, base.views.wrappings, clock, os.urandom
        )

    def services(self, native: Services) -> VaultServices:
        """What the surface is handed."""
        admin, tokens = self.logging_in.services.admin, self._views.tokens
        databases = DatabaseEnds(native.providers, native.leases, native.static_roles)
        return VaultServices(
            native=native,
            config=self.book,
            namespaces=_Tenants(self._views, self._settings.default_tenant),
            policies=self.policies,
            mount_commands=self.mounts,
            mount_ends=MountEnds(
                self.mounts, native.kv, native.transit.keys, databases, admin, tokens, native.token_ends, self._clock
            ),
            token_life=self.token_life,
            renewal=TokenRenewal(self.token_life, self._views.logins, self._views.token_roles),
            minting=self.minting,
            logins=self.logging_in.services,
            wrapping=self.wrapping,
            cubbyholes=self.cubbyholes,
            token_roles=self.token_roles,
            keys=self._keys,
            clock=self._clock,
            version=self._settings.version,
            cluster_name=self._settings.cluster_name,
            enabled=self._settings.enabled,
            logins_per_second=self._settings.logins_per_second,
        )


class _Tenants:
    """Tenants by name or id; whoever names none means the one configured, or the only one, if there is but one."""

    def __init__(self, views: Views, default: str) -> None:
        self._view = views.tenants
        self._default = default

    async def named(self, namespace: str) -> str | None:
        if wanted := namespace or self._default:
            row = await self._view.find(wanted)
            return row.tenant if row else None
        rows = await self._view.all()
        return rows[0].tenant if len(rows) == 1 else None
