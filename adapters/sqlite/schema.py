"""Tables of the embedded store that are not read models. Read models bring their own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Final

from domain.ports import Projection

_IMMUTABLE: Final = """
CREATE TRIGGER IF NOT EXISTS events_no_{verb} BEFORE {verb} ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"""

_KEYED = re.compile(r"CREATE TABLE .*PRIMARY KEY \([^()]*\)\)\Z", re.DOTALL)

LOG: Final = (
    """CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
    tenant TEXT NOT NULL, time TEXT NOT NULL, actor TEXT NOT NULL, request_id TEXT NOT NULL, body BLOB NOT NULL,
    prev_hash BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (stream, version))""",
    _IMMUTABLE.format(verb="UPDATE"),
    _IMMUTABLE.format(verb="DELETE"),
    "CREATE TABLE IF NOT EXISTS tracking (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
)

SEALED: Final = (
    "CREATE TABLE IF NOT EXISTS sealed_values (seal_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, sealed BLOB NOT NULL)",
    """CREATE TABLE IF NOT EXISTS sealed_keys (
    seal_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, key_id TEXT NOT NULL, wrapped BLOB NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS tenant_keys (
    key_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, kek_id TEXT NOT NULL, wrapped BLOB NOT NULL,
    created_at TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS tenant_keys_of ON tenant_keys (tenant, created_at)",
    """CREATE TABLE IF NOT EXISTS signing_key (
    key_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, public BLOB NOT NULL, kek_id TEXT NOT NULL,
    wrapped BLOB NOT NULL)""",
)

REPLIES: Final = (
    """CREATE TABLE IF NOT EXISTS idempotency (
    tenant TEXT NOT NULL, principal TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL, seal_id TEXT NOT NULL, expires_at TEXT NOT NULL,
    PRIMARY KEY (tenant, principal, key)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS idempotency_by_expiry ON idempotency (expires_at)",
)


def clustered(ddl: str) -> str:
    """A read model's table as one tree, in the order of its key, instead of one for rows and one for the key."""
    return f"{ddl} WITHOUT ROWID" if _KEYED.match(ddl) else ddl


def create(connection: sqlite3.Connection, projections: Sequence[Projection]) -> None:
    """Make every table that is not there yet, all or none."""
    connection.execute("BEGIN IMMEDIATE")
    read_models = (clustered(ddl) for projection in projections for ddl in projection.ddl)
    for statement in (*LOG, *SEALED, *REPLIES, *read_models):
        connection.execute(statement)
    connection.execute("COMMIT")
