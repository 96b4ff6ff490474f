"""Google of the tests, which verifies what Google verifies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from domain.backends import Backend
from tests.backends.gcp_iam import READER, GcpWorld, keys, tokens
from tests.backends.opening import opened


@pytest.fixture(scope="module")
def key_world() -> Iterator[GcpWorld]:
    with keys() as world:
        yield world


@pytest.fixture(scope="module")
def token_world() -> Iterator[GcpWorld]:
    with tokens() as world:
        yield world


@pytest.fixture
async def backend(key_world: GcpWorld) -> AsyncIterator[Backend]:
    opening = opened(key_world.setup)
    yield opening
    await opening.close()
    key_world.cloud.intercept = lambda _: None
    key_world.accounts.all[READER].keys.clear()


@pytest.fixture
async def token_backend(token_world: GcpWorld) -> AsyncIterator[Backend]:
    opening = opened(token_world.setup)
    yield opening
    await opening.close()
