"""How fast a log is verified, and where the time goes: `python -m tests.bench.verification [EVENTS]`.

The log is made without a server: of ten events eight are reads, two write a version, with its sealed value of 64 bytes.
CPU time of one process; the best of three rounds.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from adapters.crypto import ed25519_verify
from adapters.log.linking import Draft, Head, chained
from adapters.log_export import ExportRows, full_line
from adapters.sqlite.connection import connect
from adapters.sqlite.log_rows import SqliteLogRows
from adapters.sqlite.schema import create
from domain.chain import header_bytes
from domain.verification import LogSource, Verification, verify
from tests.bench.report import Report

TENANT = str(uuid4())
_ROUNDS = 3
_EVERY = 10_000


def _drafts(count: int) -> Iterator[tuple[Draft, str | None, bytes]]:
    node = str(uuid4())
    for number in range(1, count + 1):
        salt, time_text = os.urandom(16).hex(), "2026-06-25T12:00:00.123456Z"
        if number % 5:
            body = f'{{"how":"get","number":3,"path":"app/db/password-{number}","salt":"{salt}"}}'
            yield _draft(node, number, "secret.read", time_text, body), None, b""
            continue
        seal_id, sealed = os.urandom(16).hex(), os.urandom(64)
        body = (
            '{"cause":"create","content_type":"text/plain; charset=utf-8","metadata":{},"number":1,'
            f'"path":"app/db/password-{number}","recovered_from":null,"references":[],"salt":"{salt}",'
            f'"seal_digest":"{sha256(sealed).hexdigest()}","seal_id":"{seal_id}"}}'
        )
        yield _draft(str(uuid4()), 1, "secret.version.written", time_text, body), seal_id, sealed


def _draft(stream: str, version: int, kind: str, at: str, body: str) -> Draft:
    return Draft(stream, version, kind, TENANT, at, "alice#tok_0123456789abcdef", os.urandom(16).hex(), body.encode())


def fill(path: Path, count: int) -> None:
    """A store with `count` events."""
    with closing(connect(path)) as connection:
        create(connection, [])
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        head, drafts = Head(), list(_drafts(count))
        for start in range(0, count, _EVERY):
            some = drafts[start : start + _EVERY]
            links = chained(head, [draft for draft, _, _ in some])
            connection.executemany(f"INSERT INTO events VALUES ({', '.join('?' * 12)})", links)
            seals = [(seal_id, TENANT, sealed) for _, seal_id, sealed in some if seal_id]
            connection.executemany("INSERT INTO sealed_values VALUES (?, ?, ?)", seals)
            connection.executemany("INSERT INTO sealed_keys VALUES (?, ?, 'key', x'00')", [seal[:2] for seal in seals])
            head = Head(links[-1].position, links[-1].hash)
        connection.execute("COMMIT")


def best(work: Callable[[], object]) -> float:
    """Seconds of CPU time."""
    taken = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def _whole(open_source: Callable[[], LogSource]) -> None:
    report = verify(open_source(), ed25519_verify)
    if not report.intact:
        raise RuntimeError(f"the log is not intact: {report.first_bad}")


def _chain_alone(path: Path) -> None:
    with closing(SqliteLogRows(path)) as rows:
        verification = Verification(ed25519_verify)
        for segment in rows.segments():
            verification.read(segment)


def _fetched(path: Path) -> None:
    with closing(SqliteLogRows(path)) as rows:
        for _ in rows._batches():
            pass


def _digested(texts: list[bytes]) -> None:
    for text in texts:
        sha256(text).digest()


def run(report: Report, folder: Path, count: int) -> None:
    """Print every figure."""
    store, export = folder / "trstctl.db", folder / "log.ndjson"
    fill(store, count)
    with closing(SqliteLogRows(store)) as source:
        rows = [row for batch in source._batches() for row in batch]
    export.write_bytes(b"".join(full_line(row) for row in rows))
    # One SHA-256 of header, body and link together: the least that could be hashed for an event.
    texts = [header_bytes(*row[1:9]) + row[9] + bytes(119) for row in rows]
    bare = best(lambda: _digested(texts))
    del rows
    report.heading(f"verification of {count:,} events, {sum(map(len, texts)) // count} bytes each")
    report.row("plain SHA-256 of the same bytes", f"{count / bare:,.0f} events/s")
    for name, work in (
        ("fetching rows from SQLite, alone", lambda: _fetched(store)),
        ("the chain: fetch, digests, checks", lambda: _chain_alone(store)),
        ("all: the chain, and every sealed value", lambda: _whole(lambda: SqliteLogRows(store))),
        ("an exported file", lambda: _whole(lambda: ExportRows(export))),
    ):
        seconds = best(work)
        report.row(name, f"{count / seconds:,.0f} events/s, ratio {bare / seconds:.3f}")


def memory(report: Report, store: Path, count: int) -> None:
    """What a verification holds at its end."""
    before = _resident()
    _whole(lambda: SqliteLogRows(store))
    grown = _resident() - before
    report.row(
        f"memory for {count // 5:,} sealed values", f"{grown / 1024:,.0f} MiB, {grown * 1024 * 5 / count:.0f} B each"
    )


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    with tempfile.TemporaryDirectory() as name:
        run(Report(), Path(name), number)
