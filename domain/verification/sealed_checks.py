"""Checks of the sealed values and data keys that a store has, each with the event of its tenant that names it.

What the store should have and has not is found at the end: see `domain.verification.closing_checks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.verification.report import Fault
from domain.verification.source import SealedValue
from domain.verification.statements import SealId, Sealing

NamedValues = Sequence[tuple[SealedValue, Sealing | None]]
NamedKeys = Sequence[tuple[SealId, Sealing | None]]


def digests(values: NamedValues) -> Iterator[Fault]:
    """A sealed value has the SHA-256 that its event names."""
    for ((_, seal_id), digest), sealing in values:
        if sealing and digest != sealing.digest:
            yield Fault(sealing.position, f"the sealed value {seal_id} is not the one that this event names")


def unnamed_values(values: NamedValues) -> Iterator[Fault]:
    """A sealed value is named by an event of its tenant."""
    for ((_, seal_id), _), sealing in values:
        if sealing is None:
            yield Fault(None, f"no event names the sealed value {seal_id}")


def unnamed_keys(keys: NamedKeys) -> Iterator[Fault]:
    """A data key belongs to a sealed value that an event of its tenant names."""
    for (_, seal_id), sealing in keys:
        if sealing is None:
            yield Fault(None, f"there is a data key of {seal_id}, which no event names")
