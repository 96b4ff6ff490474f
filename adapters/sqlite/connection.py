"""How a connection to the embedded store is opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from domain.errors import StoreUnavailable


def connect(path: Path, *, read_only: bool = False, durable: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode; raises `StoreUnavailable`. The file is made owner-only.

    `synchronous=FULL` fsyncs each commit; `secure_delete` overwrites deleted rows, so that a destroyed key leaves no
    trace in the file's free space.
    """
    try:
        if not read_only:
            _create(path)
        connection = sqlite3.connect(
            f"file:{quote(str(path))}{'?mode=ro' if read_only else ''}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            timeout=30,
        )
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            synchronous = "FULL" if durable else "OFF"
            for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "secure_delete=ON", "cache_size=-65536"):
                connection.execute(f"PRAGMA {pragma}")
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the store {path} cannot be opened: {error}") from error
    return connection


def _create(path: Path) -> None:
    """Make the file, owner-only, if it is not there.

    A file that is there is never opened but by SQLite: closing any descriptor of it would drop every lock that this
    process holds on it (fcntl(2)). Another process could then take itself for the last user and remove the
    write-ahead log that we go on writing to: what was acknowledged would be gone.
    """
    if os.path.lexists(path):
        return
    with suppress(FileExistsError):  # another process was quicker
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR))
