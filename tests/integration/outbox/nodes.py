"""Nodes that share a log of leases whose time has come, and effects that do as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from adapters.outbox import Outbox
from adapters.outbox_attempts import Attempts
from adapters.outbox_hands import Batched, Hands, Pace
from domain.call import Call, Principal
from domain.commands.attention import AttentionCommands
from domain.lease import Lease, LeasePlan
from domain.ports import Append
from domain.process import REVOKE_LEASE, RetryPolicy
from domain.views import Work
from tests.simulation.store import BEGINNING, PlainReplies, SharedStore

TENANT = "acme"
POLICY = RetryPolicy(first=10, longest=60, attempts=3, parked=3600)
PACE = Pace(at_once=2, seconds=5)

Doing = Callable[[Work], Awaitable[None]]


async def at_once(_work: Work) -> None:
    """An effect that takes no time."""


class Log:
    """The log, as every node has it, and the clock that all go by."""

    def __init__(self) -> None:
        self.store = SharedStore()
        self.now = BEGINNING
        self.leases: dict[str, Lease] = {}

    def clock(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def append(self, entry: Append) -> int:
        await asyncio.sleep(0)
        return self.store.append(entry)

    async def due(self, *refs: str, destination: str = "here") -> None:
        """Leases that have come to their end."""
        for ref in refs:
            lease = self.leases[ref] = Lease.request(TENANT, _plan(ref, destination, self.now), self.now)
            lease.issue({}, self.now)
            await self._record(lease)

    async def verified(self, ref: str) -> None:
        """Record that it is gone, which ends the work."""
        self.leases[ref].verify(self.now)
        await self._record(self.leases[ref])

    async def _record(self, lease: Lease) -> None:
        await self.append(Append(tenant=TENANT, actor="t", request_id="r", events=lease.collect_events()))  # type: ignore[arg-type]  # the library types them as its own base

    async def work(self, ref: str) -> Work | None:
        """What is to be done about it."""
        return await self.store.due_work.of(TENANT, REVOKE_LEASE, ref)

    async def told(self, ref: str) -> Work:
        """The same, given that there is some."""
        work = await self.work(ref)
        assert work is not None
        return work

    async def retry(self, work_id: UUID) -> None:
        """As an operator does by `attention retry`."""
        principal = Principal(tenant=TENANT, subject="ops", scopes=("*",), token_id="tok_1")
        commands = AttentionCommands(self, self.store.due_work, PlainReplies(), self.clock)
        await commands.retry(Call(principal=principal, request_id="r"), str(work_id))


class Node:
    """One node; `doing` is its effect, and `done` what it did, in order."""

    def __init__(
        self,
        log: Log,
        name: str = "node",
        doing: Doing = at_once,
        *,
        kinds: bool = True,
        batched: Batched | None = None,
    ) -> None:
        self.log = log
        self.doing = doing
        self.begun: list[str] = []
        self.done: list[str] = []
        self.outcomes: list[str] = []
        hands = Hands(
            view=log.store.due_work,
            attempts=Attempts(log, log.clock, name, POLICY, lambda: 0.0),
            clock=log.clock,
            policy=POLICY,
            chance=lambda: 0.0,
            inside={},
            effects={REVOKE_LEASE: self} if kinds else {},
            batched={REVOKE_LEASE: batched} if batched else {},
            told=lambda _, outcome: self.outcomes.append(outcome),
        )
        self.outbox = Outbox(hands, lambda _: PACE)

    async def begin(self, work: Work, intent: Append) -> None:
        await self.log.append(intent)

    async def carry_out(self, work: Work) -> None:
        self.begun.append(work.ref)
        await self.doing(work)
        await self.log.verified(work.ref)
        self.done.append(work.ref)

    async def tick(self) -> None:
        """Look for work and do it."""
        await self.outbox.tick()
        await self.outbox.settled()


def _plan(ref: str, destination: str, at: datetime) -> LeasePlan:
    return LeasePlan(
        lease_id=ref, provider=destination, kind="memory", destination=destination, role="r", settings="{}",
        subject="s", token_id="t", account=f"trst-{ref}", expires_at=at, max_expires_at=at, give_up_at=at,
    )  # fmt: skip


def failing(error: Exception) -> Doing:
    """An effect that always fails."""

    async def fail(_work: Work) -> None:
        raise error

    return fail
