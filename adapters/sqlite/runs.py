"""Statements of one transaction in few: those of one table that are alike as one with many rows.

The interpreter's lock is let go once a statement and row, and each time another thread may keep it for long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Final

from domain.ports import Statement

Run = tuple[str, list[tuple[object, ...]]]
"""A statement, and its parameters for each time that it is to be executed."""

_SIZES: Final = (64, 32, 16, 8, 4, 2, 1)
"""Rows a statement. Few sizes, so that few statements have to be prepared."""
_ONE_TABLE: Final = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)\b(.*)\Z", re.DOTALL)
_ANOTHER: Final = re.compile(r"\b(?:SELECT|FROM|JOIN|WITH)\b", re.IGNORECASE)
_VALUES: Final = re.compile(r"(INSERT INTO .*\bVALUES )(\([^()]*\))(.*)\Z", re.DOTALL)
_DELETE: Final = re.compile(r"DELETE FROM \w+ WHERE \w+ = \?(?: AND \w+ = \?)*\Z")
_EQUALS: Final = " = ?"


def runs(statements: Iterable[Statement]) -> Iterator[Run]:
    """What comes to the same as one statement after the other.

    Statements that touch but one table each are moved past those of other tables, to others that are alike.
    """
    waiting: dict[str, Run] = {}
    for sql, parameters in statements:
        table = _table(sql)
        if not table:
            yield from waiting.values()
            waiting = {}
            yield sql, [parameters]
            continue
        run = waiting.get(table)
        if run and run[0] == sql:
            run[1].append(parameters)
            continue
        if run:
            yield waiting.pop(table)
        waiting[table] = (sql, [parameters])
    yield from waiting.values()


def merged(sql: str, rows: Sequence[tuple[object, ...]]) -> Iterator[tuple[str, Sequence[object]]]:
    """The same in as few statements as can be, each with all of its parameters."""
    if _values(sql, 1):
        for some in _cut(rows):
            yield (_values(sql, len(some)), list(chain.from_iterable(some))) if len(some) > 1 else (sql, some[0])
    elif _DELETE.match(sql):
        for first, alike in groupby(rows, key=lambda row: row[:-1]):
            for some in _cut(list(alike)):
                yield _deletion(sql, len(some)), (*first, *(row[-1] for row in some))
    else:
        for row in rows:
            yield sql, row


def _cut(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@lru_cache(maxsize=2048)
def _table(sql: str) -> str:
    """The only table that a statement touches; empty if there may be others."""
    found = _ONE_TABLE.match(sql)
    return "" if found is None or _ANOTHER.search(found[2]) else found[1]


@lru_cache(maxsize=2048)
def _values(sql: str, rows: int) -> str:
    """An INSERT of so many rows; empty if the statement does not insert one whose parameters are all there are."""
    found = _VALUES.match(sql)
    if found is None or found[2].count("?") != sql.count("?"):
        return ""
    return f"{found[1]}{', '.join([found[2]] * rows)}{found[3]}"


@lru_cache(maxsize=2048)
def _deletion(sql: str, rows: int) -> str:
    """A DELETE by so many values of its last column, the others being equal; an index is of use to it as before."""
    return f"{sql[: -len(_EQUALS)]} IN ({', '.join('?' * rows)})"
