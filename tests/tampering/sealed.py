"""Attacks on sealed values and their data keys."""

from __future__ import annotations

from tests.tampering.world import FIRST, World, flipped, row_at, seal_of


def replace_a_sealed_value_by_an_older_one(world: World) -> None:
    with world.log.opened() as connection:
        older, newer = seal_of(connection, FIRST + 1), seal_of(connection, FIRST + 2)
        for table, column in (("sealed_values", "sealed"), ("sealed_keys", "wrapped")):
            connection.execute(
                f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE seal_id = ?) WHERE seal_id = ?",
                (older, newer),
            )


def flip_a_bit_of_a_sealed_value(world: World) -> None:
    with world.log.opened() as connection:
        seal_id = seal_of(connection, FIRST + 1)
        (sealed,) = connection.execute("SELECT sealed FROM sealed_values WHERE seal_id = ?", (seal_id,)).fetchone()
        connection.execute("UPDATE sealed_values SET sealed = ? WHERE seal_id = ?", (flipped(sealed), seal_id))


def delete_a_sealed_value(world: World) -> None:
    with world.log.opened() as connection:
        seal_id = seal_of(connection, FIRST + 1)
        for table in ("sealed_values", "sealed_keys"):
            connection.execute(f"DELETE FROM {table} WHERE seal_id = ?", (seal_id,))


def move_a_sealed_value_to_another_tenant(world: World) -> None:
    with world.log.opened() as connection:
        other = row_at(connection, 3)[5]
        for table in ("sealed_values", "sealed_keys"):
            connection.execute(
                f"UPDATE {table} SET tenant = ? WHERE seal_id = ?", (other, seal_of(connection, FIRST + 1))
            )


def add_a_sealed_value(world: World) -> None:
    with world.log.opened() as connection:
        tenant = row_at(connection, 2)[5]
        connection.execute("INSERT INTO sealed_values VALUES (?, ?, ?)", ("f" * 32, tenant, b"smuggled in"))


def delete_a_data_key(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute("DELETE FROM sealed_keys WHERE seal_id = ?", (seal_of(connection, FIRST + 1),))


def bring_back_a_destroyed_key(world: World) -> None:
    with world.log.opened() as connection:
        connection.execute(
            "INSERT INTO sealed_keys SELECT ?, tenant, key_id, wrapped FROM sealed_keys WHERE seal_id = ?",
            (seal_of(connection, FIRST), seal_of(connection, FIRST + 1)),
        )


def add_a_data_key(world: World) -> None:
    with world.log.opened() as connection:
        tenant = row_at(connection, 2)[5]
        connection.execute("INSERT INTO sealed_keys VALUES (?, ?, 'key', x'00')", ("f" * 32, tenant))
