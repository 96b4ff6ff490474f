"""A rotation of the KEK on the real embedded store, by another process than the one that serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.kek_file import load_kek
from adapters.kek_folder import KekFolder
from adapters.kek_rotation import KekRotation
from adapters.keyring import KeyRing
from adapters.log.batch import Batch
from adapters.log.committer import Committer
from adapters.sealing import EnvelopeSealer
from adapters.signing_key import obtain_signing_key
from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.reader import SqliteReader
from adapters.sqlite.schema import create
from domain.plaintext import Plaintext
from domain.ports import Append, SealContext, Statement
from tests.unit.sealing.memory_store import new_kek

pytestmark = pytest.mark.anyio


def now() -> datetime:
    return datetime.now(UTC)


class Process:
    """A process on the embedded store: it shares the two files with others, and no memory."""

    def __init__(self, folder: Path, node: str) -> None:
        writer = connect(folder / "trstctl.db")
        create(writer, [])
        self.reader = SqliteReader(folder / "trstctl.db")
        self.store = SqliteLogStore(writer)
        self.committer = Committer(Batch(self.store, [], node))
        self.keks = KekFolder(folder / "kek.bin")
        self.sealer = EnvelopeSealer(KeyRing(self.keks, self.reader), self.reader, now)
        self.rotation = KekRotation(self.keks, self.reader, self.committer, now, "operator")

    async def commit(self, statements: list[Statement]) -> None:
        await self.committer.append(Append(tenant="acme", actor="a", request_id="r", events=(), statements=statements))

    async def put(self, tenant: str, number: int) -> str:
        with Plaintext.copy_of(b"value %d" % number) as value:
            sealed = await self.sealer.seal(SealContext(tenant, "secret", "path", number), value)
        await self.commit([*sealed.statements])
        return sealed.seal_id

    async def assert_opens(self, tenant: str, number: int, seal_id: str) -> None:
        with await self.sealer.open(SealContext(tenant, "secret", "path", number), seal_id) as value:
            assert value.buffer == b"value %d" % number


@asynccontextmanager
async def process(folder: Path, node: str) -> AsyncIterator[Process]:
    running = Process(folder, node)
    try:
        yield running
    finally:
        await asyncio.to_thread(running.committer.close)
        running.reader.close()
        running.store.close()


async def test_rotation_beside_a_serving_process_interrupts_no_write_and_no_read(tmp_path: Path) -> None:
    new_kek(tmp_path)
    new = new_kek(tmp_path, "new.bin")
    tenants = [f"tenant-{number}" for number in range(20)]
    async with process(tmp_path, "server") as server, process(tmp_path, "operator") as operator:
        await obtain_signing_key(server.keks, server.reader, server.committer, now)
        for tenant in tenants:
            await server.commit([*await server.sealer.create_tenant_key(tenant)])

        async def serve(number: int) -> None:
            tenant = tenants[number % len(tenants)]
            await server.assert_opens(tenant, number, await server.put(tenant, number))

        rotation = asyncio.create_task(operator.rotation.rotate(new))
        await asyncio.gather(*(serve(number) for number in range(200)))
        done = await rotation
        status = await operator.rotation.status()
    assert (done.keys, done.position) == (21, 2)
    assert (status.holds, status.tenant_keys, status.signing_keys) == (done.new, {done.new: 20}, {done.new: 1})
    async with process(tmp_path, "restarted") as restarted:
        await restarted.put(tenants[0], 1)
        topics = [row[0] for row in await restarted.reader.system_rows("SELECT type FROM events ORDER BY position")]
    assert topics == ["signing_key.created", "kek.rotated"]
    assert load_kek(tmp_path / "kek.bin").id == done.new


async def test_two_first_starts_at_once_agree_on_one_signing_key(tmp_path: Path) -> None:
    new_kek(tmp_path)
    async with process(tmp_path, "one") as one, process(tmp_path, "two") as two:
        keys = await asyncio.gather(
            *(obtain_signing_key(each.keks, each.reader, each.committer, now) for each in (one, two))
        )
    assert keys[0].public == keys[1].public
