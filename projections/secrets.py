"""Secrets as they are now, and every version they had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Final

import msgspec

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.secret import SecretDeleted, SecretUndeleted, VersionsDestroyed, VersionWritten
from domain.secret_events import (
    SecretForgotten,
    SettingsChanged,
    VersionsDeleted,
    VersionsExpiring,
    VersionsPruned,
    VersionsUndeleted,
)
from domain.secret_view import UNENDED, SecretVersion
from projections import secret_versions as versions

_DDL: Final = (
    """CREATE TABLE IF NOT EXISTS secrets (
    tenant TEXT NOT NULL, path TEXT NOT NULL, live BIGINT NOT NULL, current BIGINT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (tenant, path))""",
    """CREATE TABLE IF NOT EXISTS secret_versions (
    tenant TEXT NOT NULL, path TEXT NOT NULL, number BIGINT NOT NULL, seal_id TEXT NOT NULL,
    content_type TEXT NOT NULL, metadata TEXT NOT NULL, created_at TEXT NOT NULL, actor TEXT NOT NULL,
    cause TEXT NOT NULL, recovered_from BIGINT, destroyed_at TEXT, PRIMARY KEY (tenant, path, number))""",
    """CREATE TABLE IF NOT EXISTS secret_lives (
    tenant TEXT NOT NULL, path TEXT NOT NULL, position BIGINT NOT NULL, at TEXT NOT NULL, live BIGINT NOT NULL,
    PRIMARY KEY (tenant, path, position))""",
    *versions.DDL,
)

COLUMNS: Final = """SELECT s.path, v.number, v.seal_id, v.content_type, v.metadata, s.created_at, v.created_at, v.actor,
 v.cause, v.recovered_from, v.destroyed_at, s.current, s.live, e.ends_at, e.state"""
"""What `version_of` reads."""
_SELECT: Final = f"""{COLUMNS}
 FROM secrets s JOIN secret_versions v ON v.tenant = s.tenant AND v.path = s.path
 LEFT JOIN version_ends e ON e.tenant = v.tenant AND e.path = v.path AND e.number = v.number"""
_CURRENT: Final = f"{_SELECT} WHERE v.number = s.current AND s.tenant = ? AND s.path = ?"
_ONE: Final = f"{_SELECT} WHERE v.number = ? AND s.tenant = ? AND s.path = ?"
_HISTORY: Final = f"{_SELECT} WHERE s.tenant = ? AND s.path = ? AND v.number < ? ORDER BY v.number DESC LIMIT ?"
_SEALS: Final = "SELECT number, seal_id FROM secret_versions WHERE tenant = ? AND path = ? AND destroyed_at IS NULL"
_AT: Final = f"{_SELECT} WHERE s.tenant = ? AND s.path = ? AND v.created_at <= ? ORDER BY v.number DESC LIMIT 1"
_LIVED_AT: Final = (
    "SELECT live FROM secret_lives WHERE tenant = ? AND path = ? AND at <= ? ORDER BY position DESC LIMIT 1"
)
_PAGE: Final = f"""{_SELECT} WHERE v.number = s.current
 AND s.tenant = ? AND s.live = ? AND s.path %s ? AND s.path < ? ORDER BY s.path LIMIT ?"""

_WRITE_NAME: Final = """INSERT INTO secrets VALUES (?, ?, 1, ?, ?)
 ON CONFLICT (tenant, path) DO UPDATE SET live = 1, current = excluded.current"""
_WRITE_VERSION: Final = "INSERT INTO secret_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
_LIFE: Final = "INSERT INTO secret_lives VALUES (?, ?, ?, ?, ?)"
_SET_LIVE: Final = "UPDATE secrets SET live = ? WHERE tenant = ? AND path = ?"
_PRUNE: Final = "DELETE FROM secret_versions WHERE tenant = ? AND path = ? AND number <= ?"
_FORGET: Final = "DELETE FROM secrets WHERE tenant = ? AND path = ?"
_BEGIN: Final = "INSERT INTO secrets VALUES (?, ?, 0, 0, ?) ON CONFLICT DO NOTHING"
_DESTROY: Final = "UPDATE secret_versions SET destroyed_at = ? WHERE tenant = ? AND path = ? AND number = ?"


def after(prefix: str) -> str:
    """The least text that is after everything beginning with `prefix`, in byte order; paths are ASCII."""
    return f"{prefix}\x7f"


class Secrets:
    """The read model, and its queries."""

    name: ClassVar[str] = "secrets"
    tables: ClassVar[tuple[str, ...]] = ("secrets", "secret_versions", "secret_lives", *versions.TABLES)
    concerns: ClassVar[tuple[type[Event], ...]] = (
        SecretDeleted, SecretForgotten, SecretUndeleted, SettingsChanged, VersionWritten, VersionsDeleted,
        VersionsDestroyed, VersionsExpiring, VersionsPruned, VersionsUndeleted,
    )  # fmt: skip
    ddl: ClassVar[tuple[str, ...]] = _DDL

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """What the event changes here."""
        for table in (_APPLIED, versions.APPLIED):
            if apply := table.get(type(record.event)):
                yield from apply(record, record.event)

    async def current(self, tenant: str, path: str) -> SecretVersion | None:
        """The newest version, also of a name that is deleted."""
        row = await self._reader.row(tenant, _CURRENT, (tenant, path))
        return _single(row) if row else None

    async def version(self, tenant: str, path: str, number: int) -> SecretVersion | None:
        """One version by its number."""
        row = await self._reader.row(tenant, _ONE, (number, tenant, path))
        return _single(row) if row else None

    async def history(self, tenant: str, path: str, before: int, limit: int) -> list[SecretVersion]:
        """Versions below `before`, newest first."""
        return [version_of(row) for row in await self._reader.rows(tenant, _HISTORY, (tenant, path, before, limit))]

    async def seals(self, tenant: str, path: str) -> dict[int, str]:
        """The seal ids of all versions that are not destroyed."""
        return dict(await self._reader.rows(tenant, _SEALS, (tenant, path)))

    async def at(self, tenant: str, path: str, moment: datetime) -> SecretVersion | None:
        """The version that was current at `moment`, or None if the name did not live then."""
        lived = await self._reader.row(tenant, _LIVED_AT, (tenant, path, instant(moment)))
        if not lived or not lived[0]:
            return None
        row = await self._reader.row(tenant, _AT, (tenant, path, instant(moment)))
        return version_of(row) if row else None

    async def page(self, tenant: str, prefix: str, after_path: str, limit: int, *, live: bool) -> list[SecretVersion]:
        """Names that begin with `prefix` and come after `after_path`, in byte order, each with its newest version."""
        # One lower bound, so that the index is entered where the page begins.
        operator, low = (">", after_path) if after_path >= prefix else (">=", prefix)
        parameters = (tenant, int(live), low, after(prefix), limit)
        return [version_of(row) for row in await self._reader.rows(tenant, _PAGE % operator, parameters)]

    async def living(self, tenant: str, paths: Sequence[str]) -> dict[str, SecretVersion]:
        """Those of `paths` that live, each with its newest version."""
        found: dict[str, SecretVersion] = {}
        for start in range(0, len(paths), 500):
            some = paths[start : start + 500]
            sql = f"""{_SELECT} WHERE v.number = s.current
 AND s.tenant = ? AND s.live = 1 AND s.path IN ({_marks(len(some))})"""
            found.update((row[0], version_of(row)) for row in await self._reader.rows(tenant, sql, (tenant, *some)))
        return found


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _written(record: Record, event: VersionWritten) -> list[Statement]:
    at = instant(record.time)
    metadata = msgspec.json.encode(event.metadata, order="sorted").decode()
    version = (
        record.tenant, event.path, event.number, event.seal_id, event.content_type, metadata, at, record.actor,
        event.cause, event.recovered_from,
    )  # fmt: skip
    return [
        (_WRITE_NAME, (record.tenant, event.path, event.number, at)),
        (_WRITE_VERSION, version),
        (_LIFE, (record.tenant, event.path, record.position, at, 1)),
    ]


def _live(record: Record, path: str, *, live: bool) -> list[Statement]:
    return [
        (_SET_LIVE, (int(live), record.tenant, path)),
        (_LIFE, (record.tenant, path, record.position, instant(record.time), int(live))),
    ]


def _destroyed(record: Record, event: VersionsDestroyed) -> list[Statement]:
    at = instant(record.time)
    statements: list[Statement] = [(_DESTROY, (at, record.tenant, event.path, number)) for number in event.numbers]
    return statements + (_live(record, event.path, live=False) if event.everything else [])


def _pruned(record: Record, event: VersionsPruned) -> list[Statement]:
    return [(_PRUNE, (record.tenant, event.path, max(event.numbers)))]


def _begun(record: Record, event: SettingsChanged) -> list[Statement]:
    return [(_BEGIN, (record.tenant, event.path, instant(record.time)))]


def _forgotten(record: Record, event: SecretForgotten) -> list[Statement]:
    return [(_PRUNE, (record.tenant, event.path, event.number)), (_FORGET, (record.tenant, event.path))]


_APPLIED: Final[versions.Appliers] = {
    SecretDeleted: lambda record, event: _live(record, event.path, live=False),
    SecretForgotten: _forgotten,
    SecretUndeleted: lambda record, event: _live(record, event.path, live=True),
    SettingsChanged: _begun,
    VersionWritten: _written,
    VersionsDestroyed: _destroyed,
    VersionsPruned: _pruned,
}


def version_of(row: Row) -> SecretVersion:
    """A version from a row of `COLUMNS`."""
    return SecretVersion(
        path=row[0], number=row[1], seal_id=row[2], content_type=row[3],
        metadata=msgspec.json.decode(row[4], type=dict[str, str]), born_at=parsed(row[5]), created_at=parsed(row[6]),
        actor=row[7], cause=row[8], recovered_from=row[9], destroyed_at=parsed(row[10]) if row[10] else None,
        current=row[11], live=bool(row[12]), ends_at=parsed(row[13]) if row[13] else None, end=row[14] or UNENDED,
    )  # fmt: skip


_single: Final = lru_cache(maxsize=4096)(version_of)
"""For single versions, which are looked up again and again. Of equal rows the same, which nobody changes."""
