"""Calls to MongoDB whose callers gave up."""

from __future__ import annotations

import asyncio
import gc

import pytest

from adapters.providers.mongodb.leftovers import Leftovers

pytestmark = pytest.mark.anyio


async def test_nothing_begins_before_what_was_given_up_has_ended() -> None:
    leftovers, done, may_end = Leftovers(), list[str](), asyncio.Event()

    async def slow() -> None:
        await may_end.wait()
        done.append("slow")

    async def quick() -> None:
        done.append("quick")

    given_up = asyncio.create_task(leftovers.attend(slow()))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    later = asyncio.create_task(leftovers.attend(quick()))
    await asyncio.sleep(0.01)
    assert done == []
    may_end.set()
    await later
    assert done == ["slow", "quick"]


async def test_how_a_call_ends_that_was_given_up_is_nobodys_business() -> None:
    leftovers, may_end = Leftovers(), asyncio.Event()

    async def failing() -> None:
        await may_end.wait()
        raise ValueError

    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    given_up = asyncio.create_task(leftovers.attend(failing()))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    may_end.set()
    await leftovers.wait(1)
    await asyncio.sleep(0)
    del given_up
    gc.collect()
    assert complaints == []


async def test_a_call_that_fails_tells_its_caller() -> None:
    async def failing() -> None:
        raise ValueError("so")

    with pytest.raises(ValueError, match="so"):
        await Leftovers().attend(failing())
