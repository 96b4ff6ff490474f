"""A person decides on work while an attempt at it is under way: the decision stands, and nobody else is disturbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.outbox import Outbox
from adapters.outbox_attempts import Attempts
from adapters.outbox_hands import Hands, Pace
from domain.backends import BackendUnavailable
from domain.commands.attention import AttentionCommands
from domain.ports import Append
from domain.process import EXPIRE_TOKEN, RetryPolicy
from domain.views import Work
from tests.assembly import Assembly, assembled, call
from tests.parked_work import parked

pytestmark = pytest.mark.anyio


class Held:
    """A backend that answers when it is let: the piece of work named fails, any other is done."""

    def __init__(self, system: Assembly, failing: str) -> None:
        self.begun = asyncio.Barrier(3)
        self.answer = asyncio.Event()
        self._system = system
        self._failing = failing

    async def begin(self, work: Work, intent: Append) -> None:
        await self._system.committer.append(intent)

    async def carry_out(self, work: Work) -> None:
        await self.begun.wait()
        await self.answer.wait()
        if str(work.stream) == self._failing:
            raise BackendUnavailable("it does not answer")
        await asyncio.sleep(0.05)
        await self._system.token_ends.expire(work)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Assembly]:
    async with assembled(tmp_path) as assembly:
        yield assembly


def outbox(system: Assembly, effect: Held) -> Outbox:
    policy = RetryPolicy()
    attempts = Attempts(system.committer, system.clock, "n", policy, lambda: 0.5)
    hands = Hands(
        view=system.views.due_work, attempts=attempts, clock=system.clock, policy=policy, chance=lambda: 0.5,
        inside={}, effects={EXPIRE_TOKEN: effect}, told=lambda *_: None,
    )  # fmt: skip
    return Outbox(hands, lambda _destination: Pace())


@pytest.mark.parametrize("decision", ["retry", "resolve"])
async def test_attempt_that_fails_after_a_decision_changes_nothing(decision: str, system: Assembly) -> None:
    tenant = await system.new_tenant("acme")
    for subject in ("stuck", "well"):
        await system.new_token(tenant, subject, ttl_seconds=60)
    ids = {subject: token_id for token_id, subject in await system.rows("SELECT token_id, subject FROM api_tokens")}
    work_id = await parked(system.views.due_work, system.committer, tenant, ids["stuck"])
    system.clock.advance(days=10_000)
    effect = Held(system, work_id)
    working = outbox(system, effect)
    await working.tick()
    await effect.begun.wait()
    attention = AttentionCommands(system.committer, system.views.due_work, system.replies, system.clock)
    if decision == "retry":
        await attention.retry(call(tenant), work_id)
    else:
        await attention.resolve(call(tenant), work_id, "settled")
    effect.answer.set()
    await working.settled()
    assert await system.rows("SELECT subject FROM api_tokens WHERE revoked_at IS NOT NULL") == [("well",)]
    left = await system.rows("SELECT ref, attempts, state FROM due_work")
    assert left == ([(ids["stuck"], 0, "waiting")] if decision == "retry" else [])
