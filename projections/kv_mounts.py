"""What key-value mounts say for the secrets in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from domain.kv_config import KvMountConfigured, MountConfig
from domain.ports import Reader, Record, Statement

_SET: Final = """INSERT INTO kv_mounts VALUES (?, ?, ?, ?, ?) ON CONFLICT (tenant, accessor) DO UPDATE SET
 max_versions = excluded.max_versions, cas_required = excluded.cas_required,
 delete_after_seconds = excluded.delete_after_seconds"""
_FIND: Final = """SELECT max_versions, cas_required, delete_after_seconds FROM kv_mounts
 WHERE tenant = ? AND accessor = ?"""


class KvMounts:
    """The read model, and its query."""

    name: ClassVar[str] = "kv_mounts"
    tables: ClassVar[tuple[str, ...]] = ("kv_mounts",)
    concerns: ClassVar[tuple[type[Event], ...]] = (KvMountConfigured,)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS kv_mounts (
        tenant TEXT NOT NULL, accessor TEXT NOT NULL, max_versions BIGINT NOT NULL, cas_required BIGINT NOT NULL,
        delete_after_seconds BIGINT NOT NULL, PRIMARY KEY (tenant, accessor))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """The newest words count."""
        event = record.event
        if isinstance(event, KvMountConfigured):
            said = event.max_versions, int(event.cas_required), event.delete_after_seconds
            yield _SET, (record.tenant, event.accessor, *said)

    async def config(self, tenant: str, accessor: str) -> MountConfig:
        """What the mount says; of one that was never configured, nothing."""
        row = await self._reader.row(tenant, _FIND, (tenant, accessor))
        if row is None:
            return MountConfig()
        return MountConfig(max_versions=row[0], cas_required=bool(row[1]), delete_after_seconds=row[2])
