"""ASGI as far as it concerns us, in types: HTTP alone, https://asgi.readthedocs.io/en/stable/specs/www.html."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

Scope = MutableMapping[str, Any]
"""What is known of a request before its body."""

Message = MutableMapping[str, Any]
"""One event of the connection, with its `type`."""

Receive = Callable[[], Awaitable[Message]]
_BY_NAME: Final = "trstctl.headers"
"""Where in a scope its headers are kept by name."""

Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Direct(Protocol):
    """What a server may offer besides ASGI, under `DIRECT` in a request's scope."""

    def body(self, most: int) -> bytes | None:
        """The body, if all of it has come and it has at most `most` bytes. It is given once."""
        ...

    def answer(self, status: int, head: bytes, body: bytes) -> bool:
        """Send a complete answer, its header lines each ended; False if nothing was sent. Not for HEAD."""
        ...


DIRECT: Final = "trstctl.direct"
"""Whoever takes it takes it out of the scope, for it leads back there."""


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that lower-case name, None if there is none."""
    value = _by_name(scope).get(name)
    return None if value is None else value.decode("latin-1")


def is_repeated(scope: Scope, name: bytes) -> bool:
    """Whether there is more than one header of that lower-case name."""
    headers = scope["headers"]
    # Mostly no header is repeated, which is known by their number alone.
    return len(headers) != len(_by_name(scope)) and sum(each == name for each, _ in headers) > 1


def _by_name(scope: Scope) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] | None = scope.get(_BY_NAME)
    if found is None:
        # Of the same name the first one is to count, and in a dictionary the last does.
        found = scope[_BY_NAME] = dict(reversed(scope["headers"]))
    return found
