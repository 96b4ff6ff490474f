"""Tables beside those of secrets, in which most have no row: how single versions end, and what is set for a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from domain.event import Event
from domain.instants import instant
from domain.ports import Record, Statement
from domain.secret import SecretDeleted, SecretUndeleted
from domain.secret_events import (
    SecretForgotten,
    SettingsChanged,
    VersionsDeleted,
    VersionsExpiring,
    VersionsPruned,
    VersionsUndeleted,
)

Appliers = Mapping[type[Event], Callable[[Record, Any], Iterable[Statement]]]

TABLES: Final = ("version_ends", "secret_settings")
DDL: Final = (
    """CREATE TABLE IF NOT EXISTS version_ends (
    tenant TEXT NOT NULL, path TEXT NOT NULL, number BIGINT NOT NULL, ends_at TEXT, state TEXT NOT NULL,
    changed_at TEXT NOT NULL, PRIMARY KEY (tenant, path, number))""",
    """CREATE TABLE IF NOT EXISTS secret_settings (
    tenant TEXT NOT NULL, path TEXT NOT NULL, forgotten BIGINT NOT NULL, max_versions BIGINT NOT NULL,
    cas_required BIGINT NOT NULL, delete_after_seconds BIGINT NOT NULL, custom_metadata TEXT NOT NULL,
    changed_at TEXT NOT NULL, PRIMARY KEY (tenant, path))""",
)

_UPSERT: Final = """INSERT INTO version_ends VALUES (?, ?, ?, ?, %s, ?)
 ON CONFLICT (tenant, path, number) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at,"""
_EXPIRE: Final = f"{_UPSERT} ends_at = excluded.ends_at" % "'due'"
_DELETE: Final = (
    f"""{_UPSERT} ends_at = CASE WHEN version_ends.ends_at < excluded.ends_at THEN version_ends.ends_at
 ELSE excluded.ends_at END"""
    % "'deleted'"
)
"""What came to its end by the clock ended then, and not when that was recorded."""
_UNDELETE: Final = """UPDATE version_ends SET ends_at = NULL, state = 'none', changed_at = ?
 WHERE tenant = ? AND path = ? AND number = ?"""
_NAME_DELETED: Final = """INSERT INTO version_ends SELECT tenant, path, current, ?, 'name', ? FROM secrets
 WHERE tenant = ? AND path = ?
 ON CONFLICT (tenant, path, number) DO UPDATE SET ends_at = excluded.ends_at, state = excluded.state,
 changed_at = excluded.changed_at WHERE version_ends.state = 'none'"""
_NAME_UNDELETED: Final = """UPDATE version_ends SET ends_at = NULL, state = 'none', changed_at = ?
 WHERE tenant = ? AND path = ? AND state IN ('deleted', 'name')
 AND number = (SELECT s.current FROM secrets s WHERE s.tenant = version_ends.tenant AND s.path = version_ends.path)"""
_PRUNE: Final = "DELETE FROM version_ends WHERE tenant = ? AND path = ? AND number <= ?"
_SETTINGS: Final = """INSERT INTO secret_settings VALUES (?, ?, 0, 0, 0, 0, '{}', ?)
 ON CONFLICT (tenant, path) DO UPDATE SET changed_at = excluded.changed_at"""
_SET: Final = "UPDATE secret_settings SET %s = ? WHERE tenant = ? AND path = ?"
_FORGET: Final = """INSERT INTO secret_settings VALUES (?, ?, ?, 0, 0, 0, '{}', ?)
 ON CONFLICT (tenant, path) DO UPDATE SET forgotten = excluded.forgotten, max_versions = 0, cas_required = 0,
 delete_after_seconds = 0, custom_metadata = '{}', changed_at = excluded.changed_at"""


def _expiring(record: Record, event: VersionsExpiring) -> list[Statement]:
    at, end = instant(record.time), instant(event.expires_at)
    return [(_EXPIRE, (record.tenant, event.path, number, end, at)) for number in event.numbers]


def _deleted(record: Record, event: VersionsDeleted) -> list[Statement]:
    at = instant(record.time)
    return [(_DELETE, (record.tenant, event.path, number, at, at)) for number in event.numbers]


def _undeleted(record: Record, event: VersionsUndeleted) -> list[Statement]:
    return [(_UNDELETE, (instant(record.time), record.tenant, event.path, number)) for number in event.numbers]


def _name_deleted(record: Record, event: SecretDeleted) -> list[Statement]:
    at = instant(record.time)
    return [(_NAME_DELETED, (at, at, record.tenant, event.path))]


def _name_undeleted(record: Record, event: SecretUndeleted) -> list[Statement]:
    return [(_NAME_UNDELETED, (instant(record.time), record.tenant, event.path))]


def _pruned(record: Record, event: VersionsPruned) -> list[Statement]:
    return [(_PRUNE, (record.tenant, event.path, max(event.numbers)))]


def _settings(record: Record, event: SettingsChanged) -> list[Statement]:
    given: dict[str, object] = {**event.given}
    if event.custom_metadata is not None:
        given["custom_metadata"] = msgspec.json.encode(event.custom_metadata, order="sorted").decode()
    if event.cas_required is not None:
        given["cas_required"] = int(event.cas_required)
    where = (record.tenant, event.path)
    return [
        (_SETTINGS, (*where, instant(record.time))),
        *((_SET % name, (value, *where)) for name, value in given.items()),
    ]


def _forgotten(record: Record, event: SecretForgotten) -> list[Statement]:
    where = (record.tenant, event.path, event.number)
    return [(_PRUNE, where), (_FORGET, (*where, instant(record.time)))]


APPLIED: Final[Appliers] = {
    SecretDeleted: _name_deleted,
    SecretForgotten: _forgotten,
    SecretUndeleted: _name_undeleted,
    SettingsChanged: _settings,
    VersionsDeleted: _deleted,
    VersionsExpiring: _expiring,
    VersionsPruned: _pruned,
    VersionsUndeleted: _undeleted,
}
"""What each event changes in these tables; `secrets` was told of it before."""
