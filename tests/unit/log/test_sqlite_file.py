"""The embedded store's files: whose they are, and what is left in them of a key that was destroyed."""

from __future__ import annotations

import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.schema import create
from domain.errors import StoreUnavailable
from domain.ports import Statement

MARKER = b"wrapped-key-to-be-destroyed-4711"
DESTROY: Statement = ("DELETE FROM sealed_keys WHERE tenant = ? AND seal_id IN (?)", ("acme", "seal"))


def key(seal_id: str, wrapped: bytes) -> Statement:
    return "INSERT INTO sealed_keys VALUES (?, 'acme', 'key', ?)", (seal_id, wrapped)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trstctl.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteLogStore]:
    connection = connect(path)
    create(connection, [])
    store = SqliteLogStore(connection)
    yield store
    store.close()


def write(store: SqliteLogStore, *statements: Statement) -> None:
    with store.transaction() as transaction:
        transaction.execute(statements)


def files_with(path: Path, marker: bytes) -> set[str]:
    return {each.name for each in path.parent.iterdir() if marker in each.read_bytes()}


def test_destroyed_key_is_in_no_file(store: SqliteLogStore, path: Path) -> None:
    write(store, key("seal", MARKER), *(key(f"other{number}", bytes(40)) for number in range(200)))
    assert files_with(path, MARKER) != set()
    write(store, DESTROY)
    assert files_with(path, MARKER) == set()


def test_key_that_was_moved_to_the_main_file_is_overwritten_there(store: SqliteLogStore, path: Path) -> None:
    write(store, key("seal", MARKER))
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert files_with(path, MARKER) == {path.name}
    write(store, DESTROY)
    assert files_with(path, MARKER) == set()


def test_long_read_holds_up_no_destruction_and_the_next_commit_makes_up_for_it(
    store: SqliteLogStore, path: Path
) -> None:
    write(store, key("seal", MARKER))
    with closing(connect(path, read_only=True)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sealed_keys").fetchone()
        began = time.monotonic()
        write(store, DESTROY)
        write(store, key("another", b"x"))
        assert time.monotonic() - began < 5
        assert files_with(path, MARKER) == {f"{path.name}-wal"}
    write(store, key("a third", b"x"))
    assert files_with(path, MARKER) == set()


def test_store_still_waits_for_another_writer_after_a_destruction(store: SqliteLogStore) -> None:
    write(store, key("seal", MARKER), DESTROY)
    assert store._connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)


def test_file_is_its_owners_alone(store: SqliteLogStore, path: Path) -> None:
    write(store, key("seal", MARKER))
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


def test_store_that_cannot_be_opened_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        connect(tmp_path / "nowhere" / "trstctl.db")
    (tmp_path / "no-database").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailable, match="no-database"):
        connect(tmp_path / "no-database")
