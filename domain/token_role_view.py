"""What the read model of token roles answers with, and the questions that commands ask of it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from domain.token_role import TokenRoleSettings


class TokenRoleRow(NamedTuple):
    """A role as it is now, and the version of its stream."""

    settings: TokenRoleSettings
    version: int


class TokenRolesView(Protocol):
    """Roles by name."""

    async def find(self, tenant: str, role: str) -> TokenRoleRow | None:
        """The tenant's role of this name; None if there is none."""
        ...

    async def names(self, tenant: str, after: str, limit: int) -> list[str]:
        """Names of the tenant's roles after `after`, in order, at most `limit`."""
        ...
