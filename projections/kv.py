"""What key-value clients ask of the tables of secrets. It has no tables of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from domain.instants import parsed
from domain.key_settings import KeySettings
from domain.kv_view import KvEntry, KvKey, KvVersion
from domain.ports import Reader, Row
from projections.secrets import COLUMNS, after, version_of

_KEY: Final = """SELECT s.path, s.current, s.created_at, k.forgotten, k.max_versions, k.cas_required,
 k.delete_after_seconds, k.custom_metadata, k.changed_at FROM secrets s
 LEFT JOIN secret_settings k ON k.tenant = s.tenant AND k.path = s.path WHERE s.tenant = ? AND s.path = ?"""
_VERSION: Final = f"""{COLUMNS}, k.forgotten, k.custom_metadata
 FROM secrets s LEFT JOIN secret_settings k ON k.tenant = s.tenant AND k.path = s.path
 JOIN secret_versions v ON v.tenant = s.tenant AND v.path = s.path AND v.number = {{}}
 LEFT JOIN version_ends e ON e.tenant = v.tenant AND e.path = v.path AND e.number = v.number
 WHERE s.tenant = ? AND s.path = ?"""
_NEWEST: Final = _VERSION.format("s.current")
_NUMBERED: Final = _VERSION.format("coalesce(k.forgotten, 0) + ?")
_VERSIONS: Final = """SELECT v.number, v.created_at, e.ends_at, v.destroyed_at, e.changed_at FROM secret_versions v
 LEFT JOIN version_ends e ON e.tenant = v.tenant AND e.path = v.path AND e.number = v.number
 WHERE v.tenant = ? AND v.path = ? ORDER BY v.number DESC LIMIT ?"""
_NAMES: Final = (
    "SELECT path FROM secrets WHERE tenant = ? AND live >= ? AND path %s ? AND path < ? ORDER BY path LIMIT ?"
)


class Kv:
    """See `domain.kv_view.KvView`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def key(self, tenant: str, path: str) -> KvKey | None:
        """The secret, also one without versions."""
        row = await self._reader.row(tenant, _KEY, (tenant, path))
        return _key(row) if row else None

    async def version(self, tenant: str, path: str, number: int) -> KvVersion | None:
        """One version, in one read."""
        if number:
            row = await self._reader.row(tenant, _NUMBERED, (number, tenant, path))
        else:
            row = await self._reader.row(tenant, _NEWEST, (tenant, path))
        return _version(row) if row else None

    async def versions(self, tenant: str, path: str, limit: int) -> Sequence[KvEntry]:
        """Versions, newest first."""
        return [_entry(row) for row in await self._reader.rows(tenant, _VERSIONS, (tenant, path, limit))]

    async def names(self, tenant: str, prefix: str, after_path: str, limit: int, *, live: bool = False) -> list[str]:
        """Names, whether they answer or not."""
        operator, low = (">", after_path) if after_path >= prefix else (">=", prefix)
        rows = await self._reader.rows(tenant, _NAMES % operator, (tenant, int(live), low, after(prefix), limit))
        return [str(path) for (path,) in rows]


def _key(row: Row) -> KvKey:
    settings = KeySettings()
    if row[3] is not None:
        settings = KeySettings(
            max_versions=row[4],
            cas_required=bool(row[5]),
            delete_after_seconds=row[6],
            custom_metadata=_entries(row[7]),
        )
    return KvKey(
        path=row[0], current=row[1], forgotten=row[3] or 0, born_at=parsed(row[2]), changed_at=parsed(row[8] or row[2]),
        settings=settings,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _version(row: Row) -> KvVersion:
    """What a row tells. Of equal rows the same, which nobody changes."""
    return KvVersion(version_of(row), row[15] or 0, _entries(row[16]))


def _entry(row: Row) -> KvEntry:
    at = [parsed(text) if text else None for text in row[2:]]
    return KvEntry(number=row[0], created_at=parsed(row[1]), ends_at=at[0], destroyed_at=at[1], changed_at=at[2])


def _entries(text: str | None) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}
