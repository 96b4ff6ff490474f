"""Slow hashes of what people log in with, on threads of their own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from adapters.crypto import slow_key
from domain.plaintext import Plaintext


class HashingThreads:
    """The `SlowHash`. At most `at_once` run at a time, each in 64 MiB; further ones wait."""

    def __init__(self, at_once: int = 2) -> None:
        self._pool = ThreadPoolExecutor(at_once, "login-hash")

    async def digest(self, text: Plaintext, salt: bytes) -> bytearray:
        """See `domain.logins.userpass.SlowHash`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, slow_key, text.buffer, salt)

    def close(self) -> None:
        """Take no more work; what has begun ends by itself in a moment."""
        self._pool.shutdown(wait=False, cancel_futures=True)
