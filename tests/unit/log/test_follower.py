"""A read model that follows the log: to its end, from where it was, and on after a failure."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator

import pytest

from adapters.log.batch import Batch
from adapters.log.follower import Follower
from adapters.log.loop_committer import LoopCommitter
from domain.errors import StoreUnavailable
from domain.ports import Append, Record, Statement
from tests.unit.log.memory_log import Collecting, MemoryLog, entry, fact, use

pytestmark = pytest.mark.anyio


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def committer(log: MemoryLog) -> AsyncIterator[LoopCommitter]:
    committer = LoopCommitter(Batch(log.store, [], "node"), log.store)
    yield committer
    await committer.stop()


def noted(record: Record) -> list[Statement]:
    return [("INSERT INTO notes VALUES (?) ON CONFLICT DO NOTHING", (f"{record.position:03} {record.type}",))]


def notes(log: MemoryLog) -> list[str]:
    return [text for (text,) in log.all("SELECT text FROM notes ORDER BY text")]


@contextlib.asynccontextmanager
async def running(follower: Follower) -> AsyncIterator[None]:
    task = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_read_model_holds_what_was_written_once_it_has_caught_up(
    log: MemoryLog, committer: LoopCommitter
) -> None:
    follower = Follower(Collecting(noted), log, committer)
    await committer.append(entry(fact(0, 1)))
    async with running(follower):
        await follower.caught_up(1, 5)
        assert notes(log) == ["001 api_token.revoked"]
        position = await committer.append(entry(use(), use()))
        await follower.caught_up(position, 5)
        assert notes(log)[1:] == ["002 secret.read", "003 secret.read"]
        assert follower.lag == 0


async def test_records_are_those_of_the_log(log: MemoryLog, committer: LoopCommitter) -> None:
    collecting = Collecting(noted)
    follower = Follower(collecting, log, committer)
    position = await committer.append(entry(fact(0, 1)))
    async with running(follower):
        await follower.caught_up(position, 5)
    (record,) = collecting.records
    assert record.event == fact(0, 1)
    assert (record.tenant, record.actor, record.request_id) == ("acme", "ops#tok", "req")
    assert log.all("SELECT id FROM events") == [(record.id,)]


async def test_long_log_is_followed_batch_by_batch(log: MemoryLog, committer: LoopCommitter) -> None:
    await committer.append(entry(*(use() for _ in range(25))))
    follower = Follower(Collecting(noted), log, committer, batch=10)
    async with running(follower):
        await follower.caught_up(25, 5)
    assert len(notes(log)) == 25
    assert log.all("SELECT position FROM tracking WHERE name = 'collecting'") == [(25,)]


async def test_next_start_goes_on_where_the_last_one_was(log: MemoryLog, committer: LoopCommitter) -> None:
    await committer.append(entry(use()))
    first = Follower(Collecting(noted), log, committer)
    async with running(first):
        await first.caught_up(1, 5)
    await committer.append(entry(use()))
    collecting = Collecting(noted)
    second = Follower(collecting, log, committer)
    async with running(second):
        await second.caught_up(2, 5)
    assert [record.position for record in collecting.records] == [2]


async def test_two_nodes_following_at_once_apply_everything(log: MemoryLog, committer: LoopCommitter) -> None:
    followers = [Follower(Collecting(noted), log, committer, batch=3) for _ in range(2)]
    async with running(followers[0]), running(followers[1]):
        for _ in range(20):
            await committer.append(entry(use()))
        for follower in followers:
            await follower.caught_up(20, 5)
    assert len(notes(log)) == 20


async def test_failure_is_logged_and_tried_again(
    log: MemoryLog, committer: LoopCommitter, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = [sqlite3.OperationalError("gone"), StoreUnavailable("away"), KeyError("what")]

    def failing(record: Record) -> list[Statement]:
        if failures:
            raise failures.pop(0)
        return noted(record)

    follower = Follower(Collecting(failing), log, committer)
    await committer.append(entry(use()))
    async with running(follower):
        async with asyncio.timeout(5):
            while failures:
                follower._wake.set()
                await asyncio.sleep(0.01)
        await follower.caught_up(1, 5)
    assert notes(log) == ["001 secret.read"]
    assert caplog.text.count("cannot follow the log") == 3


async def test_waiting_for_a_follower_that_does_not_follow_ends(log: MemoryLog, committer: LoopCommitter) -> None:
    follower = Follower(Collecting(noted), log, committer)
    position = await committer.append(entry(use()))
    assert follower.lag == 1
    with pytest.raises(StoreUnavailable, match="1 events behind"):
        await follower.caught_up(position, 0.05)


class Overtaken:
    """A committer by which somebody else is quicker than the follower's first write."""

    def __init__(self, committer: LoopCommitter) -> None:
        self.observe = committer.observe
        self.stop = committer.stop
        self._committer = committer
        self._quicker = [entry(use())]

    async def append(self, command: Append) -> int:
        while self._quicker:
            await self._committer.append(self._quicker.pop())
            await asyncio.sleep(0.01)
        return await self._committer.append(command)


async def test_what_is_committed_while_it_works_is_followed_at_once(log: MemoryLog, committer: LoopCommitter) -> None:
    follower = Follower(Collecting(noted), log, Overtaken(committer))
    await committer.append(entry(use()))
    async with running(follower):
        for _ in range(85):  # before it looks by itself, after a second
            await asyncio.sleep(0.01)
            if len(notes(log)) == 2:
                break
        assert len(notes(log)) == 2


async def test_cancelled_follower_ends_even_while_it_is_woken(log: MemoryLog, committer: LoopCommitter) -> None:
    for _ in range(20):
        task = asyncio.create_task(Follower(Collecting(noted), log, committer).run())
        await asyncio.sleep(0.002)
        waker = asyncio.create_task(committer.append(entry(use())))
        await waker
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done == {task}
