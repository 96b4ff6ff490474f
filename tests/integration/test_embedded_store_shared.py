"""The embedded store used by a server and, beside it, by the operator's commands in processes of their own."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.log import loop_committer
from adapters.log.batch import Batch
from adapters.sqlite.connection import connect
from cli.server.stores import open_sqlite
from domain.access import SecretRead
from domain.commands.reading import NOWHERE
from domain.errors import StoreBusy
from domain.ports import Append

_OTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM kept").fetchone()[0])
connection.close()
"""


def other_process(path: Path) -> int:
    """What another process sees, which then closes the store as the last user that it knows of."""
    result = subprocess.run([sys.executable, "-c", _OTHER, path], capture_output=True, text=True, check=True)
    return int(result.stdout)


def test_another_process_never_takes_away_the_write_ahead_log_of_one_that_serves(tmp_path: Path) -> None:
    path = tmp_path / "a store?.db"
    with closing(connect(path)) as writer:
        writer.execute("CREATE TABLE kept (number INTEGER)")
        connect(path).close()
        for number in range(1, 4):
            writer.execute("INSERT INTO kept VALUES (?)", (number,))
            assert other_process(path) == number, "written, but in a file that is no longer there"
    with closing(sqlite3.connect(path)) as later:
        assert later.execute("SELECT count(*) FROM kept").fetchone() == (3,)


def test_the_file_is_made_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connect(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.anyio
async def test_a_store_that_another_process_writes_holds_up_writes_but_not_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_committer, "_PATIENCE", 0.2)
    store = await open_sqlite(tmp_path / "store.db")
    committer = store.committer(Batch(store.log, store.views.inline, "node"), 64)
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = [asyncio.create_task(committer.append(entry())) for _ in range(20)]
        longest = await _longest_pause(refused)
        assert {type(task.exception()) for task in refused} == {StoreBusy}
        waiting = asyncio.create_task(committer.append(entry()))
        await asyncio.sleep(0.02)
        other.execute("ROLLBACK")
        assert await waiting == 1
    assert longest < 0.1, "the loop waited inside the database"
    await committer.stop()
    await store.close()


async def _longest_pause(tasks: list[asyncio.Task[int]]) -> float:
    longest, last = 0.0, time.monotonic()
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return longest


def entry() -> Append:
    """A use of a secret."""
    read = SecretRead(
        originator_id=NOWHERE, originator_version=0, timestamp=datetime.now(UTC), path="a", number=1, how="get"
    )
    return Append(tenant="t", actor="a#b", request_id="r", events=[read])
