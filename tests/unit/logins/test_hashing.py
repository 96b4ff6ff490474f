"""Slow hashes of what people log in with."""

from __future__ import annotations

import asyncio
import threading

import pytest

from adapters import login_hashing
from adapters.login_hashing import MOST_WAITING, HashingThreads
from domain.errors import TooManyRequests
from domain.plaintext import Plaintext

pytestmark = pytest.mark.anyio


async def test_a_digest_is_of_text_and_salt() -> None:
    threads = HashingThreads()
    first, again, other = [
        await threads.digest(Plaintext(bytearray(text)), salt)
        for text, salt in ((b"a", b"0" * 16), (b"a", b"0" * 16), (b"a", b"1" * 16))
    ]
    assert first == again != other
    assert len(first) == 32
    threads.close()


async def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def slow(text: bytearray, salt: bytes) -> bytearray:
        let_go.wait(30)
        return bytearray(text) + salt

    monkeypatch.setattr(login_hashing, "slow_key", slow)
    threads = HashingThreads(at_once=1)
    text = Plaintext(bytearray(b"x"))
    going = [asyncio.create_task(threads.digest(text, b"")) for _ in range(MOST_WAITING + 1)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await threads.digest(text, b"")
    let_go.set()
    assert await asyncio.gather(*going) == [bytearray(b"x")] * len(going)
    assert await threads.digest(text, b"") == bytearray(b"x")
    threads.close()
