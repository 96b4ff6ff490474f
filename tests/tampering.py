"""Attacks on a stopped embedded store by somebody who can write its files, and where each should be found.

The log is the one of `tests.written_log`: its events stand at known positions, checkpoints at 3, 17, 22 and 30.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, NamedTuple

from adapters.crypto import ed25519_generate, ed25519_public, ed25519_sign
from domain.chain import GENESIS, header_bytes, link
from domain.checkpoint import signed_checkpoint
from domain.signed_note import NoteKey
from tests.written_log import ORIGIN, WrittenLog

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


class Case(NamedTuple):
    """An attack, and what must be told of it first."""

    attack: Attack
    check: str
    position: int | None

    @property
    def name(self) -> str:
        """For the list of tests."""
        return self.attack.__name__


def _row(connection: sqlite3.Connection, position: int) -> list[Any]:
    return list(connection.execute("SELECT * FROM events WHERE position = ?", (position,)).fetchone())


def _set(connection: sqlite3.Connection, position: int, column: str, value: object) -> None:
    connection.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (value, position))


def _insert(connection: sqlite3.Connection, row: list[Any]) -> None:
    connection.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(row))})", row)


def _shift(connection: sqlite3.Connection, start: int, by: int) -> None:
    """Renumber the events from `start` on."""
    far = 1_000_000
    connection.execute("UPDATE events SET position = position + ? WHERE position >= ?", (far, start))
    connection.execute("UPDATE events SET position = position - ? WHERE position >= ?", (far - by, far))


def _relink(connection: sqlite3.Connection, start: int, *, keep_prev_at: int = 0) -> None:
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


def _flipped(data: bytes, index: int = 5, bit: int = 1) -> bytes:
    return data[:index] + bytes([data[index] ^ bit]) + data[index + 1 :]


def _seal(connection: sqlite3.Connection, position: int) -> str:
    """The seal id that the event at `position` names."""
    (seal_id,) = connection.execute(
        "SELECT json_extract(CAST(body AS TEXT), '$.seal_id') FROM events WHERE position = ?", (position,)
    ).fetchone()
    return str(seal_id)


def _without_keys(connection: sqlite3.Connection) -> None:
    """Make the tables anew, with the same rows but without their constraints."""
    connection.execute("ALTER TABLE events RENAME TO old_events")
    connection.execute("CREATE TABLE events AS SELECT * FROM old_events")
    connection.execute("DROP TABLE old_events")


def flip_a_bit_of_a_body(world: World) -> None:
    with world.log.opened() as connection:
        _set(connection, READ, "body", _flipped(_row(connection, READ)[9]))


def flip_a_bit_of_a_hash(world: World) -> None:
    with world.log.opened() as connection:
        _set(connection, READ, "hash", _flipped(_row(connection, READ)[11]))


def flip_a_bit_of_a_prev_hash(world: World) -> None:
    with world.log.opened() as connection:
        _set(connection, READ, "prev_hash", _flipped(_row(connection, READ)[10]))


def _flip_header(column: str, number: int) -> Attack:
    def attack(world: World) -> None:
        with world.log.opened() as connection:
            value = _row(connection, READ)[number]
            changed = value ^ 1024 if isinstance(value, int) else _flipped(value.encode(), index=2).decode()
            _set(connection, READ, column, changed)

    attack.__name__ = f"flip_a_bit_of_{column}"
    return attack


def make_text_undecodable(world: World) -> None:
    with world.log.opened() as connection:
        broken = _flipped(_row(connection, READ)[7].encode(), bit=0x80)
        connection.execute("UPDATE events SET actor = CAST(? AS TEXT) WHERE position = ?", (broken, READ))


def drop_an_event(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (READ,))


def drop_an_event_and_close_the_gap(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (READ,))
        _shift(connection, READ + 1, -1)


def drop_the_first_event(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = 1")


def swap_two_events(world: World) -> None:
    with world.log.opened() as connection:
        for old, new in ((READ, -1), (READ + 1, READ), (-1, READ + 1)):
            connection.execute("UPDATE events SET position = ? WHERE position = ?", (new, old))


def duplicate_an_event(world: World) -> None:
    with world.log.opened() as connection:
        _shift(connection, READ + 1, 1)
        row = _row(connection, READ)
        _insert(connection, [READ + 1, row[1], row[2], row[3] + 1000, *row[4:]])


def duplicate_a_position(world: World) -> None:
    with world.log.opened() as connection:
        _without_keys(connection)
        _insert(connection, _row(connection, READ))


def insert_an_event(world: World) -> None:
    with world.log.opened() as connection:
        _shift(connection, READ, 1)
        row = _row(connection, READ - 1)
        forged = [READ, os.urandom(16).hex(), row[2], row[3] + 1000, *row[4:10], row[11]]
        digest = link(row[11], READ, sha256(header_bytes(*forged[1:9])).digest(), sha256(forged[9]).digest())
        _insert(connection, [*forged, digest])


def cut_the_tail(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position >= ?", (READ,))


def empty_the_log(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events")


def rewrite_with_right_hashes(world: World) -> None:
    with world.log.opened() as connection:
        _set(connection, READ, "actor", "somebody-else#tok_test")
        _relink(connection, READ)


def splice_two_stores(world: World) -> None:
    with world.twin.opened() as connection:
        rows = [_row(connection, position) for position in range(READ, LAST + 1)]
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position >= ?", (READ,))
        for row in rows:
            _insert(connection, row)


def put_another_store_in_its_place(world: World) -> None:
    shutil.copy(world.twin.database, world.log.database)


def roll_back_to_an_older_copy(world: World) -> None:
    with world.older.opened() as connection:
        connection.execute("DELETE FROM events WHERE position > 20")
    shutil.copy(world.older.database, world.log.database)


def roll_back_and_write_on(world: World) -> None:
    with world.older.opened() as connection:
        row = _row(connection, 22)
        for position in range(23, LAST + 3):
            _insert(connection, [position, os.urandom(16).hex(), row[2], row[3] + position, *row[4:]])
        _relink(connection, 23)
    shutil.copy(world.older.database, world.log.database)


def replace_a_sealed_value_by_an_older_one(world: World) -> None:
    with world.log.opened() as connection:
        older, newer = _seal(connection, FIRST + 1), _seal(connection, FIRST + 2)
        for table, column in (("sealed_values", "sealed"), ("sealed_keys", "wrapped")):
            connection.execute(
                f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE seal_id = ?) WHERE seal_id = ?",
                (older, newer),
            )


def flip_a_bit_of_a_sealed_value(world: World) -> None:
    with world.log.opened() as connection:
        seal_id = _seal(connection, FIRST + 1)
        (sealed,) = connection.execute("SELECT sealed FROM sealed_values WHERE seal_id = ?", (seal_id,)).fetchone()
        connection.execute("UPDATE sealed_values SET sealed = ? WHERE seal_id = ?", (_flipped(sealed), seal_id))


def delete_a_sealed_value(world: World) -> None:
    with world.log.opened() as connection:
        seal_id = _seal(connection, FIRST + 1)
        for table in ("sealed_values", "sealed_keys"):
            connection.execute(f"DELETE FROM {table} WHERE seal_id = ?", (seal_id,))


def move_a_sealed_value_to_another_tenant(world: World) -> None:
    with world.log.opened() as connection:
        other = _row(connection, 3)[5]
        for table in ("sealed_values", "sealed_keys"):
            connection.execute(
                f"UPDATE {table} SET tenant = ? WHERE seal_id = ?", (other, _seal(connection, FIRST + 1))
            )


def add_a_sealed_value(world: World) -> None:
    with world.log.opened() as connection:
        tenant = _row(connection, 2)[5]
        connection.execute("INSERT INTO sealed_values VALUES (?, ?, ?)", ("f" * 32, tenant, b"smuggled in"))


def delete_a_data_key(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM sealed_keys WHERE seal_id = ?", (_seal(connection, FIRST + 1),))


def bring_back_a_destroyed_key(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute(
            "INSERT INTO sealed_keys SELECT ?, tenant, key_id, wrapped FROM sealed_keys WHERE seal_id = ?",
            (_seal(connection, FIRST), _seal(connection, FIRST + 1)),
        )


def hide_an_event_by_its_type(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("UPDATE events SET stream = CAST(stream AS BLOB) WHERE position = ?", (READ,))


def spoil_a_body_with_right_hashes(world: World) -> None:
    with world.log.opened() as connection:
        row = _row(connection, LAST)
        header = [os.urandom(16).hex(), row[2], row[3] + 1, "secret.version.written", *row[5:9]]
        _insert(connection, [LAST + 1, *header, b"{}", row[11], bytes(32)])
        _relink(connection, LAST + 1)


def _another_key() -> tuple[NoteKey, Callable[[bytes], bytes]]:
    seed = ed25519_generate()
    return NoteKey(ORIGIN, ed25519_public(seed)), lambda message: ed25519_sign(seed, message)


def _sign_again(log: WrittenLog, sizes: list[int]) -> NoteKey:
    key, sign = _another_key()
    shutil.rmtree(log.checkpoints.path)
    with log.opened() as connection:
        for size in sizes:
            log.checkpoints.write(signed_checkpoint(size, _row(connection, size)[11], key, sign))
    return key


def cut_and_sign_with_another_key(world: World) -> None:
    """The key beside the checkpoints stays."""
    vkey = (world.log.checkpoints.path / "vkey").read_text()
    cut_the_tail(world)
    _sign_again(world.log, [17, 20])
    (world.log.checkpoints.path / "vkey").write_text(vkey)


def cut_and_replace_the_key(world: World) -> None:
    """The key beside the checkpoints is replaced too."""
    cut_the_tail(world)
    world.log.checkpoints.write_key(_sign_again(world.log, [17, 20]))


def spoil_a_checkpoint(world: World) -> None:
    (world.log.checkpoints.path / f"{17:019d}.checkpoint").write_bytes(b"tests.example/log\n17\n\xff\n")


HEADER: Final = ("id", "stream", "version", "type", "tenant", "time", "actor", "request_id")

CORPUS: Final = (
    Case(flip_a_bit_of_a_body, "hash", READ),
    Case(flip_a_bit_of_a_hash, "hash", READ),
    Case(flip_a_bit_of_a_prev_hash, "link", READ),
    *(Case(_flip_header(column, number), "hash", READ) for number, column in enumerate(HEADER, 1)),
    Case(make_text_undecodable, "hash", READ),
    Case(drop_an_event, "position", READ),
    Case(drop_an_event_and_close_the_gap, "link", READ),
    Case(drop_the_first_event, "position", 1),
    Case(swap_two_events, "link", READ),
    Case(duplicate_an_event, "link", READ + 1),
    Case(duplicate_a_position, "position", READ),
    Case(insert_an_event, "link", READ + 1),
    Case(cut_the_tail, "checkpoint-size", READ),
    Case(empty_the_log, "checkpoint-size", 1),
    Case(rewrite_with_right_hashes, "checkpoint-head", LAST),
    Case(splice_two_stores, "link", READ),
    Case(put_another_store_in_its_place, "signing-key", KEY_CREATED),
    Case(roll_back_to_an_older_copy, "checkpoint-size", 21),
    Case(roll_back_and_write_on, "checkpoint-head", LAST),
    Case(replace_a_sealed_value_by_an_older_one, "sealed-digest", FIRST + 2),
    Case(flip_a_bit_of_a_sealed_value, "sealed-digest", FIRST + 1),
    Case(delete_a_sealed_value, "sealed-absent", FIRST + 1),
    Case(move_a_sealed_value_to_another_tenant, "sealed-absent", FIRST + 1),
    Case(add_a_sealed_value, "sealed-unnamed", None),
    Case(delete_a_data_key, "key-lost", FIRST + 1),
    Case(bring_back_a_destroyed_key, "key-kept", DESTROYED),
    Case(hide_an_event_by_its_type, "shape", READ),
    Case(spoil_a_body_with_right_hashes, "body", LAST + 1),
    Case(cut_and_sign_with_another_key, "checkpoint-signature", 17),
    Case(cut_and_replace_the_key, "signing-key", KEY_CREATED),
    Case(spoil_a_checkpoint, "checkpoint-form", None),
)
"""With the checkpoints beside the store."""


def close_a_gap_in_positions_with_right_hashes(world: World) -> None:
    """An event is gone and the others are chained anew, but keep their positions; checkpoints are gone too."""
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (READ,))
        _relink(connection, READ)
    shutil.rmtree(world.log.checkpoints.path)


def break_one_link_with_right_hashes(world: World) -> None:
    """An event is chained to another past, as where two stores were joined; checkpoints are gone too."""
    with world.log.opened() as connection:
        _set(connection, READ, "prev_hash", bytes(range(32)))
        _relink(connection, READ, keep_prev_at=READ)
    shutil.rmtree(world.log.checkpoints.path)


def sign_one_checkpoint_with_another_key(world: World) -> None:
    key, sign = _another_key()
    with world.log.opened() as connection:
        note = signed_checkpoint(17, _row(connection, 17)[11], key, sign)
    (world.log.checkpoints.path / f"{17:019d}.checkpoint").write_text(note)


ONLY: Final = {
    "shape": hide_an_event_by_its_type,
    "position": close_a_gap_in_positions_with_right_hashes,
    "link": break_one_link_with_right_hashes,
    "hash": flip_a_bit_of_a_body,
    "sealed-digest": flip_a_bit_of_a_sealed_value,
    "sealed-unnamed": add_a_sealed_value,
    "key-lost": delete_a_data_key,
    "key-kept": bring_back_a_destroyed_key,
    "sealed-absent": delete_a_sealed_value,
    "body": spoil_a_body_with_right_hashes,
    "checkpoint-form": spoil_a_checkpoint,
    "checkpoint-signature": sign_one_checkpoint_with_another_key,
    "checkpoint-size": cut_the_tail,
    "checkpoint-head": rewrite_with_right_hashes,
    "signing-key": cut_and_replace_the_key,
}
"""For each check an attack that it alone finds."""
