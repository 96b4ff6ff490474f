"""A backend that accepts connections and never answers delays neither another backend's work nor the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from adapters.provider_table import KINDS
from domain.lease import Lease, LeasePlan
from domain.ports import Append
from tests.assembly import assembled
from tests.fakes.memory_backend import Place
from tests.integration.api.leasing import LEASES, PROVIDERS, issued, provided
from tests.integration.api.tenants import Tenant

pytestmark = pytest.mark.anyio

AT_ONCE: Final = 8
KINDS_THAT_HANG: Final[dict[str, dict[str, Any]]] = {
    "postgresql": {"connection": {"database": "app", "username": "trstctl", "sslmode": "disable"}},
    "mysql": {"connection": {"username": "trstctl", "tls": "disable"}},
    "redis": {"connection": {"tls": False}, "role": {"rules": ["+get"]}},
}


class Silence:
    """A listener that accepts whoever comes, and says nothing until it hangs up on all of them."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self._over = asyncio.Event()

    async def accept(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.set()
        await self._over.wait()
        writer.close()

    def hang_up(self) -> None:
        self._over.set()


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[Tenant]:
    """A tenant of a system of its own, for its lanes are to hang."""
    async with assembled(tmp_path) as system:
        yield await Tenant.begin(system, system.app(), "acme")


@pytest.fixture
async def place(acme: Tenant) -> AsyncIterator[Place]:
    async with provided(acme) as configured:
        yield configured


@pytest.mark.parametrize("kind", KINDS_THAT_HANG)
async def test_nobody_waits_for_a_backend_that_hangs(kind: str, acme: Tenant, place: Place) -> None:
    silence = Silence()
    async with await asyncio.start_server(silence.accept, "127.0.0.1", 0) as server:
        await _configure(acme, kind, server.sockets[0].getsockname()[1])
        await _due_there(acme, kind, 3 * AT_ONCE)
        told = [await issued(acme) for _ in range(20)]
        acme.system.clock.advance(seconds=1000)
        await acme.system.outbox.tick()
        await asyncio.wait_for(silence.came.wait(), 10)
        # From here on each of these would wait for the other backend if anything did.
        await _until_revoked(acme, [lease["id"] for lease in told])
        assert place.there == {}
        assert await _left(acme) == 3 * AT_ONCE
        assert acme.system.attempts.count(("lease.revoke", "failed")) == 0
        silence.hang_up()
        await acme.system.outbox.settled()


async def _until_revoked(acme: Tenant, ids: list[str]) -> None:
    """By the API, which so is seen to answer."""
    async with asyncio.timeout(10):
        for lease_id in ids:
            while (await acme("GET", f"{LEASES}/{lease_id}")).json()["state"] != "revoked":  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def _configure(acme: Tenant, kind: str, port: int) -> None:
    connection = {"host": "127.0.0.1", "port": port, **KINDS_THAT_HANG[kind]["connection"]}
    body = {"kind": kind, "connection": connection, "credentials": {"password": "x"}}
    answer = await acme("PUT", f"{PROVIDERS}/silent", body)
    assert answer.status == 200, answer


async def _due_there(acme: Tenant, kind: str, count: int) -> None:
    """Leases that were issued there before it fell silent."""
    at = acme.system.clock()
    for number in range(count):
        lease = Lease.request(acme.id, _plan(acme.id, kind, number, at), at)
        lease.issue({}, at)
        events: Any = lease.collect_events()
        await acme.system.log.append(Append(tenant=acme.id, actor="t", request_id="r", events=events))


def _plan(tenant: str, kind: str, number: int, at: Any) -> LeasePlan:
    settings = KINDS_THAT_HANG[kind].get("role", {})
    return LeasePlan(
        lease_id=f"lse_{number}", provider="silent", kind=kind, destination=f"{tenant}/silent", role="r",
        settings=msgspec.json.encode(settings).decode(), subject="s", token_id="t", account=f"trst-r-s-{number:012x}",
        expires_at=at + timedelta(seconds=60), max_expires_at=at + timedelta(seconds=60), give_up_at=at,
    )  # fmt: skip


async def _left(acme: Tenant) -> int:
    ((count,),) = await acme.system.rows("SELECT count(*) FROM due_work WHERE destination LIKE '%/silent'")
    return int(count)
