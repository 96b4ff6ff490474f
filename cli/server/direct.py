"""A shorter way between a connection and the application than ASGI's messages: one look for the body, one write.

uvicorn's own weighs every header by regular expressions and sends head and body as two records of TLS.
"""

from __future__ import annotations

from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle


class Direct:
    """See `api.asgi.Direct`. Of one request; what it cannot do at once it leaves to be done by messages."""

    __slots__ = ("_cycle",)
    _rendered: ClassVar[tuple[list[tuple[bytes, bytes]], bytes]] = ([], b"")
    """The headers that the server gives every answer, which change once a second, and the same as bytes."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def body(self, most: int) -> bytes | None:
        """The body, if all of it has come and it has at most `most` bytes. It is given once."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.response_complete or len(cycle.body) > most:
            return None
        body = bytes(cycle.body)
        cycle.body = bytearray()
        cycle.message_event.clear()
        return body

    def answer(self, status: int, head: bytes, body: bytes) -> bool:
        """Send a complete answer, its header lines each ended; False if nothing was sent.

        Not for answers to HEAD.
        """
        cycle = self._cycle
        if cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
            return False
        last = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(b"".join((STATUS_LINE[status], self._given(), head, last, body)))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True

    def _given(self) -> bytes:
        headers, lines = Direct._rendered
        if headers is not self._cycle.default_headers:
            headers = self._cycle.default_headers
            lines = b"".join(b"%b: %b\r\n" % line for line in headers)
            Direct._rendered = (headers, lines)
        return lines
