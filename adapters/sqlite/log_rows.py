"""The log in a SQLite file, as a verifier reads it: read-only, in one snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from adapters.log_rows import COUNT, EVENTS, KEYS, REPLIES, SEALED_ROWS, SEGMENT_ROWS, VALUES, sealed_value
from domain.errors import StoreUnavailable
from domain.verification.segment import Segment, segment_of
from domain.verification.source import SealedStore, SealedValue
from domain.verification.statements import SealId

_FROM: Final = f"{EVENTS} LIMIT -1 OFFSET ?"


class SqliteLogRows:
    """A `LogSource` and its `SealedStore`: stopped, also on a read-only medium, or beside a running server."""

    def __init__(self, path: Path) -> None:
        """Begin the snapshot; raises `StoreUnavailable` if there is no store that can be read."""
        if not path.is_file():
            raise StoreUnavailable(f"there is no store {path}; name the folder it is in with --data-dir")
        self._path = path
        with self._readable():
            try:
                self._connection = _snapshot(path, "mode=ro")
            except sqlite3.OperationalError:
                # Reading needs a shared-memory file beside the store, which a read-only folder does not take.
                if not _lies_still(path):
                    raise
                self._connection = _snapshot(path, "mode=ro&immutable=1")

    def count(self) -> int | None:
        with self._readable():
            (last,) = self._connection.execute(COUNT).fetchone()
        return last if isinstance(last, int) else None

    def segments(self) -> Iterator[Segment]:
        with self._readable():
            for rows in self._batches():
                yield segment_of(rows)

    def sealed(self) -> SealedStore | None:
        self._connection.text_factory = _lenient
        return self

    def replies(self) -> AbstractSet[SealId]:
        with self._readable():
            return {*self._connection.execute(REPLIES)}

    def sealed_values(self) -> Iterator[Sequence[SealedValue]]:
        with self._readable():
            cursor = self._connection.execute(VALUES)
            while rows := cursor.fetchmany(SEALED_ROWS):
                yield [sealed_value(row) for row in rows]

    def data_keys(self) -> Iterator[Sequence[SealId]]:
        with self._readable():
            cursor = self._connection.execute(KEYS)
            while rows := cursor.fetchmany(SEGMENT_ROWS):
                yield rows

    def close(self) -> None:
        """End the snapshot."""
        self._connection.close()

    def _batches(self) -> Iterator[list[Any]]:
        read = 0
        cursor = self._connection.execute(_FROM, (read,))
        while True:
            try:
                rows = cursor.fetchmany(SEGMENT_ROWS)
            except sqlite3.OperationalError as error:
                if self._connection.text_factory is _lenient or "decode" not in str(error):
                    raise
                # Text that is not UTF-8 any more: read from here on so that the checks can name the event.
                self._connection.text_factory = _lenient
                cursor = self._connection.execute(_FROM, (read,))
                continue
            if not rows:
                return
            yield rows
            read += len(rows)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the store {self._path} cannot be read: {error}") from error


def _snapshot(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        connection.execute(COUNT)  # a snapshot begins with its first read
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _lies_still(path: Path) -> bool:
    """Whether the store was stopped in good order, so that the file alone is all of it."""
    return not any(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-shm"))


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")
