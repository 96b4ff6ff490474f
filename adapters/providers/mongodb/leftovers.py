"""Calls whose callers gave up: they run to their end, and nothing new begins before it.

The driver, cancelled while it connects, leaves a socket to the garbage collector. And a command that was given up must
not reach the server after one that came later: a user made after its removal would be nobody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Leftovers:
    """The calls of one client. Each ends in bounded time by itself."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def attend(self, call: Coroutine[Any, Any, T]) -> T:
        """What the call returns, once none is left over."""
        try:
            await self.wait(None)
        except asyncio.CancelledError:
            call.close()
            raise
        task = asyncio.create_task(call)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._tasks.add(task)
            task.add_done_callback(self._ended)
            raise

    async def wait(self, seconds: float | None) -> None:
        """Wait for what is left over, for so long at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # how it failed is nobody's business any more
