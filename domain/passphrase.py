"""A passphrase over a value: without it the value is of no use, not even to who holds the database and every key."""

from __future__ import annotations

import unicodedata
from typing import Final, Protocol

from domain.errors import Invalid
from domain.plaintext import Plaintext

MAX_PASSPHRASE: Final = 1024
"""Longest passphrase, in characters."""


class PassphraseLock(Protocol):
    """Encryption under a key that is derived from a passphrase, slowly. Buffers handed in stay the caller's to wipe."""

    async def lock(self, value: Plaintext, passphrase: Plaintext, purpose: str) -> Plaintext:
        """`value`, of use only with `passphrase` and for this `purpose`."""
        ...

    async def unlock(self, locked: Plaintext, passphrase: Plaintext, purpose: str) -> Plaintext | None:
        """The value, or None if the passphrase is not the one it was locked with."""
        ...


def passphrase_of(text: str) -> Plaintext:
    """A passphrase as bytes in a wipeable buffer, the same however a keyboard composes its letters; raises `Invalid`.

    NFC as in RFC 8265 section 4.2.2; nothing else of it is changed.
    """
    if not 1 <= len(text) <= MAX_PASSPHRASE:
        raise Invalid(f"a passphrase has 1 to {MAX_PASSPHRASE} characters")
    try:
        return Plaintext(bytearray(unicodedata.normalize("NFC", text).encode()))
    except UnicodeEncodeError:
        raise Invalid("the passphrase is not Unicode text") from None
