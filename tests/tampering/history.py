"""Attacks that leave the chain whole: another past, another end, other checkpoints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from adapters.crypto import ed25519_generate, ed25519_public, ed25519_sign
from domain.checkpoint import signed_checkpoint
from domain.signed_note import NoteKey
from tests.tampering.world import LAST, READ, World, insert_row, relink, row_at, set_column
from tests.written_log import ORIGIN, WrittenLog


def cut_the_tail(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position >= ?", (READ,))


def empty_the_log(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM events")


def rewrite_with_right_hashes(world: World) -> None:
    with world.log.opened() as connection:
        set_column(connection, READ, "actor", "somebody-else#tok_test")
        relink(connection, READ)


def put_another_store_in_its_place(world: World) -> None:
    shutil.copy(world.twin.database, world.log.database)


def roll_back_to_an_older_copy(world: World) -> None:
    with world.older.opened() as connection:
        connection.execute("DELETE FROM events WHERE position > 20")
    shutil.copy(world.older.database, world.log.database)


def roll_back_and_write_on(world: World) -> None:
    with world.older.opened() as connection:
        row = row_at(connection, 22)
        for position in range(23, LAST + 3):
            insert_row(connection, [position, os.urandom(16).hex(), row[2], row[3] + position, *row[4:]])
        relink(connection, 23)
    shutil.copy(world.older.database, world.log.database)


def _another_key() -> tuple[NoteKey, Callable[[bytes], bytes]]:
    seed = ed25519_generate()
    return NoteKey(ORIGIN, ed25519_public(seed)), lambda message: ed25519_sign(seed, message)


def _sign_again(log: WrittenLog, sizes: list[int]) -> NoteKey:
    key, sign = _another_key()
    shutil.rmtree(log.checkpoints.path)
    with log.opened() as connection:
        for size in sizes:
            log.checkpoints.write(signed_checkpoint(size, row_at(connection, size)[11], key, sign))
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


def sign_one_checkpoint_with_another_key(world: World) -> None:
    key, sign = _another_key()
    with world.log.opened() as connection:
        note = signed_checkpoint(17, row_at(connection, 17)[11], key, sign)
    (world.log.checkpoints.path / f"{17:019d}.checkpoint").write_text(note)


def spoil_a_checkpoint(world: World) -> None:
    (world.log.checkpoints.path / f"{17:019d}.checkpoint").write_bytes(b"tests.example/log\n17\n\xff\n")
