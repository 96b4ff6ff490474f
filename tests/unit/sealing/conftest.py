"""A store with one tenant, and a server on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sealing.memory_store import MemoryStore, Server, new_kek


@pytest.fixture
def kek_file(tmp_path: Path) -> Path:
    return new_kek(tmp_path)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def server(store: MemoryStore, kek_file: Path) -> Server:
    server = Server(store, kek_file)
    await server.create_tenant("acme")
    return server
