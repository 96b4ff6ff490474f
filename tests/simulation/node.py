"""One simulated node: the product's commands and outbox, over a log and a backend that die with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from random import Random
from typing import Any, TypeVar

import msgspec

from adapters.log.repository import StreamRepository
from adapters.outbox import Outbox
from adapters.outbox_attempts import Attempts
from adapters.outbox_hands import Hands, Pace
from domain.backends import Account, Backend, Credential, Rotatable
from domain.catalog import ProviderEntry, Role
from domain.commands.lease_making import LeaseMaking
from domain.commands.lease_revocation import LeaseRevocation
from domain.commands.lease_terms import Patience
from domain.commands.leases import LeaseCommands
from domain.ports import Append
from domain.process import REVOKE_LEASE, RetryPolicy
from tests.simulation.faulty_backend import CALL_SECONDS, FaultyBackend
from tests.simulation.store import PlainReplies, SharedStore, moment

T = TypeVar("T")
_STALLS = 0.03
"""How often a node stands still for a while after a step, as a machine that is suspended does."""
POLICY = RetryPolicy(first=1, longest=30, attempts=5, parked=120)
PACE = Pace(at_once=3, seconds=3 * CALL_SECONDS)
ENTRY = ProviderEntry(
    name="db", kind="memory", destination="file/db", connection="{}", number=0,
    roles={"r": Role(name="r", default_ttl_seconds=60, max_ttl_seconds=300, settings="{}")},
)  # fmt: skip


class Node:
    """`dies` says before and after each step whether the node is dead from there on: then nothing of it goes on."""

    def __init__(self, number: int, store: SharedStore, backend: FaultyBackend, chance: Random, risk: float) -> None:
        self._chance = chance
        self._risk = risk
        self._store = store
        self._backend = backend
        self.dead = False
        repository = StreamRepository(store)  # type: ignore[arg-type]  # no stream is asked for
        mortal = MortalInBulk if backend.in_bulk else MortalBackend
        catalog, clock = OneProvider(mortal(self, backend)), lambda: moment(asyncio.get_running_loop().time())
        patience = Patience(revoke_wait=0)
        replies: Any = PlainReplies()
        self.making = LeaseMaking(self, catalog, replies, clock, chance.randbytes, patience)
        self.leases = LeaseCommands(self, repository, catalog, store.leases, replies, clock, patience, self._wake)
        hands = Hands(
            view=store.due_work,
            attempts=Attempts(self, clock, f"node-{number}", POLICY, chance.random),
            clock=clock,
            policy=POLICY,
            chance=chance.random,
            inside={},
            effects={},
            batched={REVOKE_LEASE: LeaseRevocation(self, repository, catalog, clock)},
            told=lambda _kind, _outcome: None,
        )
        self.outbox = Outbox(hands, lambda _: PACE)

    def _wake(self, destination: str) -> None:
        self.outbox.wake(destination)

    async def append(self, entry: Append) -> int:
        """The log, as this node has it."""
        return await self.step(lambda: self._appended(entry))

    async def _appended(self, entry: Append) -> int:
        await asyncio.sleep(self._chance.random() / 100)
        return self._store.append(entry)

    async def step(self, doing: Callable[[], Awaitable[T]]) -> T:
        """Do it, unless the node dies before; what came of it is known, unless it dies after."""
        await self._perhaps_die()
        try:
            return await doing()
        finally:
            await self._perhaps_die()
            if self._risk and self._chance.random() < _STALLS:
                await asyncio.sleep(self._chance.uniform(1, 150))

    async def _perhaps_die(self) -> None:
        self.dead = self.dead or self._chance.random() < self._risk
        if self.dead:
            await asyncio.Event().wait()

    async def work(self) -> None:
        """Tick until dead."""
        while not self.dead:
            await self.outbox.tick()
            await asyncio.sleep(2)


class MortalBackend:
    """The backend as one node has it: what happens there happens, whether the node lives to hear of it or not."""

    def __init__(self, node: Node, backend: FaultyBackend) -> None:
        self._node = node
        self._backend = backend

    async def create(self, account: Account) -> Credential:
        return await self._node.step(lambda: self._backend.create(account))

    async def renew(self, account: Account) -> None:
        await self._node.step(lambda: self._backend.renew(account))

    async def remove(self, account: Account) -> None:
        await self._node.step(lambda: self._backend.remove(account))

    async def present(self, account: Account) -> bool:
        return await self._node.step(lambda: self._backend.present(account))

    def accounts(self) -> AsyncIterator[str]:
        return self._backend.accounts()

    async def check(self) -> None:
        await self._backend.check()

    async def close(self) -> None:
        await self._backend.close()


class MortalInBulk(MortalBackend):
    """The same, for a backend that ends many accounts at once."""

    async def remove_all(self, accounts: Sequence[Account]) -> None:
        await self._node.step(lambda: self._backend.remove_all(accounts))

    async def present_of(self, accounts: Sequence[Account]) -> set[str]:
        return await self._node.step(lambda: self._backend.present_of(accounts))


class OneProvider:
    """A catalog of one."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def find(self, tenant: str, name: str) -> ProviderEntry | None:
        return ENTRY if name == ENTRY.name else None

    async def all(self, tenant: str) -> list[ProviderEntry]:
        return [ENTRY]

    async def backend(self, tenant: str, entry: ProviderEntry) -> Backend:
        return self._backend

    async def rotatable(self, tenant: str, entry: ProviderEntry) -> Rotatable:
        raise NotImplementedError

    async def trial(self, kind: str, connection: str, secrets: dict[str, str]) -> None:
        raise NotImplementedError

    def check(self, kind: str, connection: str, secrets: dict[str, str]) -> None:
        raise NotImplementedError

    def settings(self, kind: str, text: str) -> Any:
        return msgspec.json.decode(text)
