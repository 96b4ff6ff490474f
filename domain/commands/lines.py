"""Lines, by name, in which those stand who would be in each other's way: the first who came is the first to go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Lines:
    """Of this process. A line is there as long as somebody stands in it."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    def is_there(self, name: Hashable) -> bool:
        """Whether somebody stands in the line."""
        return name in self._lines

    @asynccontextmanager
    async def turn(self, name: Hashable) -> AsyncIterator[None]:
        """Wait for one's turn, and have it until the block is left."""
        lock, standing = self._lines.get(name) or (asyncio.Lock(), 0)
        self._lines[name] = (lock, standing + 1)
        try:
            async with lock:
                yield
        finally:
            _, standing = self._lines[name]
            if standing == 1:
                del self._lines[name]
            else:
                self._lines[name] = (lock, standing - 1)
