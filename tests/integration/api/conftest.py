"""Tenants of a system that the tests of this folder share: each test has tenants of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import pytest

from api.asgi import ASGIApp
from cli.server.config.approvals import Approval
from cli.server.config.settings import Secrets
from tests.assembly import Assembly, assembled
from tests.integration.api.tenants import Tenant

_NUMBERS = count()
_SECRETS = Secrets(approvals=[Approval(name="guarded", paths=["guarded/*"], actions=["rotate"])])


@pytest.fixture(scope="session")
async def shared_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assembly]:
    """The whole system over a store of its own."""
    async with assembled(tmp_path_factory.mktemp("system"), _SECRETS) as assembly:
        yield assembly


@pytest.fixture(scope="session")
def shared_app(shared_system: Assembly) -> ASGIApp:
    """The API over the shared system."""
    return shared_system.app()


@pytest.fixture
async def system(shared_system: Assembly) -> AsyncIterator[Assembly]:
    """The shared system, its clock right."""
    yield shared_system
    shared_system.clock.moved = timedelta()


@pytest.fixture
async def acme(system: Assembly, shared_app: ASGIApp) -> Tenant:
    """A tenant."""
    return await Tenant.begin(system, shared_app, f"acme-{next(_NUMBERS)}")


@pytest.fixture
async def other(system: Assembly, shared_app: ASGIApp) -> Tenant:
    """Another tenant of the same system."""
    return await Tenant.begin(system, shared_app, f"other-{next(_NUMBERS)}")
