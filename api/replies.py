"""Answers: a result as JSON, with the position in the log of the event that made it so."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from domain.plaintext import Plaintext
from domain.results import Revealed

T = TypeVar("T")


class SecretValue(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its value: `value` if it is UTF-8, else `value_b64`."""

    name: str
    value: str | msgspec.UnsetType = msgspec.UNSET
    value_b64: bytes | msgspec.UnsetType = msgspec.UNSET
    version: int
    created_at: datetime
    updated_at: datetime
    content_type: str
    metadata: dict[str, str]


def text_of(value: Plaintext) -> str | None:
    """The value as text, or None if it is not UTF-8."""
    try:
        return value.buffer.decode()
    except UnicodeDecodeError:
        return None


def shown(revealed: Revealed) -> SecretValue:
    """A revealed version for the wire; wipes the buffer it came in."""
    version, value = revealed
    with value:
        text = text_of(value)
        return SecretValue(
            name=version.path,
            value=text if text is not None else msgspec.UNSET,
            value_b64=bytes(value.buffer) if text is None else msgspec.UNSET,
            version=version.number,
            created_at=version.born_at,
            updated_at=version.created_at,
            content_type=version.content_type,
            metadata=version.metadata,
        )


class Answer(Response[T]):
    """A result as JSON that goes out as it is.

    Litestar's own weighs headers, cookies and media types anew each time.
    """

    def __init__(self, content: T, status_code: int, headers: dict[str, str]) -> None:
        self.content = content
        self.status_code = status_code
        self.headers = headers
        self.background = None
        self.cookies = []

    def parts(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body as they will be sent."""
        body = msgspec.json.encode(self.content)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers += [(name.encode(), value.encode()) for name, value in self.headers.items()]
        return self.status_code or 200, headers, body

    def to_asgi_response(self, *_: object, **__: object) -> ASGIApp:  # type: ignore[override]  # nothing of it is needed
        """What sends it."""
        status, headers, body = self.parts()

        async def send_all(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return send_all


def answer(result: T, position: int, status: int = 200) -> Response[T]:
    """`result` as JSON, with the position of its event in the log if there is one."""
    headers = {"x-trstctl-position": str(position)} if position else {}
    return Answer(result, status, headers)
