"""The Vault surface of a system that the tests of this folder share: each test has tenants of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import pytest

from api.asgi import ASGIApp
from tests.assembly import Assembly, assembled
from tests.integration.vault.client import VaultTenant

_NUMBERS = count()


@pytest.fixture(scope="session")
async def vault_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assembly]:
    """The whole system over a store of its own."""
    async with assembled(tmp_path_factory.mktemp("vault")) as assembly:
        yield assembly


@pytest.fixture(scope="session")
def vault_app(vault_system: Assembly) -> ASGIApp:
    """The API over the shared system."""
    return vault_system.app()


@pytest.fixture
async def system(vault_system: Assembly) -> AsyncIterator[Assembly]:
    """The shared system, its clock right."""
    yield vault_system
    vault_system.clock.moved = timedelta()


@pytest.fixture
async def acme(system: Assembly, vault_app: ASGIApp) -> VaultTenant:
    """A tenant; calling it asks as its operator."""
    return await VaultTenant.begin(system, vault_app, f"acme-{next(_NUMBERS)}")


@pytest.fixture
async def other(system: Assembly, vault_app: ASGIApp) -> VaultTenant:
    """Another tenant of the same system."""
    return await VaultTenant.begin(system, vault_app, f"other-{next(_NUMBERS)}")
