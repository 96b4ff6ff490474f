"""The log as NDJSON, one event a line, whole or with parts left out by their digest; docs/reference/log-format.md.

Three kinds of lines: full; redacted, the body left out; withheld, header and body left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

import msgspec

from adapters.log_rows import SEGMENT_ROWS
from domain.chain import HEADER_FIELDS, header_bytes
from domain.errors import Invalid, NotFound, StoreUnavailable
from domain.verification.segment import Segment, StoredRow
from domain.verification.source import SealedStore
from domain.verification.statements import STATING, Stated

MAX_LINE: Final = 16 * 1024 * 1024
"""Longest line read, in bytes."""

_Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]


class ExportedEvent(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A line. What is left out is absent, and its digest there instead."""

    position: _Count
    id: str | None = None
    stream: str | None = None
    version: _Count | None = None
    type: str | None = None
    tenant: str | None = None
    time: str | None = None
    actor: str | None = None
    request_id: str | None = None
    header_digest: _Hex32 | None = None
    body: str | None = None
    """The exact JSON text that was hashed, as a string."""
    body_digest: _Hex32 | None = None
    prev_hash: _Hex32
    hash: _Hex32


_header_of: Final = attrgetter(*HEADER_FIELDS)
_DECODER: Final = msgspec.json.Decoder(ExportedEvent)
_ENCODE: Final = msgspec.json.Encoder().encode


def full_line(row: StoredRow) -> bytes:
    """The event with all of it. `row` has the columns of the table, the last three as bytes."""
    return _line(row, _header(row) | {"body": bytes(row[9]).decode()})


def redacted_line(row: StoredRow) -> bytes:
    """The event without its body."""
    return _line(row, _header(row) | {"body_digest": sha256(row[9]).hexdigest()})


def withheld_line(row: StoredRow) -> bytes:
    """That there is an event here, and the digests by which the chain can be followed across it."""
    header = sha256(header_bytes(*row[1:9])).hexdigest()
    return _line(row, {"header_digest": header, "body_digest": sha256(row[9]).hexdigest()})


def _header(row: StoredRow) -> dict[str, Any]:
    return dict(zip(HEADER_FIELDS, row[1:9], strict=True))


def _line(row: StoredRow, parts: dict[str, Any]) -> bytes:
    return _ENCODE({"position": row[0]} | parts | {"prev_hash": row[10].hex(), "hash": row[11].hex()}) + b"\n"


class ExportRows:
    """A `LogSource` that reads an exported file."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `NotFound`, `StoreUnavailable`."""
        try:
            self._file: BinaryIO = path.open("rb")
        except FileNotFoundError as error:
            raise NotFound(f"there is no file {path}") from error
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error
        self._path = path

    def count(self) -> int | None:
        return None

    def segments(self) -> Iterator[Segment]:
        events: list[_Event] = []
        for number, line in enumerate(self._lines(), 1):
            events.append(self._event(number, line))
            if len(events) == SEGMENT_ROWS:
                yield _segment(events)
                events.clear()
        if events:
            yield _segment(events)

    def sealed(self) -> SealedStore | None:
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _lines(self) -> Iterator[bytes]:
        try:
            while line := self._file.readline(MAX_LINE + 1):
                yield line
        except OSError as error:
            raise StoreUnavailable(f"{self._path} cannot be read: {error.strerror}") from error

    def _event(self, number: int, line: bytes) -> _Event:
        if len(line) > MAX_LINE:
            raise Invalid(f"{self._path}: line {number} has more than {MAX_LINE} bytes; an exported event has not")
        try:
            return _event(_DECODER.decode(line))
        except (msgspec.DecodeError, ValueError, Invalid) as error:
            raise Invalid(f"{self._path}: line {number} is not an exported event: {error}") from error


class _Event(NamedTuple):
    position: int
    header_digest: bytes
    body_digest: bytes
    prev_hash: bytes
    hash: bytes
    stated: Stated | None
    whole: bool


def _event(line: ExportedEvent) -> _Event:
    header = _header_of(line)
    if (line.body is None) == (line.body_digest is None):
        raise Invalid("it has a body or a body_digest, not both and not neither")
    if line.header_digest is None and None not in header:
        header_digest = sha256(header_bytes(*header)).digest()
    elif line.header_digest is not None and header.count(None) == len(header) and line.body is None:
        header_digest = bytes.fromhex(line.header_digest)
    else:
        raise Invalid("it has all of the header, or none of it and two digests")
    body = None if line.body is None else line.body.encode()
    return _Event(
        line.position,
        header_digest,
        sha256(body).digest() if body is not None else bytes.fromhex(line.body_digest or ""),
        bytes.fromhex(line.prev_hash),
        bytes.fromhex(line.hash),
        _stated(line, body),
        body is not None,
    )


def _stated(line: ExportedEvent, body: bytes | None) -> Stated | None:
    if body is None or line.type not in STATING:
        return None
    return Stated(line.position, line.type or "", line.tenant or "", line.stream or "", body)


def _segment(events: Sequence[_Event]) -> Segment:
    positions, headers, bodies, prevs, hashes, stated, whole = zip(*events, strict=True)
    return Segment(
        positions, headers, bodies, prevs, hashes,
        stated=[each for each in stated if each], withheld=whole.count(False),
    )  # fmt: skip
