"""Reading the log of an embedded store: stopped, running, crashed, on a read-only medium."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.crypto import ed25519_verify
from adapters.sqlite import log_rows
from adapters.sqlite.log_rows import SqliteLogRows
from domain.errors import StoreUnavailable
from domain.verification import Report, verify
from tests.written_log import WrittenLog, write_log

NOBODY = 65534
NEXT = """INSERT INTO events SELECT position + 1, 'x', stream, version + 1, type, tenant, time, actor, request_id, body,
 prev_hash, hash FROM events ORDER BY position DESC LIMIT 1"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WrittenLog:
    return write_log(tmp_path_factory.mktemp("original") / "log")


@pytest.fixture
def log(original: WrittenLog, tmp_path: Path) -> WrittenLog:
    return original.copied(tmp_path / "log")


def report(database: Path) -> Report:
    with closing(SqliteLogRows(database)) as rows:
        return verify(rows, ed25519_verify)


@contextmanager
def running(log: WrittenLog) -> Iterator[sqlite3.Connection]:
    """A server has the store open."""
    with closing(sqlite3.connect(log.database, isolation_level=None)) as connection:
        connection.execute("SELECT count(*) FROM events")
        yield connection


def test_count_is_that_of_the_events(log: WrittenLog) -> None:
    with closing(SqliteLogRows(log.database)) as rows:
        assert rows.count() == 30


def test_nothing_is_written_to_the_store(log: WrittenLog) -> None:
    before = log.database.read_bytes()
    report(log.database)
    assert log.database.read_bytes() == before


def test_snapshot_does_not_see_what_is_appended_meanwhile(log: WrittenLog) -> None:
    with running(log) as server, closing(SqliteLogRows(log.database)) as rows:
        server.execute(NEXT)
        server.execute("INSERT INTO sealed_values VALUES ('x', 'x', x'00')")
        told = verify(rows, ed25519_verify)
    assert (told.intact, told.events) == (True, 30)


def test_what_a_crash_left_in_the_write_ahead_log_is_read(log: WrittenLog, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    with running(log) as server:
        server.execute(NEXT)
        shutil.copytree(log.folder, crashed)
    told = report(crashed / "trstctl.db")
    assert told.first_bad
    assert (told.events, told.first_bad.position) == (31, 31)


def test_store_in_a_folder_that_cannot_be_written_is_read(log: WrittenLog) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        database = Path(shutil.copy(log.database, folder))
        database.chmod(0o444)
        Path(folder).chmod(0o555)
        with without_privileges():
            assert report(database).intact
        assert [path.name for path in Path(folder).iterdir()] == ["trstctl.db"]


@contextmanager
def without_privileges() -> Iterator[None]:
    """File permissions do not hold for root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("rows", [1, 3, 7, 500])
def test_text_that_is_no_utf_8_is_found_in_segments_of_any_size(
    log: WrittenLog, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_rows, "SEGMENT_ROWS", rows)
    with log.opened() as connection:
        for position in (9, 24):
            connection.execute("UPDATE events SET actor = CAST(x'61ff62' AS TEXT) WHERE position = ?", (position,))
    told = report(log.database)
    assert told.events == 30
    assert [(each.position, each.check) for each in told.findings] == [(9, "hash"), (24, "hash")]


@pytest.mark.parametrize("content", [None, b"", b"not a database at all, but long enough to be read as one" * 40])
def test_what_is_no_store_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "trstctl.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable):
        report(path)


def test_damaged_file_is_told(log: WrittenLog) -> None:
    with log.database.open("r+b") as file:
        file.truncate(8192)
    with pytest.raises(StoreUnavailable):
        report(log.database)
