"""Bounds of a value and of what is told about it openly."""

from __future__ import annotations

import re
from typing import Final

from domain.errors import Invalid, TooLarge
from domain.plaintext import Plaintext

MAX_VALUE: Final = 1024 * 1024
"""Longest value, in bytes."""
MAX_METADATA: Final = 64
"""How many metadata entries a version may have."""
TEXT: Final = "text/plain; charset=utf-8"
BINARY: Final = "application/octet-stream"

_CONTENT_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}(; ?[A-Za-z0-9!#$&^_.+=\"-]{1,64}){0,4}\Z"
)


def checked_value(value: Plaintext, path: str) -> None:
    """Raises `TooLarge` if the value is over the bound."""
    if len(value) > MAX_VALUE:
        raise TooLarge(f"the value of {path!r} has {len(value)} bytes; at most {MAX_VALUE} can be stored")


def checked_content_type(text: str) -> str:
    """`text` unchanged if it is a media type (RFC 9110 section 8.3); raises `Invalid`."""
    if not _CONTENT_TYPE.match(text):
        raise Invalid("content_type must be a media type, such as application/json")
    return text


def checked_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """`metadata` unchanged if it is within its bounds; raises `Invalid` without repeating it."""
    if len(metadata) > MAX_METADATA:
        raise Invalid(f"metadata has at most {MAX_METADATA} entries")
    for key, value in metadata.items():
        if not 1 <= len(key) <= 128 or len(value) > 1024:
            raise Invalid("a metadata key has 1 to 128 characters and its value at most 1024")
    return metadata
