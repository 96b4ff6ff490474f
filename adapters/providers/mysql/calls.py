"""Calls on threads that somebody may give up on: they stop at the next chance, and one can wait until they have."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock

from domain.backends import BackendUnavailable


class Call:
    """One call. `begin`, `hold`, `release` and `end` are the thread's, `give_up` is the caller's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ended = Event()
        self._has_begun = False
        self._is_given_up = False
        self._cut: Callable[[], None] | None = None

    def begin(self) -> None:
        """Raises `BackendUnavailable` if it was given up before its turn came."""
        with self._lock:
            self._has_begun = True
            self._refuse()

    def hold(self, cut: Callable[[], None]) -> None:
        """From now on, `cut` ends what the thread waits for."""
        with self._lock:
            self._cut = cut
            self._refuse()

    def release(self) -> None:
        """What was held is nobody's any more."""
        with self._lock:
            self._cut = None

    def end(self) -> None:
        """The thread does no more."""
        self._ended.set()

    def give_up(self) -> None:
        """Whatever has not begun does not; what waits for the server waits no longer."""
        with self._lock:
            self._is_given_up = True
            if not self._has_begun:
                self._ended.set()
            if self._cut:
                self._cut()

    def is_over(self, seconds: float = 0) -> bool:
        """Whether the thread has stopped, after waiting for it for at most so long."""
        return self._ended.wait(seconds)

    def _refuse(self) -> None:
        if self._is_given_up:
            raise BackendUnavailable("the call was given up before it was done")
