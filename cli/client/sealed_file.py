"""Files of any length, encrypted here under a data key that the server wraps: `docs/reference/sealed-file.md`.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizar, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
CRYPTO 2015) over AES-256-GCM: the nonce of each chunk is a random prefix, the chunk's number, and whether it is the
last. So chunks cannot be swapped, left out, repeated or cut off, and what was verified can be used at once.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

from cli.client.errors import ClientError

MAGIC: Final = b"trstctl-file-v1\n"
CHUNK: Final = 64 * 1024
"""Bytes of plaintext in each chunk but the last."""
KEY_BYTES: Final = 32
_TAG: Final = 16
_PREFIX: Final = 7
_MOST_CHUNKS: Final = 2**32
_MOST_HEADER: Final = 16 * 1024
_DAMAGED: Final = "the file was altered, cut off, or encrypted under another key; what was written before this is good"


class Header(NamedTuple):
    """What stands in the clear: the transit key's name, and the data key as that wrapped it."""

    key: str
    wrapped: str
    prefix: bytes

    def encoded(self) -> bytes:
        """The first bytes of the file: magic, length (2 bytes, big-endian), JSON."""
        fields = {"key": self.key, "nonce_prefix": b64encode(self.prefix).decode(), "wrapped": self.wrapped}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        return MAGIC + len(text).to_bytes(2, "big") + text


def begin(key: str, wrapped: str) -> Header:
    """The header of a new file."""
    return Header(key, wrapped, os.urandom(_PREFIX))


def read_header(source: BinaryIO) -> Header:
    """The header of a file, of which `source` is at the beginning; raises `ClientError` if there is none."""
    if _exactly(source, len(MAGIC)) != MAGIC:
        raise ClientError("this is no file that `transit encrypt-file` wrote")
    length = int.from_bytes(_exactly(source, 2), "big")
    try:
        fields = json.loads(_exactly(source, min(length, _MOST_HEADER)))
        header = Header(str(fields["key"]), str(fields["wrapped"]), b64decode(fields["nonce_prefix"], validate=True))
    except (ValueError, KeyError, TypeError):
        raise ClientError(_DAMAGED) from None
    if len(header.prefix) != _PREFIX:
        raise ClientError(_DAMAGED)
    return header


def encrypt(source: BinaryIO, write: Callable[[bytes], object], header: Header, data_key: bytes) -> None:
    """Write the whole file: header, then `source` chunk by chunk."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, begun = AESGCM(data_key), header.encoded()
    bound_to = hashlib.sha256(begun).digest()
    write(begun)
    for number, chunk, last in _chunks(source, CHUNK):
        write(cipher.encrypt(_nonce(header.prefix, number, last=last), chunk, bound_to))


def decrypt(source: BinaryIO, write: Callable[[bytes], object], header: Header, data_key: bytes) -> None:
    """Write what was encrypted, each chunk once it is verified; raises `ClientError` at the first that is not right.

    `source` is where `read_header` left it.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, bound_to = AESGCM(data_key), hashlib.sha256(header.encoded()).digest()
    for number, chunk, last in _chunks(source, CHUNK + _TAG):
        try:
            plain = cipher.decrypt(_nonce(header.prefix, number, last=last), chunk, bound_to)
        except (InvalidTag, ValueError):
            raise ClientError(_DAMAGED) from None
        write(plain)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes, and whether it is the last; of an empty source one empty chunk."""
    chunk = _up_to(source, size)
    for number in range(_MOST_CHUNKS):
        following = _up_to(source, size) if len(chunk) == size else b""
        yield number, chunk, not following
        if not following:
            return
        chunk = following
    raise ClientError(f"a file has at most {_MOST_CHUNKS} chunks of {CHUNK} bytes")


def _up_to(source: BinaryIO, size: int) -> bytes:
    """That many bytes, fewer at the end alone: a pipe gives what it has."""
    parts, missing = list[bytes](), size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = _up_to(source, size)
    if len(data) != size:
        raise ClientError("this is no file that `transit encrypt-file` wrote, or it was cut off at its beginning")
    return data
