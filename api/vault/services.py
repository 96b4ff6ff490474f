"""What the Vault surface is handed by the composition root, beside the services of the native routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from api.services import Services
from api.vault.login_services import LoginServices
from domain.call import Policies
from domain.commands.cubbyholes import CubbyholeCommands
from domain.commands.mount_ends import MountEnds
from domain.commands.mounts import MountCommands
from domain.commands.policies import PolicyCommands
from domain.commands.token_life import TokenLife
from domain.commands.token_minting import TokenMinting
from domain.commands.token_renewal import TokenRenewal
from domain.commands.token_roles import TokenRoleCommands
from domain.commands.wrapping import WrappingCommands
from domain.mounts import Mounts
from domain.ports import Clock, TenantKeys


class VaultConfig(Protocol):
    """The mounts of tenants."""

    async def mounts(self, tenant: str, generation: int | None) -> Mounts:
        """The tenant's mounts as of its `generation`; None asks which one that is."""
        ...

    async def compiled(self, tenant: str, generation: int, names: Sequence[str]) -> Policies:
        """What the tenant's policies of these names allow together, as of its `generation`."""
        ...


class Namespaces(Protocol):
    """Tenants by what Vault's clients call them."""

    async def named(self, namespace: str) -> str | None:
        """The tenant of this name or id, for an empty one that of callers who name none; None if there is no such."""
        ...


@dataclass(frozen=True, kw_only=True)
class VaultServices:
    """One of each."""

    native: Services
    config: VaultConfig
    namespaces: Namespaces
    token_life: TokenLife
    renewal: TokenRenewal
    minting: TokenMinting
    policies: PolicyCommands
    mount_commands: MountCommands
    mount_ends: MountEnds
    logins: LoginServices
    wrapping: WrappingCommands
    cubbyholes: CubbyholeCommands
    token_roles: TokenRoleCommands
    keys: TenantKeys
    clock: Clock
    version: str
    """Of Vault's API as we speak it: what clients decide by."""
    cluster_name: str
    enabled: bool
    """Whether anything is answered at all."""
    logins_per_second: int
    """How many requests without a good token one address may make."""
