"""Values as key-value clients have them, JSON objects, and as the store has them, bytes."""

from __future__ import annotations

from typing import Any, Final, Self

import msgspec

from domain.errors import Invalid
from domain.plaintext import Plaintext

JSON: Final = "application/json"

Object = dict[str, Any]


class Number(float):
    """A number with a fraction or an exponent, which is written again as it was: `1.10`, `1e3`."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Self:
        """The number that `text` is in JSON; one too large for a float is infinite, and keeps its text."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


def _as_written(value: object) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    raise TypeError(type(value).__name__)


EXACT: Final = msgspec.json.Decoder(float_hook=Number)
"""Decodes so that numbers come back as they were: integers are exact at any length, of others the text is kept."""
_ENCODER: Final = msgspec.json.Encoder(order="sorted", enc_hook=_as_written)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def sealed_form(data: Object) -> Plaintext:
    """The bytes that an object is stored as: JSON, members in order of their names, without spaces."""
    try:
        return Plaintext(bytearray(_ENCODER.encode(data)))
    except (RecursionError, TypeError, ValueError, msgspec.MsgspecError):
        raise Invalid("the data nests too deep, or holds what JSON cannot tell") from None


def object_text(value: Plaintext) -> bytes:
    """The object that a stored value is, as JSON text.

    What is no object is shown as the member `value` of one; what is no text either, in base64, as `value_b64`.
    """
    try:
        _OBJECT.decode(value.buffer)
        if not value.buffer.isascii():
            value.buffer.decode()  # members are passed over without a look at their UTF-8
        return bytes(value.buffer)
    except (RecursionError, UnicodeDecodeError, msgspec.MsgspecError):
        return _ENCODER.encode(_wrapped(value))


def _wrapped(value: Plaintext) -> dict[str, str | bytes]:
    try:
        return {"value": value.buffer.decode()}
    except UnicodeDecodeError:
        return {"value_b64": bytes(value.buffer)}


def as_object(value: Plaintext) -> Object:
    """The object that a stored value is, numbers exact."""
    found: Object = EXACT.decode(object_text(value))
    return found


def members(value: Plaintext) -> dict[str, msgspec.Raw]:
    """The object that a stored value is, each member as JSON text."""
    return _OBJECT.decode(object_text(value))


def merged(target: object, patch: Object) -> Object:
    """RFC 7396: members of `patch` take the place of those of `target`, and null removes one."""
    found: Object = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, dict):
            found[name] = merged(found.get(name), value)
        else:
            found[name] = value
    return found


def outline(data: Object, depth: int) -> Object:
    """The names of all members with null for what they hold, so many levels deep (0: all)."""
    return {
        name: outline(value, depth - 1) if isinstance(value, dict) and value and depth != 1 else None
        for name, value in data.items()
    }
