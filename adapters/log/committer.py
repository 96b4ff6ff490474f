"""Group commit: one thread per process takes what is waiting, writes it in one transaction, and wakes the waiters."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Condition, Thread
from typing import Final, NamedTuple, Protocol

from adapters.log.batch import Batch, Outcome
from adapters.log.linking import Head
from domain.errors import OutcomeUnknown, StoreUnavailable, TrstctlError
from domain.ports import Append, EventLog

Observer = Callable[[int, float, Head], None]
"""Told after each commit: how many commands, seconds it took, the new head."""

_log = logging.getLogger("trstctl.committer")
_GATHER: Final = 0.004
"""Longest wait, in seconds, for as many commands as came last time.

Only while several come at once: a single caller never waits.
"""


class WatchedLog(EventLog, Protocol):
    """An event log that tells of its commits; this process's only way to write."""

    def observe(self, observer: Observer) -> None:
        """Call `observer` after each commit."""
        ...

    async def stop(self) -> None:
        """Refuse what comes, write what waits, end."""
        ...


class _Waiting(NamedTuple):
    entry: Append
    answer: asyncio.Future[int]
    loop: asyncio.AbstractEventLoop


class Committer:
    """The process's only writer.

    `append` returns when its events are durable and chained, or raises and nothing was written.
    """

    def __init__(self, batch: Batch, *, max_batch: int = 512, max_waiting: int = 20_000) -> None:
        self._batch = batch
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[_Waiting] = []
        self._patient: deque[_Waiting] = deque()
        self._is_patients_turn = False
        self._wake = Condition()
        self._closing = False
        self._expected = 0
        self._observers: list[Observer] = []
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def observe(self, observer: Observer) -> None:
        """Call `observer` on the committer's thread after each commit."""
        self._observers.append(observer)

    async def append(self, entry: Append) -> int:
        """Append and return the last event's position; raises `StoreUnavailable` when closed or overfull."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()
        with self._wake:
            if self._closing:
                raise StoreUnavailable("the server is stopping; try again in a moment")
            if len(self._waiting) + len(self._patient) >= self._max_waiting:
                raise StoreUnavailable("too many writes are waiting; try again in a moment")
            (self._patient if entry.patient else self._waiting).append(_Waiting(entry, answer, loop))
            if entry.patient or len(self._waiting) in (1, self._expected):
                self._wake.notify()
        # A caller that goes away must not make a committed write look cancelled to the batch.
        return await asyncio.shield(answer)

    def close(self) -> None:
        """Write what waits, then stop. Blocks until done."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    async def stop(self) -> None:
        """`close`, without holding up the event loop."""
        await asyncio.to_thread(self.close)

    def _run(self) -> None:
        while taken := self._take():
            started = time.perf_counter()
            outcomes, head = self._write([waiting.entry for waiting in taken])
            self._answer(taken, outcomes)
            if head:
                tell(self._observers, len(taken), time.perf_counter() - started, head)

    def _take(self) -> list[_Waiting]:
        with self._wake:
            while not self._waiting and not self._patient and not self._closing:
                self._wake.wait()
            # In turn, so that however many ask, work that nobody waits for goes on.
            self._is_patients_turn = bool(self._patient) and (self._is_patients_turn or not self._waiting)
            if self._is_patients_turn:
                self._is_patients_turn = False
                return [self._patient.popleft()]
            # Those just answered ask again at once: taken together they cost one transaction and one change of
            # threads.
            if len(self._waiting) < self._expected and not self._closing:
                self._wake.wait(_GATHER)
            taken = self._waiting[: self._max_batch]
            del self._waiting[: self._max_batch]
            self._expected = min(len(taken) + len(self._waiting), self._max_batch) if len(taken) > 1 else 0
            self._is_patients_turn = True
            return taken

    def _write(self, entries: Sequence[Append]) -> tuple[Sequence[Outcome], Head | None]:
        try:
            return self._batch.write(entries)
        except OutcomeUnknown as error:
            # Perhaps all of them are written: none may be tried again.
            return [OutcomeUnknown(error.message) for _ in entries], None
        except Exception as error:  # noqa: BLE001 - whatever it was, each command is told
            if len(entries) == 1:
                return [refusal(error)], None
        # One faulty command must not take its batch with it: each is tried alone.
        alone = [self._write([entry]) for entry in entries]
        heads = [head for _, head in alone if head]
        return [outcomes[0] for outcomes, _ in alone], heads[-1] if heads else None

    @staticmethod
    def _answer(taken: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], Outcome]]] = {}
        for waiting, outcome in zip(taken, outcomes, strict=True):
            by_loop.setdefault(waiting.loop, []).append((waiting.answer, outcome))
        for loop, answers in by_loop.items():
            # A loop that is closed, perhaps at this very moment, has nobody left who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_set_all, answers)


def _set_all(answers: Sequence[tuple[asyncio.Future[int], Outcome]]) -> None:
    for answer, outcome in answers:
        if answer.done():
            continue
        if isinstance(outcome, int):
            answer.set_result(outcome)
        else:
            answer.set_exception(outcome)


def tell(observers: Sequence[Observer], commands: int, seconds: float, head: Head) -> None:
    """Tell each of a commit. One that fails is logged: it must not stop the writing."""
    for observer in observers:
        try:
            observer(commands, seconds, head)
        except Exception:  # noqa: BLE001 - whatever it was, it is logged whole
            _log.exception("an observer of commits failed")


def refusal(error: Exception) -> TrstctlError:
    """What to tell a command whose transaction failed with `error`, so that nothing of it was written."""
    if isinstance(error, TrstctlError):
        return error
    refusal = StoreUnavailable(f"the store could not be written ({type(error).__name__}); nothing was changed")
    refusal.__cause__ = error
    return refusal
