"""What happens in one simulation: nodes that die and are replaced, a backend that fails, clients that try again."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from domain.call import Call, IdempotencyKey, Principal
from domain.errors import TrstctlError
from domain.views import LeaseFilter
from tests.simulation.faulty_backend import FaultyBackend
from tests.simulation.node import PACE, POLICY, Node
from tests.simulation.store import SharedStore

TENANT = "tenant"
HEALS_AT = 400.0
"""From then on the backend works and no node dies."""
LIVES = 300.0
"""The longest life of a lease, renewals and all."""
GRACE = POLICY.parked + POLICY.longest + 2 * PACE.claim_seconds + 60
"""How long after its end a credential may live once the backend answers: a seldom try, a claim of a dead node."""
END = HEALS_AT + LIVES + 2 * GRACE


class Scenario:
    """Run it once; then look at `store`, `backend` and `handed_out`."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.store = SharedStore()
        self.backend = FaultyBackend(self.chance, HEALS_AT)
        self.risk = self.chance.choice((0.0, 0.005, 0.02, 0.05))
        self.nodes: list[Node] = []
        self.handed_out: dict[str, list[str]] = {}
        """Accounts whose credentials a client got, by idempotency key."""

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._keep_running()) for _ in range(self.chance.choice((1, 2, 3)))]
        tasks += [asyncio.create_task(self._client(number)) for number in range(self.chance.randint(1, 6))]
        tasks.append(asyncio.create_task(self._operator()))
        await asyncio.sleep(HEALS_AT)
        while asyncio.get_running_loop().time() < END and self.store.asked("SELECT 1 FROM due_work LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(10)
        for task in tasks:
            task.cancel()

    async def _keep_running(self) -> None:
        """A node, and another one a while after it died."""
        loop = asyncio.get_running_loop()
        while True:
            healed = loop.time() >= HEALS_AT
            node = Node(len(self.nodes), self.store, self.backend, self.chance, 0.0 if healed else self.risk)
            self.nodes.append(node)
            working = asyncio.create_task(node.work())
            while not node.dead and (loop.time() < HEALS_AT) != healed:  # noqa: ASYNC110 - it dies in silence
                await asyncio.sleep(2)
            if not node.dead and healed:
                await asyncio.Event().wait()
            node.dead = True
            working.cancel()
            await asyncio.sleep(self.chance.uniform(1, 30))

    async def _client(self, number: int) -> None:
        await asyncio.sleep(self.chance.uniform(0, 200))
        for _ in range(self.chance.randint(1, 4)):
            lease = await self._asked(number)
            if lease is not None and self.chance.random() < 0.6:
                await self._used(number, lease)
            if asyncio.get_running_loop().time() > HEALS_AT - 100:
                return

    def _living(self) -> Node | None:
        living = [node for node in self.nodes if not node.dead]
        return self.chance.choice(living) if living else None

    async def _asked(self, number: int) -> str | None:
        """One request, sent with one key until something is known, by a client that does not wait for ever."""
        key = f"{number}-{self.chance.randrange(10**9)}"
        for _ in range(self.chance.randint(1, 4)):
            call = _call(number, key)
            made = await self._tried(lambda node, call=call: node.making.issue(call, "db", "r", 60))
            if made is not None:
                self.handed_out.setdefault(key, []).append(made.result.account)
                return str(made.result.id)
            await asyncio.sleep(self.chance.uniform(0, 20))
        return None

    async def _used(self, number: int, lease: str) -> None:
        for _ in range(self.chance.randint(0, 3)):
            await asyncio.sleep(self.chance.uniform(0, 50))
            await self._tried(lambda node: node.leases.renew(_call(number), lease, 60))
        if self.chance.random() < 0.5:
            await self._tried(lambda node: node.leases.revoke(_call(number), lease))

    async def _operator(self) -> None:
        """Somebody takes back whatever there is, also what is still being made."""
        while asyncio.get_running_loop().time() < HEALS_AT:
            await asyncio.sleep(self.chance.uniform(10, 300))
            await self._tried(lambda node: node.leases.revoke_all(_call(0), LeaseFilter(provider="db")))

    async def _tried(self, request: Any) -> Any:
        node = self._living()
        if node is None:
            return None
        try:
            async with asyncio.timeout(self.chance.choice((60, 1000))):
                return await request(node)
        except (TrstctlError, TimeoutError):
            return None


def _call(number: int, key: str | None = None) -> Call:
    principal = Principal(tenant=TENANT, subject=f"client-{number}", scopes=("*",), token_id=f"tok_{number}")
    return Call(
        principal=principal,
        request_id=key or "none",
        idempotency=IdempotencyKey(key, "fingerprint") if key else None,
    )
