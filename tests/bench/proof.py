"""How fast a whole log is verified and replayed, in one process, beside SHA-256 of the same bytes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from statistics import median

from adapters.crypto import ed25519_verify
from adapters.sqlite.log_rows import SqliteLogRows
from cli.server.compose import open_runtime
from cli.server.config import load
from cli.server.replaying import rebuilding
from domain.chain import header_bytes
from domain.verification.segment import NAMES
from domain.verification.verification import verify
from tests.bench.load import lua, measure
from tests.bench.processes import product
from tests.bench.report import Report
from tests.bench.throughput import STORE

_ROUNDS = 3


def run(report: Report, folder: Path, *, events: int) -> None:
    """Half the log is imports, half is reads: two kinds of events with bodies of different size."""
    _fill(folder, events)
    store = folder / "trstctl.db"
    count, texts = _bytes(store)
    bare = median(_seconds(lambda: _digested(texts)) for _ in range(_ROUNDS))
    checked = median(_seconds(lambda: _verified(store)) for _ in range(_ROUNDS))
    report.row("events in the log", f"{count:,}")
    report.row("plain SHA-256 of the same bytes", f"{count / bare:,.0f} events/s")
    report.row("verification", f"{count / checked:,.0f} events/s, ratio {bare / checked:.3f}")
    rebuilt = _seconds(lambda: asyncio.run(_replayed(folder, count)))
    report.row("replay of all read models", f"{count / rebuilt:,.0f} events/s, ratio {bare / rebuilt:.3f}")


def _fill(folder: Path, events: int) -> None:
    with product(folder) as server:
        for batch in range(events // 40_000):
            values = {f"s{number}": "0123456789abcdef" for number in range(10_000)}
            server.ask("POST", f"{STORE}/import", {"prefix": f"t{batch}", "values": values})
        script = lua("GET", f"{STORE}/t0/s%d", spread=10_000)
        while len(server.ask("POST", "/api/v1/audit/checkpoints", {})["items"]) and _head(folder) < events:
            measure(server, script, 64, 5)


def _head(folder: Path) -> int:
    return int(max(path.stem for path in (folder / "checkpoints").glob("*.checkpoint")))


def _bytes(store: Path) -> tuple[int, list[bytes]]:
    """What is hashed for each event, header, body and link, gathered beforehand so that only hashing is timed."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute(f"SELECT {', '.join(NAMES)} FROM events ORDER BY position")
        texts = [header_bytes(*row[1:9]) + row[9] + bytes(120) for row in rows]
    return len(texts), texts


def _digested(texts: list[bytes]) -> None:
    for text in texts:
        sha256(text).digest()


def _verified(store: Path) -> None:
    with closing(SqliteLogRows(store)) as rows:
        report = verify(rows, ed25519_verify)
    if not report.intact:
        raise RuntimeError(f"the log is not intact: {report.first_bad}")


async def _replayed(folder: Path, until: int) -> None:
    settings = load(environment={}, keep_environment_paths=False, data_dir=str(folder), store="")
    async with open_runtime(settings) as runtime, rebuilding(runtime) as replay:
        await replay.rebuild(until)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
