"""Read models that no decision depends on: applied a moment after the commit, from the position they have reached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final
from uuid import UUID

from adapters.log.committer import WatchedLog
from adapters.log.linking import Head
from adapters.log.mapper import event_of
from domain.errors import StoreUnavailable
from domain.kek import SYSTEM
from domain.ports import Append, Projection, Reader, Record, Row, Statement

_EVENTS: Final = """SELECT position, id, stream, version, type, tenant, time, actor, request_id, body FROM events
 WHERE position > ? ORDER BY position LIMIT ?"""
_REACHED: Final = "SELECT position FROM tracking WHERE name = ?"
_TRACK: Final = """INSERT INTO tracking VALUES (?, ?)
 ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE excluded.position > tracking.position"""
_stream: Final = lru_cache(maxsize=1024)(UUID)
_log = logging.getLogger("trstctl.follower")


def record(row: Row) -> Record:
    """A row of the events table, read back."""
    position, event_id, name, version, topic, tenant, time, actor, request_id, body = row
    stream = _stream(name)
    event = event_of(topic, stream, version, time, bytes(body))
    return Record(
        position=position, id=event_id, stream=stream, version=version, type=topic, tenant=tenant, time=event.timestamp,
        actor=actor, request_id=request_id, event=event,
    )  # fmt: skip


class Follower:
    """Applies one projection, batch by batch. Nodes may follow at once: applying an event twice changes nothing."""

    def __init__(self, projection: Projection, reader: Reader, committer: WatchedLog, *, batch: int = 120) -> None:
        self._projection = projection
        self._reader = reader
        self._committer = committer
        self._batch = batch
        self._head = 0
        self.reached = 0
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        committer.observe(self._committed)

    @property
    def lag(self) -> int:
        """How many events it is behind, as far as this process knows."""
        return max(0, self._head - self.reached)

    def _committed(self, _count: int, _seconds: float, head: Head) -> None:
        if head.position > self._head:
            self._head = head.position
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Follow until cancelled. An error is logged and tried again: the log does not go away."""
        while True:
            # Before reading: what is committed meanwhile wakes it again.
            self._wake.clear()
            try:
                while await self._paced_step():
                    pass
            except Exception:  # noqa: BLE001 - whatever it was, it is logged whole
                _log.exception("a read model cannot follow the log", extra={"projection": self._projection.name})
            # Also without a wake: another node may have written. And no more often than this, so that batches form.
            # Not `asyncio.wait_for`: until Python 3.12 it may swallow a cancellation that comes with the wake.
            try:
                async with asyncio.timeout(1.0):
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0.05)

    async def _paced_step(self) -> bool:
        """A step; while others write too, as long a pause after it, so that they have half of the committer's time."""
        started, head = self._loop.time(), self._head
        more = await self._step()
        if more and self._head > head:
            await asyncio.sleep(min(self._loop.time() - started, 0.2))
        return more

    async def _step(self) -> bool:
        rows = await self._reader.system_rows(_REACHED, (self._projection.name,))
        self.reached = rows[0][0] if rows else 0
        events = await self._reader.system_rows(_EVENTS, (self.reached, self._batch))
        if not events:
            return False
        statements = [each for row in events for each in self._projection.apply(record(row))]
        # Rows of one table together: each only adds what is not there, so their order does not matter, and runs are
        # cheaper.
        statements.sort(key=itemgetter(0))
        await self._write([*statements, (_TRACK, (self._projection.name, events[-1][0]))])
        self.reached = events[-1][0]
        return len(events) == self._batch

    async def _write(self, statements: Sequence[Statement]) -> None:
        await self._committer.append(
            Append(tenant=SYSTEM, actor="", request_id="", events=(), statements=statements, patient=True)
        )

    async def caught_up(self, position: int, timeout: float) -> None:  # noqa: ASYNC109 - it gives a reason of its own
        """Wait until `position` is applied, so that who wrote finds it.

        Raises `StoreUnavailable` after `timeout` seconds.
        """
        self._head = max(self._head, position)
        self._wake.set()
        deadline = self._loop.time() + timeout
        while self.reached < position:
            if self._loop.time() > deadline:
                raise StoreUnavailable(
                    f"the audit index is {position - self.reached} events behind; try again in a moment"
                )
            await asyncio.sleep(0.02)
