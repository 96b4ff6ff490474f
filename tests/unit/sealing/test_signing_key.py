"""The checkpoint signing key is created once a store, wrapped by the KEK, and never taken from an altered row."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.crypto import ed25519_generate, ed25519_public, ed25519_verify
from adapters.kek_folder import KekFolder
from adapters.signing_key import SigningKey, obtain_signing_key, read_signing_key, signing_key_id
from domain.errors import KeyUnavailable, LogBroken
from domain.kek import SigningKeyCreated
from tests.unit.sealing.memory_store import MemoryStore, clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def keks(kek_file: Path) -> KekFolder:
    return KekFolder(kek_file)


async def test_store_without_a_key_has_none(store: MemoryStore, keks: KekFolder) -> None:
    assert await read_signing_key(keks, store) is None


async def test_first_start_creates_the_key_and_the_log_says_so(store: MemoryStore, keks: KekFolder) -> None:
    key = await obtain_signing_key(keks, store, store, clock)
    (event,) = store.events
    assert isinstance(event, SigningKeyCreated)
    assert (event.key_id, event.public) == (key.id, key.public.hex())
    assert key.id == signing_key_id(key.public)
    assert ed25519_verify(key.public, b"checkpoint", key.sign(b"checkpoint"))


async def test_later_start_finds_the_same_key(store: MemoryStore, keks: KekFolder, kek_file: Path) -> None:
    first = await obtain_signing_key(keks, store, store, clock)
    later = await obtain_signing_key(KekFolder(kek_file), store, store, clock)
    assert (later.id, later.public, later.sign(b"m")) == (first.id, first.public, first.sign(b"m"))
    assert len(store.events) == 1


async def test_two_nodes_starting_at_once_agree_on_one_key(store: MemoryStore, keks: KekFolder, kek_file: Path) -> None:
    winner = MemoryStore()
    winner.connection, winner.events = store.connection, store.events
    first = await obtain_signing_key(keks, winner, winner, clock)
    row = store.connection.execute("SELECT * FROM signing_key").fetchone()
    store.change("DELETE FROM signing_key")  # what the second node read before the first one's commit

    def commit_of_the_first() -> None:
        store.connection.execute("INSERT INTO signing_key VALUES (?, ?, ?, ?, ?)", row)

    store.before_commit = commit_of_the_first
    second = await obtain_signing_key(KekFolder(kek_file), store, store, clock)
    assert second.id == first.id
    assert len(store.events) == 1


async def test_seed_is_in_the_store_only_wrapped(store: MemoryStore, keks: KekFolder) -> None:
    key = await obtain_signing_key(keks, store, store, clock)
    assert key._seed is not None
    assert bytes(key._seed) not in store.connection.serialize()


@pytest.mark.parametrize("change", ["public = randomblob(32)", "wrapped = randomblob(60)", "key_id = 'another'"])
async def test_altered_row_is_refused(store: MemoryStore, keks: KekFolder, change: str) -> None:
    await obtain_signing_key(keks, store, store, clock)
    store.change(f"UPDATE signing_key SET {change}")
    with pytest.raises(LogBroken, match="was altered"):
        await obtain_signing_key(keks, store, store, clock)


async def test_second_key_in_the_store_is_refused(store: MemoryStore, keks: KekFolder) -> None:
    await obtain_signing_key(keks, store, store, clock)
    store.change("INSERT INTO signing_key SELECT 'other', tenant, public, kek_id, wrapped FROM signing_key")
    with pytest.raises(LogBroken, match="2 signing keys"):
        await read_signing_key(keks, store)


async def test_key_that_was_deleted_is_not_quietly_replaced(store: MemoryStore, keks: KekFolder) -> None:
    await obtain_signing_key(keks, store, store, clock)
    store.change("DELETE FROM signing_key")
    with pytest.raises(LogBroken, match="restore it"):
        await obtain_signing_key(keks, store, store, clock)
    assert len(store.events) == 1


async def test_key_that_was_wiped_is_zero_and_refuses() -> None:
    seed = bytearray(ed25519_generate())
    key = SigningKey("id", ed25519_public(seed), seed)
    key.wipe()
    key.wipe()
    assert seed == bytes(32)
    assert repr(key) == "SigningKey(id)"
    with pytest.raises(KeyUnavailable):
        key.sign(b"m")
