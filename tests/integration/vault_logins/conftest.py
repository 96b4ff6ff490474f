"""A tenant with every auth method mounted, over a system that the tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from api.app import create_app
from api.asgi import ASGIApp
from tests.assembly import Assembly, assembled
from tests.integration.vault.client import VaultTenant
from tests.integration.vault_logins.calls import mounted

_NUMBERS = count()


@pytest.fixture(scope="session")
async def logins_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assembly]:
    """The whole system over a store of its own."""
    async with assembled(tmp_path_factory.mktemp("logins")) as assembly:
        yield assembly


@pytest.fixture(scope="session")
def logins_app(logins_system: Assembly) -> ASGIApp:
    """The API over the shared system, where one address may try as often as it likes."""
    services = logins_system.services()
    return create_app(services, replace(logins_system.vaulting.services(services), logins_per_second=0))


@pytest.fixture
async def system(logins_system: Assembly) -> AsyncIterator[Assembly]:
    """The shared system, its clock right."""
    yield logins_system
    logins_system.clock.moved = timedelta()


@pytest.fixture
async def acme(system: Assembly, logins_app: ASGIApp) -> VaultTenant:
    """A tenant; calling it asks as its operator."""
    return await mounted(await VaultTenant.begin(system, logins_app, f"acme-{next(_NUMBERS)}"))
