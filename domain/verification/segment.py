"""A run of consecutive rows of the log, column by column, as digests: what the checks of the chain work on."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from domain.chain import GENESIS
from domain.verification.statements import STATING, Stated

Column = tuple[Any, ...]
StoredRow = tuple[Any, ...]
"""The columns named in `NAMES`, as a database gave them."""

SHAPE: Final = (int, str, str, int, str, str, str, str, str, bytes, bytes, bytes)
"""The columns' types. A store can be brought to hold others, so that a query passes over the row: see `misshapen`."""
NAMES: Final = (
    "position", "id", "stream", "version", "type", "tenant", "time", "actor", "request_id", "body", "prev_hash", "hash",
)  # fmt: skip


class Head(NamedTuple):
    """The row before: position 0 and the genesis hash before the first."""

    position: int = 0
    hash: bytes = GENESIS


class Segment(NamedTuple):
    """Columns of equal length, and what is to be known of single rows."""

    positions: Sequence[int]
    header_digests: Sequence[bytes]
    body_digests: Sequence[bytes]
    prev_hashes: Sequence[bytes]
    hashes: Sequence[bytes]
    stated: Sequence[Stated] = ()
    """The events in it that speak of things outside the log."""
    misshapen: Sequence[tuple[int, str]] = ()
    """Positions of rows with a column of the wrong type, and that column's name."""
    withheld: int = 0
    """In how many rows the header or the body is left out."""
    before: Head = Head()
    """The row before the first of these."""


def segment_of(rows: Sequence[StoredRow]) -> Segment:
    """At least one row of a store, as a segment."""
    try:
        return _segment(*zip(*rows, strict=True))
    except TypeError:
        misshapen = [(row[0] if type(row[0]) is int else -1, name) for row in rows for name in _wrong_columns(row)]
        shaped = ([_shaped(*each) for each in enumerate(row)] for row in rows)
        return _segment(*zip(*shaped, strict=True))._replace(misshapen=misshapen)


def _segment(  # noqa: PLR0917 - the columns of a row
    positions: Column, ids: Column, streams: Column, versions: Column, types: Column, tenants: Column, times: Column,
    actors: Column, request_ids: Column, bodies: Column, prevs: Column, hashes: Column,
) -> Segment:  # fmt: skip
    """Raises `TypeError` if a column holds a value of another type: by joining it, the quickest way to ask."""
    if {*map(type, positions), *map(type, versions)} != {int}:
        raise TypeError
    b"".join(prevs + hashes)
    ends = ("",) * len(positions)
    lines = zip(ids, streams, map(str, versions), types, tenants, times, actors, request_ids, ends, strict=True)
    headers = map("\n".join, lines)  # the text of `domain.chain.header_bytes`
    return Segment(
        positions,
        [sha256(header.encode("utf-8", "surrogateescape")).digest() for header in headers],
        [sha256(body).digest() for body in bodies],
        prevs,
        hashes,
        _stated(positions, types, tenants, streams, bodies),
    )


def _stated(positions: Column, types: Column, tenants: Column, streams: Column, bodies: Column) -> Sequence[Stated]:
    found = (index for index, kind in enumerate(types) if kind in STATING)
    return [Stated(positions[at], types[at], tenants[at], streams[at], bodies[at]) for at in found]


def _wrong_columns(row: StoredRow) -> list[str]:
    return [name for name, value, kind in zip(NAMES, row, SHAPE, strict=True) if type(value) is not kind]


def _shaped(column: int, value: object) -> object:
    """`value` as its column's type, with the same text or bytes where it has any. That it had to be is a finding."""
    kind = SHAPE[column]
    if type(value) is kind:
        return value
    if kind is bytes:
        return str(value).encode("utf-8", "surrogateescape") if value is not None else b""
    if kind is str:
        return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    return -1
