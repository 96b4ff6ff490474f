"""Rows read before, for as long as nothing has changed: by this process or, told by the change counter, by another.

What only adds to the log and to what follows it (a read of a secret, say) leaves them; any other commit forgets them
all. So a row from here is the row that a query would give: a revoked token is refused at once, a destroyed key gone.
Sealed values and wrapped keys may be among them, as in SQLite's own page cache; values in the clear never.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from domain.ports import Row

Key = tuple[str, tuple[object, ...]]
Known = dict[Key, Sequence[Row]]

_MOST: Final = 8192
_LONGEST: Final = 4096
"""Most characters and bytes of a row that is kept."""
_GROWING: Final = re.compile(r"\b(events|audit_events|audit_paths|tracking)\b")
_GROWS: Final = re.compile(r"\s*INSERT INTO (audit_events|audit_paths|tracking)\b")


@lru_cache(maxsize=2048)
def is_steady(sql: str) -> bool:
    """Whether a query reads no table that grows with every use."""
    return not _GROWING.search(sql)


@lru_cache(maxsize=2048)
def changes(sql: str) -> bool:
    """Whether a statement may change what a steady query reads."""
    return not _GROWS.match(sql)


class Remembered:
    """The committer tells of its commits; whoever reads asks `known` before each read.

    The committer may be on another thread. Each attribute is replaced as a whole, never changed in two steps: who read
    a row before a commit puts it into what was known before that commit, which nobody looks at any more.
    """

    def __init__(self, counter: Callable[[], int]) -> None:
        self._counter = counter
        self._known: Known = {}
        self._own: tuple[int, ...] = ()
        """What the counter may say if nobody else has committed."""

    def known(self) -> Known:
        """What is known and true at this moment, to be looked into and added to at once."""
        count = self._counter()
        if count not in self._own:
            self._known, self._own = {}, (count,)
        elif len(self._known) >= _MOST:
            self._known = {}
        return self._known

    def committing(self) -> None:
        """A transaction of ours is about to commit: nobody else can before it has."""
        count = self._counter()
        if count not in self._own:
            self._known = {}
        self._own = (count, count + 1)

    def committed(self, *, changed: bool) -> None:
        """It has; `changed` tells whether that may change what a steady query reads."""
        if changed:
            self._known = {}
        self._own = self._own[-1:]

    def failed(self) -> None:
        """It has not, or perhaps it has: nothing is known."""
        self._own = ()


def keep(known: Known, key: Key, rows: Sequence[Row]) -> None:
    """Remember what was just read, unless it is nothing or large."""
    if rows and sum(len(each) for row in rows for each in row if isinstance(each, str | bytes)) <= _LONGEST:
        known[key] = rows
