"""Statements gathered, so that those with the same SQL are sent together.

Statements on different tables commute: a write of the common dialect reads and changes one table only, and no table of
ours has a foreign key or a trigger that reaches into another. So they are gathered by table, and keep their order
within it. A statement of which that is not plain divides what comes before it from what comes after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from domain.ports import Statement

Gathered = tuple[str, list[tuple[object, ...]]]
"""One SQL text with the parameters of each of its uses, in order."""

_WRITE: Final = re.compile(r"\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)", re.IGNORECASE)
_READS_MORE: Final = re.compile(r"\b(?:SELECT|JOIN|USING|WITH)\b|\bUPDATE\b.*\bFROM\b", re.IGNORECASE | re.DOTALL)


def gathered(statements: Iterable[Statement]) -> Iterator[Gathered]:
    """The statements in an order of the same effect, runs of equal SQL as one."""
    by_table: dict[str, list[Gathered]] = {}
    for sql, parameters in statements:
        table = _only_table(sql)
        if table is None:
            yield from _drained(by_table)
            yield sql, [parameters]
            continue
        runs = by_table.setdefault(table, [])
        if runs and runs[-1][0] == sql:
            runs[-1][1].append(parameters)
        else:
            runs.append((sql, [parameters]))
    yield from _drained(by_table)


def _drained(by_table: dict[str, list[Gathered]]) -> Iterator[Gathered]:
    for runs in by_table.values():
        yield from runs
    by_table.clear()


@lru_cache(maxsize=4096)
def _only_table(sql: str) -> str | None:
    """The one table that `sql` reads and writes, or None if it may touch others."""
    written = _WRITE.match(sql)
    return written[1].lower() if written and not _READS_MORE.search(sql) else None
