"""The stores, and the backends, that every contract is kept by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain.backends import Backend
from tests.backends.opening import opened
from tests.backends.table import WORLDS, started
from tests.backends.world import World
from tests.stores import PostgresStore, SqliteStore, Store


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store with all tables."""
    opened = (
        SqliteStore(tmp_path / "trstctl.db")
        if request.param == "sqlite"
        else PostgresStore(request.getfixturevalue("postgres_dsn"))
    )
    yield opened
    opened.close()


@pytest.fixture(scope="session", params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One running backend of each kind in turn."""
    with started(request.param) as running:
        yield running


@pytest.fixture
async def backend(world: World) -> AsyncIterator[Backend]:
    """The code under test on that world, closed at the end."""
    opening = opened(world.setup)
    yield opening
    await opening.close()
