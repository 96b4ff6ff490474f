"""Values under a passphrase: of no use without it, nor elsewhere, and the loop goes on while the key is derived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.crypto import slow_key
from adapters.passphrase import PassphraseThreads
from domain.errors import LogBroken
from domain.plaintext import Plaintext

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lock() -> AsyncIterator[PassphraseThreads]:
    threads = PassphraseThreads()
    yield threads
    threads.close()


def text(of: str) -> Plaintext:
    return Plaintext(bytearray(of.encode()))


async def test_value_opens_with_its_passphrase_and_no_other(lock: PassphraseThreads) -> None:
    locked = await lock.lock(text("value"), text("right"), "share 1")
    opened = await lock.unlock(locked, text("right"), "share 1")
    assert opened == text("value")
    assert await lock.unlock(locked, text("Right"), "share 1") is None
    assert await lock.unlock(locked, text("right"), "share 2") is None


async def test_same_value_and_passphrase_give_other_bytes_each_time(lock: PassphraseThreads) -> None:
    one, two = [await lock.lock(text("value"), text("right"), "share 1") for _ in range(2)]
    assert bytes(one.buffer[:17]) != bytes(two.buffer[:17])
    assert b"value" not in one.buffer


async def test_altered_bytes_do_not_open(lock: PassphraseThreads) -> None:
    locked = await lock.lock(text("value"), text("right"), "share 1")
    for at in (1, 17, -1):
        altered = Plaintext.copy_of(locked.buffer)
        altered.buffer[at] ^= 1
        assert await lock.unlock(altered, text("right"), "share 1") is None


async def test_what_was_never_locked_is_no_wrong_passphrase(lock: PassphraseThreads) -> None:
    for buffer in (bytearray(), bytearray(b"\x02" + bytes(60))):
        with pytest.raises(LogBroken):
            await lock.unlock(Plaintext(buffer), text("right"), "share 1")


async def test_the_loop_goes_on_while_keys_are_derived(lock: PassphraseThreads) -> None:
    work = asyncio.gather(*(lock.lock(text("value"), text("right"), "share 1") for _ in range(4)))
    longest, before = 0.0, time.monotonic()
    while not work.done():
        await asyncio.sleep(0)
        now = time.monotonic()
        longest, before = max(longest, now - before), now
    await work
    assert longest < 0.1


@settings(max_examples=3, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.binary(min_size=1, max_size=50))
def test_derivation_gives_the_same_key_each_time(passphrase: bytes, salt: bytes) -> None:
    key = slow_key(passphrase, salt.ljust(16, b"s"))
    assert key == slow_key(bytearray(passphrase), salt.ljust(16, b"s"))
    assert len(key) == 32


def test_derivation_is_argon2id_with_these_costs() -> None:
    """As another implementation gives it; who changes the costs needs a further form of locked values."""
    assert slow_key(b"password", b"somesaltsomesalt").hex() == (
        "7664ad4ba1a3c999fcdd0991ffc2270f78302d2383233db5e7befc85d1bb1819"
    )
