"""How a lane records what it has done: all that waits for it in one append, while more is being done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from adapters.outbox_hands import Hands
from domain.undertaking import Begun

_MOST: Final = 16
"""Most outcomes of one append: so long are others kept waiting by it."""

Recorded = Callable[[Begun, Exception | None], Awaitable[None]]
"""Told of each whether its outcome is recorded, or why it could not be."""


class Outcomes:
    """What is done and not yet recorded."""

    def __init__(self, hands: Hands, recorded: Recorded) -> None:
        self._hands = hands
        self._recorded = recorded
        self._waiting: deque[Begun] = deque()
        self._is_recording = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def add(self, done: Sequence[Begun], group: asyncio.TaskGroup) -> None:
        """Record these soon, in a task of `group`."""
        self._waiting.extend(done)
        if not self._is_recording:
            self._is_recording = True
            group.create_task(self._record_all())

    async def _record_all(self) -> None:
        try:
            while self._waiting:
                await self._record(self._alike())
        finally:
            self._is_recording = False

    def _alike(self) -> list[Begun]:
        some = [self._waiting.popleft()]
        while self._waiting and len(some) < _MOST and _fits(some[0], self._waiting[0]):
            some.append(self._waiting.popleft())
        return some

    async def _record(self, some: Sequence[Begun]) -> None:
        try:
            await self._hands.batched[some[0].work.kind].record_all(some)
        except Exception as error:  # noqa: BLE001 - whatever it was, each is tried by itself, and told if that fails
            if len(some) == 1:
                await self._recorded(some[0], error)
                return
            for each in some:
                await self._record([each])
        else:
            for each in some:
                await self._recorded(each, None)


def _fits(one: Begun, other: Begun) -> bool:
    return (one.work.kind, one.work.tenant) == (other.work.kind, other.work.tenant)
