"""Rotations on a backend in memory, as the tests of them begin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from tests.fakes.memory_backend import PLACES, Place
from tests.integration.api.tenants import Tenant

ROTATIONS = "/api/v1/secrets/rotations"
SCHEDULES = "/api/v1/secrets/rotation-schedules"
DSN = "postgresql://reporting:old-password@db.internal:5432/reports?sslmode=require"
WISH = {"provider": "mem", "key": "db/reporting", "old_ref": "reporting"}
_NUMBERS = count()
PLAN = {**WISH, "name": "hourly", "interval_seconds": 3600}


@asynccontextmanager
async def standing(acme: Tenant) -> AsyncIterator[Place]:
    """A backend with the account `reporting`, whose credential is stored as `db/reporting`."""
    name = f"rotated-{next(_NUMBERS)}"
    body = {"kind": "memory", "connection": {"place": name}, "credentials": {}}
    assert (await acme("PUT", "/api/v1/secrets/providers/mem", body)).status == 200
    place = PLACES[name] = Place()
    place.there["reporting"] = acme.system.clock()
    place.passwords["reporting"] = "old-password"
    await acme.put("db/reporting", DSN)
    yield place
    place.behave()
    acme.system.clock.advance(days=3)
    await acme.system.process()
    del PLACES[name]


async def rotated(acme: Tenant, **changes: Any) -> dict[str, Any]:
    answer = await acme("POST", ROTATIONS, WISH | changes)
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json()
    return told


async def steps(acme: Tenant) -> list[str]:
    return [event["type"] for event in await acme.events() if event["type"].startswith("rotation.")]
