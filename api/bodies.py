"""Request bodies of the store. Unknown members are refused: a typing error must not lose a value."""

from __future__ import annotations

import msgspec

from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.results import NewValue
from domain.values import BINARY, TEXT


class ValueBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value as text or as standard base64, with what is told about it openly."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    value: str | msgspec.UnsetType = msgspec.UNSET
    value_b64: bytes | msgspec.UnsetType = msgspec.UNSET
    cas: int | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, str] | None = None
    content_type: str | None = None


class ImportBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values by path, put under `prefix`."""

    values: dict[str, str]
    prefix: str = ""


class RecoverBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point in time, RFC 3339."""

    at: str


class DestroyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Version numbers, or all of them."""

    versions: list[int] | msgspec.UnsetType = msgspec.UNSET
    all: bool = False


class InjectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which variables are filled from which paths, and a folder to fill in whole."""

    variables: dict[str, str] = {}
    prefix: str | None = None
    name_style: str = "upper"
    resolve: bool = False


class TokenBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a token is for, what it may do, and for how long."""

    subject: str
    scopes: list[str]
    ttl_seconds: int | None = None


class RevokeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: str = ""


def new_value(body: ValueBody) -> NewValue:
    """The body's value in a buffer that can be wiped; raises `Invalid` unless it has just one of both forms."""
    if isinstance(body.value, str) and body.value_b64 is msgspec.UNSET:
        plaintext, content_type = Plaintext(bytearray(body.value.encode())), TEXT
    elif isinstance(body.value_b64, bytes) and body.value is msgspec.UNSET:
        plaintext, content_type = Plaintext(bytearray(body.value_b64)), BINARY
    else:
        raise Invalid("give the value as 'value' (text) or as 'value_b64' (standard base64), one of both")
    return NewValue(plaintext, body.content_type or content_type, body.metadata)
