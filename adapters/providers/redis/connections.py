"""Connections to one Redis: so many at most, each call in bounded time.

The library's own pool would try again by itself and repeat what may have been done. Here a connection that failed is
closed, whatever it was that failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import redis.asyncio as library
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from adapters.providers.redis.failures import meaning
from adapters.providers.redis.settings import Connection
from domain.backends import BackendUnavailable

T = TypeVar("T")


class PlainLink(library.Connection):
    """One connection that ends at once. The library's own end would wait for a server that hangs."""

    async def disconnect(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever the library's takes
        if self._writer is not None:
            self._writer.transport.abort()
        await super().disconnect(*given, **named)


class TlsLink(library.SSLConnection, PlainLink):
    """The same over TLS."""


class Connections:
    """At most `limit` at once; `timeout` seconds bound each use, waiting for one's turn included."""

    def __init__(self, settings: Connection, password: str, limit: int, timeout: float) -> None:
        self._open = _opener(settings, password, timeout)
        self._timeout = timeout
        self._places = asyncio.Semaphore(limit)
        self._idle: list[PlainLink] = []
        self._closed = False

    async def ask(self, *command: str) -> Any:  # noqa: ANN401 - whatever the command answers
        """The server's answer to one command; raises `BackendUnavailable`, `BackendRefused`."""
        return await self.run(lambda link: answer(link, *command))

    async def run(self, work: Callable[[PlainLink], Awaitable[T]], *, keep: bool = True) -> T:
        """`work` on a connection that is ours alone; without `keep` it is closed after. Raises as `ask`."""
        try:
            async with asyncio.timeout(self._timeout), self._places:
                return await self._use(work, keep=keep)
        except TimeoutError:
            raise BackendUnavailable(
                f"Redis did not answer within {self._timeout:g} seconds; whether it did what it was asked is open"
            ) from None
        except (RedisError, OSError) as error:
            raise meaning(error) from None

    async def close(self) -> None:
        """Close every connection that nobody uses, and those in use once they are given back."""
        self._closed = True
        await self._close_idle()

    async def _close_idle(self) -> None:
        while self._idle:
            await self._idle.pop().disconnect()

    async def _use(self, work: Callable[[PlainLink], Awaitable[T]], *, keep: bool) -> T:
        link = self._idle.pop() if self._idle else self._open()
        try:
            await _ready(link)
            result = await work(link)
        except BaseException:
            await link.disconnect()
            raise
        if keep:
            self._idle.append(link)
        else:
            await link.disconnect()
        if self._closed:  # while it was used
            await self._close_idle()
        return result


async def answer(link: PlainLink, *command: str) -> Any:  # noqa: ANN401 - as `Connections.ask`
    """Send one command and read what comes."""
    await link.send_command(*command)
    return await link.read_response()


async def _ready(link: PlainLink) -> None:
    """Connected; anew, where the server hung up or something unread is left."""
    await _connect(link)
    for _ in range(2):
        await asyncio.sleep(0)  # the event loop looks what came, then hands it to the connection
    try:
        is_clean = not await link.can_read()
    except (RedisError, OSError):
        is_clean = False
    if not is_clean:
        await link.disconnect()
        await _connect(link)


async def _connect(link: PlainLink) -> None:
    """Connect and log in, unless that is done."""
    await link.connect()  # type: ignore[no-untyped-call]  # the library says nothing of its types


def _opener(settings: Connection, password: str, timeout: float) -> Callable[[], PlainLink]:
    given: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
        "password": password,
        "protocol": 3,
        "decode_responses": True,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
    }
    if not settings.tls:
        return lambda: PlainLink(**given)
    given["ssl_ca_certs"] = settings.ca_file or None
    given["ssl_certfile"] = settings.cert_file or None
    given["ssl_keyfile"] = settings.key_file or None
    return lambda: TlsLink(**given)
