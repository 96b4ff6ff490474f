"""The log as a tenant searches it: by type, actor, path, time and text. It follows the log a moment behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec

from domain.access import SecretsCompared, SecretsInjected
from domain.event import Event
from domain.instants import instant
from domain.ports import Reader, Record, Row, Statement
from domain.transit.events import TransitKeyCreated, TransitKeyEvent, TransitKeyRestored
from domain.transit.uses import TransitSetAside, TransitUse

_EVENT: Final = "INSERT INTO audit_events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PATH: Final = "INSERT INTO audit_paths VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_COLUMNS: Final = (
    "e.position, e.id, e.stream, e.version, e.type, e.tenant, e.time, e.actor, e.request_id, e.body, e.hash"
)
_OF_KEYS: Final = (TransitUse, TransitKeyEvent, TransitKeyCreated, TransitKeyRestored, TransitSetAside)
"""Events that name a transit key, by which they are found as others by their path."""


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted; None is no condition.

    `path`, also the name of a transit key, may end in `*`; `text` is looked for in type, actor and paths.
    """

    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    path: str | None = None
    text: str | None = None


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as its tenant sees it."""

    position: int
    id: str
    stream: str
    version: int
    type: str
    tenant: str
    time: str
    actor: str
    request_id: str
    body: Any
    hash: str


class AuditEvents:
    """The read model, and its queries."""

    name: ClassVar[str] = "audit"
    tables: ClassVar[tuple[str, ...]] = ("audit_events", "audit_paths")
    concerns: ClassVar[tuple[type[Event], ...]] = (Event,)
    ddl: ClassVar[tuple[str, ...]] = (
        """CREATE TABLE IF NOT EXISTS audit_events (
        tenant TEXT NOT NULL, position BIGINT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, time TEXT NOT NULL,
        text TEXT NOT NULL, PRIMARY KEY (tenant, position))""",
        "CREATE INDEX IF NOT EXISTS audit_events_by_type ON audit_events (tenant, type, position)",
        "CREATE INDEX IF NOT EXISTS audit_events_by_subject ON audit_events (tenant, subject, position)",
        "CREATE INDEX IF NOT EXISTS audit_events_by_time ON audit_events (tenant, time, position)",
        """CREATE TABLE IF NOT EXISTS audit_paths (
        tenant TEXT NOT NULL, path TEXT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (tenant, path, position))""",
    )

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def apply(self, record: Record) -> Iterable[Statement]:
        """One row an event, and one for each path that it is about. Applying twice changes nothing."""
        paths = _paths(record)
        subject = record.actor.partition("#")[0]
        text = " ".join((record.type, record.actor, record.request_id, *paths)).lower()
        yield _EVENT, (record.tenant, record.position, record.type, subject, instant(record.time), text)
        for path in paths:
            yield _PATH, (record.tenant, path, record.position)

    async def page(
        self, tenant: str, wanted: AuditFilter, *, cursor: int | None, newest_first: bool, limit: int
    ) -> list[AuditEvent]:
        """Events beyond `cursor` (a position) in the order asked."""
        conditions, parameters = _conditions(wanted)
        if cursor is not None:
            conditions.append(f"a.position {'<' if newest_first else '>'} ?")
            parameters.append(cursor)
        where = "".join(f" AND {condition}" for condition in conditions)
        sql = f"""SELECT {_COLUMNS} FROM audit_events a JOIN events e ON e.position = a.position
 WHERE a.tenant = ? AND e.tenant = ?{where} ORDER BY a.position {"DESC" if newest_first else "ASC"} LIMIT ?"""
        return [_event(row) for row in await self._reader.rows(tenant, sql, (tenant, tenant, *parameters, limit))]


def _conditions(wanted: AuditFilter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    parameters: list[object] = []
    if wanted.types:
        conditions.append(f"a.type IN ({', '.join('?' * len(wanted.types))})")
        parameters += wanted.types
    for operator, moment in ((">=", wanted.since), ("<", wanted.until)):
        if moment:
            conditions.append(f"a.time {operator} ?")
            parameters.append(instant(moment))
    if wanted.actor:
        conditions.append("a.subject = ?" if "#" not in wanted.actor else "e.actor = ?")
        parameters.append(wanted.actor)
    if wanted.text:
        conditions.append("a.text LIKE ? ESCAPE '\\'")
        parameters.append(f"%{_escaped(wanted.text.lower())}%")
    _path_condition(wanted, conditions, parameters)
    return conditions, parameters


def _path_condition(wanted: AuditFilter, conditions: list[str], parameters: list[object]) -> None:
    if wanted.path is None:
        return
    test, values = "p.path = ?", [wanted.path]
    if wanted.path.endswith("*"):
        test, values = "p.path >= ? AND p.path < ?", [wanted.path[:-1], f"{wanted.path[:-1]}\x7f"]
    conditions.append(f"a.position IN (SELECT p.position FROM audit_paths p WHERE p.tenant = a.tenant AND {test})")
    parameters += values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _paths(record: Record) -> list[str]:
    event = record.event
    if isinstance(event, SecretsInjected):
        return sorted(set(event.variables.values()))
    if isinstance(event, SecretsCompared):
        return sorted({side.partition("@")[0] for side in (event.left, event.right)})  # `path@version` is about `path`
    path = getattr(event, "path", None)
    if path is None and isinstance(event, _OF_KEYS):
        path = event.key or None  # random bytes and digests are of no key
    return [path] if isinstance(path, str) else []


def _event(row: Row) -> AuditEvent:
    body = msgspec.json.decode(bytes(row[9]))
    return AuditEvent(
        position=row[0], id=row[1], stream=row[2], version=row[3], type=row[4], tenant=row[5], time=row[6],
        actor=row[7], request_id=row[8], body=body, hash=bytes(row[10]).hex(),
    )  # fmt: skip
