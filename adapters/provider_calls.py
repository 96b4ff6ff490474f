"""Calls on a backend's threads that begin nothing more once their caller has gone.

A thread cannot be stopped. What runs on one asks its allowance before each request instead, and takes no longer for it
than is left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from adapters.provider_threads import Threads
from domain.backends import BackendUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Allowance:
    """How long one call may go on, in seconds from now; `end` ends it at once."""

    def __init__(self, backend: str, seconds: float) -> None:
        self._backend = backend
        self._end = time.monotonic() + seconds
        self._ended = threading.Event()

    def left(self) -> float:
        """Seconds left, for the next request; raises `BackendUnavailable` if there are none."""
        left = self._end - time.monotonic()
        if left <= 0 or self._ended.is_set():
            raise BackendUnavailable(f"{self._backend}: given up before it was done; whether it did it is open")
        return left

    def pause(self, seconds: float) -> None:
        """Wait; raises `BackendUnavailable`, at once, if that is longer than is left."""
        if seconds >= self.left():
            raise BackendUnavailable(f"{self._backend} is busy and wants us back in {seconds:.1f} seconds")
        self._ended.wait(seconds)
        self.left()

    def end(self) -> None:
        """Begin nothing more."""
        self._ended.set()


class Calls:
    """Runs functions that take an allowance first; waiting for a thread counts."""

    def __init__(self, backend: str, limit: int, timeout: float) -> None:
        self._threads = Threads(backend, limit, timeout)
        self._backend = backend
        self._timeout = timeout

    async def run(self, function: Callable[Concatenate[Allowance, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`function` on a thread; raises `BackendUnavailable` after the time limit."""
        allowance = Allowance(self._backend, self._timeout)
        try:
            return await self._threads.run(function, allowance, *args, **kwargs)
        finally:
            allowance.end()

    def close(self) -> None:
        """Take no more calls."""
        self._threads.close()
