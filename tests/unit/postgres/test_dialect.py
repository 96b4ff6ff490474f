"""The common dialect in PostgreSQL's words."""

from __future__ import annotations

import pytest

from adapters.postgres.dialect import collated, translated


@pytest.mark.parametrize(
    "sql, expected",
    [
        ("SELECT 1", "SELECT 1"),
        ("WHERE a = ? AND b IN (?, ?)", "WHERE a = %s AND b IN (%s, %s)"),
        ("WHERE a LIKE '%?' AND b = ?", "WHERE a LIKE '%%?' AND b = %s"),
        ("SELECT 'it''s ?', ?", "SELECT 'it''s ?', %s"),
        ("SELECT 10 % ?", "SELECT 10 %% %s"),
        ("LIKE ? ESCAPE '\\'", "LIKE %s ESCAPE '\\'"),
    ],
)
def test_translated_replaces_marks_outside_of_literals_only(sql: str, expected: str) -> None:
    assert translated(sql) == expected


def test_collated_puts_text_columns_and_nothing_else_in_byte_order() -> None:
    ddl = "CREATE TABLE t (text TEXT NOT NULL, context TEXT, n BIGINT)"
    assert collated(ddl) == 'CREATE TABLE t (text TEXT COLLATE "C" NOT NULL, context TEXT COLLATE "C", n BIGINT)'
