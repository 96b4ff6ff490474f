"""What the Vault surface is configured by, tenant by tenant, and a count of its changes.

Whoever looks a token up gets the count along, so that what was read of the rest is known to be of now without asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from domain.ports import Reader, Record, Statement

_CHANGED: Final = """INSERT INTO vault_generations VALUES (?, 1)
 ON CONFLICT (tenant) DO UPDATE SET generation = vault_generations.generation + 1"""
_GENERATION: Final = "SELECT generation FROM vault_generations WHERE tenant = ?"
_CHANGING: Final[tuple[type[Event], ...]] = ()


class VaultConfiguration:
    """The read model, and its queries."""

    name: ClassVar[str] = "vault_config"
    tables: ClassVar[tuple[str, ...]] = ("vault_generations",)
    ddl: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE IF NOT EXISTS vault_generations (tenant TEXT PRIMARY KEY, generation BIGINT NOT NULL)",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """What the event changes here."""
        if isinstance(record.event, _CHANGING):
            yield _CHANGED, (record.tenant,)

    async def generation(self, tenant: str) -> int:
        """How often the tenant's configuration was changed."""
        row = await self._reader.row(tenant, _GENERATION, (tenant,))
        return int(row[0]) if row else 0
