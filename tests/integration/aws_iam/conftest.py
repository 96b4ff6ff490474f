"""AWS of the tests: moto, made to check what AWS checks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from domain.backends import Backend
from tests.backends.aws_iam import AwsWorld, federation, roles, users
from tests.backends.opening import opened


@pytest.fixture(scope="session")
def running() -> Iterator[AwsWorld]:
    with users() as started:
        yield started


@pytest.fixture
def world(running: AwsWorld) -> Iterator[AwsWorld]:
    running.control()
    yield running
    running.control()


@pytest.fixture(scope="session")
def role_world() -> Iterator[AwsWorld]:
    with roles() as started:
        yield started


@pytest.fixture(scope="session")
def federation_world() -> Iterator[AwsWorld]:
    with federation() as started:
        yield started


@pytest.fixture
async def backend(world: AwsWorld) -> AsyncIterator[Backend]:
    opening = opened(world.setup)
    yield opening
    await opening.close()
