"""How a mount of databases ends: its leases are taken back, its standing accounts and servers forgotten."""

from __future__ import annotations

import asyncio
from typing import Final

from domain.call import Call
from domain.commands.leases import LeaseCommands
from domain.commands.providers import ProviderCommands
from domain.commands.static_roles import StaticRoleCommands
from domain.database_names import mount_of
from domain.errors import Conflict, NotFound
from domain.views import LeaseFilter

_LOOKS: Final = 20
_PAUSE: Final = 0.25
"""How often, and in what seconds, to look whether the accounts of a server are gone before its end is put off."""


class DatabaseEnds:
    """Whoever is interrupted does it again: each step finds what the one before has left."""

    def __init__(self, providers: ProviderCommands, leases: LeaseCommands, static_roles: StaticRoleCommands) -> None:
        self._providers = providers
        self._leases = leases
        self._static_roles = static_roles

    async def end(self, call: Call, mount: str) -> None:
        """End everything of the mount at this path; raises `Conflict` while an account of a lease is still there."""
        for row in await self._static_roles.under(call, mount):
            await self._static_roles.remove(call, row.role)
        names = [entry.name for entry in await self._providers.entries(call) if mount_of(entry.name) == mount]
        for name in names:
            await self._leases.revoke_all(call, LeaseFilter(provider=name), f"all of {mount}")
        for name in names:
            await self._removed(call, name)

    async def _removed(self, call: Call, name: str) -> None:
        for look in range(_LOOKS):
            try:
                await self._providers.remove(call, name)
            except NotFound:
                return
            except Conflict:
                if look == _LOOKS - 1:
                    raise
                await asyncio.sleep(_PAUSE)
            else:
                return
