"""Clients that are slow, or send too much, on a real uvicorn with our connections."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from cli.server.connection import MOST_HEAD_BYTES, bounded
from cli.server.listening import bound

pytestmark = pytest.mark.anyio

PATIENCE = 0.3
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LARGE = 64 * 1024 * 1024


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once, without reading the body; `/large` with more than buffers take, `/slow` after a second."""
    if scope["path"] == "/slow":
        await asyncio.sleep(3 * PATIENCE)
    size = LARGE if scope["path"] == "/large" else 2
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    await send({"type": "http.response.body", "body": bytes(size)})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    config = uvicorn.Config(app, http=bounded(PATIENCE), ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with bound("127.0.0.1:0") as listener:
        running = asyncio.create_task(server._serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running


async def seconds_until_closed(reader: asyncio.StreamReader) -> float:
    """How long it takes until the server hangs up."""
    began = time.monotonic()
    with suppress(ConnectionResetError):
        while await reader.read(65536):
            pass
    return time.monotonic() - began


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def drip(writer: asyncio.StreamWriter, text: bytes) -> None:
    """One byte at a time, for ever, much quicker than the server's patience ends."""
    at = 0
    while not writer.transport.is_closing():
        writer.write(text[at : at + 1])
        at = (at + 1) % len(text)
        await asyncio.sleep(PATIENCE / 20)


@pytest.mark.parametrize("text", [b"", b"GET / HTTP/1.1\r\nhost:", b"\r\n"])
async def test_a_head_that_does_not_come_whole_ends_the_connection(text: bytes) -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(text)
        assert PATIENCE * 0.8 < await asyncio.wait_for(seconds_until_closed(reader), 5) < PATIENCE * 5


@pytest.mark.parametrize("text", [b"x", b"\r\n"])
@pytest.mark.parametrize("first", [b"", REQUEST])
async def test_dripping_does_not_keep_a_connection_open(first: bytes, text: bytes) -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(first + (b"GET /" if text == b"x" else b""))
        dripping = asyncio.create_task(drip(writer, text))
        assert await asyncio.wait_for(seconds_until_closed(reader), 5) < PATIENCE * 5
        dripping.cancel()


async def test_a_body_that_nobody_waits_for_may_not_drip_for_ever() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        dripping = asyncio.create_task(drip(writer, b"x"))
        assert b"200 OK" in await reader.readuntil(b"\r\n")
        assert await asyncio.wait_for(seconds_until_closed(reader), 5) < PATIENCE * 5
        dripping.cancel()


async def test_who_does_not_read_its_answer_is_hung_up_on() -> None:
    async with serving() as port:
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
            await asyncio.sleep(PATIENCE * 5)
            received = await asyncio.to_thread(_until_closed, deaf)
    assert received < LARGE


def _until_closed(connection: socket.socket) -> int:
    """How many bytes the kernel's buffers still held when the server hung up."""
    connection.settimeout(10)
    received = 0
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += len(piece)
    return received


@pytest.mark.parametrize("header", [b"", b"connection: close\r\n"])
async def test_who_reads_slowly_gets_the_whole_answer(header: bytes) -> None:
    async with serving() as port:
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n%s\r\n" % header)
            received = 0
            while received <= LARGE and received % (1024 * 1024) == 0:
                await asyncio.sleep(PATIENCE / 10)
                received += len(await asyncio.to_thread(slow.recv, 1024 * 1024, socket.MSG_WAITALL))
    assert received > LARGE


async def test_a_request_that_takes_long_to_answer_is_answered() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(b"\r\n")


async def test_a_connection_at_rest_between_requests_is_kept() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        for _ in range(2):
            writer.write(REQUEST)
            assert b"200 OK" in await reader.readuntil(b"\r\n")
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            await asyncio.sleep(PATIENCE * 2)


async def test_a_head_that_is_too_large_is_refused() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")
        for number in range(MOST_HEAD_BYTES // 1000 + 2):
            writer.write(b"x-%d: %s\r\n" % (number, b"y" * 1000))
            await asyncio.sleep(0)
        assert await reader.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
        await asyncio.wait_for(seconds_until_closed(reader), 5)


async def test_a_request_in_pieces_is_one_request() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        for piece in (REQUEST[:5], REQUEST[5:20], REQUEST[20:]):
            writer.write(piece)
            await asyncio.sleep(PATIENCE / 10)
        assert b"200 OK" in await reader.readuntil(b"\r\n")
