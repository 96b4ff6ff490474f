"""The embedded store used by a server and, beside it, by the operator's commands in processes of their own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from adapters.sqlite.connection import connect

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
