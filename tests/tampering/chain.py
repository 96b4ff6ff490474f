"""Attacks on the events and their links."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256

from domain.chain import header_bytes, link
from tests.tampering.world import (
    LAST,
    READ,
    Attack,
    World,
    drop_constraints,
    flipped,
    insert_row,
    relink,
    row_at,
    set_column,
    shift,
)


def flip_a_bit_of_a_body(world: World) -> None:
    with world.log.opened() as connection:
        set_column(connection, READ, "body", flipped(row_at(connection, READ)[9]))


def flip_a_bit_of_a_hash(world: World) -> None:
    with world.log.opened() as connection:
        set_column(connection, READ, "hash", flipped(row_at(connection, READ)[11]))


def flip_a_bit_of_a_prev_hash(world: World) -> None:
    with world.log.opened() as connection:
        set_column(connection, READ, "prev_hash", flipped(row_at(connection, READ)[10]))


def flip_header(column: str, number: int) -> Attack:
    def attack(world: World) -> None:
        with world.log.opened() as connection:
            value = row_at(connection, READ)[number]
            changed = value ^ 1024 if isinstance(value, int) else flipped(value.encode(), index=2).decode()
            set_column(connection, READ, column, changed)

    attack.__name__ = f"flip_a_bit_of_{column}"
    return attack


def make_text_undecodable(world: World) -> None:
    with world.log.opened() as connection:
        broken = flipped(row_at(connection, READ)[7].encode(), bit=0x80)
        connection.execute("UPDATE events SET actor = CAST(? AS TEXT) WHERE position = ?", (broken, READ))


def drop_an_event(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (READ,))


def drop_an_event_and_close_the_gap(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (READ,))
        shift(connection, READ + 1, -1)


def drop_the_first_event(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = 1")


def swap_two_events(world: World) -> None:
    with world.log.opened() as connection:
        for old, new in ((READ, -1), (READ + 1, READ), (-1, READ + 1)):
            connection.execute("UPDATE events SET position = ? WHERE position = ?", (new, old))


def duplicate_an_event(world: World) -> None:
    with world.log.opened() as connection:
        shift(connection, READ + 1, 1)
        row = row_at(connection, READ)
        insert_row(connection, [READ + 1, row[1], row[2], row[3] + 1000, *row[4:]])


def duplicate_a_position(world: World) -> None:
    with world.log.opened() as connection:
        drop_constraints(connection)
        insert_row(connection, row_at(connection, READ))


def insert_an_event(world: World) -> None:
    with world.log.opened() as connection:
        shift(connection, READ, 1)
        row = row_at(connection, READ - 1)
        forged = [READ, os.urandom(16).hex(), row[2], row[3] + 1000, *row[4:10], row[11]]
        digest = link(row[11], READ, sha256(header_bytes(*forged[1:9])).digest(), sha256(forged[9]).digest())
        insert_row(connection, [*forged, digest])


def hide_an_event_by_its_type(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("UPDATE events SET stream = CAST(stream AS BLOB) WHERE position = ?", (READ,))


def spoil_a_body_with_right_hashes(world: World) -> None:
    with world.log.opened() as connection:
        row = row_at(connection, LAST)
        header = [os.urandom(16).hex(), row[2], row[3] + 1, "secret.version.written", *row[5:9]]
        insert_row(connection, [LAST + 1, *header, b"{}", row[11], bytes(32)])
        relink(connection, LAST + 1)


def splice_two_stores(world: World) -> None:
    with world.twin.opened() as connection:
        rows = [row_at(connection, position) for position in range(READ, LAST + 1)]
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position >= ?", (READ,))
        for row in rows:
            insert_row(connection, row)


def close_a_gap_in_positions_with_right_hashes(world: World) -> None:
    """An event is gone and the others are chained anew, but keep their positions; checkpoints are gone too."""
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position = ?", (READ,))
        relink(connection, READ)
    shutil.rmtree(world.log.checkpoints.path)


def break_one_link_with_right_hashes(world: World) -> None:
    """An event is chained to another past, as where two stores were joined; checkpoints are gone too."""
    with world.log.opened() as connection:
        set_column(connection, READ, "prev_hash", bytes(range(32)))
        relink(connection, READ, keep_prev_at=READ)
    shutil.rmtree(world.log.checkpoints.path)
