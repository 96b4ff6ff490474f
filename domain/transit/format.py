"""How ciphertexts, signatures and HMACs are written: `trv:<version>:<base64>`, or as Vault has it `vault:v<version>:…`.

Base64 is the standard one with padding (RFC 4648 section 4), and only in its one right form: a text in which a bit was
changed never stands for the same bytes.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import Final, Literal

from domain.errors import DecryptionFailed, Invalid

Prefix = Literal["trv:", "vault:v"]

NATIVE: Final[Prefix] = "trv:"
VAULT: Final[Prefix] = "vault:v"

_HEAD = re.compile(r"(?:trv:|vault:v)([1-9][0-9]{0,9}):")
_URL = str.maketrans("-_", "+/")


def written(prefix: Prefix, version: int, payload: bytes) -> str:
    """A payload with its version before it."""
    return f"{prefix}{version}:{b2a_base64(payload, newline=False).decode('ascii')}"


def read(text: str) -> tuple[int, bytes]:
    """Version and payload of a ciphertext; raises `DecryptionFailed`."""
    head = _HEAD.match(text)
    if head is None:
        raise DecryptionFailed("no prefix")
    try:
        return int(head[1]), decoded(text[head.end() :])
    except Invalid:
        raise DecryptionFailed("base64") from None


def read_proof(text: str, *, url: bool = False) -> tuple[int, bytes]:
    """Version and bytes of a signature or an HMAC; version 0 if it has none before it. Raises `Invalid`.

    `url`: it is in base64url without padding (RFC 4648 section 5).
    """
    head = _HEAD.match(text)
    rest = text[head.end() :] if head else text
    return int(head[1]) if head else 0, decoded_url(rest) if url else decoded(rest)


def encoded(data: bytes) -> str:
    """Standard base64 with padding."""
    return b2a_base64(data, newline=False).decode("ascii")


def encoded_url(data: bytes) -> str:
    """Base64url without padding."""
    return encoded(data).rstrip("=").replace("+", "-").replace("/", "_")


def decoded(text: str) -> bytes:
    """The bytes; raises `Invalid` unless it is standard base64 with padding, and in its one right form."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Invalid("bytes are given in standard base64 with padding") from None
    if b2a_base64(data, newline=False) != text.encode():
        raise Invalid("bytes are given in standard base64 with padding, whose last bits are zero")
    return data


def decoded_url(text: str) -> bytes:
    """The bytes; raises `Invalid` unless it is base64url without padding."""
    if not set(text).isdisjoint("+/="):
        raise Invalid("this signature is given in base64url without padding")
    return decoded(text.translate(_URL) + "=" * (-len(text) % 4))
