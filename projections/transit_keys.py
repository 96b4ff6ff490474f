"""Transit keys as they are now, and their versions; never their material."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from domain.event import Event
from domain.instants import instant, parsed
from domain.ports import Reader, Record, Row, Statement
from domain.transit.events import (
    TransitKeyConfigured,
    TransitKeyCreated,
    TransitKeyDeleted,
    TransitKeyEvent,
    TransitKeyRestored,
    TransitKeyRotated,
    TransitKeyTrimmed,
    TransitVersionRestored,
)
from domain.transit.uses import TransitSetAside
from domain.transit.view import TransitKeyRow, TransitVersionRow

_COLUMNS: Final = """name, generation, stream, stream_version, live, type, derived, convergent, key_size, number,
 min_available, min_decryption, min_encryption, deletion_allowed, exportable, plaintext_backup, auto_rotate_seconds,
 next_rotation_at, created_at"""
_SELECT: Final = f"SELECT {_COLUMNS} FROM transit_keys"
_SET: Final = f"""INSERT INTO transit_keys (tenant, {_COLUMNS})
 VALUES (?, ?, 1, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (tenant, name) DO UPDATE SET generation = transit_keys.generation + 1, stream = excluded.stream,
 stream_version = excluded.stream_version, live = 1, type = excluded.type, derived = excluded.derived,
 convergent = excluded.convergent, key_size = excluded.key_size, number = excluded.number,
 min_available = excluded.min_available, min_decryption = excluded.min_decryption,
 min_encryption = excluded.min_encryption, deletion_allowed = excluded.deletion_allowed,
 exportable = excluded.exportable, plaintext_backup = excluded.plaintext_backup,
 auto_rotate_seconds = excluded.auto_rotate_seconds, next_rotation_at = excluded.next_rotation_at,
 created_at = excluded.created_at"""
_ADD: Final = "INSERT INTO transit_key_versions VALUES (?, ?, ?, ?, ?, ?, 0)"
_WHERE: Final = "WHERE tenant = ? AND stream = ?"
_MOVE: Final = f"UPDATE transit_keys SET stream_version = ? {_WHERE}"
_ROTATE: Final = f"UPDATE transit_keys SET stream_version = ?, number = ?, next_rotation_at = ? {_WHERE}"
_CONFIGURE: Final = f"""UPDATE transit_keys SET stream_version = ?, next_rotation_at = ?,
 min_decryption = coalesce(?, min_decryption), min_encryption = coalesce(?, min_encryption),
 deletion_allowed = coalesce(?, deletion_allowed), exportable = coalesce(?, exportable),
 plaintext_backup = coalesce(?, plaintext_backup), auto_rotate_seconds = coalesce(?, auto_rotate_seconds) {_WHERE}"""
_TRIM: Final = f"UPDATE transit_keys SET stream_version = ?, min_available = ? {_WHERE}"
_CUT: Final = f"DELETE FROM transit_key_versions {_WHERE} AND number < ?"
_DELETE: Final = f"UPDATE transit_keys SET stream_version = ?, live = 0, next_rotation_at = NULL {_WHERE}"
_CLEAR: Final = f"DELETE FROM transit_key_versions {_WHERE}"
_SET_ASIDE: Final = f"UPDATE transit_key_versions SET encryptions = encryptions + ? {_WHERE} AND number = ?"
_VERSIONS: Final = f"SELECT number, seal_id, public, made_at, encryptions FROM transit_key_versions {_WHERE}"

_Told = TransitKeyCreated | TransitKeyRestored


class TransitKeys:
    """The read model, and its queries."""

    name: ClassVar[str] = "transit_keys"
    tables: ClassVar[tuple[str, ...]] = ("transit_keys", "transit_key_versions")
    concerns: ClassVar[tuple[type[Event], ...]] = (
        TransitKeyCreated,
        TransitKeyRestored,
        TransitKeyEvent,
        TransitSetAside,
    )
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS transit_keys (
        tenant TEXT NOT NULL, name TEXT NOT NULL, generation BIGINT NOT NULL, stream TEXT NOT NULL,
        stream_version BIGINT NOT NULL, live BIGINT NOT NULL, type TEXT NOT NULL, derived BIGINT NOT NULL,
        convergent BIGINT NOT NULL, key_size BIGINT NOT NULL, number BIGINT NOT NULL, min_available BIGINT NOT NULL,
        min_decryption BIGINT NOT NULL, min_encryption BIGINT NOT NULL, deletion_allowed BIGINT NOT NULL,
        exportable BIGINT NOT NULL, plaintext_backup BIGINT NOT NULL, auto_rotate_seconds BIGINT NOT NULL,
        next_rotation_at TEXT, created_at TEXT NOT NULL,
        PRIMARY KEY (tenant, name))""",
        """CREATE TABLE IF NOT EXISTS transit_key_versions (
        tenant TEXT NOT NULL, stream TEXT NOT NULL, number BIGINT NOT NULL, seal_id TEXT NOT NULL,
        public TEXT NOT NULL, made_at TEXT NOT NULL, encryptions BIGINT NOT NULL,
        PRIMARY KEY (tenant, stream, number))""",
        "CREATE INDEX IF NOT EXISTS transit_keys_by_stream ON transit_keys (tenant, stream)",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """From its creation to the destruction of its last version."""
        event, stream = record.event, str(record.stream)
        if isinstance(event, TransitKeyCreated):
            yield _begun(record, event)
            yield _ADD, (record.tenant, stream, event.number, event.seal_id, event.public, instant(record.time))
        elif isinstance(event, TransitKeyRestored):
            yield _begun(record, event)
        elif isinstance(event, TransitKeyEvent):
            yield from _moved(record, event, (record.tenant, stream))
        elif isinstance(event, TransitSetAside):
            yield _SET_ASIDE, (event.count, record.tenant, event.ref, event.number)

    async def find(self, tenant: str, name: str) -> TransitKeyRow | None:
        """The newest key of this name, also one that was deleted."""
        row = await self._reader.row(tenant, f"{_SELECT} WHERE tenant = ? AND name = ?", (tenant, name))
        return _key(row) if row else None

    async def versions(self, tenant: str, row: TransitKeyRow, numbers: Sequence[int]) -> list[TransitVersionRow]:
        """Those of `numbers` that the key has, in order."""
        sql = f"{_VERSIONS} AND number IN ({', '.join('?' * len(numbers))}) ORDER BY number"
        rows = await self._reader.rows(tenant, sql, (tenant, str(row.stream), *numbers))
        return [_version(each) for each in rows]

    async def all_versions(self, tenant: str, row: TransitKeyRow) -> list[TransitVersionRow]:
        """Every version that the key has, in order."""
        rows = await self._reader.rows(tenant, f"{_VERSIONS} ORDER BY number", (tenant, str(row.stream)))
        return [_version(each) for each in rows]

    async def page(self, tenant: str, prefix: str, after: str, limit: int) -> list[TransitKeyRow]:
        """Living keys whose name begins with `prefix` and follows `after`, in order of name."""
        sql = f"{_SELECT} WHERE tenant = ? AND live = 1 AND name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?"
        rows = await self._reader.rows(tenant, sql, (tenant, prefix, f"{prefix}\x7f", after, limit))
        return [_key(each) for each in rows]


def _begun(record: Record, event: _Told) -> Statement:
    minima = (1, 1, 0, 0)
    if isinstance(event, TransitKeyRestored):
        minima = (event.min_available, event.min_decryption, event.min_encryption, int(event.deletion_allowed))
    return _SET, (
        record.tenant, event.key, str(record.stream), record.version, event.key_type, int(event.derived),
        int(event.convergent), event.size, event.number, *minima, int(event.exportable), int(event.plaintext_backup),
        event.auto_rotate_seconds, _moment(event.next_rotation_at), instant(record.time),
    )  # fmt: skip


def _moved(record: Record, event: TransitKeyEvent, where: tuple[str, str]) -> Iterable[Statement]:
    version = record.version
    if isinstance(event, TransitVersionRestored):
        yield _MOVE, (version, *where)
        yield _ADD, (*where, event.number, event.seal_id, event.public, instant(event.made_at))
    elif isinstance(event, TransitKeyRotated):
        yield _ROTATE, (version, event.number, _moment(event.next_rotation_at), *where)
        yield _ADD, (*where, event.number, event.seal_id, event.public, instant(record.time))
    elif isinstance(event, TransitKeyConfigured):
        yield _CONFIGURE, (
            version, _moment(event.next_rotation_at), event.min_decryption, event.min_encryption,
            _whole(event.deletion_allowed), _whole(event.exportable), _whole(event.plaintext_backup),
            event.auto_rotate_seconds, *where,
        )  # fmt: skip
    elif isinstance(event, TransitKeyTrimmed):
        yield _TRIM, (version, event.number, *where)
        yield _CUT, (*where, event.number)
    elif isinstance(event, TransitKeyDeleted):
        yield _DELETE, (version, *where)
        yield _CLEAR, where


def _moment(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def _whole(value: bool | None) -> int | None:  # noqa: FBT001 - a column
    return None if value is None else int(value)


def _key(row: Row) -> TransitKeyRow:
    return TransitKeyRow(
        name=row[0], generation=row[1], stream=UUID(row[2]), stream_version=row[3], live=bool(row[4]), type=row[5],
        derived=bool(row[6]), convergent=bool(row[7]), key_size=row[8], number=row[9], min_available=row[10],
        min_decryption=row[11], min_encryption=row[12], deletion_allowed=bool(row[13]), exportable=bool(row[14]),
        plaintext_backup=bool(row[15]), auto_rotate_seconds=row[16],
        next_rotation_at=parsed(row[17]) if row[17] else None, created_at=parsed(row[18]),
    )  # fmt: skip


def _version(row: Row) -> TransitVersionRow:
    return TransitVersionRow(number=row[0], seal_id=row[1], public=row[2], made_at=parsed(row[3]), encryptions=row[4])
