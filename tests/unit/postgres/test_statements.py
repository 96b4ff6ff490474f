"""Gathering statements changes how they are sent, never what they do."""

from __future__ import annotations

import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.statements import gathered
from domain.ports import Projection, Statement
from tests.stores import every_projection

ROW = st.tuples(st.integers(0, 3), st.integers(0, 9))
WRITES = st.one_of(
    st.sampled_from("abc").flatmap(
        lambda table: st.one_of(
            ROW.map(
                lambda row: (f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v", row)
            ),
            ROW.map(lambda row: (f"UPDATE {table} SET v = v * 2 + ? WHERE k = ?", row[::-1])),
            ROW.map(lambda row: (f"DELETE FROM {table} WHERE k = ?", row[:1])),
        )
    ),
    ROW.map(lambda row: ("INSERT INTO a SELECT k + 4, v FROM b WHERE k = ? ON CONFLICT DO NOTHING", row[:1])),
    ROW.map(lambda row: ("UPDATE b SET v = v + 1 WHERE k IN (SELECT k FROM c WHERE v > ?)", row[:1])),
    ROW.map(lambda row: ("UPDATE c SET v = a.v FROM a WHERE a.k = c.k AND a.k = ?", row[:1])),
)


def _effect(statements: list[tuple[str, tuple[object, ...]]]) -> list[list[tuple[object, ...]]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for table in "abc":
            connection.execute(f"CREATE TABLE {table} (k PRIMARY KEY, v)")
        for sql, parameters in statements:
            connection.execute(sql, parameters)
        return [connection.execute(f"SELECT * FROM {table} ORDER BY k").fetchall() for table in "abc"]
    finally:
        connection.close()


@given(st.lists(WRITES, max_size=40))
def test_gathered_statements_have_the_effect_of_the_statements_in_their_order(statements: list[Statement]) -> None:
    sent = [(sql, parameters) for sql, uses in gathered(statements) for parameters in uses]
    assert len(sent) == len(statements)
    assert _effect(sent) == _effect(statements)


def test_equal_sql_on_one_table_is_sent_together() -> None:
    insert, update, other = "INSERT INTO a VALUES (?)", "UPDATE a SET v = ?", "DELETE FROM b WHERE k = ?"
    statements: list[Statement] = [
        (insert, (1,)),
        (other, (1,)),
        (insert, (2,)),
        (update, (3,)),
        (other, (2,)),
        (insert, (4,)),
    ]
    assert list(gathered(statements)) == [
        (insert, [(1,), (2,)]),
        (update, [(3,)]),
        (insert, [(4,)]),
        (other, [(1,), (2,)]),
    ]


@pytest.mark.parametrize("projection", every_projection(), ids=lambda projection: projection.name)
def test_no_read_model_has_foreign_keys_or_triggers(projection: Projection) -> None:
    assert not re.search(r"\b(REFERENCES|TRIGGER)\b", " ".join(projection.ddl), re.IGNORECASE)
