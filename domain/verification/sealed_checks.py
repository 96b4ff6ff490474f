"""Checks of the sealed values and their data keys, which are outside the log, against what its events say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.verification.report import Fault
from domain.verification.source import SealedRow
from domain.verification.statements import Statements


def digests(log: Statements, rows: Sequence[SealedRow]) -> Iterator[Fault]:
    """A sealed value has the SHA-256 that its event names."""
    for row in rows:
        sealing = log.sealings.get((row.tenant, row.seal_id))
        if sealing and row.digest is not None and row.digest != sealing.digest:
            yield Fault(sealing.position, f"the sealed value {row.seal_id} is not the one that this event names")


def unnamed(log: Statements, rows: Sequence[SealedRow]) -> Iterator[Fault]:
    """A sealed value or key is named by an event of its tenant, or belongs to a reply."""
    for row in rows:
        if not row.is_reply and (row.tenant, row.seal_id) not in log.sealings:
            yield Fault(None, f"no event names the sealed value {row.seal_id}")


def lost_keys(log: Statements, rows: Sequence[SealedRow]) -> Iterator[Fault]:
    """A data key is there until an event says that it was destroyed."""
    for row in rows:
        sealing = log.sealings.get((row.tenant, row.seal_id))
        if sealing and not row.has_key and log.destroyed_at(sealing) is None:
            yield Fault(sealing.position, f"the data key of {row.seal_id} is gone, but no event destroyed it")


def kept_keys(log: Statements, rows: Sequence[SealedRow]) -> Iterator[Fault]:
    """A data key that an event says was destroyed is not there."""
    for row in rows:
        sealing = log.sealings.get((row.tenant, row.seal_id))
        destroyed = log.destroyed_at(sealing) if sealing and row.has_key else None
        if destroyed is not None:
            yield Fault(destroyed, f"this event destroyed the data key of {row.seal_id}, but it is there")
