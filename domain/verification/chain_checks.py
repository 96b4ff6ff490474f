"""Checks of the chain itself, each on one segment.

Each compares neighbours with what is stored, so that one broken link does not make every later one look broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from struct import Struct
from typing import Final

from domain.chain import TAG
from domain.verification.report import Fault
from domain.verification.segment import Segment

_LINK: Final = Struct(f">{len(TAG)}s32sq32s32s").pack
"""What is hashed, as `domain.chain.link` has it. The position is packed as signed, for a store can be made to hold a
negative one; for the others it is the same. A `prev_hash` of another length is cut or filled here; `links` finds it.
"""


def shape(segment: Segment) -> Iterator[Fault]:
    """Every column holds a value of its type: one of another type hides its event from queries, or forges a digest."""
    for position, column in segment.misshapen:
        yield Fault(position, f"the column {column} of this event does not hold a value of its type")


def positions(segment: Segment) -> Iterator[Fault]:
    """Positions begin at 1 and grow by 1."""
    before = segment.before.position
    if list(segment.positions) == list(range(before + 1, before + 1 + len(segment.positions))):
        return
    for position in segment.positions:
        if position > before + 1:
            yield Fault(before + 1, f"no event from {before + 1} to {position - 1}: {position} comes next")
        elif position <= before:
            yield Fault(position, f"the position {position} comes after {before}")
        before = position


def links(segment: Segment) -> Iterator[Fault]:
    """`prev_hash` is the hash stored with the event before."""
    before = [segment.before.hash, *segment.hashes[:-1]]
    if before == list(segment.prev_hashes):
        return
    for position, wanted, found in zip(segment.positions, before, segment.prev_hashes, strict=True):
        if wanted != found:
            yield Fault(position, "its prev_hash is not the hash of the event before")


def hashes(segment: Segment) -> Iterator[Fault]:
    """`hash` is the SHA-256 that docs/reference/log-format.md gives."""
    computed = [
        sha256(_LINK(TAG, prev, position, header, body)).digest()
        for prev, position, header, body in zip(
            segment.prev_hashes, segment.positions, segment.header_digests, segment.body_digests, strict=True
        )
    ]
    if computed == list(segment.hashes):
        return
    for position, wanted, found in zip(segment.positions, computed, segment.hashes, strict=True):
        if wanted != found:
            yield Fault(position, "header, body, position and prev_hash do not give the hash stored with them")
