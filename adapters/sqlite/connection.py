"""How a connection to the embedded store is opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from domain.errors import StoreUnavailable


def connect(path: Path, *, read_only: bool = False, durable: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode; raises `StoreUnavailable`. The file is made owner-only.

    `synchronous=FULL` fsyncs each commit; `secure_delete` overwrites deleted rows, so that a destroyed key leaves no
    trace in the file's free space.
    """
    try:
        if not read_only:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR))
        connection = sqlite3.connect(
            f"file:{path}{'?mode=ro' if read_only else ''}",
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
