"""Group commit for a store whose statements take microseconds and whose COMMIT alone waits for the disk.

The statements run on the event loop, the COMMIT on a thread of its own. A committing thread that also runs statements
fights the loop for the interpreter's lock at each of them: measured, that cost more than the work (decision 0008).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Final, Protocol

from adapters.log.batch import Batch, LogStore, LogTransaction, Outcome
from adapters.log.committer import Observer, refusal, tell
from adapters.log.linking import Head
from domain.errors import StoreBusy, StoreUnavailable
from domain.ports import Append

_PATIENCE: Final = 30.0
"""Seconds to wait while another process, such as a command of the operator, is writing."""
_MOST_ON_LOOP: Final = 256
"""Events that the loop writes by itself; more are written on the thread, so that nobody waits for a large import."""


_Waiting = tuple[Append, "asyncio.Future[int]"]


class ImmediateStore(LogStore, Protocol):
    """A store that says at once whether it can be written."""

    def attempt(self) -> AbstractContextManager[LogTransaction]:
        """A transaction, begun without waiting; entering raises `StoreBusy` if another process is writing."""
        ...


class LoopCommitter:
    """The process's only writer.

    `append` returns when its events are durable and chained, or raises and nothing was written.
    """

    def __init__(self, batch: Batch, store: ImmediateStore, *, max_batch: int = 512, max_waiting: int = 20_000) -> None:
        self._batch = batch
        self._store = store
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[_Waiting] = []
        self._patient: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, "committer")
        self._writing: asyncio.Task[None] | None = None
        self._observers: list[Observer] = []
        self._closing = False

    def observe(self, observer: Observer) -> None:
        """Call `observer` after each commit."""
        self._observers.append(observer)

    async def append(self, entry: Append) -> int:
        """Append and return the last event's position; raises `StoreUnavailable` when closed or overfull."""
        if self._closing:
            raise StoreUnavailable("the server is stopping; try again in a moment")
        if len(self._waiting) + len(self._patient) >= self._max_waiting:
            raise StoreUnavailable("too many writes are waiting; try again in a moment")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        (self._patient if entry.patient else self._waiting).append((entry, answer))
        if self._writing is None:
            # A task starts after what the loop has in hand now, so that commands that came together go together.
            self._writing = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        try:
            while self._waiting or self._patient:
                if self._waiting:
                    taken, self._waiting = self._waiting[: self._max_batch], self._waiting[self._max_batch :]
                    await self._write(taken)
                    # Those just answered ask again at once; what they ask goes together.
                    await asyncio.sleep(0)
                # In turn, so that however many ask, work that nobody waits for goes on.
                if self._patient:
                    await self._write([self._patient.popleft()])
                    await asyncio.sleep(0)
        finally:
            self._writing = None

    async def _write(self, taken: Sequence[_Waiting]) -> None:
        started = time.perf_counter()
        outcomes, head = await self._written([entry for entry, _ in taken])
        for (_, answer), outcome in zip(taken, outcomes, strict=True):
            _settle(answer, outcome)
        if head:
            tell(self._observers, len(taken), time.perf_counter() - started, head)

    async def _written(self, entries: Sequence[Append]) -> tuple[Sequence[Outcome], Head | None]:
        try:
            return await self._once(entries)
        except StoreBusy as busy:
            return [busy] * len(entries), None
        except Exception as error:  # noqa: BLE001 - whatever it was, each command is told
            if len(entries) == 1:
                return [refusal(error)], None
        # One faulty command must not take its batch with it: each is tried alone.
        alone = [await self._written([entry]) for entry in entries]
        heads = [head for _, head in alone if head]
        return [outcomes[0] for outcomes, _ in alone], heads[-1] if heads else None

    async def _once(self, entries: Sequence[Append]) -> tuple[Sequence[Outcome], Head]:
        loop = asyncio.get_running_loop()
        if sum(len(entry.events) + len(entry.statements) for entry in entries) > _MOST_ON_LOOP:
            return await loop.run_in_executor(self._thread, self._batch.write, entries)
        begun, transaction = await self._begun()
        try:
            prepared = self._batch.prepare(transaction, entries)
            prepared.insert(transaction)
        except BaseException as error:
            begun.__exit__(type(error), error, error.__traceback__)
            raise
        await loop.run_in_executor(self._thread, begun.__exit__, None, None, None)
        return prepared.outcomes, prepared.head

    async def _begun(self) -> tuple[AbstractContextManager[LogTransaction], LogTransaction]:
        deadline = time.monotonic() + _PATIENCE
        while True:
            attempt = self._store.attempt()
            try:
                return attempt, attempt.__enter__()
            except StoreBusy:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Refuse what comes, write what waits, end."""
        self._closing = True
        if self._writing:
            await self._writing
        self._thread.shutdown(wait=True)


def _settle(answer: asyncio.Future[int], outcome: Outcome) -> None:
    if answer.done():
        return
    if isinstance(outcome, int):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)
