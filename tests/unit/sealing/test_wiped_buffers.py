"""Every buffer that held a key or a value is zero once it is no longer needed, also when something failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import keyring, sealing
from adapters.crypto import AeadKey
from adapters.kek import Kek
from adapters.keyring import KeyRing
from adapters.sealing import EnvelopeSealer
from domain.errors import KeyUnavailable, LogBroken
from domain.plaintext import Plaintext
from tests.unit.sealing.memory_store import MemoryStore, Server, new_kek, secret

pytestmark = pytest.mark.anyio


class Watched:
    """Every key buffer handed to a cipher, and every buffer that came out of one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keys: list[bytearray] = []
        self.outputs: list[bytearray] = []
        create, decrypt = AeadKey.__init__, AeadKey.decrypt

        def watch_key(cipher: AeadKey, key: bytearray) -> None:
            assert any(key)
            self.keys.append(key)
            create(cipher, key)

        def watch_output(cipher: AeadKey, sealed: bytes, aad: bytes) -> bytearray:
            self.outputs.append(decrypt(cipher, sealed, aad))
            assert any(self.outputs[-1])
            return self.outputs[-1]

        monkeypatch.setattr(AeadKey, "__init__", watch_key)
        monkeypatch.setattr(AeadKey, "decrypt", watch_output)

    def left(self) -> list[bytearray]:
        return [buffer for buffer in self.keys + self.outputs if any(buffer)]


@pytest.fixture
def watched(server: Server, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


async def test_seal_and_open_leave_only_the_tenant_key(server: Server, watched: Watched) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    assert await server.get(secret(), seal_id) == b"hunter2"
    tenant_key = (await server.ring.newest("acme")).aead._key
    assert len(watched.keys) == 4  # KEK, tenant key, and the data key twice
    assert all(buffer is tenant_key for buffer in watched.left())


async def test_open_returns_the_one_buffer_with_the_value(server: Server, watched: Watched) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    with await server.sealer.open(secret(), seal_id) as plaintext:
        assert plaintext.buffer is watched.outputs[-1]
    assert watched.outputs[-1] == bytes(7)


async def test_seal_leaves_the_callers_value_to_the_caller(server: Server) -> None:
    with Plaintext.copy_of(b"hunter2") as plaintext:
        await server.sealer.seal(secret(), plaintext)
        assert plaintext.buffer == b"hunter2"
    assert plaintext.buffer == bytes(7)


async def test_open_that_fails_wipes_the_data_key(server: Server, store: MemoryStore, watched: Watched) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    store.change("UPDATE sealed_values SET sealed = zeroblob(35)")
    with pytest.raises(LogBroken):
        await server.get(secret(), seal_id)
    server.ring.wipe()
    assert watched.left() == []


async def test_open_many_that_fails_wipes_what_it_had_opened(
    server: Server, store: MemoryStore, watched: Watched
) -> None:
    wanted = [(secret(version=number), await server.put(secret(version=number), b"v")) for number in (1, 2, 3)]
    store.change("UPDATE sealed_values SET sealed = zeroblob(29) WHERE seal_id = ?", wanted[2][1])
    with pytest.raises(LogBroken):
        await server.sealer.open_many(wanted)
    assert len(watched.outputs) == 1 + 2 * 2 + 1  # the tenant's key, two data keys with their values, and a data key
    server.ring.wipe()
    assert watched.left() == []


async def test_seal_that_fails_wipes_the_data_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytearray] = []

    def fresh_key() -> bytearray:
        drawn.append(bytearray(b"k" * 32))
        return drawn[-1]

    monkeypatch.setattr(sealing, "fresh_key", fresh_key)
    (await server.ring.newest("acme")).aead.wipe()
    with pytest.raises(KeyUnavailable):
        await server.put(secret(), b"hunter2")
    assert drawn == [bytearray(32)]


async def test_new_tenant_key_is_wiped_once_wrapped(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bytearray(b"k" * 32)
    monkeypatch.setattr(keyring, "fresh_key", lambda: key)
    await server.create_tenant("other")
    assert key == bytes(32)


async def test_ring_that_was_wiped_holds_no_key_and_reads_it_again(server: Server, watched: Watched) -> None:
    seal_id = await server.put(secret(), b"hunter2")
    server.ring.wipe()
    assert watched.left() == []
    assert await server.get(secret(), seal_id) == b"hunter2"


async def test_ring_that_is_full_forgets_and_wipes_the_oldest_key(store: MemoryStore, kek_file: Path) -> None:
    server = Server(store, kek_file)
    server.ring = KeyRing(server.keks, store, capacity=2)
    server.sealer = EnvelopeSealer(server.ring, store, server.sealer._clock)
    buffers, seals = [], {}
    for tenant in ("one", "two", "three"):
        await server.create_tenant(tenant)
        seals[tenant] = await server.put(secret(tenant=tenant), tenant.encode())
        buffers.append((await server.ring.newest(tenant)).aead._key)
    assert [any(buffer) for buffer in buffers] == [False, True, True]
    for tenant, seal_id in seals.items():
        assert await server.get(secret(tenant=tenant), seal_id) == tenant.encode()


async def test_rotation_wipes_every_key_it_unwrapped(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.create_tenant("other")
    unwrapped: list[bytearray] = []
    unwrap = Kek.unwrap

    def watch(kek: Kek, wrapped: bytes, aad: bytes) -> bytearray:
        unwrapped.append(unwrap(kek, wrapped, aad))
        assert any(unwrapped[-1])
        return unwrapped[-1]

    monkeypatch.setattr(Kek, "unwrap", watch)
    await server.rotation.rotate(new_kek(tmp_path, "new.bin"))
    assert unwrapped == [bytearray(32), bytearray(32)]


async def test_keks_that_were_wiped_are_zero(server: Server) -> None:
    view = server.keks.current().view()
    assert any(view)
    server.keks.wipe()
    assert not any(view)
