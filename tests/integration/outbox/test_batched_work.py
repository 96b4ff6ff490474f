"""Work claimed, done and recorded many at a time: together where all is well, each by itself where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from domain.backends import BackendRefused, BackendUnavailable
from domain.errors import StoreUnavailable, VersionConflict
from domain.ports import Append
from domain.undertaking import Begun
from domain.views import Work
from tests.integration.outbox.nodes import PACE, Log, Node

pytestmark = pytest.mark.anyio

MANY = [f"l{number}" for number in range(100)]


class Together:
    """A `Batched` that notes how many it was given at once, and fails for some as a test says."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.begun: list[int] = []
        self.done: list[list[str]] = []
        self.recorded: list[list[str]] = []
        self.most = 10
        self.failing: dict[str, Exception] = {}
        self.unrecorded: dict[str, Exception] = {}

    async def begin(self, work: Work, intent: Append) -> None:
        await self.log.append(intent)
        self.begun.append(1)

    async def begin_all(self, claims: Sequence[tuple[Work, Append]]) -> Sequence[Begun]:
        first = claims[0][1]
        first.events = [event for _, intent in claims for event in intent.events]
        await self.log.append(first)
        self.begun.append(len(claims))
        return [Begun(work, work.ref) for work, _ in claims]

    def together(self, work: Work) -> int:
        return self.most

    async def do_all(self, begun: Sequence[Begun]) -> None:
        refs = [each.work.ref for each in begun]
        self.done.append(refs)
        await asyncio.sleep(0)
        for ref in refs:
            if ref in self.failing:
                raise self.failing[ref]

    async def record_all(self, done: Sequence[Begun]) -> None:
        refs = [each.work.ref for each in done]
        await asyncio.sleep(0)
        for ref in refs:
            if ref in self.unrecorded:
                raise self.unrecorded[ref]
        self.recorded.append(refs)
        for ref in refs:
            await self.log.verified(ref)

    def tried(self, ref: str) -> list[int]:
        """With how many others each time."""
        return [len(refs) - 1 for refs in self.done if ref in refs]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def effect(log: Log) -> Together:
    return Together(log)


async def left(log: Log) -> list[str]:
    return [ref for ref in MANY if await log.work(ref)]


async def test_many_are_claimed_done_and_recorded_together(log: Log, effect: Together) -> None:
    await log.due(*MANY)
    node = Node(log, batched=effect)
    await node.tick()
    assert await left(log) == []
    assert sorted(ref for refs in effect.done for ref in refs) == sorted(MANY)
    assert all(len(each) < len(MANY) / 3 for each in (effect.begun, effect.done, effect.recorded))
    assert node.outcomes == ["done"] * len(MANY)


async def test_little_is_claimed_of_a_backend_that_is_slow(log: Log, effect: Together) -> None:
    await log.due(*MANY)

    async def slow(_begun: Sequence[Begun]) -> None:
        log.pass_by(1)

    effect.most, effect.do_all = 1, slow  # type: ignore[assignment,method-assign]
    await Node(log, batched=effect).tick()
    assert await left(log) == []
    assert max(effect.begun) <= 2 * PACE.at_once


async def test_what_one_makes_fail_for_several_is_done_for_each_other_by_itself(log: Log, effect: Together) -> None:
    await log.due(*MANY)
    effect.failing = {"l7": BackendRefused("no")}
    node = Node(log, batched=effect)
    await node.tick()
    assert await left(log) == ["l7"]
    assert effect.tried("l7")[-1] == 0
    failed = await log.told("l7")
    assert (failed.attempts, failed.error) == (1, "backend-refused")
    assert node.outcomes.count("failed") == 1


async def test_backend_that_is_away_is_left_alone_and_what_was_claimed_comes_round(log: Log, effect: Together) -> None:
    await log.due(*MANY)
    effect.failing = dict.fromkeys(MANY, BackendUnavailable("away"))
    node = Node(log, batched=effect)
    await node.tick()
    assert node.outcomes.count("failed") <= 2 * PACE.at_once
    assert effect.recorded == []
    effect.failing = {}
    log.pass_by(PACE.claim_seconds)
    await node.tick()
    assert await left(log) == []


async def test_outcome_that_cannot_be_recorded_keeps_no_other_from_it(log: Log, effect: Together) -> None:
    await log.due(*MANY)
    effect.unrecorded = {"l7": StoreUnavailable("full")}
    node = Node(log, batched=effect)
    await node.tick()
    assert await left(log) == ["l7"]
    assert (await log.told("l7")).error == "store-unavailable"


async def test_two_nodes_that_claim_many_at_once_each_do_their_own(log: Log) -> None:
    await log.due(*MANY)
    effects = Together(log), Together(log)
    nodes = [Node(log, name, batched=effect) for name, effect in zip("ab", effects, strict=True)]
    for _ in range(20):
        await asyncio.gather(*(node.tick() for node in nodes))
    assert await left(log) == []
    assert sorted(ref for effect in effects for refs in effect.done for ref in refs) == sorted(MANY)


async def test_claims_of_many_that_meet_anothers_are_made_one_by_one(log: Log, effect: Together) -> None:
    await log.due(*MANY)

    async def refused(_claims: Sequence[tuple[Work, Append]]) -> Sequence[Begun]:
        raise VersionConflict("another was quicker")

    effect.begin_all = refused  # type: ignore[assignment,method-assign]
    await Node(log, batched=effect).tick()
    assert await left(log) == []
    assert set(effect.begun) == {1}
