"""Threads for one backend whose library blocks: when it hangs, it takes none from another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from domain.backends import BackendUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """At most `limit` calls at once. The library's own time limits end a call; `timeout` seconds end the waiting."""

    def __init__(self, name: str, limit: int, timeout: float) -> None:
        self._pool = ThreadPoolExecutor(limit, f"backend-{name}")
        self._name = name
        self._timeout = timeout

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function` on a thread; raises `BackendUnavailable` if it takes longer than the time limit."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))
        except TimeoutError:
            raise BackendUnavailable(
                f"{self._name} did not answer within {self._timeout:g} seconds; whether it did it is open"
            ) from None

    def close(self) -> None:
        """Take no more calls; one that hangs is left to its own time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)
