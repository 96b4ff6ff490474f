"""The Vault surface put together."""

from __future__ import annotations

import os
from typing import Protocol

from api.services import Services
from api.vault.services import VaultServices
from cli.server.logging_in import LoggingIn
from cli.server.stores import Views
from domain.commands.cubbyholes import CubbyholeCommands
from domain.commands.token_life import TokenLife
from domain.commands.token_minting import TokenMinting
from domain.commands.token_roles import TokenRoleCommands
from domain.commands.vault_config import VaultConfiguration
from domain.commands.wrapping import WrappingCommands
from domain.ports import Clock, EventLog, Replies, Repository, Sealer


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
    def replies(self) -> Replies:
        """What was answered before."""
        ...

    @property
    def views(self) -> Views:
        """Every read model."""
        ...


class Vaulting:
    """What only the Vault surface needs, and how tokens with policies live."""

    def __init__(self, base: Base, clock: Clock) -> None:
        self._views = base.views
        self._clock = clock
        self.token_life = TokenLife(base.log, base.views.tokens, clock, os.urandom)
        self.minting = TokenMinting(base.log, base.views.tokens, clock, os.urandom)
        self.book = VaultConfiguration(base.views.vault_config)
        self.logging_in = LoggingIn(base, self.minting, clock)
        self.token_roles = TokenRoleCommands(
            base.log, base.repository, base.views.token_roles, base.replies, clock
        )
        self.cubbyholes = CubbyholeCommands(
            base.log, base.repository, base.sealer, base.views.cubbyholes, clock, os.urandom
        )
        self.wrapping = WrappingCommands(
            base.log, base.repository, base.sealer, base.views.wrappings, clock, os.urandom
        )

    def services(self, native: Services) -> VaultServices:
        """What the surface is handed."""
        return VaultServices(
            native=native,
            config=self.book,
            namespaces=_Tenants(self._views),
            token_life=self.token_life,
            minting=self.minting,
            logins=self.logging_in.services,
            wrapping=self.wrapping,
            cubbyholes=self.cubbyholes,
            token_roles=self.token_roles,
            clock=self._clock,
            version="1.17.0",
            logins_per_second=50,
        )


class _Tenants:
    """Tenants by name or id; whoever names none means the only one, if there is but one."""

    def __init__(self, views: Views) -> None:
        self._view = views.tenants

    async def named(self, namespace: str) -> str | None:
        if namespace:
            row = await self._view.find(namespace)
            return row.tenant if row else None
        rows = await self._view.all()
        return rows[0].tenant if len(rows) == 1 else None
