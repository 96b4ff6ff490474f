"""Leases on a backend in memory, as the tests of them begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from tests.fakes.memory_backend import PLACES, Place
from tests.integration.api.tenants import Tenant

LEASES = "/api/v1/secrets/leases"
PROVIDERS = "/api/v1/secrets/providers"
WANTED = {"provider": "mem", "role": "readonly", "ttl_seconds": 900}
_NUMBERS = count()


@asynccontextmanager
async def provided(acme: Tenant) -> AsyncIterator[Place]:
    """A backend that acme has configured, with a role of at most an hour."""
    name = f"place-{next(_NUMBERS)}"
    body = {"kind": "memory", "connection": {"place": name}, "credentials": {"password": "of-the-backend"}}
    assert (await acme("PUT", f"{PROVIDERS}/mem", body)).status == 200
    role = {"default_ttl_seconds": 900, "max_ttl_seconds": 3600, "settings": {"may": "read"}}
    assert (await acme("PUT", f"{PROVIDERS}/mem/roles/readonly", role)).status == 200
    PLACES[name] = Place()
    yield PLACES[name]
    acme.system.clock.advance(days=2)
    PLACES[name].behave()
    await acme.system.process()
    del PLACES[name]


async def issued(acme: Tenant, **changes: Any) -> dict[str, Any]:
    answer = await acme("POST", LEASES, WANTED | changes)
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.json()
    return told


async def made(place: Place) -> None:
    """Wait until an account is there."""
    async with asyncio.timeout(5):
        while not place.there:  # noqa: ASYNC110 - the place tells nobody
            await asyncio.sleep(0.01)
