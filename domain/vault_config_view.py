"""What is asked of the read model of the Vault surface's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.acl.rules import Rule
from domain.mounts import MountEntry


class VaultConfigView(Protocol):
    """Policies and mounts of tenants, and a count of their changes."""

    async def generation(self, tenant: str) -> int:
        """How often the tenant's configuration was changed."""
        ...

    async def rules(self, tenant: str, names: Sequence[str]) -> dict[str, list[Rule]]:
        """The rules of those of these policies that were written, by name."""
        ...

    async def policy(self, tenant: str, name: str) -> str | None:
        """The text of a policy that was written, or None."""
        ...

    async def policies(self, tenant: str) -> list[str]:
        """The names of all policies that were written, in order."""
        ...

    async def mounts(self, tenant: str) -> list[MountEntry]:
        """Every mount, those that are built in and those that are closed too, in order of path."""
        ...
