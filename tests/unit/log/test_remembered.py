"""Rows remembered by the embedded store's reader: asked for once, and never a moment longer than they are true."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.log.linking import Link
from adapters.sqlite import change_counter
from adapters.sqlite.change_counter import ChangeCounter
from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.reader import SqliteReader
from adapters.sqlite.remembered import Remembered, keep
from adapters.sqlite.schema import create
from domain.ports import Row, Statement
from projections.audit import AuditEvents

pytestmark = pytest.mark.anyio
FIND = "SELECT wrapped FROM sealed_keys WHERE seal_id = ?"
REACHED = "SELECT position FROM tracking WHERE name = ?"
KEEP: Statement = ("INSERT INTO sealed_keys VALUES (?, 'acme', 'key', ?)", ("seal", b"first"))
CHANGE: Statement = ("UPDATE sealed_keys SET wrapped = ?", (b"second",))
DESTROY: Statement = ("DELETE FROM sealed_keys WHERE tenant = ? AND seal_id IN (?)", ("acme", "seal"))
FOLLOW: Statement = ("INSERT INTO tracking VALUES (?, ?) ON CONFLICT DO NOTHING", ("audit", 1))
INDEX: Statement = ("INSERT INTO audit_paths VALUES (?, ?, ?) ON CONFLICT DO NOTHING", ("acme", "a", 1))


class Opened:
    """A store whose reader remembers, with what it asked of SQLite."""

    def __init__(self, path: Path) -> None:
        writer = connect(path)
        create(writer, [AuditEvents(None)])  # type: ignore[arg-type]  # it only tells its tables
        counter = ChangeCounter.of(path)
        assert counter is not None
        self.path, self.counter = path, counter
        self.remembered = Remembered(counter)
        self.store = SqliteLogStore(writer, self.remembered)
        self.reader = SqliteReader(path)
        self.reader.remember(self.remembered)
        self.asked: list[str] = []
        self.reader._connection.set_trace_callback(self.asked.append)

    def write(self, *statements: Statement) -> None:
        with self.store.transaction() as transaction:
            transaction.execute(statements)

    async def find(self) -> Row | None:
        return await self.reader.row("acme", FIND, ("seal",))

    async def is_remembered(self) -> bool:
        """Whether a look-up asks SQLite nothing."""
        before = len(self.asked)
        await self.find()
        return len(self.asked) == before

    def close(self) -> None:
        self.reader.close()
        self.store.close()
        self.counter.close()


def another_process(path: Path, sql: str) -> None:
    """Writes, and closes the store."""
    program = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute({sql!r}); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(tmp_path / "trstctl.db")
    opened.write(KEEP)
    yield opened
    opened.close()


async def test_row_is_asked_for_once(opened: Opened) -> None:
    assert await opened.find() == (b"first",)
    assert await opened.is_remembered()
    assert await opened.find() == (b"first",)


async def test_look_up_across_tenants_by_one_value_is_remembered_too(opened: Opened) -> None:
    assert await opened.reader.system_rows(FIND, ("seal",)) == [(b"first",)]
    asked = len(opened.asked)
    assert await opened.reader.system_rows(FIND, ("seal",)) == [(b"first",)]
    assert len(opened.asked) == asked


@pytest.mark.parametrize("statement, row", [(CHANGE, (b"second",)), (DESTROY, None)], ids=["change", "destroy"])
async def test_own_commit_forgets(opened: Opened, statement: Statement, row: Row | None) -> None:
    await opened.find()
    opened.write(statement)
    assert await opened.find() == row


async def test_uses_and_the_audit_index_leave_what_is_remembered(opened: Opened) -> None:
    await opened.find()
    assert await opened.is_remembered()
    opened.write(FOLLOW, INDEX)
    assert await opened.is_remembered()
    opened.write(FOLLOW, CHANGE)
    assert not await opened.is_remembered()


@pytest.mark.parametrize("sql", [CHANGE[0].replace("?", "x'02'"), "DELETE FROM sealed_keys"])
async def test_commit_of_another_process_forgets_at_once(opened: Opened, sql: str) -> None:
    await opened.find()
    assert await opened.is_remembered()
    another_process(opened.path, sql)
    assert await opened.find() in {(b"\x02",), None}


async def test_commit_of_another_connection_between_two_of_ours_forgets(opened: Opened) -> None:
    await opened.find()
    with closing(sqlite3.connect(opened.path, isolation_level=None)) as other:
        other.execute("UPDATE sealed_keys SET wrapped = x'03'")
    opened.write(FOLLOW)
    assert await opened.find() == (b"\x03",)


async def test_row_read_before_a_commit_is_not_remembered_after_it(opened: Opened) -> None:
    known = opened.remembered.known()
    opened.write(CHANGE)
    keep(known, FIND, ("seal",), ((b"first",),))
    assert await opened.find() == (b"second",)


async def test_during_a_commit_of_ours_others_are_noticed(opened: Opened) -> None:
    await opened.find()
    opened.remembered.committing()
    assert await opened.is_remembered()
    with closing(sqlite3.connect(opened.path, isolation_level=None)) as other:
        other.execute("UPDATE sealed_keys SET wrapped = x'04'")
        other.execute("UPDATE sealed_keys SET wrapped = x'05'")
    assert await opened.find() == (b"\x05",)


async def test_transaction_that_failed_leaves_nothing_remembered(opened: Opened) -> None:
    await opened.find()
    with pytest.raises(sqlite3.IntegrityError):
        opened.write(CHANGE, KEEP)
    assert not await opened.is_remembered()
    assert await opened.find() == (b"first",)


async def test_what_grows_with_every_use_is_read_each_time(opened: Opened) -> None:
    assert await opened.reader.row("acme", REACHED, ("audit",)) is None
    opened.write(FOLLOW)
    assert await opened.reader.row("acme", REACHED, ("audit",)) == (1,)
    assert await opened.reader.system_rows("SELECT count(*) FROM events WHERE stream = ?", ("s",)) == [(0,)]


async def test_large_rows_are_not_kept(opened: Opened) -> None:
    opened.write(("UPDATE sealed_keys SET wrapped = ?", (bytes(5000),)))
    assert not await opened.is_remembered()
    assert not await opened.is_remembered()


async def test_that_there_is_nothing_is_remembered_until_there_is(opened: Opened) -> None:
    opened.write(DESTROY)
    assert await opened.find() is None
    assert await opened.is_remembered()
    opened.write(KEEP)
    assert await opened.find() == (b"first",)


async def test_commit_leaves_what_was_read_from_other_tables(opened: Opened) -> None:
    await opened.find()
    opened.write(("INSERT INTO sealed_values VALUES ('seal', 'acme', x'00')", ()))
    assert await opened.is_remembered()
    opened.write(("INSERT INTO sealed_values VALUES ('other', 'acme', x'00')", ()), CHANGE)
    assert await opened.find() == (b"second",)


async def test_statement_that_tells_no_table_forgets_everything(opened: Opened) -> None:
    await opened.find()
    opened.write(("WITH one AS (SELECT 1) UPDATE sealed_keys SET wrapped = x'06'", ()))
    assert await opened.find() == (b"\x06",)


@pytest.mark.parametrize("bound", ["_MOST", "_MOST_QUERIES"])
async def test_as_much_is_kept_as_there_is_room_for(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(f"adapters.sqlite.remembered.{bound}", 3)
    for number in range(10):
        sql = FIND if bound == "_MOST" else f"{FIND} AND {number} = {number}"
        await opened.reader.row("acme", sql, (f"seal {number}",))
        known = opened.remembered.known()
        assert len(known) <= 3
        assert all(len(rows) <= 3 for rows in known.values())


def link(stream: str, version: int) -> Link:
    fields = ("id", stream, version, "type", "acme", "time", "actor", "request", b"{}")
    return Link(version, *fields, bytes(32), bytes(32))


def append(opened: Opened, *links: Link) -> None:
    with opened.store.transaction() as transaction:
        transaction.insert_links(links)


def test_newest_version_of_a_stream_is_known_from_its_append_on(opened: Opened) -> None:
    assert opened.remembered.newest("a") is None
    append(opened, link("a", 1), link("a", 2))
    assert opened.remembered.newest("a") == 2
    with opened.store.transaction() as transaction:
        opened.asked.clear()
        assert transaction.last_versions(["a", "b"]) == {"a": 2}


def test_newest_version_is_not_known_once_another_process_wrote(opened: Opened) -> None:
    append(opened, link("a", 1))
    with closing(sqlite3.connect(opened.path, isolation_level=None)) as other:
        other.execute("INSERT INTO events VALUES (2, 'x', 'a', 2, '', '', '', '', '', '', '', '')")
    assert opened.remembered.newest("a") is None
    with opened.store.transaction() as transaction:
        assert transaction.last_versions(["a"]) == {"a": 2}


def test_newest_version_is_not_of_what_was_not_committed(opened: Opened) -> None:
    append(opened, link("a", 1))
    with pytest.raises(sqlite3.IntegrityError):
        append(opened, link("a", 2), link("a", 2))
    assert opened.remembered.newest("a") is None
    with opened.store.transaction() as transaction:
        assert transaction.last_versions(["a"]) == {"a": 1}


def test_newest_versions_of_so_many_streams_are_known_and_no_more(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.sqlite.remembered._MOST_STREAMS", 2)
    for number in range(1, 9):
        append(opened, link(str(number), number))
        assert opened.remembered.newest(str(number)) == number
        assert len(opened.remembered._versions) <= 4


def test_counter_is_not_had_of_a_store_that_nobody_has_open(tmp_path: Path) -> None:
    assert ChangeCounter.of(tmp_path / "none.db") is None


def test_counter_of_another_format_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "a.db-shm").write_bytes(bytes(4096))
    assert ChangeCounter.of(tmp_path / "a.db") is None


def test_file_stays_open_until_sqlite_deletes_it(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "trstctl.db")
    descriptor = opened.counter._descriptor
    opened.counter.close()
    os.fstat(descriptor)  # else SQLite's locks on it would be gone
    assert descriptor in change_counter._left_open
    opened.reader.close()
    opened.store.close()
    ChangeCounter.of(tmp_path / "none.db")
    assert descriptor not in change_counter._left_open
