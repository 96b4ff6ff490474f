"""What commands answer with. Field names are the wire's."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import msgspec

from domain.plaintext import Plaintext
from domain.secret_view import SecretVersion
from domain.values import TEXT

T = TypeVar("T")


class Done(NamedTuple, Generic[T]):
    """A command's result, and the position in the log of the event that made it so."""

    result: T
    position: int


class NewValue(msgspec.Struct, frozen=True):
    """A value to store, with what is told about it openly."""

    plaintext: Plaintext
    content_type: str = TEXT
    metadata: dict[str, str] | None = None


class SecretMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A secret without its value."""

    name: str
    version: int
    created_at: datetime
    updated_at: datetime
    content_type: str
    metadata: dict[str, str]


class Revealed(NamedTuple):
    """A version with its value, which the receiver wipes."""

    version: SecretVersion
    value: Plaintext


def meta_of(version: SecretVersion) -> SecretMeta:
    """The newest or another version, without its value."""
    return SecretMeta(
        name=version.path,
        version=version.number,
        created_at=version.born_at,
        updated_at=version.created_at,
        content_type=version.content_type,
        metadata=version.metadata,
    )
