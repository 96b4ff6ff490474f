"""Tokens as text: a prefix that says of what, 43 characters of 256 random bits, 6 of a checksum.

By prefix and checksum scanners recognise them, and typing errors are caught.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final
from zlib import crc32

PREFIX: Final = "trst_"
"""Of API tokens."""
SHARE_PREFIX: Final = "trsh_"
"""Of one-time shares."""
WRAPPING_PREFIX: Final = "trsw_"
"""Of wrapped answers."""
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = [high + low for high in _ALPHABET for low in _ALPHABET]
_FORM = re.compile(r"[0-9A-Za-z]{49}\Z")


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    """Its CRC-32 in base 62, six digits: two at a time, for every request shows a token."""
    rest, low = divmod(crc32(body.encode()), 3844)
    high, middle = divmod(rest, 3844)
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def token_text(entropy: bytes, prefix: str = PREFIX) -> str:
    """The token for 32 random bytes."""
    body = _base62(int.from_bytes(entropy, "big"), 43)
    return f"{prefix}{body}{_checksum(body)}"


def well_formed(text: str, prefix: str = PREFIX) -> bool:
    """Whether `text` is a token of that prefix, as far as its form and checksum tell."""
    if not text.startswith(prefix):
        return False
    body, checksum = text[len(prefix) : -6], text[-6:]
    return bool(_FORM.match(body + checksum)) and _checksum(body) == checksum


def digest_of(text: str) -> str:
    """The SHA-256 that the store knows a token by, lower-case hex.

    The token has 256 random bits, so no slow hash is needed.
    """
    return sha256(text.encode()).hexdigest()
