"""Files encrypted chunk by chunk: whole, they come back; of anything else no byte that was not verified."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cli.client.errors import ClientError
from cli.client.sealed_file import CHUNK, MAGIC, Header, begin, decrypt, encrypt, read_header

KEY = bytes(range(32))
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7]


def sealed(plain: bytes) -> bytes:
    out = io.BytesIO()
    encrypt(io.BytesIO(plain), out.write, begin("files", "trv:1:abc"), KEY)
    return out.getvalue()


def opened(data: bytes, key: bytes = KEY) -> bytes:
    source, out = io.BytesIO(data), io.BytesIO()
    decrypt(source, out.write, read_header(source), key)
    return out.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain


def test_the_header_tells_key_and_wrapped_key() -> None:
    header = read_header(io.BytesIO(sealed(b"x")))
    assert (header.key, header.wrapped) == ("files", "trv:1:abc")


def test_the_format_is_as_documented() -> None:
    """Opened by hand, with nothing of ours but the bytes."""
    plain = os.urandom(CHUNK + 3)
    data = sealed(plain)
    (length,) = struct.unpack(">H", data[16:18])
    begun, rest = data[: 18 + length], data[18 + length :]
    prefix = base64.b64decode(json.loads(data[18 : 18 + length])["nonce_prefix"])
    aad = hashlib.sha256(begun).digest()
    first = AESGCM(KEY).decrypt(prefix + b"\0\0\0\0\0", rest[: CHUNK + 16], aad)
    second = AESGCM(KEY).decrypt(prefix + b"\0\0\0\1\1", rest[CHUNK + 16 :], aad)
    assert first + second == plain


@pytest.mark.parametrize("size", [0, 5, CHUNK, 2 * CHUNK + 5])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.999])
def test_a_flipped_bit_is_found(size: int, place: float) -> None:
    data = bytearray(sealed(os.urandom(size)))
    data[int(place * len(data))] ^= 1
    with pytest.raises(ClientError):
        opened(bytes(data))


def chunks_of(data: bytes) -> tuple[bytes, list[bytes]]:
    source = io.BytesIO(data)
    read_header(source)
    begun = source.tell()
    body = data[begun:]
    return data[:begun], [body[at : at + CHUNK + 16] for at in range(0, len(body), CHUNK + 16)]


@pytest.mark.parametrize("order", [(0, 1), (0, 2), (1, 0, 2), (0, 1, 1, 2), (0, 1, 2, 2), (), (2,)])
def test_chunks_left_out_swapped_or_repeated_are_found(order: tuple[int, ...]) -> None:
    begun, chunks = chunks_of(sealed(os.urandom(2 * CHUNK + 5)))
    with pytest.raises(ClientError):
        opened(begun + b"".join(chunks[each] for each in order))


def test_a_chunk_of_another_file_is_found() -> None:
    begun, chunks = chunks_of(sealed(os.urandom(2 * CHUNK)))
    _, others = chunks_of(sealed(os.urandom(2 * CHUNK)))
    with pytest.raises(ClientError):
        opened(begun + chunks[0] + others[1])


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ClientError):
        opened(sealed(b"x"), bytes(32))


@pytest.mark.parametrize(
    "data", [b"", MAGIC, MAGIC + b"\0\5abc", b"plain text", MAGIC + b"\0\2{}", MAGIC + b"\0\4null"]
)
def test_what_is_no_such_file_is_told(data: bytes) -> None:
    with pytest.raises(ClientError):
        opened(data)


def test_a_pipe_that_gives_little_at_a_time_makes_the_same_chunks() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 1000))

    plain = os.urandom(CHUNK + 5)
    out = io.BytesIO()
    encrypt(Slow(plain), out.write, Header("files", "w", bytes(7)), KEY)
    assert opened(out.getvalue()) == plain
