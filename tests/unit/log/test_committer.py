"""Group commit: who waits is written together, who is wrong is refused alone, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from threading import Event
from typing import Any

import msgspec
import pytest

from adapters.log.batch import Batch, LogTransaction, Outcome
from adapters.log.committer import Committer, WatchedLog
from adapters.log.linking import Head
from adapters.log.loop_committer import LoopCommitter
from domain.errors import OutcomeUnknown, StoreUnavailable, VersionConflict
from domain.ports import Append
from tests.unit.log.memory_log import MemoryLog, entry, fact, note, use

pytestmark = pytest.mark.anyio


class Gate:
    """The log's store with a gate before each commit, and something to raise instead of it."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.open = Event()
        self.entered = Event()
        self.transactions = 0
        self.failures: list[Exception] = []

    @contextmanager
    def transaction(self) -> Iterator[LogTransaction]:
        self.transactions += 1
        with self.log.store.transaction() as transaction:
            yield transaction
            self.entered.set()
            assert self.open.wait(10)
            if self.failures:
                raise self.failures.pop(0)

    attempt = transaction

    def close(self) -> None:
        self.log.store.close()


@pytest.fixture
def gate() -> Gate:
    gate = Gate(MemoryLog())
    gate.open.set()
    return gate


Committing = Callable[..., AbstractAsyncContextManager[WatchedLog]]


@pytest.fixture(params=["thread", "loop"])
def committing(request: pytest.FixtureRequest, gate: Gate) -> Committing:
    """A committer of either kind over the gate."""

    @asynccontextmanager
    async def opened(**bounds: Any) -> AsyncIterator[WatchedLog]:
        batch = Batch(gate, [], "node")
        committer = Committer(batch, **bounds) if request.param == "thread" else LoopCommitter(batch, gate, **bounds)
        try:
            yield committer
        finally:
            gate.open.set()
            await committer.stop()

    return opened


async def begun(committer: WatchedLog, gate: Gate, entries: Sequence[Append]) -> list[asyncio.Task[int]]:
    """Commands of which the first is held at its commit while the others come to wait."""
    gate.open.clear()
    gate.entered.clear()
    first = asyncio.create_task(committer.append(entries[0]))
    assert await asyncio.to_thread(gate.entered.wait, 10)
    rest = [asyncio.create_task(committer.append(each)) for each in entries[1:]]
    await asyncio.sleep(0)
    return [first, *rest]


async def gathered(committer: WatchedLog, gate: Gate, entries: Sequence[Append]) -> list[int | BaseException]:
    """The outcomes of commands of which all but the first are written together."""
    tasks = await begun(committer, gate, entries)
    gate.open.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


def told(outcomes: Sequence[int | BaseException]) -> list[int | str]:
    return [outcome if isinstance(outcome, int) else type(outcome).__name__ for outcome in outcomes]


async def test_waiting_commands_are_written_in_one_transaction(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        outcomes = await gathered(committer, gate, [entry(fact(0, version)) for version in range(1, 21)])
    assert outcomes == list(range(1, 21))
    assert gate.transactions == 2
    assert gate.log.verified() == 20


async def test_batches_are_bounded(gate: Gate, committing: Committing) -> None:
    async with committing(max_batch=5) as committer:
        outcomes = await gathered(committer, gate, [entry(use()) for _ in range(21)])
    assert outcomes == list(range(1, 22))
    assert gate.transactions == 5


async def test_what_nobody_waits_for_is_written_by_itself_in_turn_with_the_others(
    gate: Gate, committing: Committing
) -> None:
    patient = [msgspec.structs.replace(entry(fact(stream, 1)), patient=True) for stream in (1, 2)]
    async with committing() as committer:
        outcomes = await gathered(
            committer, gate, [entry(fact(0, 1)), *patient, *(entry(fact(0, version)) for version in (2, 3, 4))]
        )
    assert outcomes == [1, 2, 6, 3, 4, 5]
    assert gate.transactions == 4


async def test_what_nobody_waits_for_is_written_though_there_is_nothing_else(
    gate: Gate, committing: Committing
) -> None:
    async with committing() as committer:
        patient = [msgspec.structs.replace(entry(fact(0, version)), patient=True) for version in (1, 2)]
        assert await asyncio.gather(*map(committer.append, patient)) == [1, 2]
        assert await committer.append(entry(fact(0, 3))) == 3


async def test_conflict_fails_one_command_and_not_its_batch(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        outcomes = await gathered(
            committer, gate, [entry(fact(0, 1)), entry(fact(1, 1)), entry(fact(0, 1)), entry(fact(0, 2))]
        )
    assert told(outcomes) == [1, 2, "VersionConflict", 3]
    assert gate.transactions == 2


async def test_faulty_command_fails_alone(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        await committer.append(entry(statements=[note("there")]))
        broken = entry(fact(1, 1), statements=[note("there")])
        outcomes = await gathered(committer, gate, [entry(use()), entry(fact(0, 1)), broken, entry(fact(0, 2))])
    assert told(outcomes) == [1, 2, "StoreUnavailable", 3]
    assert isinstance(outcomes[2], StoreUnavailable)
    assert isinstance(outcomes[2].__cause__, sqlite3.IntegrityError)
    assert gate.log.verified() == 3


async def test_store_that_fails_is_told_as_unavailable_and_nothing_is_written(
    gate: Gate, committing: Committing
) -> None:
    async with committing() as committer:
        gate.failures = [sqlite3.OperationalError("disk I/O error: hunter2")]
        with pytest.raises(StoreUnavailable, match=r"could not be written \(OperationalError\); nothing") as refused:
            await committer.append(entry(fact(0, 1)))
        assert "hunter2" not in refused.value.message
        assert gate.log.verified() == 0
        assert await committer.append(entry(fact(0, 1))) == 1


@pytest.mark.parametrize("committing", ["thread"], indirect=True)  # only databases over a network lose a commit
async def test_commit_of_unknown_outcome_is_not_tried_again(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        tasks = await begun(committer, gate, [entry(use()), entry(use()), entry(use())])
        gate.failures = [OutcomeUnknown("lost")] * 2
        gate.open.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert told(outcomes) == ["OutcomeUnknown"] * 3
    assert outcomes[1] is not outcomes[2]
    assert gate.transactions == 2


async def test_refusal_is_raised_with_its_own_message(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        with pytest.raises(VersionConflict, match="in between"):
            await committer.append(entry(fact(0, 2)))


async def test_stopping_writes_what_waits(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        waiting = await begun(committer, gate, [entry(use()) for _ in range(30)])
        stopping = asyncio.create_task(committer.stop())
        await asyncio.sleep(0.01)
        assert not stopping.done()
        gate.open.set()
        assert await asyncio.gather(*waiting) == list(range(1, 31))
        await stopping
    assert gate.log.verified() == 30


async def test_stopped_committer_refuses(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        await committer.stop()
        with pytest.raises(StoreUnavailable, match="stopping"):
            await committer.append(entry(use()))
    assert gate.log.verified() == 0


async def test_too_many_waiting_are_refused_at_once(gate: Gate, committing: Committing) -> None:
    async with committing(max_waiting=3) as committer:
        tasks = await begun(committer, gate, [entry(use()) for _ in range(4)])
        with pytest.raises(StoreUnavailable, match="too many"):
            await committer.append(entry(use()))
        gate.open.set()
        assert await asyncio.gather(*tasks) == [1, 2, 3, 4]


async def test_caller_that_goes_away_harms_nobody(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        first, gone, staying = await begun(committer, gate, [entry(use()) for _ in range(3)])
        gone.cancel()
        gate.open.set()
        assert (await first, await staying) == (1, 3)
        assert gone.cancelled()
    assert gate.log.verified() == 3


async def test_command_too_large_for_the_loop_is_written_all_the_same(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        assert await committer.append(entry(*(use() for _ in range(400)))) == 400
        assert await committer.append(entry(use())) == 401
    assert gate.log.verified() == 401


async def test_observers_are_told_of_each_commit(gate: Gate, committing: Committing) -> None:
    seen: list[tuple[int, Head]] = []
    async with committing() as committer:
        committer.observe(lambda count, _, head: seen.append((count, head)))
        await committer.append(entry(fact(0, 1), fact(0, 2)))
        with pytest.raises(VersionConflict):
            await committer.append(entry(fact(0, 1)))
    assert [(count, head.position) for count, head in seen] == [(1, 2), (1, 2)]
    assert seen[0][1].hash == gate.log.all("SELECT hash FROM events WHERE position = 2")[0][0]


async def test_observer_that_fails_stops_nobody(
    gate: Gate, committing: Committing, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(count: int, seconds: float, head: Head) -> None:
        raise ValueError(count)

    seen: list[int] = []
    async with committing() as committer:
        committer.observe(failing)
        committer.observe(lambda *commit: seen.append(commit[2].position))
        for position in (1, 2, 3):
            async with asyncio.timeout(5):
                assert await committer.append(entry(use())) == position
    assert seen == [1, 2, 3]
    assert "observer" in caplog.text


async def test_single_caller_waits_for_nobody(gate: Gate, committing: Committing) -> None:
    async with committing() as committer:
        await gathered(committer, gate, [entry(use()) for _ in range(8)])
        await committer.append(entry(use()))
        assert min([await seconds(committer) for _ in range(50)]) < 0.003


async def seconds(committer: WatchedLog) -> float:
    """How long one command takes."""
    began = time.perf_counter()
    await committer.append(entry(use()))
    return time.perf_counter() - began


def test_waiter_whose_loop_is_gone_does_not_stop_the_others(gate: Gate) -> None:
    committer = Committer(Batch(gate, [], "node"))
    gate.open.clear()

    async def leaving() -> None:
        task = asyncio.create_task(committer.append(entry(use())))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(leaving())
    gate.open.set()
    outcomes: list[Outcome] = [asyncio.run(committer.append(entry(use())))]
    assert outcomes == [2]
    committer.close()
