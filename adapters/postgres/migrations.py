"""The database brought to what this version expects, and the check that it is there.

The steps of `adapters.postgres.schema` run once each. A read model whose tables changed is made anew from the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import psycopg
from psycopg import IsolationLevel

from adapters.log.follower import record
from adapters.postgres.connection import APP, LOG_LOCK, MIGRATION_LOCK, WRITER, as_role, connect
from adapters.postgres.dialect import collated, translated
from adapters.postgres.schema import MIGRATIONS_TABLE, ROLES, STEPS, secured
from adapters.postgres.statements import gathered
from domain.errors import Misconfigured, StoreUnavailable
from domain.ports import Projection, Row

_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_APPLIED: Final = "SELECT name, digest FROM schema_migrations"
_NOTE: Final = """INSERT INTO schema_migrations (name, digest, tables) VALUES (%s, %s, %s)
 ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, tables = excluded.tables, applied_at = now()"""
_OLD_TABLES: Final = "SELECT tables FROM schema_migrations WHERE name = %s"
_EVENTS: Final = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body
 FROM events ORDER BY position"""
_TRACK: Final = "UPDATE tracking SET position = (SELECT coalesce(max(position), 0) FROM events) WHERE name = %s"
_UNFIT: Final = """SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)
 AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolname = %s AND pg_has_role(rolname, %s, 'MEMBER'))"""
_READ_AT_ONCE: Final = 500


def migrate(dsn: str, projections: Sequence[Projection]) -> list[str]:
    """Do what is still to be done, all or nothing, and return the names of what was done.

    `dsn` is the address of a user that may create tables, and roles unless they exist. Raises `Misconfigured`,
    `StoreUnavailable`.
    """
    with connect(dsn) as connection:
        connection.isolation_level = IsolationLevel.READ_COMMITTED
        try:
            with connection.transaction():
                return _migrated(connection, projections)
        except psycopg.errors.InsufficientPrivilege as error:
            raise _not_allowed(error) from error
        except psycopg.Error as error:
            raise StoreUnavailable(f"the database was left as it was: {error.diag.message_primary or error}") from error


def require_current(dsn: str, projections: Sequence[Projection]) -> None:
    """Raises `Misconfigured` with the remedy if the database is not as this version needs it; or `StoreUnavailable`."""
    connect(dsn, APP).close()
    with connect(dsn, WRITER) as connection:
        applied: dict[str, str] = {}
        unfit: list[Row] = []
        try:
            applied = dict(connection.execute(_APPLIED).fetchall())
            unfit = connection.execute(_UNFIT, ([APP, WRITER], APP, WRITER)).fetchall()
        except psycopg.errors.UndefinedTable:
            pass  # never migrated: every step is missing
        except psycopg.Error as error:
            raise StoreUnavailable(f"the database cannot be read: {error}") from error
    _refuse_newer(applied)
    if missing := [name for name, digest in _expected(projections).items() if applied.get(name) != digest]:
        raise Misconfigured(f"the database lacks {', '.join(missing)}; run: trstctl migrate")
    if unfit:
        raise Misconfigured(
            f"the role {unfit[0][0]} may do more than it should; it is to be NOLOGIN NOSUPERUSER NOBYPASSRLS"
            f" and {APP} no member of {WRITER}"
        )


def _expected(projections: Sequence[Projection]) -> dict[str, str]:
    steps = {name: "" for name, _ in STEPS}
    return steps | {f"projection {projection.name}": _digest(projection) for projection in projections}


def _digest(projection: Projection) -> str:
    return sha256("\n".join(projection.ddl).encode()).hexdigest()


def _refuse_newer(applied: dict[str, str]) -> None:
    known = {name for name, _ in STEPS}
    if newer := sorted(name for name in applied if not name.startswith("projection ") and name not in known):
        raise Misconfigured(f"a newer trstctl has migrated this database ({newer[0]}); use that version or a later one")


def _not_allowed(error: psycopg.Error) -> Misconfigured:
    return Misconfigured(
        f"the database's user may not migrate it: {error.diag.message_primary}; use the owner of the database, and let"
        f" a superuser first run: CREATE ROLE {APP} NOLOGIN NOINHERIT; CREATE ROLE {WRITER} NOLOGIN NOINHERIT;"
        f" GRANT {APP}, {WRITER} TO the_owner"
    )


def _migrated(connection: psycopg.Connection, projections: Sequence[Projection]) -> list[str]:
    connection.execute(_LOCK, (MIGRATION_LOCK,))
    connection.execute(ROLES)
    connection.execute(MIGRATIONS_TABLE)
    applied: dict[str, str] = dict(connection.execute(_APPLIED).fetchall())
    _refuse_newer(applied)
    done = [name for name, _ in STEPS if name not in applied]
    for name, sql in STEPS:
        if name in done:
            connection.execute(sql)
            connection.execute(_NOTE, (name, "", []))
    for projection in projections:
        name, digest = f"projection {projection.name}", _digest(projection)
        if applied.get(name) != digest:
            _make(connection, projection, name)
            connection.execute(_NOTE, (name, digest, list(projection.tables)))
            done.append(name)
    return done


def _make(connection: psycopg.Connection, projection: Projection, name: str) -> None:
    """The read model's tables, anew, filled from the log while nobody appends to it."""
    connection.execute(_LOCK, (LOG_LOCK,))
    old = connection.execute(_OLD_TABLES, (name,)).fetchone()
    for table in old[0] if old else ():
        connection.execute(f"DROP TABLE {table}")
    for ddl in projection.ddl:
        connection.execute(collated(ddl))
    for table in projection.tables:
        connection.execute(secured(table))
    connection.execute(as_role(WRITER).replace("SET", "SET LOCAL", 1))
    _fill(connection, projection)
    connection.execute("RESET ROLE")


def _fill(connection: psycopg.Connection, projection: Projection) -> None:
    with connection.cursor("log", binary=True) as events, connection.cursor() as cursor:
        events.execute(_EVENTS)
        while rows := events.fetchmany(_READ_AT_ONCE):
            for sql, parameters in gathered(each for row in rows for each in projection.apply(record(row))):
                cursor.executemany(translated(sql), parameters)
        cursor.execute(_TRACK, (projection.name,))
