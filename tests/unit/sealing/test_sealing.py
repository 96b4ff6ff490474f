"""Sealing and opening through the port, on a store in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.seal_format import digest_of
from domain.errors import KeyUnavailable, LogBroken, NotFound
from tests.unit.sealing.memory_store import MemoryStore, Server, secret

pytestmark = pytest.mark.anyio


async def test_open_gives_back_what_was_sealed(server: Server) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    assert await server.get(secret(), seal_id) == b"hunter2"


async def test_seal_names_the_digest_of_the_stored_bytes(server: Server, store: MemoryStore) -> None:
    sealed = await server.sealed(secret(), b"hunter2")
    stored = store.value("SELECT sealed FROM sealed_values WHERE seal_id = ?", sealed.seal_id)
    assert sealed.digest == digest_of(stored)
    assert b"hunter2" not in stored


async def test_seal_uses_a_new_id_and_a_new_data_key_each_time(server: Server, store: MemoryStore) -> None:
    ids = {await server.put(secret(version=number), b"same") for number in range(1, 51)}
    assert len(ids) == 50
    assert all(len(seal_id) == 32 for seal_id in ids)


async def test_server_started_later_opens_what_another_sealed(
    server: Server, store: MemoryStore, kek_file: Path
) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    assert await Server(store, kek_file).get(secret(), seal_id) == b"hunter2"


async def test_tenant_key_that_was_never_committed_is_never_used(store: MemoryStore, kek_file: Path) -> None:
    server = Server(store, kek_file)
    await server.sealer.create_tenant_key("acme")  # its append is refused, so nothing is stored
    with pytest.raises(KeyUnavailable, match="has no key"):
        await server.put(secret(), b"value")
    await server.create_tenant("acme")
    seal_id = await server.put(secret(), b"value")
    assert await Server(store, kek_file).get(secret(), seal_id) == b"value"


async def test_seal_for_an_unknown_tenant_is_refused(server: Server) -> None:
    with pytest.raises(KeyUnavailable, match="tenant nobody has no key"):
        await server.put(secret(tenant="nobody"), b"value")


async def test_seal_uses_the_tenants_newest_key_and_old_values_stay_readable(server: Server, kek_file: Path) -> None:
    before = await server.put(secret(), b"old")
    await server.create_tenant("acme")
    later = Server(server.store, kek_file)
    after = await later.put(secret(version=2), b"new")
    used = {row[0] for row in await server.store.rows("acme", "SELECT DISTINCT key_id FROM sealed_keys")}
    assert await later.get(secret(), before) == b"old"
    assert await later.get(secret(version=2), after) == b"new"
    assert len(used) in {1, 2}  # both were made at the same instant, so either may be the newest


async def test_destroyed_value_is_gone_and_its_sealed_bytes_stay(server: Server, store: MemoryStore) -> None:
    gone, kept = await server.put(secret(), b"one"), await server.put(secret(version=2), b"two")
    await server.destroy("acme", [gone])
    with pytest.raises(NotFound, match="secret db/password, version 1 was destroyed"):
        await server.get(secret(), gone)
    assert await server.get(secret(version=2), kept) == b"two"
    assert store.value("SELECT sealed FROM sealed_values WHERE seal_id = ?", gone)


async def test_destroy_for_another_tenant_destroys_nothing(server: Server) -> None:
    seal_id = await server.put(secret(), b"value")
    await server.destroy("other", [seal_id])
    assert await server.get(secret(), seal_id) == b"value"


async def test_destroy_of_many_destroys_each_and_nothing_else(server: Server, store: MemoryStore) -> None:
    ids = [await server.put(secret(version=number), b"v") for number in range(1, 1302)]
    await server.destroy("acme", ids[:1300])
    left = await store.rows("acme", "SELECT seal_id FROM sealed_keys")
    assert left == [(ids[1300],)]


async def test_destroy_of_nothing_is_no_statement(server: Server) -> None:
    assert list(server.sealer.destroy("acme", [])) == []


@pytest.mark.parametrize("count", [0, 1, 2, 3, 511, 512, 513, 1100])
async def test_open_many_gives_every_value_in_the_order_asked(server: Server, count: int) -> None:
    contexts = [secret(f"app/{number}") for number in range(count)]
    wanted = [(context, await server.put(context, context.path.encode())) for context in contexts]
    wanted.reverse()
    opened = await server.sealer.open_many(wanted)
    assert [bytes(plaintext.buffer) for plaintext in opened] == [context.path.encode() for context, _ in wanted]


async def test_open_many_reads_the_store_once_per_tenant(server: Server) -> None:
    await server.create_tenant("other")
    contexts = [secret(f"{number}", tenant=tenant) for number in range(100) for tenant in ("acme", "other")]
    wanted = [(context, await server.put(context, b"v")) for context in contexts]
    await server.sealer.open_many(wanted)
    reads: list[str] = []
    server.store.connection.set_trace_callback(reads.append)
    await server.sealer.open_many(wanted)
    assert len(reads) == 2


async def test_open_many_of_the_same_value_twice_gives_two_buffers(server: Server) -> None:
    seal_id = await server.put(secret(), b"v")
    one, two = await server.sealer.open_many([(secret(), seal_id), (secret(), seal_id)])
    assert one == two
    assert one.buffer is not two.buffer


async def test_open_of_a_value_the_store_has_lost_says_so(server: Server, store: MemoryStore) -> None:
    seal_id = await server.put(secret(), b"v")
    store.change("DELETE FROM sealed_values WHERE seal_id = ?", seal_id)
    with pytest.raises(LogBroken, match="has lost the sealed bytes"):
        await server.get(secret(), seal_id)


async def test_open_of_a_value_whose_tenant_key_is_lost_says_so(
    server: Server, store: MemoryStore, kek_file: Path
) -> None:
    seal_id = await server.put(secret(), b"v")
    store.change("DELETE FROM tenant_keys")
    with pytest.raises(LogBroken, match="has no key"):
        await Server(store, kek_file).get(secret(), seal_id)


async def test_refusal_shows_no_value(server: Server, store: MemoryStore) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    store.change("UPDATE sealed_values SET sealed = zeroblob(35)")
    with pytest.raises(LogBroken) as caught:
        await server.get(secret(), seal_id)
    assert "hunter2" not in repr(caught.value)
    assert "db/password" in caught.value.message
