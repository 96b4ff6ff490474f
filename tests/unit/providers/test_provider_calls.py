"""What runs on a thread begins nothing more once its caller has gone."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from adapters.provider_calls import Allowance, Calls
from domain.backends import BackendUnavailable

pytestmark = pytest.mark.anyio


def test_an_allowance_counts_down_and_ends() -> None:
    allowance = Allowance("it", 60)
    assert 59 < allowance.left() <= 60
    allowance.end()
    with pytest.raises(BackendUnavailable, match="given up"):
        allowance.left()


def test_an_allowance_that_is_used_up_allows_nothing() -> None:
    with pytest.raises(BackendUnavailable):
        Allowance("it", 0).left()


def test_a_pause_longer_than_what_is_left_is_refused_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(BackendUnavailable, match=r"busy and wants us back in 9\.0 seconds"):
        Allowance("it", 5).pause(9)
    assert time.monotonic() - began < 1


def test_a_pause_ends_with_the_allowance() -> None:
    allowance = Allowance("it", 60)
    threading.Timer(0.1, allowance.end).start()
    with pytest.raises(BackendUnavailable):
        allowance.pause(30)


@pytest.mark.parametrize("seconds", [0.2, 60.0])
async def test_what_is_out_of_time_or_cancelled_begins_nothing_more(seconds: float) -> None:
    calls, go, ended = Calls("it", 1, seconds), threading.Event(), threading.Event()

    def work(allowance: Allowance) -> None:
        go.wait(5)
        try:
            allowance.left()
        except BackendUnavailable:
            ended.set()

    running = asyncio.create_task(calls.run(work))
    await asyncio.sleep(0.3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    go.set()
    assert await asyncio.to_thread(ended.wait, 2)
    calls.close()


async def test_waiting_for_a_thread_counts() -> None:
    calls = Calls("it", 1, 0.3)
    began = time.monotonic()
    tasks = [asyncio.create_task(calls.run(lambda _: time.sleep(0.5))) for _ in range(3)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, BackendUnavailable) for result in results)
    assert time.monotonic() - began < 0.5
    calls.close()
