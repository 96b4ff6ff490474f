"""What sealing and opening a value cost beside two bare decryptions: `python -m tests.bench.bench_sealing`.

Opening is measured from the row that was read to the wiped value, sealing from the value to its statements: no store.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from adapters.crypto import AeadKey, fresh_key
from adapters.sealing import EnvelopeSealer
from domain.plaintext import Plaintext
from domain.ports import Row
from tests.unit.sealing.memory_store import MemoryStore, Server, clock, new_kek, secret

ROUNDS = 5
SIZES = (32, 1024, 64 * 1024, 1024 * 1024)


class OneRow(MemoryStore):
    """A reader that has its one row at hand."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        self._row = row

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        return self._row


async def microseconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """The quickest of a few rounds, a call."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(times):
            await work()
        best = min(best, time.perf_counter() - started)
    return best / times * 1e6


async def measure(server: Server, size: int) -> None:
    """Print one line for values of this size."""
    times = max(50, 20_000 * 1024 // max(size, 1024))
    value, context = Plaintext(bytearray(os.urandom(size))), secret()
    seal_id = await server.put(context, bytes(value.buffer))
    row = (
        seal_id,
        *server.store.connection.execute(
            "SELECT sealed, key_id, wrapped FROM sealed_values JOIN sealed_keys USING (seal_id) WHERE seal_id = ?",
            (seal_id,),
        ).fetchone(),
    )
    reading = EnvelopeSealer(server.ring, OneRow(row), clock)
    key, other = AeadKey(fresh_key()), AeadKey(fresh_key())
    sealed, wrapped, aad = key.encrypt(value.buffer, bytes(60)), other.encrypt(bytes(32), bytes(60)), bytes(60)

    async def open_value() -> None:
        (await reading.open(context, seal_id)).wipe()

    async def seal_value() -> None:
        await reading.seal(context, value)

    async def bare() -> None:
        other.decrypt(wrapped, aad)
        key.decrypt(sealed, aad)

    opened, sealing, alone = [await microseconds(work, times) for work in (open_value, seal_value, bare)]
    ratio = f"{opened / alone:.1f} times two decryptions"
    print(f"{size:>9,} bytes   open {opened:8.1f} µs ({ratio})   seal {sealing:8.1f} µs")


async def main() -> None:
    """Measure every size on one server."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(MemoryStore(), new_kek(Path(folder)))
        await server.create_tenant("acme")
        for size in SIZES:
            await measure(server, size)


if __name__ == "__main__":
    asyncio.run(main())
