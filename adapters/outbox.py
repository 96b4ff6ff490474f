"""Carries out what is due: finds it by index, records the intent, does it, and records how it went.

Each destination has a lane of its own, with its own limit and its own pauses, so that a slow or dead backend delays
nobody else. The intent event is also the claim: of two nodes that record it at once, one is refused by the stream's
version; and a node that dies leaves work that comes due again when its claim ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from adapters.outbox_hands import Hands, Pace
from adapters.outbox_lane import Lane


class Outbox:
    """This node's share of the work. `pace` gives each destination's limits."""

    def __init__(self, hands: Hands, pace: Callable[[str], Pace]) -> None:
        self._hands = hands
        self._pace = pace
        self._lanes: dict[str, Lane] = {}

    async def tick(self) -> None:
        """Begin on what has come due, and do not wait for it."""
        for destination in await self._hands.view.destinations(self._hands.clock()):
            self.wake(destination)

    def wake(self, destination: str) -> None:
        """Look for work of this destination now: some has just come due."""
        lane = self._lanes.get(destination)
        if lane is None:
            lane = self._lanes[destination] = Lane(destination, self._hands, self._pace(destination))
        lane.wake()

    async def settled(self) -> None:
        """Wait until what was begun has ended."""
        await asyncio.gather(*(lane.settled() for lane in self._lanes.values()))

    async def stop(self, patience: float = 0.0) -> None:
        """Stop when what was begun has ended, or after `patience` seconds; nothing is lost by it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.settled()
        await asyncio.gather(*(lane.stop() for lane in self._lanes.values()))
