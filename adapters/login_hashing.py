"""Slow hashes of what people log in with, on threads of their own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from adapters.crypto import slow_key
from domain.errors import TooManyRequests
from domain.plaintext import Plaintext

MOST_WAITING: Final = 64
"""How many wait at most: some six seconds of two cores."""


class HashingThreads:
    """The `SlowHash`. At most `at_once` run at a time, each in 64 MiB; further ones wait, but not too many.

    Anybody may have something hashed who knows where to log in: without a bound, who sends faster than that is hashed
    would have everybody wait ever longer.
    """

    def __init__(self, at_once: int = 2) -> None:
        self._pool = ThreadPoolExecutor(at_once, "login-hash")
        self._going = 0
        self._most = MOST_WAITING + at_once

    async def digest(self, text: Plaintext, salt: bytes) -> bytearray:
        """See `domain.logins.userpass.SlowHash`."""
        if self._going >= self._most:
            raise TooManyRequests("too many log in with passwords at once; try again", retry_after=1)
        self._going += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, slow_key, text.buffer, salt)
        finally:
            self._going -= 1

    def close(self) -> None:
        """Take no more work; what has begun ends by itself in a moment."""
        self._pool.shutdown(wait=False, cancel_futures=True)
