"""Statements of one transaction, written many at a time, with the outcome of one after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.runs import merged, runs
from adapters.sqlite.schema import clustered, create
from domain.ports import Statement
from tests.stores import every_projection

PLAIN = "INSERT INTO kept VALUES (?, 'text', ?)"
LATEST = "INSERT INTO kept VALUES (?, 'text', ?) ON CONFLICT (number) DO UPDATE SET value = excluded.value"
FIRST = "INSERT INTO kept (number, word, value) VALUES (?, 'text', ?)\n ON CONFLICT DO NOTHING"
CHOSEN = "INSERT INTO kept SELECT ?, 'text', ? WHERE NOT EXISTS (SELECT 1 FROM kept)"
REMOVE = "DELETE FROM kept WHERE word = ? AND number = ?"
SET = "UPDATE kept SET value = ? WHERE number = ?"
OTHER = "INSERT INTO other VALUES (?, ?) ON CONFLICT DO NOTHING"
COPY = "INSERT INTO other SELECT number, value FROM kept WHERE number = ? ON CONFLICT DO NOTHING"
COUNTS = [1, 2, 15, 64, 67, 200]


def tables() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, word TEXT, value INTEGER)")
    connection.execute("CREATE TABLE other (number INTEGER PRIMARY KEY, value INTEGER)")
    return connection


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(tables()) as connection:
        yield connection


def written(connection: sqlite3.Connection, statements: list[Statement]) -> list[tuple[int, int]]:
    with SqliteLogStore(connection).transaction() as transaction:
        transaction.execute(statements)
    return connection.execute("SELECT number, value FROM kept ORDER BY number").fetchall()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("sql", [PLAIN, LATEST, FIRST])
def test_every_row_is_written(connection: sqlite3.Connection, sql: str, count: int) -> None:
    found = written(connection, [(sql, (number, number * 2)) for number in range(count)])
    assert found == [(number, number * 2) for number in range(count)]
    assert connection.execute("SELECT DISTINCT word FROM kept").fetchall() == [("text",)]


@pytest.mark.parametrize("count", COUNTS)
def test_of_equal_keys_the_last_or_the_first_stays(connection: sqlite3.Connection, count: int) -> None:
    assert written(connection, [(LATEST, (1, number)) for number in range(count)]) == [(1, count - 1)]
    assert written(connection, [(FIRST, (1, number + 100)) for number in range(count)]) == [(1, count - 1)]


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_named_is_deleted_and_nothing_else(connection: sqlite3.Connection, count: int) -> None:
    written(connection, [(PLAIN, (number, 0)) for number in range(count * 2)])
    doomed: list[Statement] = [(REMOVE, ("text", number)) for number in range(count)]
    doomed += [(REMOVE, ("another", number)) for number in range(count, count * 2)]
    assert written(connection, doomed) == [(number, 0) for number in range(count, count * 2)]


def test_statement_that_is_no_list_of_values_is_run_one_by_one(connection: sqlite3.Connection) -> None:
    assert written(connection, [(CHOSEN, (number, 1)) for number in range(40)]) == [(0, 1)]


def test_a_row_that_may_not_be_takes_back_all(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        written(connection, [(PLAIN, (number % 20, 1)) for number in range(40)])
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_statements_of_two_tables_by_turns_are_two() -> None:
    by_turns: list[Statement] = [(sql, (number, 1)) for number in range(64) for sql in (LATEST, OTHER)]
    assert [(sql, len(rows)) for sql, rows in runs(by_turns)] == [(LATEST, 64), (OTHER, 64)]
    assert [len(list(merged(sql, rows))) for sql, rows in runs(by_turns)] == [1, 1]


number = st.integers(0, 4)
statement = st.one_of(
    st.tuples(st.sampled_from([LATEST, FIRST, OTHER, CHOSEN, SET]), st.tuples(number, number)),
    st.tuples(st.just(REMOVE), st.tuples(st.sampled_from(["text", "another"]), number)),
    st.tuples(st.just(COPY), st.tuples(number)),
)


@given(st.lists(statement, max_size=40))
def test_the_outcome_is_that_of_one_after_the_other(statements: list[Statement]) -> None:
    with closing(tables()) as together, closing(tables()) as alone:
        written(together, statements)
        for sql, parameters in statements:
            alone.execute(sql, parameters)
        for table in ("kept", "other"):
            every = f"SELECT * FROM {table} ORDER BY number"
            assert together.execute(every).fetchall() == alone.execute(every).fetchall()


def test_deletion_of_many_uses_the_index_that_one_does(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (tenant TEXT, path TEXT, pin INTEGER, PRIMARY KEY (tenant, path, pin))")
    rows = [("acme", str(number)) for number in range(64)]
    (sql, parameters), *rest = merged("DELETE FROM t WHERE tenant = ? AND path = ?", rows)
    assert not rest
    plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    assert "SEARCH t USING" in plan[0][3]
    assert "tenant=? AND path=?" in plan[0][3]


def test_tables_of_read_models_are_in_the_order_of_their_keys(connection: sqlite3.Connection) -> None:
    create(connection, every_projection())
    created = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    for name in ("secrets", "secret_versions", "secret_lives", "audit_events", "audit_paths"):
        assert created[name].endswith("WITHOUT ROWID"), name
    assert not created["sealed_values"].endswith("WITHOUT ROWID")
    assert clustered("CREATE INDEX a ON b (c)") == "CREATE INDEX a ON b (c)"
