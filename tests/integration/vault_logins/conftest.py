"""A tenant with every auth method mounted, over a system that the tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from api.app import create_app
from api.asgi import ASGIApp
from domain.mounts import BUILT_IN, MountEntry, Mounts
from tests.assembly import Assembly, assembled
from tests.integration.vault.client import VaultTenant

_NUMBERS = count()
METHODS = ("approle", "userpass", "jwt", "kubernetes")


class Mounted:
    """Every method under its own name, and a second approle."""

    async def mounts(self, tenant: str, generation: int | None) -> Mounts:
        entries = [
            MountEntry(path=f"auth/{path}/", kind=kind, accessor=f"auth_{path}_1")
            for path, kind in (*((name, name) for name in METHODS), ("other", "approle"))
        ]
        short = MountEntry(path="auth/short/", kind="userpass", accessor="auth_short_1", default_ttl=600, max_ttl=900)
        return Mounts([*BUILT_IN, *entries, short])


@pytest.fixture(scope="session")
async def logins_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assembly]:
    """The whole system over a store of its own."""
    async with assembled(tmp_path_factory.mktemp("logins")) as assembly:
        yield assembly


@pytest.fixture(scope="session")
def logins_app(logins_system: Assembly) -> ASGIApp:
    """The API over the shared system, with the mounts."""
    return mounted_app(logins_system)


def mounted_app(system: Assembly) -> ASGIApp:
    """The API over `system`, with the mounts."""
    services = system.services()
    vault = replace(system.vaulting.services(services), config=Mounted(), logins_per_second=0)
    return create_app(services, vault)


@pytest.fixture
async def system(logins_system: Assembly) -> AsyncIterator[Assembly]:
    """The shared system, its clock right."""
    yield logins_system
    logins_system.clock.moved = timedelta()


@pytest.fixture
async def acme(system: Assembly, logins_app: ASGIApp) -> VaultTenant:
    """A tenant; calling it asks as its operator."""
    return await VaultTenant.begin(system, logins_app, f"acme-{next(_NUMBERS)}")
