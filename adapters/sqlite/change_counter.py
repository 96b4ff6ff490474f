"""How many transactions were committed to the embedded store, by whatever process, told without asking SQLite.

The header of the WAL index (the file beside the store that ends in `-shm`, shared memory of all who have it open) holds
a counter that each commit increments: https://www.sqlite.org/walformat.html, section 2.1, field iChange.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_LENGTH: Final = 4096
_FORMAT: Final = 3_007_000
_VERSION_AT, _COUNTER_AT = 0, 2
"""In words of four bytes, in the machine's order."""

_left_open: list[int] = []


class ChangeCounter:
    """Called, gives the count; it is 32 bits wide and begins anew when the index is rebuilt."""

    def __init__(self, descriptor: int, words: memoryview) -> None:
        self._descriptor = descriptor
        self._words = words

    @classmethod
    def of(cls, store: Path) -> Self | None:
        """That of an open store in which something was read; None where it cannot be had."""
        _close_deleted()
        try:
            descriptor = os.open(f"{store}-shm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        with suppress(OSError, ValueError):
            words = memoryview(mmap.mmap(descriptor, _LENGTH, mmap.MAP_SHARED, mmap.PROT_READ)).cast("I")
            if words[_VERSION_AT] == _FORMAT:
                return cls(descriptor, words)
        _left_open.append(descriptor)
        return None

    def __call__(self) -> int:
        return self._words[_COUNTER_AT]

    def close(self) -> None:
        """Let go of it, after the store's connections were closed.

        Closing any descriptor of the file drops every lock that this process holds on it (fcntl(2)), and SQLite's are
        on it. So it stays open for as long as the file is there, which whoever closes the store last deletes.
        """
        _left_open.append(self._descriptor)
        _close_deleted()


def _close_deleted() -> None:
    for descriptor in list(_left_open):
        if os.fstat(descriptor).st_nlink == 0:
            _left_open.remove(descriptor)
            os.close(descriptor)
