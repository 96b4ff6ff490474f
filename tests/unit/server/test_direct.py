"""The shorter way between connection and application: whole bodies at once, whole answers in one write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from api.asgi import DIRECT, Direct, Receive, Scope, Send
from cli.server.connection import BoundedConnection

pytestmark = pytest.mark.anyio
GET = b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n"
HEAD = b"x-own: 1\r\ncontent-length: 2\r\n"
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Wire(asyncio.Transport):
    """What was written, each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def connected(application: Application) -> tuple[BoundedConnection, Wire]:
    config = uvicorn.Config(application, log_config=None, ws="none", lifespan="off")
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    connection, wire = BoundedConnection(config, state, {}), Wire()
    connection.connection_made(wire)
    return connection, wire


async def settled(connection: BoundedConnection) -> None:
    while connection.tasks:
        await asyncio.wait(connection.tasks)
    connection.connection_lost(None)


def direct_of(scope: Scope) -> Direct:
    found: Direct = scope[DIRECT]
    return found


async def answering(scope: Scope, _receive: Receive, _send: Send) -> None:
    assert direct_of(scope).answer(200, HEAD, b"ok")


async def test_answer_is_one_write_and_the_connection_goes_on() -> None:
    connection, wire = connected(answering)
    for _ in range(2):
        connection.data_received(GET)
        await asyncio.wait(connection.tasks)
    assert wire.writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\nx-own: 1\r\ncontent-length: 2\r\n\r\nok"] * 2
    assert not wire.closed
    await settled(connection)


async def test_headers_of_the_server_are_those_of_the_moment() -> None:
    connection, wire = connected(answering)
    for day in (b"today", b"tomorrow"):
        connection.server_state.default_headers = [(b"date", day)]
        connection.data_received(GET)
        await asyncio.wait(connection.tasks)
    assert [b"date: today" in wire.writes[0], b"date: tomorrow" in wire.writes[1]] == [True, True]
    await settled(connection)


async def test_client_that_wants_the_connection_closed_gets_it_closed() -> None:
    connection, wire = connected(answering)
    connection.data_received(GET.replace(b"host: a", b"host: a\r\nconnection: close"))
    await settled(connection)
    assert b"\r\nconnection: close\r\n\r\nok" in wire.writes[0]
    assert wire.closed


async def test_pipelined_requests_are_answered_in_order() -> None:
    connection, wire = connected(answering)
    connection.data_received(GET + GET)
    await settled(connection)
    assert len(wire.writes) == 2


async def test_nothing_is_sent_at_once_while_the_client_does_not_read() -> None:
    tried: list[bool] = []

    async def trying(scope: Scope, _receive: Receive, send: Send) -> None:
        tried.append(direct_of(scope).answer(200, HEAD, b"ok"))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        tried.append(direct_of(scope).answer(200, HEAD, b"ok"))
        await send({"type": "http.response.body", "body": b"by"})

    connection, wire = connected(trying)
    connection.pause_writing()
    connection.data_received(GET)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    connection.resume_writing()
    await settled(connection)
    assert tried == [False, False]
    assert b"".join(wire.writes).endswith(b"\r\n\r\nby")


async def body_seen(*packets: bytes, most: int = 100) -> list[Any]:
    """What a look for the body finds, and what a message tells next."""
    seen: list[Any] = []

    async def looking(scope: Scope, receive: Receive, _send: Send) -> None:
        seen.append(direct_of(scope).body(most))
        try:
            async with asyncio.timeout(0.05):
                seen.append((await receive())["body"])
        except TimeoutError:
            seen.append("nothing more")
        direct_of(scope).answer(200, HEAD, b"ok")

    connection, _ = connected(looking)
    for packet in packets:
        connection.data_received(packet)
        await asyncio.sleep(0.01)
    await settled(connection)
    return seen


async def test_body_that_came_with_the_head_is_given_once() -> None:
    assert await body_seen(POST + b"body") == [b"body", "nothing more"]


async def test_body_that_is_not_whole_is_waited_for_by_messages() -> None:
    assert await body_seen(POST + b"bo", b"dy") == [None, b"bo"]


async def test_body_over_the_bound_is_not_given() -> None:
    assert await body_seen(POST + b"body", most=3) == [None, b"body"]


async def test_application_has_answered_leaves_no_body_behind() -> None:
    connection, _ = connected(answering)
    connection.data_received(POST + b"body")
    await asyncio.wait(connection.tasks)
    assert connection.cycle.body == b""
    await settled(connection)
