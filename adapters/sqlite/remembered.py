"""Rows read before, for as long as nothing has changed: by this process or, told by the change counter, by another.

A commit of ours forgets what was read from the tables that it changed; one of another process forgets everything. So a
row from here is the row that a query would give: a revoked token is refused at once, a destroyed key gone.
Sealed values and wrapped keys may be among them, as in SQLite's own page cache; values in the clear never.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

from domain.ports import Row

Known = dict[str, dict[tuple[object, ...], Sequence[Row]]]
"""By query, and by its parameters."""
ANY: Final = "*"
"""Instead of the name of a table that cannot be told."""

_MOST: Final = 4096
"""Rows of one query that are kept."""
_MOST_QUERIES: Final = 512
_MOST_STREAMS: Final = 65_536
_LONGEST: Final = 4096
"""Most characters and bytes of a row that is kept."""
_GROWING: Final = re.compile(r"\b(events|audit_events|audit_paths|tracking)\b")
_CHANGES: Final = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)\b")
_WORD: Final = re.compile(r"\w+")


@lru_cache(maxsize=2048)
def is_steady(sql: str) -> bool:
    """Whether a query reads no table that grows with every use."""
    return not _GROWING.search(sql)


@lru_cache(maxsize=2048)
def changed(sql: str) -> str:
    """The table that a statement changes."""
    found = _CHANGES.match(sql)
    return found[1] if found else ANY


@lru_cache(maxsize=2048)
def _words(sql: str) -> frozenset[str]:
    """Among them every table that a query reads."""
    return frozenset(_WORD.findall(sql))


def _without(known: Known, tables: AbstractSet[str]) -> Known:
    """What was read from other tables."""
    if ANY in tables:
        return {}
    # Of a copy, for whoever reads may add a query meanwhile.
    return {sql: rows for sql, rows in known.copy().items() if _words(sql).isdisjoint(tables)}


class Remembered:
    """The committer tells of its commits; whoever reads asks `known` before each read.

    The committer may be on another thread. Each attribute is replaced as a whole, never changed in two steps: who read
    a row before a commit puts it into what was known before that commit, which nobody looks at any more.
    """

    def __init__(self, counter: Callable[[], int]) -> None:
        self._counter = counter
        self._known: Known = {}
        self._versions: dict[str, int] = {}
        """The newest of each stream that we appended to, while nobody else did."""
        self._own: tuple[int, ...] = ()
        """What the counter may say if nobody else has committed."""

    def known(self) -> Known:
        """What is known and true at this moment, to be looked into and added to at once."""
        count = self._counter()
        if count not in self._own:
            self._known, self._versions, self._own = {}, {}, (count,)
        elif len(self._known) >= _MOST_QUERIES:
            self._known = {}
        return self._known

    def newest(self, stream: str) -> int | None:
        """The version of the stream's newest event; None if the store is to be asked."""
        self.known()
        return self._versions.get(stream)

    def committing(self) -> None:
        """A transaction of ours is about to commit: nobody else can before it has."""
        count = self._counter()
        if count not in self._own:
            self._known, self._versions = {}, {}
        self._own = (count, count + 1)

    def committed(self, changed: AbstractSet[str], versions: Mapping[str, int]) -> None:
        """It has: `changed` are the tables that it changed, `versions` the newest of the streams that it added to."""
        if changed:
            self._known = _without(self._known, changed)
        if len(self._versions) > _MOST_STREAMS:
            self._versions = {}
        self._versions.update(versions)
        self._own = self._own[-1:]

    def failed(self) -> None:
        """It has not, or perhaps it has: nothing is known."""
        self._own = ()


def keep(known: Known, sql: str, params: tuple[object, ...], rows: Sequence[Row]) -> None:
    """Remember what was just read, be it nothing, unless it is large."""
    if sum(len(each) for row in rows for each in row if isinstance(each, str | bytes)) <= _LONGEST:
        of_query = known.get(sql)
        if of_query is None or len(of_query) >= _MOST:
            of_query = known[sql] = {}
        of_query[params] = rows
