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
from tests.integration.api.team import EVERY, Team
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


@pytest.fixture(scope="module")
async def guarded_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assembly]:
    """A system in which much needs approval."""
    async with assembled(tmp_path_factory.mktemp("guarded"), EVERY) as system:
        yield system


@pytest.fixture
async def team(guarded_system: Assembly) -> AsyncIterator[Team]:
    """A tenant of it, its clock right in the end."""
    tenant = await Tenant.begin(guarded_system, guarded_system.app(), f"team-{next(_NUMBERS)}")
    yield Team(
        tenant,
        await tenant.holding("secrets:read", "secrets:write", "secrets:delete", "secrets:destroy", "secrets:list",
                             "secrets:export", "access:write", "approvals:decide", subject="ci"),
        await tenant.holding("approvals:decide", "approvals:read", subject="ada"),
        await tenant.holding("approvals:decide", subject="grace"),
    )  # fmt: skip
    guarded_system.clock.moved -= guarded_system.clock.moved
