"""What an attacker has, where things stand in it, and the tools.

The log is the one of `tests.written_log`: its events stand at known positions, checkpoints at 3, 17, 22 and 30.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, NamedTuple

from domain.chain import GENESIS, header_bytes, link
from tests.written_log import WrittenLog

KEY_CREATED: Final = 1
FIRST: Final = 5
"""The event of the first version of db/password, of acme; 6 and 7 are the second and third."""
DESTROYED: Final = 18
"""Destroys the first version."""
READ: Final = 24
"""A read of a value, as those around it, between the checkpoints at 22 and 30."""
LAST: Final = 30


class World(NamedTuple):
    """What the attacker has."""

    log: WrittenLog
    """The store to attack."""
    older: WrittenLog
    """A copy of it, made at position 22."""
    twin: WrittenLog
    """Another store, written alike."""


Attack = Callable[[World], None]


def row_at(connection: sqlite3.Connection, position: int) -> list[Any]:
    """The event at a position."""
    return list(connection.execute("SELECT * FROM events WHERE position = ?", (position,)).fetchone())


def set_column(connection: sqlite3.Connection, position: int, column: str, value: object) -> None:
    """Change one column of one event."""
    connection.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (value, position))


def insert_row(connection: sqlite3.Connection, row: list[Any]) -> None:
    """Add a row."""
    connection.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(row))})", row)


def shift(connection: sqlite3.Connection, start: int, by: int) -> None:
    """Renumber the events from `start` on."""
    far = 1_000_000
    connection.execute("UPDATE events SET position = position + ? WHERE position >= ?", (far, start))
    connection.execute("UPDATE events SET position = position - ? WHERE position >= ?", (far - by, far))


def relink(connection: sqlite3.Connection, start: int, *, keep_prev_at: int = 0) -> None:
    """Compute all hashes from `start` on anew, as the server would."""
    prev = GENESIS
    for row in connection.execute("SELECT * FROM events ORDER BY position").fetchall():
        position, *header, body, stored_prev, stored = row
        if position >= start:
            before = stored_prev if position == keep_prev_at else prev
            digest = link(before, position, sha256(header_bytes(*header)).digest(), sha256(body).digest())
            connection.execute(
                "UPDATE events SET prev_hash = ?, hash = ? WHERE position = ?", (before, digest, position)
            )
            prev = digest
        else:
            prev = stored


def flipped(data: bytes, index: int = 5, bit: int = 1) -> bytes:
    """`data` with one bit changed."""
    return data[:index] + bytes([data[index] ^ bit]) + data[index + 1 :]


def seal_of(connection: sqlite3.Connection, position: int) -> str:
    """The seal id that the event at `position` names."""
    (seal_id,) = connection.execute(
        "SELECT json_extract(CAST(body AS TEXT), '$.seal_id') FROM events WHERE position = ?", (position,)
    ).fetchone()
    return str(seal_id)


def drop_constraints(connection: sqlite3.Connection) -> None:
    """Make the tables anew, with the same rows but without their constraints."""
    connection.execute("ALTER TABLE events RENAME TO old_events")
    connection.execute("CREATE TABLE events AS SELECT * FROM old_events")
    connection.execute("DROP TABLE old_events")
