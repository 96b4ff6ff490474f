"""API tokens as text: `trst_`, 43 characters of 256 random bits, 6 of a checksum.

By the checksum scanners recognise them, and typing errors are caught.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final
from zlib import crc32

PREFIX: Final = "trst_"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(r"trst_[0-9A-Za-z]{49}\Z")


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def token_text(entropy: bytes) -> str:
    """The token for 32 random bytes."""
    body = _base62(int.from_bytes(entropy, "big"), 43)
    return f"{PREFIX}{body}{_base62(crc32(body.encode()), 6)}"


def well_formed(text: str) -> bool:
    """Whether `text` is a token, as far as its form and checksum tell."""
    return bool(_FORM.match(text)) and _base62(crc32(text[5:48].encode()), 6) == text[48:]


def digest_of(text: str) -> str:
    """The SHA-256 that the store knows a token by, lower-case hex.

    The token has 256 random bits, so no slow hash is needed.
    """
    return sha256(text.encode()).hexdigest()
