"""Entra and Graph of the tests, which verify what those verify."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from domain.backends import Backend
from tests.backends.azure_entra import AzureWorld, running
from tests.backends.opening import opened


@pytest.fixture(scope="module")
def world() -> Iterator[AzureWorld]:
    with running() as started:
        yield started


@pytest.fixture
async def backend(world: AzureWorld) -> AsyncIterator[Backend]:
    world.cloud.seen.clear()
    opening = opened(world.setup)
    yield opening
    await opening.close()
    world.cloud.intercept = lambda _: None
    world.directory.lag = 0.0
    world.target.passwords.clear()
