"""Whatever is sealed opens again, and whatever an intruder changes, moves or swaps in the database does not."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.seal_format import dek_aad, signing_key_aad, tenant_key_aad, value_aad
from domain.errors import LogBroken, TrstctlError
from domain.ports import SealContext
from tests.unit.sealing.memory_store import MemoryStore, Server, new_kek, secret

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
VALUES = st.binary(max_size=2048)
CONTEXTS = st.builds(
    SealContext, st.sampled_from(["acme", "other"]), TEXT, TEXT, st.integers(min_value=0, max_value=1 << 62)
)


@cache
def kek_file() -> Path:
    return new_kek(Path(tempfile.mkdtemp()))


async def fresh_server() -> Server:
    server = Server(MemoryStore(), kek_file())
    for tenant in ("acme", "other"):
        await server.create_tenant(tenant)
    return server


def restarted(server: Server) -> Server:
    return Server(server.store, kek_file())


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    asyncio.run(main())


async def assert_refused(server: Server, context: SealContext, seal_id: str) -> None:
    with pytest.raises(LogBroken):
        await restarted(server).get(context, seal_id)


@given(context=CONTEXTS, value=VALUES)
def test_whatever_is_sealed_opens_to_the_same_bytes(context: SealContext, value: bytes) -> None:
    async def scenario() -> None:
        server = await fresh_server()
        seal_id = await server.put(context, value)
        assert await restarted(server).get(context, seal_id) == value

    run(scenario)


@given(context=CONTEXTS, other=CONTEXTS, value=VALUES)
def test_value_opens_for_no_other_tenant_kind_path_or_version(
    context: SealContext, other: SealContext, value: bytes
) -> None:
    assume(context != other)

    async def scenario() -> None:
        server = await fresh_server()
        await assert_refused(server, other, await server.put(context, value))

    run(scenario)


@given(value=VALUES, table=st.sampled_from(["sealed_values", "sealed_keys", "tenant_keys"]), data=st.data())
def test_any_bit_flipped_in_a_stored_row_is_noticed(value: bytes, table: str, data: st.DataObject) -> None:
    async def scenario() -> None:
        server = Server(MemoryStore(), kek_file())
        await server.create_tenant("acme")
        seal_id = await server.put(secret(), value)
        column = "sealed" if table == "sealed_values" else "wrapped"
        stored = bytearray(server.store.value(f"SELECT {column} FROM {table}"))
        bit = data.draw(st.integers(min_value=0, max_value=8 * len(stored) - 1))
        stored[bit // 8] ^= 1 << bit % 8
        server.store.change(f"UPDATE {table} SET {column} = ?", bytes(stored))
        await assert_refused(server, secret(), seal_id)

    run(scenario)


@given(
    table=st.sampled_from(["sealed_values", "sealed_keys", "tenant_keys"]), cut=st.integers(min_value=0, max_value=59)
)
def test_row_cut_short_is_noticed(table: str, cut: int) -> None:
    async def scenario() -> None:
        server = Server(MemoryStore(), kek_file())
        await server.create_tenant("acme")
        seal_id = await server.put(secret(), b"v" * 32)
        column = "sealed" if table == "sealed_values" else "wrapped"
        server.store.change(f"UPDATE {table} SET {column} = substr({column}, 1, {cut})")
        await assert_refused(server, secret(), seal_id)

    run(scenario)


@given(
    one=CONTEXTS,
    two=CONTEXTS,
    tables=st.sampled_from([("sealed_values",), ("sealed_keys",), ("sealed_values", "sealed_keys")]),
)
def test_rows_swapped_between_two_values_are_noticed(
    one: SealContext, two: SealContext, tables: tuple[str, ...]
) -> None:
    """The older version of the same path is one of the cases: what is moved opens in neither place."""

    async def scenario() -> None:
        server = await fresh_server()
        first, second = await server.put(one, b"first"), await server.put(two, b"second")
        for table in tables:
            _swap(server.store, table, first, second)
        await assert_refused(server, one, first)
        await assert_refused(server, two, second)

    run(scenario)


def _swap(store: MemoryStore, table: str, first: str, second: str) -> None:
    """Exchange everything but the ids and the tenants of two rows, as an intruder would who wants each to be found."""
    columns = {"sealed_values": "sealed", "sealed_keys": "key_id, wrapped"}[table]
    one, two = (
        store.connection.execute(f"SELECT {columns} FROM {table} WHERE seal_id = ?", (seal_id,)).fetchone()
        for seal_id in (first, second)
    )
    marks = ", ".join(f"{column} = ?" for column in columns.split(", "))
    store.change(f"UPDATE {table} SET {marks} WHERE seal_id = ?", *two, first)
    store.change(f"UPDATE {table} SET {marks} WHERE seal_id = ?", *one, second)


def test_older_version_put_in_the_place_of_the_current_one_is_noticed() -> None:
    async def scenario() -> None:
        server = await fresh_server()
        old, new = await server.put(secret(version=1), b"old"), await server.put(secret(version=2), b"new")
        for table in ("sealed_values", "sealed_keys"):
            server.store.change(f"DELETE FROM {table} WHERE seal_id = ?", new)
            server.store.change(f"UPDATE {table} SET seal_id = ? WHERE seal_id = ?", new, old)
        await assert_refused(server, secret(version=2), new)

    run(scenario)


@pytest.mark.parametrize(
    "tables", [["sealed_values"], ["sealed_values", "sealed_keys"], ["sealed_values", "sealed_keys", "tenant_keys"]]
)
def test_value_moved_to_another_tenant_is_refused(tables: list[str]) -> None:
    async def scenario() -> None:
        server = Server(MemoryStore(), kek_file())
        await server.create_tenant("acme")
        seal_id = await server.put(secret(), b"v")
        for table in tables:
            server.store.change(f"UPDATE {table} SET tenant = 'other'")
        with pytest.raises(TrstctlError):
            await restarted(server).get(secret(tenant="other"), seal_id)
        with pytest.raises(TrstctlError):
            await restarted(server).get(secret(), seal_id)

    run(scenario)


def test_tenant_key_put_under_another_id_is_noticed() -> None:
    async def scenario() -> None:
        server = Server(MemoryStore(), kek_file())
        await server.create_tenant("acme")
        seal_id = await server.put(secret(), b"v")
        server.store.change("UPDATE tenant_keys SET key_id = ?", "0" * 32)
        server.store.change("UPDATE sealed_keys SET key_id = ?", "0" * 32)
        await assert_refused(server, secret(), seal_id)

    run(scenario)


@given(one=st.tuples(CONTEXTS, TEXT), two=st.tuples(CONTEXTS, TEXT))
def test_different_contexts_never_give_the_same_aad(one: tuple[SealContext, str], two: tuple[SealContext, str]) -> None:
    assert (value_aad(*one) == value_aad(*two)) == (one == two)


@given(one=st.tuples(TEXT, TEXT, TEXT), two=st.tuples(TEXT, TEXT, TEXT))
def test_different_wraps_never_give_the_same_aad(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    assert (dek_aad(*one) == dek_aad(*two)) == (one == two)
    assert (tenant_key_aad(*one) == tenant_key_aad(*two)) == (one == two)
    assert dek_aad(*one) != tenant_key_aad(*one)


def test_aad_has_the_bytes_that_its_page_describes() -> None:
    context = SealContext("t", "secret", "ä/b", 12)
    fields = b"t" + b"secret" + "ä/b".encode() + b"12" + b"id"
    lengths = b"".join(length.to_bytes(4, "big") for length in (1, 6, 4, 2, 2))
    assert value_aad(context, "id") == b"trstctl-seal/v1\x00" + lengths + fields
    three = b"\x00\x00\x00\x01" * 3
    assert dek_aad("t", "s", "k") == b"trstctl-wrap-dek/v1\x00" + three + b"tsk"
    assert tenant_key_aad("t", "k", "e") == b"trstctl-wrap-tenant-key/v1\x00" + three + b"tke"
    lengths = b"\x00\x00\x00\x01" + b"\x00\x00\x00\x02" + b"\x00\x00\x00\x01"
    assert signing_key_aad("k", b"\xab", "e") == b"trstctl-wrap-signing-key/v1\x00" + lengths + b"kabe"
