"""Values as key-value clients have them, JSON objects, and as the store has them, bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from domain.errors import Invalid
from domain.plaintext import Plaintext

JSON: Final = "application/json"
_ENCODER: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EXACT: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)

Object = dict[str, Any]


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
    return _EXACT.decode(object_text(value))


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
