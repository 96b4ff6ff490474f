"""Checks of the sealed values and their data keys, which are outside the log, against what its events say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.verification.report import Fault
from domain.verification.source import SealedRow
from domain.verification.statements import Sealing


class Claimed(NamedTuple):
    """A sealed value or key as it is stored, and what the log says of it."""

    row: SealedRow
    sealing: Sealing | None
    """The event of its tenant that names it; None if there is none."""
    destroyed_at: int | None
    """The position of the later event that destroyed its key; None if there is none."""


def digests(values: Sequence[Claimed]) -> Iterator[Fault]:
    """A sealed value has the SHA-256 that its event names."""
    for row, sealing, _ in values:
        if sealing and row.digest is not None and row.digest != sealing.digest:
            yield Fault(sealing.position, f"the sealed value {row.seal_id} is not the one that this event names")


def unnamed(values: Sequence[Claimed]) -> Iterator[Fault]:
    """A sealed value or key is named by an event of its tenant, or belongs to a reply."""
    for row, sealing, _ in values:
        if sealing is None and not row.is_reply:
            yield Fault(None, f"no event names the sealed value {row.seal_id}")


def lost_keys(values: Sequence[Claimed]) -> Iterator[Fault]:
    """A data key is there until an event says that it was destroyed."""
    for row, sealing, destroyed_at in values:
        if sealing and not row.has_key and destroyed_at is None:
            yield Fault(sealing.position, f"the data key of {row.seal_id} is gone, but no event destroyed it")


def kept_keys(values: Sequence[Claimed]) -> Iterator[Fault]:
    """A data key that an event says was destroyed is not there."""
    for row, _, destroyed_at in values:
        if row.has_key and destroyed_at is not None:
            yield Fault(destroyed_at, f"this event destroyed the data key of {row.seal_id}, but it is there")
