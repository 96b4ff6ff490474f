"""A node in a process of its own: appends without end, and says on standard output what was acknowledged."""

from __future__ import annotations

import asyncio
import sys

from adapters.log.batch import Batch
from adapters.log.committer import Committer
from adapters.postgres.log import PostgresLogStore
from tests.stores import read_event


async def append_without_end(dsn: str, node: str) -> None:
    """Sixteen commands at a time; one line for each acknowledged position."""
    committer = Committer(Batch(PostgresLogStore(dsn), (), node))

    async def one_after_another() -> None:
        while True:
            position = await committer.append(read_event())
            sys.stdout.write(f"{position}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one_after_another() for _ in range(16)))


if __name__ == "__main__":
    asyncio.run(append_without_end(sys.argv[1], sys.argv[2]))
