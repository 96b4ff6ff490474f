"""Connections to one MariaDB or MySQL, each used by one thread at a time."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import pymysql
from pymysql.constants import CLIENT

from adapters.provider_threads import Threads
from adapters.providers.mysql.calls import Call
from adapters.providers.mysql.failures import meaning

T = TypeVar("T")
Row = tuple[Any, ...]
_LIFE_SECONDS: Final = 1800.0
_IDLE_SECONDS: Final = 300.0
_MODE: Final = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"
"""Whatever the server's default: backslashes escape, `"` begins a string."""


class Session:
    """One connection, and how far the server's clock is."""

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self._connection = connection
        self._socket = socket.socket(fileno=socket.dup(connection._sock.fileno()))  # type: ignore[attr-defined]  # noqa: SLF001 - PyMySQL has no other way to it
        self._clock = 0.0, 0.0
        told = str(connection.get_server_info())  # type: ignore[no-untyped-call]
        self.is_mariadb = "mariadb" in told.lower()
        self.version = tuple(int(part) for part in _digits(told))
        self.born = self.used = time.monotonic()
        self.deadline = 0.0
        """When the caller gives up, as `time.monotonic()` counts."""

    def begin(self, seconds: float) -> None:
        """Agree with the server on what words mean, for how long locks are waited for, and what time it is."""
        mode = f"NO_AUTO_CREATE_USER,{_MODE}" if self.is_mariadb else _MODE
        self.all(f"SET SESSION sql_mode = '{mode}', SESSION lock_wait_timeout = {max(1, int(seconds))}")
        self._clock = float(self.all("SELECT UNIX_TIMESTAMP(NOW(6))")[0][0]), time.monotonic()

    def all(self, *statements: str) -> list[Row]:
        """Run them in one round trip, until one fails; the rows of those that give any."""
        rows: list[Row] = []
        with self._connection.cursor() as cursor:
            cursor.execute("; ".join(statements))
            while True:
                rows += cursor.fetchall()
                if not cursor.nextset():
                    return rows

    def give_up_at(self) -> float:
        """The deadline by the server's clock, in seconds since 1970; if anything too early."""
        told, at = self._clock
        return told + self.deadline - at

    def is_usable(self) -> bool:
        """Whether it is young enough and the server has not hung up: then there is something to read."""
        now = time.monotonic()
        if now - self.born > _LIFE_SECONDS or now - self.used > _IDLE_SECONDS or not self._connection.open:
            return False
        readable = select.poll()
        readable.register(self._socket, select.POLLIN)
        return not readable.poll(0)

    def cut(self) -> None:
        """End it from another thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        with suppress(pymysql.MySQLError, OSError):  # it is over already
            self._connection.close()


class Connections:
    """At most `limit` at once; `timeout` seconds bound each use, waiting for one's turn included."""

    def __init__(self, options: dict[str, Any], limit: int, timeout: float) -> None:
        self._options = options
        self._threads = Threads("MariaDB or MySQL", limit, timeout)
        self.timeout = timeout
        self._idle: list[Session] = []
        self._closed = False

    async def run(self, work: Callable[[Session], T], call: Call | None = None, **login: str) -> T:
        """`work` on a connection and a thread; raises `BackendUnavailable`, `BackendRefused`.

        With another `login`, on a connection of its own that is closed after.
        """
        call = call or Call()
        deadline = time.monotonic() + self.timeout
        try:
            return await self._threads.run(self._use, work, call, deadline, login)
        finally:
            call.give_up()

    def close(self) -> None:
        """Close every connection that nobody uses, and the others once they are given back; begin no call any more."""
        self._closed = True
        self._threads.close()
        self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _use(self, work: Callable[[Session], T], call: Call, deadline: float, login: dict[str, str]) -> T:
        try:
            call.begin()
            return self._held(work, call, deadline, login)
        except pymysql.MySQLError as error:
            raise meaning(error) from None
        finally:
            call.end()

    def _held(self, work: Callable[[Session], T], call: Call, deadline: float, login: dict[str, str]) -> T:
        session = self._session(login)
        try:
            call.hold(session.cut)
            session.deadline = deadline
            result = work(session)
            call.release()
        except BaseException:
            call.release()
            session.close()
            raise
        self._put_back(session, is_ours=not login)
        return result

    def _session(self, login: dict[str, str]) -> Session:
        while self._idle:
            session = self._idle.pop()
            if not login and session.is_usable():
                return session
            session.close()
            if login:
                break  # its place is taken by the one that is opened now
        connection = pymysql.connect(
            **{**self._options, **login},
            autocommit=True,
            charset="utf8mb4",
            client_flag=CLIENT.MULTI_STATEMENTS,
            read_timeout=self.timeout,
            write_timeout=self.timeout,
        )
        return _begun(connection, self.timeout)

    def _put_back(self, session: Session, *, is_ours: bool) -> None:
        session.used = time.monotonic()
        if is_ours and session.is_usable():
            self._idle.append(session)
        else:
            session.close()
        if self._closed:  # while it was used
            self._close_idle()


def _begun(connection: pymysql.Connection[Any], seconds: float) -> Session:
    session = Session(connection)
    try:
        session.begin(seconds)
    except BaseException:
        session.close()
        raise
    return session


def _digits(version: str) -> Sequence[str]:
    """`5.5.5-10.11.4-MariaDB` is what MariaDB says to clients that would not believe a major version of 10."""
    return version.removeprefix("5.5.5-").split("-")[0].split(".")[:3]
