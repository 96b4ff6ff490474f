"""Aggregates rebuilt from their streams, kept for the next command and brought up to date before each use."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar, cast
from uuid import UUID

from adapters.log.mapper import event_of
from domain.event import Aggregate
from domain.ports import Reader

A = TypeVar("A", bound=Aggregate)

_NEWER = "SELECT version, type, time, body FROM events WHERE stream = ? AND version > ? ORDER BY version"
_WHOLE = "SELECT stream, version, type, time, body FROM events WHERE stream IN ({marks}) ORDER BY stream, version"


Newest = Callable[[str], int | None]
"""Gives the version of a stream's newest event, or None if the log is to be asked."""


def _unknown(_stream: str) -> int | None:
    return None


class StreamRepository:
    """Keeps the `capacity` most recently used aggregates.

    One command at a time holds one of them in this process; other nodes are kept off by the version that each event
    expects to take.
    """

    def __init__(self, reader: Reader, newest: Newest = _unknown, *, capacity: int = 4096) -> None:
        self._reader = reader
        self._newest = newest
        self._capacity = capacity
        self._kept: OrderedDict[UUID, Aggregate] = OrderedDict()
        self._locks: dict[UUID, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, kind: type[A], stream: UUID) -> AsyncIterator[A | None]:
        """The aggregate as of now, or None if its stream is empty. If the block raises, what it did is forgotten."""
        lock = self._lend(stream)
        try:
            async with lock:
                aggregate = cast("A | None", await self._current(stream))
                self._kept.pop(stream, None)
                yield aggregate
                if aggregate is not None and not aggregate.pending_events:
                    self._keep(stream, aggregate)
        finally:
            self._return(stream)

    async def unheld(self, kind: type[A], streams: Sequence[UUID]) -> Mapping[UUID, A]:
        """Those that have events and are not held, read whole; they are kept for nobody."""
        wanted = {str(stream): stream for stream in streams if stream not in self._locks}
        found: dict[UUID, Aggregate | None] = {}
        sql = _WHOLE.format(marks=", ".join("?" * len(wanted)))
        for name, number, topic, time, body in await self._reader.system_rows(sql, tuple(wanted)) if wanted else ():
            stream = wanted[name]
            found[stream] = event_of(topic, stream, number, time, bytes(body)).mutate(found.get(stream))
        return cast("Mapping[UUID, A]", {stream: aggregate for stream, aggregate in found.items() if aggregate})

    async def _current(self, stream: UUID) -> Aggregate | None:
        aggregate = self._kept.get(stream)
        version = aggregate.version if aggregate is not None else 0
        if version and self._newest(str(stream)) == version:
            return aggregate
        for number, topic, time, body in await self._reader.system_rows(_NEWER, (str(stream), version)):
            aggregate = cast("Aggregate", event_of(topic, stream, number, time, bytes(body)).mutate(aggregate))
        return aggregate

    def _keep(self, stream: UUID, aggregate: Aggregate) -> None:
        self._kept[stream] = aggregate
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def _lend(self, stream: UUID) -> asyncio.Lock:
        lock, users = self._locks.get(stream) or (asyncio.Lock(), 0)
        self._locks[stream] = (lock, users + 1)
        return lock

    def _return(self, stream: UUID) -> None:
        lock, users = self._locks[stream]
        if users == 1:
            del self._locks[stream]
        else:
            self._locks[stream] = (lock, users - 1)
