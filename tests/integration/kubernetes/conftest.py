"""One stand-in for a cluster for these tests, and backends opened on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from domain.backends import Backend
from tests.backends.kubernetes import KubernetesWorld, running
from tests.backends.opening import opened


@pytest.fixture(scope="session")
def world() -> Iterator[KubernetesWorld]:
    """The cluster of the contract suite, with what further roles need besides."""
    with running(besides=True) as found:
        yield found


@pytest.fixture
async def backend(world: KubernetesWorld) -> AsyncIterator[Backend]:
    """Opened as the how-to page has it."""
    found = opened(world.setup)
    yield found
    await found.close()
