"""LIST, which is no method of HTTP's, reaches the parser as SEARCH, however it is cut into packets."""

from __future__ import annotations

from typing import Any

import httptools
import pytest

from cli.server.connection import BoundedConnection

REQUEST = b"LIST /v1/secret/metadata/ HTTP/1.1\r\nhost: a\r\n\r\n"


class Parsed(BoundedConnection):
    """The connection with a parser behind it that notes what it is given."""

    def __init__(self) -> None:
        self.methods: list[bytes] = []
        self.cycle: Any = None
        self.parser: Any = httptools.HttpRequestParser(self)

    def received(self, data: bytes) -> None:
        if not self._in_head and (self._begun or data[:1] == b"L"):
            data = self._as_search(self._begun + data)
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self.methods.append(self.parser.get_method())

    def on_url(self, url: bytes) -> None: ...

    def on_header(self, name: bytes, value: bytes) -> None: ...

    def on_body(self, body: bytes) -> None: ...

    def on_message_complete(self) -> None: ...


@pytest.mark.parametrize("cut", range(1, 9))
def test_list_is_search_wherever_it_is_cut(cut: int) -> None:
    connection = Parsed()
    connection.received(REQUEST[:cut])
    connection.received(REQUEST[cut:])
    assert connection.methods == [b"SEARCH"]


@pytest.mark.parametrize("method", [b"LOCK", b"LINK", b"GET", b"SEARCH"])
def test_other_methods_are_as_they_are(method: bytes) -> None:
    connection = Parsed()
    for request in (REQUEST, REQUEST.replace(b"LIST", method)):
        connection.received(request)
    assert connection.methods == [b"SEARCH", method]
