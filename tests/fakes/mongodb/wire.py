"""Messages as the MongoDB wire protocol has them: OP_MSG, and OP_QUERY for a driver's first `hello`.

Source: mongodb.com/docs/manual/reference/mongodb-wire-protocol.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Any, Final

import bson

Document = dict[str, Any]

_HEADER: Final = struct.Struct("<iiii")
_QUERY: Final = 2004
_REPLY: Final = 1
_MSG: Final = 2013
_CHECKSUM: Final = 1
_MORE_TO_COME: Final = 2
_LARGEST: Final = 48_000_000


@dataclass(frozen=True)
class Message:
    """One command, and how its answer is to be written."""

    number: int
    code: int
    command: Document
    wants_answer: bool = True

    def answer(self, document: Document) -> bytes:
        """The bytes of the answer."""
        body = bson.encode(document)
        if self.code == _QUERY:
            return _framed(_REPLY, self.number, struct.pack("<iqii", 8, 0, 0, 1) + body)
        return _framed(_MSG, self.number, b"\0\0\0\0\0" + body)


async def receive(reader: asyncio.StreamReader) -> Message:
    """The next message; raises `asyncio.IncompleteReadError` at the end, `ValueError` for what is none."""
    length, number, _, code = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    if not _HEADER.size < length <= _LARGEST:
        raise ValueError("not a message")
    body = await reader.readexactly(length - _HEADER.size)
    if code == _QUERY:
        start = body.index(b"\0", 4) + 1 + 8
        return Message(number, code, {**bson.decode(body[start:]), "$db": body[4:].split(b".")[0].decode()})
    if code != _MSG:
        raise ValueError(f"operation {code} is not spoken here")
    (flags,) = struct.unpack_from("<I", body)
    end = len(body) - (4 if flags & _CHECKSUM else 0)
    return Message(number, code, _sections(body[4:end]), not flags & _MORE_TO_COME)


def _sections(data: bytes) -> Document:
    """The command's document, with sequences of documents put where they belong."""
    command: Document = {}
    sequences: dict[str, list[Document]] = {}
    while data:
        kind, (size,) = data[0], struct.unpack_from("<i", data, 1)
        part, data = data[1 : 1 + size], data[1 + size :]
        if kind == 0:
            command = bson.decode(part)
        else:
            name, _, documents = part[4:].partition(b"\0")
            sequences[name.decode()] = bson.decode_all(documents)
    return command | sequences


def _framed(code: int, answered: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), 0, answered, code) + body
