"""The outbox: who does what has come due, how often, what rests meanwhile, and what a person is told of."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.backends import BackendRefused, BackendUnavailable, NotYet, UnknownDestination
from domain.errors import Conflict
from domain.views import Work
from tests.integration.outbox.nodes import PACE, POLICY, Log, Node, at_once, failing

pytestmark = pytest.mark.anyio

AWAY = BackendUnavailable("away")


@pytest.fixture
def log() -> Log:
    return Log()


class Hanging:
    """An effect that does not come back, until it is let go."""

    def __init__(self, *refs: str) -> None:
        self.refs = refs
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()

    async def __call__(self, work: Work) -> None:
        if not self.refs or work.ref in self.refs:
            self.begun.set()
            await self.let_go.wait()


async def test_of_two_nodes_one_does_each_piece_of_work(log: Log) -> None:
    refs = [f"l{number}" for number in range(50)]
    await log.due(*refs)
    nodes = Node(log, "a"), Node(log, "b")
    await asyncio.gather(*(node.tick() for node in nodes))
    assert sorted(nodes[0].begun + nodes[1].begun) == sorted(refs)
    assert nodes[0].done
    assert nodes[1].done
    assert [await log.work(ref) for ref in refs] == [None] * 50


async def test_work_of_a_node_that_stopped_is_done_by_another_when_its_claim_ends(log: Log) -> None:
    await log.due("l1", "l2")
    hanging = Hanging()
    dying, other = Node(log, "a", hanging), Node(log, "b")
    await dying.outbox.tick()
    await hanging.begun.wait()
    await dying.outbox.stop()
    await other.tick()
    assert other.begun == []
    assert (await log.told("l1")).due_at == log.now + timedelta(seconds=PACE.claim_seconds)
    log.pass_by(PACE.claim_seconds)
    await other.tick()
    assert sorted(other.done) == ["l1", "l2"]


async def test_stop_waits_for_what_was_begun_if_told_to(log: Log) -> None:
    await log.due("l1")
    hanging = Hanging()
    node = Node(log, doing=hanging)
    await node.outbox.tick()
    await hanging.begun.wait()
    stopping = asyncio.create_task(node.outbox.stop(60))
    await asyncio.sleep(0)
    hanging.let_go.set()
    await stopping
    assert node.done == ["l1"]


async def test_destination_that_cannot_be_reached_rests_and_no_other_does(log: Log) -> None:
    await log.due(*(f"l{number}" for number in range(20)))
    await log.due("m1", destination="there")
    node = Node(log, doing=_only_here_fails)
    await node.tick()
    assert node.done == ["m1"]
    assert len(node.begun) - 1 <= PACE.at_once
    node.doing = at_once
    await node.tick()
    assert node.done == ["m1"]
    log.pass_by(PACE.claim_seconds + POLICY.first)
    await node.tick()
    assert len(node.done) == 21


async def _only_here_fails(work: Work) -> None:
    if work.destination == "here":
        raise AWAY


async def test_refusal_of_one_account_keeps_no_other_waiting(log: Log) -> None:
    await log.due("l1", "l2", "l3", "l4", "l5")

    async def refuse_one(work: Work) -> None:
        if work.ref == "l1":
            raise BackendRefused("no")

    node = Node(log, doing=refuse_one)
    await node.tick()
    assert sorted(node.done) == ["l2", "l3", "l4", "l5"]
    failed = await log.told("l1")
    assert (failed.attempts, failed.error, failed.needs_attention) == (1, "backend-refused", False)
    assert failed.due_at == log.now + timedelta(seconds=POLICY.first)


async def test_no_more_is_under_way_at_once_than_allowed(log: Log) -> None:
    await log.due(*(f"l{number}" for number in range(10)))
    under_way: list[int] = [0]
    most = [0]

    async def count(_work: Work) -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        await asyncio.sleep(0.001)
        under_way[0] -= 1

    node = Node(log, doing=count)
    await node.tick()
    assert len(node.done) == 10
    assert most == [PACE.at_once]


async def test_what_comes_due_is_begun_while_other_work_there_still_hangs(log: Log) -> None:
    await log.due("slow")
    hanging = Hanging("slow")
    node = Node(log, doing=hanging)
    await node.outbox.tick()
    await hanging.begun.wait()
    await log.due("l1", "l2")
    node.outbox.wake("here")
    async with asyncio.timeout(10):
        while sorted(node.done) != ["l1", "l2"]:  # noqa: ASYNC110 - the node tells nobody
            await asyncio.sleep(0)
    hanging.let_go.set()
    await node.outbox.settled()
    assert node.done[-1] == "slow"


async def test_failed_work_waits_twice_as_long_each_time_until_a_person_is_told(log: Log) -> None:
    await log.due("l1")
    node = Node(log, doing=failing(BackendRefused("no")))
    pauses = []
    for _ in range(POLICY.attempts):
        await node.tick()
        work = await log.told("l1")
        pauses.append((work.due_at - log.now).total_seconds())
        log.now = work.due_at
    assert pauses == [10, 20, POLICY.parked]
    assert (await log.told("l1")).needs_attention


async def test_parked_work_is_tried_at_once_when_a_person_asks_and_as_often_as_at_first(log: Log) -> None:
    await log.due("l1")
    node = Node(log, doing=failing(UnknownDestination("not configured")))
    await node.tick()
    await log.retry((await log.told("l1")).stream)
    retried = await log.told("l1")
    assert (retried.needs_attention, retried.attempts, retried.due_at) == (False, 0, log.now)
    node.doing = failing(BackendRefused("no"))
    await node.tick()
    assert (await log.told("l1")).needs_attention is False
    log.pass_by(POLICY.longest)
    node.doing = at_once
    await node.tick()
    assert node.done == ["l1"]


async def test_parked_work_is_tried_seldom_and_ends_by_itself(log: Log) -> None:
    await log.due("l1")
    node = Node(log, doing=failing(UnknownDestination("not configured")))
    await node.tick()
    node.doing = at_once
    log.pass_by(POLICY.parked - 1)
    await node.tick()
    assert node.done == []
    log.pass_by(1)
    await node.tick()
    assert node.done == ["l1"]


async def test_what_can_only_run_out_comes_round_then_and_is_no_matter_for_a_person(log: Log) -> None:
    await log.due("l1")
    node = Node(log)
    for _ in range(POLICY.attempts + 1):
        until = log.now + timedelta(seconds=500)
        node.doing = failing(NotYet("it must run out", until))
        await node.tick()
        work = await log.told("l1")
        assert (work.due_at, work.needs_attention) == (until, False)
        log.now = until
    node.doing = at_once
    await node.tick()
    assert node.done == ["l1"]


async def test_unknown_destination_is_parked_at_once_and_never_taken_for_delivered(log: Log) -> None:
    await log.due("l1")
    node = Node(log, doing=failing(UnknownDestination("not configured")))
    await node.tick()
    work = await log.told("l1")
    assert (work.needs_attention, work.attempts, work.error) == (True, 1, "unknown-destination")
    assert node.outcomes == ["failed"]


async def test_work_of_a_kind_that_nobody_knows_is_parked_at_once(log: Log) -> None:
    await log.due("l1")
    await Node(log, kinds=False).tick()
    work = await log.told("l1")
    assert (work.needs_attention, work.attempts, work.error) == (True, 1, "unknown-destination")


async def test_attempt_that_takes_too_long_is_recorded_as_one_whose_effect_is_open(log: Log) -> None:
    await log.due("l1")
    node = Node(log, doing=failing(TimeoutError()))
    await node.tick()
    assert (await log.told("l1")).error == "backend-unavailable"


async def test_conflict_about_work_that_another_ended_is_no_failure(log: Log) -> None:
    await log.due("l1")

    async def end_it_elsewhere(work: Work) -> None:
        await log.verified(work.ref)
        raise Conflict("somebody else did it")

    node = Node(log, doing=end_it_elsewhere)
    await node.tick()
    assert node.outcomes == []
    assert await log.work("l1") is None
