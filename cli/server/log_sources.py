"""The configured store as a verifier reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.sqlite.log_rows import SqliteLogRows
from cli.server.config import Settings
from cli.server.stores import postgres_dsn
from domain.verification.source import LogSource


@contextmanager
def of_settings(settings: Settings) -> Iterator[LogSource]:
    """One snapshot of the log; raises `StoreUnavailable`, `Misconfigured`."""
    if settings.store:
        from adapters.postgres.log_rows import PostgresLogRows

        with closing(PostgresLogRows(postgres_dsn(settings))) as shared:
            yield shared
    else:
        with closing(SqliteLogRows(Path(settings.data_dir) / "trstctl.db")) as embedded:
            yield embedded
