"""What every reader does: committed rows at once, in byte order, with the same types."""

from __future__ import annotations

import asyncio

import pytest

from adapters.log.batch import Batch
from domain.errors import StoreUnavailable
from tests.stores import Store, append, chain_of, read_event, reading

pytestmark = pytest.mark.anyio

SEAL = "INSERT INTO sealed_values (seal_id, tenant, sealed) VALUES (?, ?, ?)"


def sealed(store: Store, *rows: tuple[str, str, bytes]) -> None:
    Batch(store.log(), (), "node").write([append(statements=[(SEAL, row) for row in rows])])


async def test_rows_and_row_give_what_was_committed_with_its_types(store: Store) -> None:
    sealed(store, ("a", "t1", b"\x00\xff"), ("b", "t1", b""))
    async with reading(store) as reader:
        sql = "SELECT seal_id, sealed FROM sealed_values WHERE tenant = ? ORDER BY seal_id"
        assert list(await reader.rows("t1", sql, ("t1",))) == [("a", b"\x00\xff"), ("b", b"")]
        assert await reader.row("t1", sql, ("t1",)) == ("a", b"\x00\xff")
        assert await reader.row("t1", f"{sql} LIMIT 0", ("t1",)) is None
        assert list(await reader.system_rows("SELECT count(*), max(seal_id) FROM sealed_values")) == [(2, "b")]


async def test_what_another_connection_commits_is_seen_at_once(store: Store) -> None:
    async with reading(store) as reader:
        for number in range(3):
            sealed(store, (f"seal-{number}", "t1", b""))
            assert await reader.row("t1", "SELECT count(*) FROM sealed_values") == (number + 1,)


async def test_text_is_in_byte_order(store: Store) -> None:
    names = ["B", "a", "a-b", "a/b", "aB", "ab", "é"]
    sealed(store, *((name, "t1", b"") for name in reversed(names)))
    async with reading(store) as reader:
        rows = await reader.rows("t1", "SELECT seal_id FROM sealed_values ORDER BY seal_id")
        assert [name for (name,) in rows] == names
        rows = await reader.rows(
            "t1", "SELECT seal_id FROM sealed_values WHERE seal_id >= ? AND seal_id < ?", ("a", "a\x7f")
        )
        assert {name for (name,) in rows} == {"a", "a-b", "a/b", "aB", "ab"}


async def test_marks_and_percents_within_literals_are_literal(store: Store) -> None:
    sealed(store, ("what?", "t1", b""), ("100%", "t1", b""), ("it's", "t1", b""))
    async with reading(store) as reader:
        sql = "SELECT '?', '%s', 'it''s' FROM sealed_values WHERE seal_id LIKE '%?' AND tenant = ?"
        assert list(await reader.rows("t1", sql, ("t1",))) == [("?", "%s", "it's")]
        sql = "SELECT seal_id FROM sealed_values WHERE seal_id LIKE ? ESCAPE '\\'"
        assert list(await reader.rows("t1", sql, ("%\\%",))) == [("100%",)]


async def test_a_stream_gives_every_row_in_order(store: Store) -> None:
    Batch(store.log(), (), "node").write([read_event() for _ in range(2500)])
    expected = [row[0] for row in chain_of(store)]
    async with reading(store) as reader:
        sql = "SELECT position, body FROM events WHERE position > ? ORDER BY position"
        assert [row[0] async for row in reader.stream("t1", sql, (0,))] == expected
        assert [row[0] async for row in reader.stream(None, sql, (2000,))] == expected[2000:]


async def test_a_stream_sees_one_moment(store: Store) -> None:
    writing = Batch(store.log(), (), "node")
    writing.write([read_event() for _ in range(1500)])
    async with reading(store) as reader:
        rows = reader.stream(None, "SELECT position FROM events ORDER BY position")
        assert await anext(rows) == (1,)
        writing.write([read_event()])
        assert len([row async for row in rows]) == 1499


async def test_an_abandoned_stream_leaves_the_reader_usable(store: Store) -> None:
    Batch(store.log(), (), "node").write([read_event() for _ in range(1500)])
    async with reading(store) as reader:
        for _ in range(20):
            rows = reader.stream(None, "SELECT position FROM events ORDER BY position")
            assert await anext(rows) == (1,)
            await rows.aclose()  # type: ignore[attr-defined]  # what is returned is a generator
        assert await reader.row("t1", "SELECT count(*) FROM events") == (1500,)


async def test_reads_at_once_do_not_disturb_each_other(store: Store) -> None:
    sealed(store, *((f"seal-{number}", "t1", b"%d" % number) for number in range(200)))
    sql = "SELECT sealed FROM sealed_values WHERE seal_id = ?"
    async with reading(store) as reader:
        rows = await asyncio.gather(*(reader.row("t1", sql, (f"seal-{number}",)) for number in range(200)))
    assert rows == [(b"%d" % number,) for number in range(200)]


async def test_a_read_that_cannot_be_is_store_unavailable(store: Store) -> None:
    async with reading(store) as reader:
        with pytest.raises(StoreUnavailable):
            await reader.rows("t1", "SELECT * FROM no_such_table")
        with pytest.raises(StoreUnavailable):
            await reader.row("t1", "SELECT * FROM no_such_table")
        with pytest.raises(StoreUnavailable):
            await reader.system_rows("SELECT no_such_column FROM events")
        with pytest.raises(StoreUnavailable):
            assert [row async for row in reader.stream("t1", "SELECT * FROM no_such_table")]
        assert await reader.row("t1", "SELECT count(*) FROM events") == (0,)


@pytest.mark.parametrize("statement", ["DELETE FROM sealed_values", "INSERT INTO tracking VALUES ('x', 1)"])
async def test_a_tenants_read_writes_nothing(store: Store, statement: str) -> None:
    sealed(store, ("a", "t1", b""))
    async with reading(store) as reader:
        with pytest.raises(StoreUnavailable):
            await reader.rows("t1", statement)
    assert store.rows("SELECT count(*) FROM sealed_values") == [(1,)]
    assert store.rows("SELECT count(*) FROM tracking") == [(0,)]
