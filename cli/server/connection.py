"""One client's connection, with a bound on how slow it may be and on how much it may send before its request is known.

uvicorn bounds only how long a connection may lie idle between two requests. A client that never ends its headers, that
drips a body nobody waits for any more, or that does not read its answer, would keep its connection for ever. Bodies
that are waited for are bounded by `api.edge`.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.asgi import DIRECT
from cli.server.direct import Direct

MOST_HEAD_BYTES: Final = 64 * 1024
"""Largest request line with its headers."""
_LEAST_READ: Final = 16 * 1024
"""Bytes of its answer that a client must have read whenever our patience ends."""
_LINGER: Final = 1.0
"""Seconds that a client has to agree to the end of a connection; TLS would wait for its word for much longer."""
_LIST: Final = b"LIST "
_SEARCH: Final = b"SEARCH "
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\ncache-control: no-store\r\n\r\n"
)


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's protocol, with `patience`: seconds for a request's head, and for a piece of an answer to be read."""

    patience: ClassVar[float] = 30.0
    _head_bytes = 0
    _in_head = False
    _begun = b""
    """The first bytes of a request that may have the method LIST."""
    _head_due: asyncio.TimerHandle | None = None
    _read_due: asyncio.TimerHandle | None = None
    _end_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._head_came()
        self._answer_read()
        if self._end_due is not None:
            self._end_due.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; what did not complete a head counts against its bounds."""
        if not self._in_head and (self._begun or (data[:1] == b"L" and _rests(self.cycle))):
            data = self._as_search(self._begun + data)
            if not data:
                return
        super().data_received(data)
        if self._in_head or _rests(self.cycle):
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and self._in_head:
                self._refuse_head()
            elif self._head_due is None:
                self._expect_head()

    def _as_search(self, data: bytes) -> bytes:
        """A request with the method LIST as one with SEARCH (RFC 5323); nothing while it could become one.

        Vault's clients use LIST, which is no method of HTTP's; the parser knows those alone. LOCK and LINK go through.
        """
        if data.startswith(_LIST):
            self._begun = b""
            return _SEARCH + data[len(_LIST) :]
        self._begun = data if _LIST.startswith(data) else b""
        return b"" if self._begun else data

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """The head is whole: from here the application waits."""
        self._in_head = False
        self._head_came()
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.scope[DIRECT] = Direct(self.cycle)  # type: ignore[typeddict-unknown-key]  # a key of our own

    def on_response_complete(self) -> None:
        """The answer is whole. What nobody read of the body is let go now, not when the next request comes."""
        if self.cycle.response_complete:
            self.cycle.body = bytearray()
        super().on_response_complete()
        if self.transport.is_closing():
            self._linger()

    def shutdown(self) -> None:
        """The server stops: end the connection, after the answer if there is one to come."""
        super().shutdown()
        if self.transport.is_closing():
            self._linger()

    def pause_writing(self) -> None:
        """The client does not read as fast as we answer."""
        super().pause_writing()
        if self._read_due is None:
            self._expect_reading()

    def resume_writing(self) -> None:
        """It has read."""
        self._answer_read()
        super().resume_writing()

    def _expect_head(self) -> None:
        if not self.transport.is_closing():
            self._head_due = self.loop.call_later(self.patience, self.transport.abort)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _expect_reading(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._read_due = self.loop.call_later(self.patience, self._has_it_read, unread)

    def _has_it_read(self, before: int) -> None:
        if before - self.transport.get_write_buffer_size() < _LEAST_READ:
            self.transport.abort()
        else:
            self._expect_reading()

    def _answer_read(self) -> None:
        if self._read_due is not None:
            self._read_due.cancel()
            self._read_due = None

    def _linger(self) -> None:
        self._end_due = self.loop.call_later(_LINGER, self._let_go)

    def _let_go(self) -> None:
        if self.transport.get_write_buffer_size():
            self._linger()  # the answer is on its way; how long that may take is bounded elsewhere
        else:
            self.transport.abort()

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()


def bounded(patience: float) -> type[BoundedConnection]:
    """The protocol class with this many seconds of patience; uvicorn makes its instances itself."""
    return type("BoundedConnection", (BoundedConnection,), {"patience": patience})


def _rests(cycle: RequestResponseCycle | None) -> bool:
    """Whether no request is being answered: what comes now can only lead to the next one."""
    return cycle is None or cycle.response_complete
