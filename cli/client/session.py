"""One invocation: what the options said, and from that the connection, the output format, the idempotency key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cli.client import settings
from cli.client.errors import WrongUsage

if TYPE_CHECKING:
    from cli.client.http import Body, Connection, Query

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds a request may take, all attempts together."""
_MAX_KEY: Final = 200
_PAGE: Final = 1000
"""Items asked for at once, the most that the server gives."""


@dataclass
class Session:
    """The options that are accepted everywhere, and what follows from them."""

    server: str | None = None
    cacert: str | None = None
    token_file: str | None = None
    timeout: float | None = None
    output: str | None = None
    idempotency_key: str | None = None
    break_glass: str | None = None
    """Why this goes without the approval it needs."""
    _connection: Connection | None = None

    def connection(self) -> Connection:
        """The connection to the server, made when first needed."""
        if self._connection is None:
            from cli.client.http import Connection

            server, token = settings.server_url(self.server), settings.token(self.token_file)
            timeout = self.timeout or DEFAULT_TIMEOUT
            self._connection = Connection(server, token, settings.ca_file(self.cacert), timeout, self.break_glass)
        return self._connection

    def another(self) -> Session:
        """The same with a connection of its own, for another thread, and no idempotency key yet."""
        return replace(self, idempotency_key=None, _connection=None)

    def visit(self, server: str | None) -> None:
        """Connect for a route that needs no token, to `server` if it is told; ours is sent to the configured one alone.

        Raises `WrongUsage` if a server is configured and this is another.
        """
        from cli.client.http import Connection

        if server is None or settings.names_a_server(self.server):
            configured = settings.server_url(self.server)
            if server is not None and not settings.same_server(settings.server_url(server), configured):
                raise WrongUsage(
                    f"this leads to {server}, and the configured server is {configured.geturl()}",
                    "if you trust it, go there without a token: env -u TRSTCTL_SERVER trstctl-cli share redeem",
                )
            url, token = configured, settings.token_if_any(self.token_file)
        else:
            url, token = settings.server_url(server), None
        self._connection = Connection(url, token, settings.ca_file(self.cacert), self.timeout or DEFAULT_TIMEOUT)

    def get(self, path: str, /, **query: str | int | bool | None) -> dict[str, Any]:
        """GET a JSON object."""
        return self._send("GET", path, query=query)

    def text(self, path: str) -> str:
        """GET plain text."""
        from cli.client.http import Request

        return self.connection().call(Request("GET", path, {})).body.decode("utf-8", "replace")

    def ask(self, path: str, body: Body) -> dict[str, Any]:
        """POST a question, which changes nothing: with an Idempotency-Key only if the user gave one.

        The server keeps the replies of keyed requests for a while, and an answer full of values had better not be kept.
        """
        return self._send("POST", path, body=body, key=self.idempotency_key and self._checked_key())

    def change(self, method: str, path: str, body: Body | None = None) -> dict[str, Any]:
        """Send what changes something, with an Idempotency-Key, so that a repeated request has its effect once."""
        return self._send(method, path, body=body, key=self._checked_key())

    def pages(
        self, path: str, limit: int | None = None, /, **query: str | int | bool | None
    ) -> Iterator[dict[str, Any]]:
        """GET page after page until there are no more, or `limit` items have come."""
        cursor: str | None = None
        left = float("inf") if limit is None else limit
        while left > 0:
            page = self.get(path, cursor=cursor, limit=int(min(left, _PAGE)), **query)
            yield page
            cursor = page.get("next_cursor")
            if not cursor:
                return
            left -= len(page.get("items", ())) + len(page.get("folders", ()))

    def items(self, path: str, limit: int | None = None, /, **query: str | int | bool | None) -> list[dict[str, Any]]:
        """All items of all pages, at most `limit`."""
        return [item for page in self.pages(path, limit, **query) for item in page["items"]]

    def _send(
        self, method: str, path: str, query: Query | None = None, body: Body | None = None, key: str | None = None
    ) -> dict[str, Any]:
        from cli.client.http import Request

        return self.connection().call(Request(method, path, query or {}, body, key)).json()

    def _checked_key(self) -> str:
        if self.idempotency_key is None:
            self.idempotency_key = os.urandom(16).hex()
        key = self.idempotency_key
        if not 1 <= len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable() or key != key.strip():
            raise WrongUsage(f"an idempotency key has 1 to {_MAX_KEY} printable ASCII characters")
        return key
