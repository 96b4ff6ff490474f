"""Answers: a result as JSON, with the position in the log of the event that made it so."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec
from litestar import Response

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


def answer(result: T, position: int, status: int = 200) -> Response[T]:
    """`result` as JSON."""
    headers = {"x-trstctl-position": str(position)} if position else {}
    return Response(result, status_code=status, headers=headers, media_type="application/json")
