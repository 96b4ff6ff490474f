"""The log on PostgreSQL is verified like the embedded one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo

from adapters.crypto import ed25519_verify
from adapters.postgres.log_rows import PostgresLogRows
from adapters.postgres.migrations import migrate
from cli.server.commands.audit_verify import command
from domain.errors import StoreUnavailable
from domain.verification import Report, verify
from tests.stores import every_projection
from tests.written_log import WrittenLog, write_log

TABLES = ("events", "sealed_values", "sealed_keys", "idempotency")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WrittenLog:
    return write_log(tmp_path_factory.mktemp("original") / "log")


@pytest.fixture
def dsn(original: WrittenLog, postgres_dsn: str) -> str:
    """A database with the same log."""
    migrate(postgres_dsn, every_projection())
    with original.opened() as source, psycopg.connect(postgres_dsn) as target:
        for table in TABLES:
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            values = ", ".join(["%s"] * len(rows[0]))
            target.cursor().executemany(f"INSERT INTO {table} VALUES ({values})", rows)
    return postgres_dsn


def change(dsn: str, statement: str) -> None:
    """As the database's owner can."""
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER ALL")
        connection.execute(statement)


def report(dsn: str) -> Report:
    with closing(PostgresLogRows(dsn)) as rows:
        return verify(rows, ed25519_verify)


def test_same_log_gives_the_same_report(original: WrittenLog, dsn: str) -> None:
    told = report(dsn)
    assert (told.intact, told.events, told.sealed) == (True, 30, 8)
    assert told.head == original.rows()[-1][11].hex()


def test_count_is_that_of_the_events(dsn: str) -> None:
    with closing(PostgresLogRows(dsn)) as rows:
        assert rows.count() == 30


@pytest.mark.parametrize(
    "statement, position, check",
    [
        ("UPDATE events SET actor = 'me' WHERE position = 24", 24, "hash"),
        ("DELETE FROM events WHERE position = 24", 24, "position"),
        (
            (
                "UPDATE sealed_values SET sealed = 'x' WHERE seal_id ="
                " (SELECT convert_from(body, 'UTF8')::json ->> 'seal_id' FROM events WHERE position = 5)"
            ),
            5,
            "sealed-digest",
        ),
        ("DELETE FROM sealed_keys", 6, "key-lost"),
        ("ALTER TABLE events ALTER COLUMN version TYPE TEXT", 1, "shape"),
        ("ALTER TABLE events ALTER COLUMN version TYPE NUMERIC", 1, "shape"),
    ],
)
def test_tampering_is_found(dsn: str, statement: str, position: int, check: str) -> None:
    change(dsn, statement)
    first = report(dsn).first_bad
    assert first
    assert (first.position, first.check) == (position, check)


def test_snapshot_does_not_see_what_is_written_meanwhile(dsn: str) -> None:
    with closing(PostgresLogRows(dsn)) as rows:
        rows.count()
        change(dsn, "DELETE FROM sealed_values")
        change(dsn, "DELETE FROM events WHERE position = 24")
        assert verify(rows, ed25519_verify).intact


def test_user_who_may_not_see_every_row_is_refused_instead_of_told_a_part(dsn: str) -> None:
    """Row-level security leaves rows out without a word; a log that is cut by it must not pass for a whole one."""
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'pw'").format(sql.Identifier("auditor")))
        connection.execute("GRANT SELECT ON events, sealed_values, sealed_keys, idempotency TO auditor")
    try:
        with pytest.raises(StoreUnavailable, match="row-level security"):
            report(make_conninfo(dsn, user="auditor", password="pw"))
    finally:
        with psycopg.connect(dsn) as connection:
            connection.execute("DROP OWNED BY auditor")
            connection.execute("DROP ROLE auditor")


def test_command_holds_a_database_against_checkpoints(
    original: WrittenLog, dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["--store", dsn, "--checkpoint", str(original.checkpoints.path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    change(dsn, "DELETE FROM events WHERE position > 28")
    result = CliRunner().invoke(command, arguments)
    assert (result.exit_code, "first bad position: 29" in result.stdout) == (1, True)
