"""Connections to one PostgreSQL: so many at most, each call in bounded time, none left to a server that hangs.

A pool of psycopg's would connect in the background and tell a caller no more than that there is no connection. Here the
caller connects, so it learns at once why that fails: a wrong password is not a server that is down.
"""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import psycopg
from psycopg import AsyncConnection

from adapters.providers.postgresql.failures import meaning
from domain.backends import BackendUnavailable

T = TypeVar("T")
_LIFE_SECONDS: Final = 1800.0
_IDLE_SECONDS: Final = 300.0
_SETTINGS: Final = """SELECT pg_catalog.clock_timestamp(), pg_catalog.set_config('statement_timeout', %s, false),
 pg_catalog.set_config('lock_timeout', %s, false),
 pg_catalog.set_config('idle_in_transaction_session_timeout', %s, false)"""


class Session:
    """One connection, and how far the server's clock is."""

    def __init__(self, connection: AsyncConnection, database: str) -> None:
        self.connection = connection
        self.database = database
        self.born = self.used = time.monotonic()
        self.deadline = 0.0
        """When the caller gives up, as `time.monotonic()` counts."""
        self._clock: tuple[datetime, float] | None = None

    async def prepare(self, seconds: float) -> None:
        """No statement runs for longer than so many seconds, even if we are gone."""
        limit = str(max(1, int(seconds * 900)))
        cursor = await self.connection.execute(_SETTINGS, (limit, limit, limit))
        if row := await cursor.fetchone():
            self._clock = row[0], time.monotonic()

    def give_up_at(self) -> datetime:
        """The deadline by the server's clock, if anything too early: its answer took a while to get here."""
        if self._clock is None:
            raise RuntimeError("the session was not prepared")
        told, at = self._clock
        return told + timedelta(seconds=self.deadline - at)

    async def all(self, statements: list[str]) -> list[tuple[object, ...]]:
        """Run them in one round trip; the rows of those that give any.

        They are one transaction unless they say otherwise. After an error the session is in none.
        """
        try:
            cursor = await self.connection.execute("; ".join(statements).encode())
        except psycopg.Error:
            if not self.connection.closed:
                await self.connection.rollback()
            raise
        rows: list[tuple[object, ...]] = []
        while True:
            if cursor.description is not None:
                rows += [row for row in await cursor.fetchall() if row]
            if not cursor.nextset():
                return rows

    def is_usable(self) -> bool:
        """Whether it is young enough and the server has not hung up: then there is something to read."""
        now = time.monotonic()
        if now - self.born > _LIFE_SECONDS or now - self.used > _IDLE_SECONDS or self.connection.closed:
            return False
        readable = select.poll()
        readable.register(self.connection.pgconn.socket, select.POLLIN)
        return not readable.poll(0)

    def cut(self) -> None:
        """End it without asking the server. psycopg's own way would ask, and wait for as long as the server hangs."""
        with suppress(OSError, psycopg.Error), socket.socket(fileno=socket.dup(self.connection.pgconn.socket)) as ours:
            ours.shutdown(socket.SHUT_RDWR)


@asynccontextmanager
async def bounded(seconds: float) -> AsyncIterator[None]:
    """Raises `BackendUnavailable` after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise BackendUnavailable(
            f"PostgreSQL did not answer within {seconds:g} seconds; whether it did what it was asked is open"
        ) from None


class Connections:
    """At most `limit` at once; `timeout` seconds bound each use, waiting for one's turn included."""

    def __init__(self, conninfo: dict[str, Any], limit: int, timeout: float) -> None:
        self._conninfo = conninfo
        self._home = str(conninfo["dbname"])
        self._timeout = timeout
        self._places = asyncio.Semaphore(limit)
        self._idle: list[Session] = []
        self._closed = False
        self._leaving: set[asyncio.Task[object]] = set()

    async def run(self, work: Callable[[Session], Awaitable[T]], database: str = "", **login: str) -> T:
        """`work` on a connection; raises `BackendUnavailable`, `BackendRefused`.

        With a `database` other than the configured one, or another `login`, on one of its own that is closed after.
        """
        deadline = time.monotonic() + self._timeout
        try:
            async with bounded(self._timeout), self._places:
                return await self._attended(work, deadline, {"dbname": database or self._home, **login})
        except psycopg.Error as error:
            raise meaning(error) from None

    async def close(self) -> None:
        """Close every connection that nobody uses, and those in use once they are given back."""
        self._closed = True
        await self._close_idle()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=1)

    async def _close_idle(self) -> None:
        while self._idle:
            await self._idle.pop().connection.close()

    async def _attended(self, work: Callable[[Session], Awaitable[T]], deadline: float, login: dict[str, str]) -> T:
        """In a task, so that whoever gives up need not wait for the server."""
        holding: list[Session] = []
        task = asyncio.create_task(self._use(work, deadline, login, holding))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                self._leave(task, holding)
            raise

    def _leave(self, task: asyncio.Task[T], holding: list[Session]) -> None:
        for session in holding:
            session.cut()
        if not holding:
            task.cancel()
        self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[T]) -> None:
        self._leaving.discard(task)
        if not task.cancelled():
            task.exception()  # how it failed is nobody's business any more

    async def _use(
        self,
        work: Callable[[Session], Awaitable[T]],
        deadline: float,
        login: dict[str, str],
        holding: list[Session],
    ) -> T:
        session = await self._session(login)
        holding.append(session)
        session.deadline = deadline
        try:
            result = await work(session)
        except BaseException:
            await session.connection.close()
            raise
        await self._put_back(session, is_ours=login == {"dbname": self._home})
        return result

    async def _session(self, login: dict[str, str]) -> Session:
        is_ours = login == {"dbname": self._home}
        while self._idle:
            session = self._idle.pop()
            if is_ours and session.is_usable():
                return session
            await session.connection.close()
            if not is_ours:
                break  # its place is taken by the one that is opened now
        connection = await AsyncConnection.connect(
            **{**self._conninfo, **login}, autocommit=True, connect_timeout=max(2, int(self._timeout))
        )
        session = Session(connection, login["dbname"])
        try:
            await session.prepare(self._timeout)
        except BaseException:
            await connection.close()
            raise
        return session

    async def _put_back(self, session: Session, *, is_ours: bool) -> None:
        if not is_ours or session.connection.info.transaction_status:
            await session.connection.close()
            return
        session.used = time.monotonic()
        self._idle.append(session)
        if self._closed:
            await self._close_idle()
        elif not self._idle[0].is_usable():
            await self._idle.pop(0).connection.close()
