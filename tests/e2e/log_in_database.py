"""The log as it lies in the database, read and recomputed without any of the product's code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

_EVENTS = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body, prev_hash, hash
 FROM events WHERE position > {} ORDER BY position"""

Rows = Callable[[int], Sequence[Sequence[Any]]]
"""The rows of all events after a position."""


class Event(NamedTuple):
    """What the tests ask of an event."""

    position: int
    type: str
    body: dict[str, Any]


def of_sqlite(database: Path) -> Rows:
    """Rows of an embedded store."""

    def rows(after: int) -> Sequence[Sequence[Any]]:
        connection = sqlite3.connect(database)
        try:
            return connection.execute(_EVENTS.format("?"), (after,)).fetchall()
        finally:
            connection.close()

    return rows


def of_postgres(dsn: str) -> Rows:
    """Rows of a shared store, read as a user that no policy holds."""

    def rows(after: int) -> Sequence[Sequence[Any]]:
        with psycopg.connect(dsn) as connection:
            return connection.execute(_EVENTS.format("%s"), (after,)).fetchall()

    return rows


class ChainReader:
    """Reads on from where it stopped, and recomputes each link on the way."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.position = 0
        self._head = bytes(32)

    def more(self) -> list[Event]:
        """The events since; raises `AssertionError` where the chain does not hold."""
        return [self._next(row) for row in self._rows(self.position)]

    def _next(self, row: Sequence[Any]) -> Event:
        position, *header, body, prev_hash, digest = row
        assert position == self.position + 1, f"a gap before {position}"
        assert bytes(prev_hash) == self._head, f"{position} is not linked to the one before"
        lines = "".join(f"{field}\n" for field in header).encode()
        links = position.to_bytes(8, "big") + sha256(lines).digest() + sha256(bytes(body)).digest()
        assert sha256(b"trstctl-log/v1\0" + self._head + links).digest() == bytes(digest), f"{position} is altered"
        self.position, self._head = position, bytes(digest)
        return Event(position, header[3], json.loads(bytes(body)))
